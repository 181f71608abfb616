#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "dialect/sverse_fixture.h"

namespace coffer {
namespace {

using Members = std::map<std::string_view, std::string>;
using Wrong = std::pair<std::string_view, std::string>;

std::string json_of(const Members& members) {
    std::string body;
    for (const auto& [name, value] : members) {
        if (value.empty()) continue;
        body += (body.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + value;
    }
    return body + "}";
}

std::string quoted(std::string text) { return '"' + std::move(text) + '"'; }

// The body of a transaction with one member replaced, or left out when `value` is empty.
Request transact(std::string_view name = "unknown", std::string value = "[]",
                 std::string currency = "GOLD") {
    Members members{{"sessionId", quoted("s")},
                    {"amount", "25"},
                    {"type", quoted("credit")},
                    {"reason", quoted("quest")},
                    {"meta", R"({"level": 3})"}};
    members[name] = std::move(value);
    return SverseWorld().wallet("transact", std::move(currency), json_of(members));
}

Request with_header(Request request, std::string name, std::string value) {
    request.call.headers.push_back({std::move(name), std::move(value)});
    return request;
}

bool is_refused_as(RefusalKind kind, const Request& request) {
    const auto intent = sverse_dialect.read(request);
    return !intent && intent.error().kind == kind;
}
bool is_malformed(const Request& request) { return is_refused_as(RefusalKind::malformed, request); }
bool is_unauthorized(const Request& request) {
    return is_refused_as(RefusalKind::bad_credential, request);
}

template <class T>
T read_as(const Request& request) {
    auto intent = sverse_dialect.read(request);
    EXPECT_TRUE(intent) << intent.error().message;
    if (!intent || !std::holds_alternative<T>(*intent)) return T{};
    return std::get<T>(*std::move(intent));
}

// ---- authenticate -------------------------------------------------------------------------------

// The game that a header opens a route for; 0 when it does not.
IntegrationId opens(std::string_view verb, std::string header, std::string value) {
    Request request = with_header(SverseWorld().request(verb), std::move(header), std::move(value));
    request.authority = {};
    const auto authority = sverse_dialect.authenticate(request);
    EXPECT_TRUE(authority || authority.error().kind == RefusalKind::bad_credential);
    return authority && authority->integration ? authority->integration->id : 0;
}

TEST(SverseAuthenticate, TakesEitherKeyWhereAKeyIsAskedFor) {
    for (const std::string_view verb : {"register", "login", "transact"}) {
        EXPECT_EQ(opens(verb, "x-api-key", "client"), 7U) << verb;
        EXPECT_EQ(opens(verb, "x-api-key", "server"), 7U) << verb;
        EXPECT_EQ(opens(verb, "x-api-key", "others"), 8U) << verb;
        EXPECT_EQ(opens(verb, "x-api-key", "nobody"), 0U) << verb;
        EXPECT_EQ(opens(verb, "x-api-key", ""), 0U) << verb;
        EXPECT_EQ(opens(verb, "authorization", "Bearer client"), 0U) << verb;
    }
    Request twice = with_header(SverseWorld().request("login"), "x-api-key", "client");
    EXPECT_FALSE(sverse_dialect.authenticate(with_header(twice, "x-api-key", "client")));
}

TEST(SverseAuthenticate, AsksForTheServerKeyToSeeAnyPlayer) {
    EXPECT_EQ(opens("private_balance", "x-api-key", "server"), 7U);
    EXPECT_EQ(opens("private_balance", "x-api-key", "client"), 0U);
}

TEST(SverseAuthenticate, LeavesABearerSessionToTheLedger) {
    for (const std::string_view verb : {"logout", "refresh", "balance", "transactions"}) {
        Request request = SverseWorld().request(verb);
        EXPECT_FALSE(sverse_dialect.authenticate(request)) << verb;
        request = with_header(std::move(request), "authorization", "bearer s");
        const auto authority = sverse_dialect.authenticate(request);
        ASSERT_TRUE(authority) << verb;
        EXPECT_EQ(authority->integration, nullptr);
        const auto session = sverse_dialect.session_of(request);
        ASSERT_TRUE(session);
        EXPECT_EQ(session->digest, sha256("s"));
        EXPECT_EQ(session->kind, SessionKind::sverse_session);
    }
    EXPECT_FALSE(sverse_dialect.session_of(SverseWorld().request("balance")));
    for (const std::string_view verb : {"register", "login", "transact", "private_balance"}) {
        const Request request =
            with_header(SverseWorld().request(verb), "authorization", "bearer s");
        EXPECT_FALSE(sverse_dialect.session_of(request)) << verb << ": a key is the credential";
    }
}

// ---- transactions -------------------------------------------------------------------------------

TEST(SverseRead, ACreditByTheClientKeyIsAClientGrant) {
    const Move move = read_as<Move>(transact());
    EXPECT_EQ(move.kind, TransactionKind::grant);
    EXPECT_TRUE(move.client_grant);
    EXPECT_EQ(move.amount, Amount{25});
    EXPECT_EQ(move.currency, 5U);
    EXPECT_EQ(move.reason, "quest");
    EXPECT_EQ(move.meta, R"({"level": 3})");
    EXPECT_EQ(move.caller.rule, SessionRule::bearer_or_replay);
    EXPECT_EQ(move.caller.session, sha256("s"));
    EXPECT_EQ(move.caller.session_kind, SessionKind::sverse_session);
    EXPECT_EQ(move.caller.integration, 7U);
    EXPECT_TRUE(move.caller.player.id.empty());
    EXPECT_EQ(move.group, KeyGroup::self) << "no Idempotency-Key: a new movement every time";
}

TEST(SverseRead, ACreditByTheServerKeyIsTrustedAndSoIsEveryDebit) {
    Request request = transact();
    request.authority.credential = request.directory->credential("server");
    EXPECT_FALSE(read_as<Move>(request).client_grant);
    const Move debit = read_as<Move>(transact("type", quoted("debit")));
    EXPECT_EQ(debit.kind, TransactionKind::spend);
    EXPECT_FALSE(debit.client_grant);
}

TEST(SverseRead, AnIdempotencyKeyIsTheExternalId) {
    const Move move = read_as<Move>(with_header(transact(), "idempotency-key", "k-1"));
    EXPECT_EQ(move.group, KeyGroup::sverse_transaction);
    EXPECT_EQ(move.external_id, "k-1");
    EXPECT_TRUE(is_malformed(with_header(transact(), "idempotency-key", "")));
    EXPECT_TRUE(is_malformed(with_header(transact(), "idempotency-key", std::string(256, 'k'))));
}

TEST(SverseRead, ACurrencyThatIsNotTheGamesIsLeftToTheLedger) {
    for (const std::string currency : {"GEM", "NOPE", "gold", ""}) {
        EXPECT_EQ(read_as<Move>(transact("amount", "1.5", currency)).currency, 0U) << currency;
    }
}

TEST(SverseRead, AmountsBeginAtOneAndHaveTheDecimalsOfTheCurrency) {
    const auto amount = [](std::string text, std::string currency) {
        return read_as<Move>(transact("amount", std::move(text), std::move(currency))).amount;
    };
    EXPECT_EQ(amount("1", "GOLD"), Amount{1});
    EXPECT_EQ(amount("1.00", "GOLD"), Amount{1});
    EXPECT_EQ(amount("1e0", "GOLD"), Amount{1});
    EXPECT_EQ(amount("2.5e1", "GOLD"), Amount{25});
    EXPECT_EQ(amount("18446744073709551615", "GOLD"), Amount{18446744073709551615U});
    EXPECT_EQ(amount("1.25", "DUST"), Amount{125});
    for (const std::string text : {"0", "0.5", "-1", "1.5", "-0", "\"1\"", "null", "true", "[1]",
                                   "100000000000000000000000000000000000000", ""}) {
        EXPECT_TRUE(is_malformed(transact("amount", text))) << text;
    }
    EXPECT_TRUE(is_malformed(transact("amount", "0.99", "DUST")));
    EXPECT_TRUE(is_malformed(transact("amount", "1.001", "DUST")));
}

TEST(SverseRead, MembersOfOtherTypesAndSizesAreRefused) {
    for (const auto& [name, value] :
         std::initializer_list<Wrong>{{"type", ""},
                                      {"type", quoted("CREDIT")},
                                      {"type", quoted("withdraw")},
                                      {"type", "1"},
                                      {"reason", ""},
                                      {"reason", "null"},
                                      {"reason", quoted("")},
                                      {"reason", "7"},
                                      {"reason", quoted(std::string(1025, 'r'))},
                                      {"meta", "[]"},
                                      {"meta", quoted("x")},
                                      {"meta", "1"},
                                      {"meta", R"({"a": 1, "a": 2})"},
                                      {"sessionId", "7"},
                                      {"sessionId", "{}"}}) {
        EXPECT_TRUE(is_malformed(transact(name, value))) << name << value;
    }
    EXPECT_EQ(read_as<Move>(transact("meta", "")).meta, "");
    EXPECT_EQ(read_as<Move>(transact("meta", "null")).meta, "");
}

TEST(SverseRead, AMissingSessionIsUnauthorizedOnceTheRestIsWell) {
    for (const std::string value : {"", "null", "\"\""}) {
        EXPECT_TRUE(is_unauthorized(transact("sessionId", value))) << value;
    }
    EXPECT_TRUE(is_malformed(SverseWorld().wallet("transact", "GOLD", "{}")));
}

TEST(SverseRead, BearerAndBodyNameOneSession) {
    EXPECT_EQ(read_as<Move>(with_header(transact(), "authorization", "Bearer s")).caller.session,
              sha256("s"));
    for (const std::string value : {"Bearer t", "Bearer ", "Bearer", "Basic czpz", "s"}) {
        EXPECT_TRUE(is_unauthorized(with_header(transact(), "authorization", value))) << value;
    }
}

// ---- the other calls ----------------------------------------------------------------------------

TEST(SverseRead, BalancesAreOfTheSessionOrOfTheNamedPlayer) {
    const AskBalance mine = read_as<AskBalance>(
        with_header(SverseWorld().request("balance"), "authorization", "Bearer s"));
    EXPECT_TRUE(mine.every_currency);
    EXPECT_EQ(mine.caller.rule, SessionRule::bearer);
    EXPECT_EQ(mine.caller.session, sha256("s"));
    const AskBalance theirs = read_as<AskBalance>(SverseWorld().wallet("private_balance", "alice"));
    EXPECT_TRUE(theirs.every_currency);
    EXPECT_EQ(theirs.caller.rule, SessionRule::none);
    EXPECT_EQ(theirs.caller.player.id, "alice");
    EXPECT_FALSE(theirs.caller.session);
}

Request list(std::string query, std::string currency = "GOLD") {
    Request request = SverseWorld().wallet("transactions", std::move(currency));
    request.call.query = std::move(query);
    return with_header(std::move(request), "authorization", "Bearer s");
}

TEST(SverseRead, PagesAreHowManyToLeaveOut) {
    const ListMovements first = read_as<ListMovements>(list(""));
    EXPECT_EQ(first.skip, 0U);
    EXPECT_EQ(first.limit, 20U);
    EXPECT_EQ(first.currency, 5U);
    EXPECT_EQ(first.only_integration, 0U) << "whoever made them";
    const ListMovements third = read_as<ListMovements>(list("page=3&limit=7&other=x"));
    EXPECT_EQ(third.skip, 14U);
    EXPECT_EQ(third.limit, 7U);
    EXPECT_EQ(read_as<ListMovements>(list("", "NOPE")).currency, 0U);
    // Past any end there is, and not round it.
    EXPECT_EQ(read_as<ListMovements>(list("page=9223372036854775807&limit=100")).skip,
              static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

TEST(SverseRead, PagesAndLimitsHaveBounds) {
    for (const std::string query :
         {"page=0", "page=-1", "page=abc", "page=", "page=1.0", "page=+1", "page=1&page=2",
          "page=9223372036854775808", "limit=0", "limit=101", "limit=-1", "limit=abc",
          "limit=", "limit=1e1", "limit=%zz"}) {
        EXPECT_TRUE(is_malformed(list(query))) << query;
    }
}

Request registering(std::string_view name, std::string value) {
    Members members{{"gameCode", quoted("game")},
                    {"email", quoted("Erin@Example.org")},
                    {"username", quoted("Erin")},
                    {"password", quoted("p")}};
    members[name] = std::move(value);
    return SverseWorld().post("register", json_of(members));
}

TEST(SverseRead, ARegistrationBringsANewIdentity) {
    const Register intent = read_as<Register>(registering("metadata", R"({"from": "ad"})"));
    EXPECT_EQ(intent.player, "00010203-0405-4607-8809-0a0b0c0d0e0f");
    EXPECT_EQ(intent.email, "Erin@Example.org");
    EXPECT_EQ(intent.username, "Erin");
    EXPECT_EQ(intent.password, "p");
    EXPECT_EQ(intent.metadata, R"({"from": "ad"})");
    EXPECT_EQ(intent.integration, 7U);
    EXPECT_EQ(intent.tenant, 3U);
}

TEST(SverseRead, NamesAndPasswordsHaveRules) {
    for (const auto& [name, value] : std::initializer_list<Wrong>{
             {"gameCode", ""},
             {"email", ""},
             {"email", quoted("erin")},
             {"email", quoted("@example.org")},
             {"email", quoted("erin@")},
             {"email", quoted("erin@@example.org")},
             {"email", quoted("erin smith@example.org")},
             {"email", quoted(std::string(250, 'e') + "@e.org")},
             {"username", ""},
             {"username", quoted("")},
             {"username", quoted("erin@example.org")},
             {"username", quoted(" erin")},
             {"username", quoted("erin ")},
             {"username", R"("er\nin")"},
             {"username", quoted(std::string(65, 'e'))},
             {"password", ""},
             {"password", quoted("")},
             {"password", "12345678"},
             {"password", quoted(std::string(1025, 'p'))},
             {"metadata", "[]"},
             {"metadata", "{\"long\": " + quoted(std::string(4096, 'm')) + "}"}}) {
        EXPECT_TRUE(is_malformed(registering(name, value))) << name << value;
    }
    EXPECT_EQ(read_as<Register>(registering("username", quoted("Ère Ин"))).username, "Ère Ин");
}

TEST(SverseRead, AnotherGamesCodeIsUnauthorized) {
    EXPECT_TRUE(is_unauthorized(registering("gameCode", quoted("other"))));
    EXPECT_TRUE(is_unauthorized(
        SverseWorld().post("login", R"({"gameCode": "other", "username": "e", "password": "p"})")));
}

TEST(SverseRead, OneLogsInByEitherName) {
    SverseWorld world;
    const LogIn by_name = read_as<LogIn>(
        world.post("login", R"({"gameCode": "game", "username": "Erin", "password": "p"})"));
    EXPECT_EQ(by_name.name, "Erin");
    EXPECT_EQ(by_name.password, "p");
    EXPECT_EQ(by_name.session.digest, sha256("00010203-0405-4607-8809-0a0b0c0d0e0f"));
    EXPECT_EQ(by_name.session.kind, SessionKind::sverse_session);
    EXPECT_EQ(by_name.session.integration, 7U);
    EXPECT_EQ(by_name.ttl, 30 * day_us);
    world.game.settings.session_ttl_s = 60;
    const LogIn by_email = read_as<LogIn>(
        world.post("login", R"({"gameCode": "game", "email": "e@e.org", "password": "p"})"));
    EXPECT_EQ(by_email.name, "e@e.org");
    EXPECT_EQ(by_email.ttl, 60 * second_us);
    for (const std::string body :
         {R"({"gameCode": "game", "password": "p"})", R"({"gameCode": "game", "username": "e"})",
          R"({"gameCode": "game", "username": "", "password": "p"})",
          R"({"gameCode": "game", "email": "", "password": "p"})",
          R"({"username": "e", "password": "p"})", "[]", "{", "x"}) {
        EXPECT_TRUE(is_malformed(world.post("login", body))) << body;
    }
}

TEST(SverseRead, ASessionIsEndedAndRenewedByItself) {
    for (const std::string body : {"", " ", "{}", R"({"ignored": 1})"}) {
        const auto call = [&body](std::string_view verb) {
            return with_header(SverseWorld().post(verb, body), "authorization", "Bearer s");
        };
        EXPECT_EQ(read_as<LogOut>(call("logout")).caller.session, sha256("s"));
        const RenewSession renew = read_as<RenewSession>(call("refresh"));
        EXPECT_EQ(renew.caller.session, sha256("s"));
        EXPECT_EQ(renew.caller.rule, SessionRule::bearer);
        EXPECT_EQ(renew.digest, sha256("00010203-0405-4607-8809-0a0b0c0d0e0f"));
        EXPECT_EQ(renew.ttl, 30 * day_us);
    }
    EXPECT_TRUE(
        is_malformed(with_header(SverseWorld().post("logout", "{"), "authorization", "Bearer s")));
}

TEST(SverseAccount, FailuresAreCountedByTheNameAsItIsCompared) {
    const auto tried = [](std::string_view verb, std::string body) {
        return sverse_dialect.account_tried(SverseWorld().post(verb, std::move(body)));
    };
    EXPECT_EQ(tried("login", R"({"username": "ERIN"})"), "erin");
    EXPECT_EQ(tried("login", R"({"email": "Erin@Example.org"})"), "erin@example.org");
    EXPECT_EQ(tried("register", R"({"username": "Erin", "email": "x@y"})"), "erin");
    EXPECT_EQ(tried("login", "{"), "");
    EXPECT_EQ(tried("login", "{}"), "");
    EXPECT_EQ(tried("logout", R"({"username": "Erin"})"), "");
}

}  // namespace
}  // namespace coffer
