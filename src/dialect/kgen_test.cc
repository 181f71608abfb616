#include <gtest/gtest.h>

#include <algorithm>

#include "dialect/kgen_fixture.h"
#include "dialect/text.h"

namespace coffer {
namespace {

bool lets_in(const Request& request) {
    const auto authority = kgen_dialect.authenticate(request);
    EXPECT_TRUE(authority || authority.error().kind == RefusalKind::bad_credential);
    return authority.has_value();
}

template <class T>
T read_as(const Request& request) {
    auto intent = kgen_dialect.read(request);
    EXPECT_TRUE(intent) << intent.error().message;
    if (!intent || !std::holds_alternative<T>(*intent)) return T{};
    return std::get<T>(*std::move(intent));
}

// The digest of a session of which nothing but the name matters.
Digest session_named(std::string_view sid) {
    Digest digest{};
    std::ranges::copy(parse_uuid(sid).value(), digest.begin());
    return digest;
}

bool is_malformed(const Request& request) {
    const auto intent = kgen_dialect.read(request);
    return !intent && intent.error().kind == RefusalKind::malformed;
}

Request with_query(Request request, std::string query) {
    request.call.query = std::move(query);
    return request;
}

// ---- authenticate: the platform's server --------------------------------------------------------

TEST(KgenAuthenticate, KnowsTheServerByClientIdAndSecret) {
    const Request request = KgenWorld().server("session", R"({"user_id": "alice"})");
    const auto authority = kgen_dialect.authenticate(request);
    ASSERT_TRUE(authority);
    EXPECT_EQ(authority->integration->id, 7u);
    EXPECT_EQ(authority->credential->uid, "client");
    EXPECT_EQ(authority->tenant, 3u);
}

TEST(KgenAuthenticate, RefusesAWrongOrMissingClient) {
    const std::vector<std::vector<Header>> refused{
        {},
        {{"x-client-id", "id"}},
        {{"x-client-secret", "secret"}},
        {{"x-client-id", "id"}, {"x-client-secret", ""}},
        {{"x-client-id", "id"}, {"x-client-secret", "SECRET"}},
        {{"x-client-id", "ID"}, {"x-client-secret", "secret"}},
        {{"x-client-id", "secret"}, {"x-client-secret", "id"}},
        {{"x-client-id", "id"}, {"x-client-id", "id"}, {"x-client-secret", "secret"}},
        {{"x-client-id", "id"}, {"x-client-secret", "secret"}, {"x-client-secret", "secret"}},
        {{"authorization", "Basic aWQ6c2VjcmV0"}}};
    for (const std::string_view verb : {"session", "refresh"}) {
        for (const std::vector<Header>& headers : refused) {
            Request request = KgenWorld().request(verb);
            request.call.headers = headers;
            EXPECT_FALSE(lets_in(request));
        }
    }
}

// ---- authenticate: the user's token -------------------------------------------------------------

TEST(KgenAuthenticate, BelievesATokenSignedWithAnyLiveKeyOfItsIssuer) {
    const KgenWorld world;
    for (const std::string_view key : {"old key", "new key"}) {
        const Request request =
            world.with_token("balance", sign_jws(format_claims(world.claims()), key));
        const auto authority = kgen_dialect.authenticate(request);
        ASSERT_TRUE(authority) << key;
        EXPECT_EQ(authority->integration->id, 7u);
        EXPECT_EQ(authority->subject, "alice");
    }
}

TEST(KgenAuthenticate, RefusesTokensOfOtherKeysIssuersAndTimes) {
    const KgenWorld world;
    const auto with = [&world](auto&& change, std::string_view key = "new key") {
        JwtClaims claims = world.claims();
        change(claims);
        return lets_in(world.with_token("withdraw", sign_jws(format_claims(claims), key)));
    };
    EXPECT_TRUE(with([](JwtClaims&) {}));
    EXPECT_FALSE(with([](JwtClaims&) {}, "no key"));
    EXPECT_FALSE(with([](JwtClaims&) {}, "other key")) << "a live key, but of another issuer";
    EXPECT_FALSE(with([](JwtClaims&) {}, ""));
    EXPECT_FALSE(with([](JwtClaims& claims) { claims.issuer = "other"; }));
    EXPECT_FALSE(with([](JwtClaims& claims) { claims.issuer = "nobody"; }));
    EXPECT_FALSE(with([](JwtClaims& claims) { claims.expires_at_s = KgenWorld::now_s; }));
    EXPECT_FALSE(with([](JwtClaims& claims) { claims.issued_at_s = KgenWorld::now_s + 61; }));
    EXPECT_FALSE(with([](JwtClaims& claims) { claims.subject = "bob"; }));
    EXPECT_FALSE(with([](JwtClaims& claims) { claims.session = ""; }));
}

TEST(KgenAuthenticate, RefusesWhatIsNoToken) {
    const KgenWorld world;
    const std::string good = sign_jws(format_claims(world.claims()), "new key");
    const std::string none =
        to_base64url(R"({"alg":"none"})") + "." + to_base64url(format_claims(world.claims())) + ".";
    for (const std::string& token :
         {std::string(), std::string("garbage"), none, good + "A", "Bearer " + good,
          good.substr(0, good.size() - 1), std::string(8'000, '.')}) {
        EXPECT_FALSE(lets_in(world.with_token("balance", token))) << token;
    }
    EXPECT_FALSE(lets_in(world.request("transactions")));
    Request twice = world.with_token("balance", good);
    twice.call.headers.push_back(twice.call.headers.front());
    EXPECT_FALSE(lets_in(twice));
    Request elsewhere = world.request("balance");
    elsewhere.call.headers = {{"authorization", "Bearer " + good}};
    EXPECT_FALSE(lets_in(elsewhere));
}

TEST(KgenAuthenticate, ForgetsTokensOfARevokedKey) {
    KgenWorld world;
    Request request =
        world.with_token("balance", sign_jws(format_claims(world.claims()), "new key"));
    Credential revoked = *request.directory->credential("new key");
    revoked.revoked = 1;
    const Record records[] = {std::make_shared<const Credential>(std::move(revoked))};
    request.directory = std::make_shared<const Directory>(request.directory->with(records));
    EXPECT_FALSE(lets_in(request));
}

// ---- read ---------------------------------------------------------------------------------------

TEST(KgenRead, OpensASessionForAUser) {
    const OpenUser intent = read_as<OpenUser>(
        KgenWorld().server("session", R"({"user_id": "erin", "device": "ignored"})"));
    EXPECT_EQ(intent.caller.tenant, 3u);
    EXPECT_EQ(intent.caller.integration, 7u);
    EXPECT_EQ(intent.caller.player.id, "erin");
    EXPECT_EQ(intent.session, session_named("00010203-0405-4607-8809-0a0b0c0d0e0f"));
    EXPECT_EQ(intent.new_player, "10111213-1415-4617-9819-1a1b1c1d1e1f");
    EXPECT_EQ(intent.refresh, sha256("ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"));
    EXPECT_EQ(intent.ttl, 24 * hour_us);
    EXPECT_EQ(intent.refresh_ttl, 30 * day_us);
}

TEST(KgenRead, WantsAUserId) {
    for (const std::string body :
         {"", "{}", "[]", "{", R"({"user_id": ""})", R"({"user_id": null})", R"({"user_id": 7})",
          R"({"user_id": "a", "user_id": "b"})", R"({"user_id": "\u0000"})"}) {
        EXPECT_TRUE(is_malformed(KgenWorld().server("session", body))) << body;
    }
    const std::string longest(255, 'u');
    EXPECT_EQ(read_as<OpenUser>(KgenWorld().server("session", R"({"user_id": ")" + longest + "\"}"))
                  .caller.player.id,
              longest);
    EXPECT_TRUE(is_malformed(KgenWorld().server("session", R"({"user_id": ")" + longest + "u\"}")));
}

TEST(KgenRead, RenewsByARefreshToken) {
    const RenewUser intent =
        read_as<RenewUser>(KgenWorld().server("refresh", R"({"refresh_token": "r"})"));
    EXPECT_EQ(intent.caller.session, sha256("r"));
    EXPECT_EQ(intent.caller.session_kind, SessionKind::kgen_refresh);
    EXPECT_EQ(intent.caller.rule, SessionRule::bearer);
    EXPECT_EQ(intent.caller.integration, 7u);
    EXPECT_EQ(intent.ttl, 24 * hour_us);
    for (const std::string body :
         {"", "{}", R"({"refresh_token": ""})", R"({"refresh_token": 1})"}) {
        EXPECT_TRUE(is_malformed(KgenWorld().server("refresh", body))) << body;
    }
}

TEST(KgenRead, OpensNothingWhileNoKeyCanSign) {
    for (const std::string_view verb : {"session", "refresh"}) {
        Request request = KgenWorld().server(verb, R"({"user_id": "u", "refresh_token": "r"})");
        request.keyring = std::make_shared<const Keyring>();
        const auto intent = kgen_dialect.read(request);
        ASSERT_FALSE(intent);
        EXPECT_EQ(intent.error().kind, RefusalKind::not_now);
    }
}

TEST(KgenRead, AsksForTheBalanceOfTheTokensSession) {
    const AskBalance intent = read_as<AskBalance>(KgenWorld().user("balance"));
    EXPECT_EQ(intent.currency, 5u);
    EXPECT_FALSE(intent.every_currency);
    EXPECT_EQ(intent.caller.session, session_named(KgenWorld::sid));
    EXPECT_EQ(intent.caller.session_kind, SessionKind::kgen_session);
    EXPECT_EQ(intent.caller.rule, SessionRule::bearer);
    EXPECT_EQ(intent.caller.integration, 7u);
    EXPECT_EQ(intent.caller.tenant, 3u);
    EXPECT_EQ(intent.caller.player.id, "alice") << "so that the ledger can compare";
}

TEST(KgenRead, ASidThatIsNoNameIsNobodysSession) {
    KgenWorld world;
    JwtClaims claims = world.claims();
    claims.session = "not a name";
    Request request = world.with_token("balance", sign_jws(format_claims(claims), "new key"));
    request.authority = kgen_dialect.authenticate(request).value();
    EXPECT_EQ(read_as<AskBalance>(request).caller.session, Digest{});
}

TEST(KgenRead, WithdrawsAllOfEarned) {
    const Move move = read_as<Move>(KgenWorld().user("withdraw"));
    EXPECT_EQ(move.kind, TransactionKind::withdraw);
    EXPECT_EQ(move.currency, 5u);
    EXPECT_TRUE(move.amount.is_zero()) << "the ledger fills it in";
    EXPECT_EQ(move.group, KeyGroup::self);
    EXPECT_EQ(move.caller.session, session_named(KgenWorld::sid));
    Request request = KgenWorld().user("withdraw");
    request.call.headers.push_back({"idempotency-key", "k"});
    EXPECT_EQ(read_as<Move>(request).group, KeyGroup::kgen_withdraw);
    EXPECT_EQ(read_as<Move>(request).external_id, "k");
    request.call.headers.back().value = "";
    EXPECT_TRUE(is_malformed(request));
}

TEST(KgenRead, WantsNoBodyAndNoGarbage) {
    for (const std::string body : {"", "  ", "{}", R"({"amount": 5})"}) {
        Request request = KgenWorld().user("withdraw");
        request.call.body = body;
        EXPECT_TRUE(read_as<Move>(request).amount.is_zero()) << body;
    }
    for (const std::string body : {"{", "[]", "null", "\xff"}) {
        Request request = KgenWorld().user("withdraw");
        request.call.body = body;
        EXPECT_TRUE(is_malformed(request)) << body;
    }
}

TEST(KgenRead, ListsFromTheNewestOn) {
    const KgenWorld world;
    const ListMovements first = read_as<ListMovements>(world.user("transactions"));
    EXPECT_EQ(first.limit, 50u);
    EXPECT_EQ(first.before, 0u);
    EXPECT_EQ(first.currency, 5u);
    EXPECT_EQ(first.only_integration, 0u);
    EXPECT_EQ(first.caller.session, session_named(KgenWorld::sid));
    EXPECT_EQ(read_as<ListMovements>(with_query(world.user("transactions"), "limit=1")).limit, 1u);
    EXPECT_EQ(read_as<ListMovements>(
                  with_query(world.user("transactions"), "limit=100&last_evaluated_key="))
                  .before,
              0u);
    for (const std::string query :
         {"limit=0", "limit=101", "limit=-1", "limit=abc", "limit=", "limit=5&limit=5",
          "last_evaluated_key=x", "last_evaluated_key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
        EXPECT_TRUE(is_malformed(with_query(world.user("transactions"), query))) << query;
    }
}

// The cursor in an answer to that call.
std::string cursor_in(const Request& request, Sequence next) {
    Outcome outcome;
    outcome.next = next;
    const Reply reply = kgen_dialect.write(request, ListMovements{}, outcome);
    constexpr std::string_view name = "\"last_evaluated_key\":\"";
    const std::size_t begin = reply.body.find(name) + name.size();
    return reply.body.substr(begin, reply.body.find('"', begin) - begin);
}

TEST(KgenRead, TakesACursorBackFromTheUserItWasGivenTo) {
    KgenWorld world;
    const std::string cursor = cursor_in(world.user("transactions"), 77);
    ASSERT_FALSE(cursor.empty());
    const std::string query = "last_evaluated_key=" + cursor;
    EXPECT_EQ(read_as<ListMovements>(with_query(world.user("transactions"), query)).before, 77u);
    Request bob = with_query(world.user("transactions"), query);
    bob.authority.subject = "bob";
    EXPECT_TRUE(is_malformed(bob));
    Request elsewhere = with_query(world.user("transactions"), query);
    elsewhere.authority.integration = elsewhere.directory->integration(8);
    EXPECT_TRUE(is_malformed(elsewhere));
    for (std::size_t at = 0; at < cursor.size(); ++at) {
        std::string changed = cursor;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_TRUE(
            is_malformed(with_query(world.user("transactions"), "last_evaluated_key=" + changed)));
    }
    EXPECT_EQ(cursor_in(world.user("transactions"), 0), "") << "the end";
}

TEST(KgenSession, IsTheOneThatTheTokenNames) {
    const KgenWorld world;
    for (const std::string_view verb : {"balance", "transactions", "withdraw"}) {
        const auto session = kgen_dialect.session_of(world.user(verb));
        ASSERT_TRUE(session) << verb;
        EXPECT_EQ(session->digest, session_named(KgenWorld::sid));
        EXPECT_EQ(session->kind, SessionKind::kgen_session);
    }
    Request server = world.server("session", "{}");
    server.call.headers.push_back(world.user("balance").call.headers.front());
    EXPECT_FALSE(kgen_dialect.session_of(server)) << "a secret is the credential";
}

TEST(KgenAccount, CountsFailuresByClientId) {
    EXPECT_EQ(kgen_dialect.account_tried(KgenWorld().server("session", "")), "id");
    EXPECT_EQ(kgen_dialect.account_tried(KgenWorld().user("balance")), "");
}

}  // namespace
}  // namespace coffer
