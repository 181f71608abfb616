#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <map>
#include <vector>

#include "dialect/body.h"
#include "dialect/dialects.h"

namespace coffer {
namespace {

using Members = std::map<std::string_view, std::string>;

// A complete body for each path; the page's own values where the page has them.
Members members_of(std::string_view verb) {
    Members members{{"playerId", R"("p")"},
                    {"transactionId", R"("t")"},
                    {"transactionTimestamp", "1632771475000"},
                    {"currency", R"("USD")"}};
    if (verb == "credit-debit") {
        members["creditAmount"] = "20.00";
        members["debitAmount"] = "5";
        members["roundStarted"] = "true";
        members["transactionType"] = R"("CREDIT_DEBIT_SPIN")";
    } else {
        members["amount"] = "20.00";
    }
    if (verb == "tournament-prize") return members;
    members["gameUuid"] = R"("g")";
    members["sessionId"] = R"("s")";
    members["roundId"] = R"("r")";
    if (verb == "rollback") return members;
    members["roundFinished"] = "false";
    if (verb == "debit") members["transactionType"] = R"("DEBIT_SPIN")";
    if (verb == "credit") members["transactionType"] = R"("CREDIT_SPIN")";
    return members;
}

std::string json_of(const Members& members) {
    std::string body;
    for (const auto& [name, value] : members) {
        if (value.empty()) continue;
        body += (body.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + value;
    }
    return body + "}";
}

// The path's body with one member replaced, or left out when `value` is empty.
std::string body_with(std::string_view verb, std::string_view name, std::string value) {
    Members members = members_of(verb);
    members[name] = std::move(value);
    return json_of(members);
}

constexpr std::array<std::string_view, 5> posts{"debit", "credit", "credit-debit", "rollback",
                                                "tournament-prize"};

// An integration 7 of tenant 3 with one token and USD (currency 5).
struct World {
    Integration integration{.id = 7, .tenant = 3, .dialect = DialectId::rgs};
    Credential token{.uid = "token",
                     .tenant = 3,
                     .integration = 7,
                     .kind = CredentialKind::secret,
                     .digest = sha256("secret")};

    World() { integration.currencies = {5}; }

    Request request(std::string_view verb) const {
        const auto share = []<class T>(T value) {
            return Record(std::make_shared<const T>(std::move(value)));
        };
        const std::array<Record, 4> records{
            share(Currency{.id = 5, .tenant = 3, .code = "USD", .scale = 2}),
            share(Currency{.id = 6, .tenant = 3, .code = "EUR", .scale = 2}), share(integration),
            share(token)};
        Request request;
        for (const Route& route : rgs_dialect.routes) {
            if (route.verb == verb) request.route = &route;
        }
        request.now = 1'000'000;
        request.directory = std::make_shared<const Directory>(Directory().with(records));
        request.keyring = std::make_shared<const Keyring>();
        request.authority.integration = request.directory->integration(7);
        request.authority.tenant = 3;
        return request;
    }
    Request post(std::string_view verb, std::string body) const {
        Request request = this->request(verb);
        request.call.method = Method::post;
        request.call.body = std::move(body);
        return request;
    }
    Request get(std::string_view verb, std::string query) const {
        Request request = this->request(verb);
        request.call.method = Method::get;
        request.call.query = std::move(query);
        return request;
    }
};

std::string refusal_of(const Request& request) {
    const auto intent = rgs_dialect.read(request);
    if (intent) return "";
    EXPECT_EQ(intent.error().kind, RefusalKind::malformed);
    return intent.error().message;
}

template <class T>
T read_as(const Request& request) {
    auto intent = rgs_dialect.read(request);
    EXPECT_TRUE(intent) << intent.error().message;
    if (!intent || !std::holds_alternative<T>(*intent)) return T{};
    return std::get<T>(*std::move(intent));
}

Move move_of(std::string_view verb) {
    return read_as<Move>(World().post(verb, json_of(members_of(verb))));
}

// ---- authenticate -------------------------------------------------------------------------------

bool opens(std::vector<Header> headers) {
    const World world;
    Request request = world.request("debit");
    request.authority = {};
    request.call.headers = std::move(headers);
    const auto authority = rgs_dialect.authenticate(request);
    if (authority) {
        EXPECT_EQ(authority->integration->id, 7U);
        EXPECT_EQ(authority->credential->uid, "token");
        EXPECT_EQ(authority->tenant, 3U);
    } else {
        EXPECT_EQ(authority.error().kind, RefusalKind::bad_credential);
    }
    return authority.has_value();
}

TEST(RgsAuthenticate, TakesTheTokenFromEitherHeader) {
    EXPECT_TRUE(opens({{"x-auth-token", "secret"}}));
    EXPECT_TRUE(opens({{"authorization", "Bearer secret"}}));
    EXPECT_TRUE(opens({{"x-auth-token", "secret"}, {"authorization", "bearer secret"}}));
}

TEST(RgsAuthenticate, RefusesTwoThatDoNotAgreeAndAllElse) {
    EXPECT_FALSE(opens({}));
    EXPECT_FALSE(opens({{"x-auth-token", ""}}));
    EXPECT_FALSE(opens({{"x-auth-token", "other"}}));
    EXPECT_FALSE(opens({{"x-auth-token", "secret"}, {"authorization", "Bearer other"}}));
    EXPECT_FALSE(opens({{"x-auth-token", ""}, {"authorization", "Bearer secret"}}));
    EXPECT_FALSE(opens({{"x-auth-token", "secret"}, {"authorization", "Basic c2VjcmV0"}}));
    EXPECT_FALSE(opens({{"x-auth-token", "secret"}, {"x-auth-token", "secret"}}));
    EXPECT_FALSE(opens({{"authorization", "secret"}}));
}

// ---- read ---------------------------------------------------------------------------------------

TEST(RgsRead, ADebitPaysThePlayer) {
    const Move move = move_of("debit");
    EXPECT_EQ(move.kind, TransactionKind::payout);
    EXPECT_EQ(move.amount, Amount{2000});
    EXPECT_EQ(move.group, KeyGroup::rgs);
    EXPECT_EQ(move.external_id, "t");
    EXPECT_EQ(move.round, "r");
    EXPECT_EQ(move.game, "g");
    EXPECT_EQ(move.currency, 5U);
    EXPECT_EQ(move.detail, "DEBIT_SPIN 1632771475000");
    EXPECT_EQ(move.caller.player.id, "p");
    EXPECT_EQ(move.caller.integration, 7U);
    EXPECT_EQ(move.caller.tenant, 3U);
    EXPECT_EQ(move.caller.session, sha256("s"));
    EXPECT_EQ(move.caller.session_kind, SessionKind::rgs_session);
    EXPECT_EQ(move.caller.rule, SessionRule::none);
}

TEST(RgsRead, ACreditIsAWager) {
    const Move move = move_of("credit");
    EXPECT_EQ(move.kind, TransactionKind::wager);
    EXPECT_EQ(move.group, KeyGroup::rgs);
    EXPECT_EQ(move.caller.rule, SessionRule::live);
    EXPECT_EQ(move.caller.game, "g");
    EXPECT_FALSE(move.closes_round);
    const auto closing = World().post("credit", body_with("credit", "roundFinished", "true"));
    EXPECT_TRUE(read_as<Move>(closing).closes_round);
}

TEST(RgsRead, ACreditDebitIsBoth) {
    const Move move = move_of("credit-debit");
    EXPECT_EQ(move.kind, TransactionKind::wager_and_payout);
    EXPECT_EQ(move.amount, Amount{2000});
    EXPECT_EQ(move.payout, Amount{500});
    EXPECT_EQ(move.detail, "CREDIT_DEBIT_SPIN 1632771475000 roundStarted");
    EXPECT_EQ(move.caller.rule, SessionRule::live);
}

TEST(RgsRead, WiredTheOtherWayTheWordsChangePlaces) {
    World world;
    world.integration.settings.debit_direction = DebitDirection::charge;
    const auto read = [&](std::string_view verb) {
        return read_as<Move>(world.post(verb, json_of(members_of(verb))));
    };
    EXPECT_EQ(read("debit").kind, TransactionKind::wager);
    EXPECT_EQ(read("debit").caller.rule, SessionRule::live);
    EXPECT_EQ(read("credit").kind, TransactionKind::payout);
    EXPECT_EQ(read("credit").caller.rule, SessionRule::none);
    EXPECT_EQ(read("credit-debit").amount, Amount{500});
    EXPECT_EQ(read("credit-debit").payout, Amount{2000});
    EXPECT_EQ(read("rollback").kind, TransactionKind::rollback);
}

TEST(RgsRead, ARollbackHasNoIdOfItsOwn) {
    const Move move = move_of("rollback");
    EXPECT_EQ(move.kind, TransactionKind::rollback);
    EXPECT_EQ(move.group, KeyGroup::self);
    EXPECT_EQ(move.external_id, "");
    EXPECT_EQ(move.reference_group, KeyGroup::rgs);
    EXPECT_EQ(move.reference, "t");
    EXPECT_EQ(move.round, "r");
    EXPECT_EQ(move.caller.rule, SessionRule::none);
    EXPECT_FALSE(move.free_bet);
}

TEST(RgsRead, APrizeHasNoRound) {
    const Move move = move_of("tournament-prize");
    EXPECT_EQ(move.kind, TransactionKind::prize);
    EXPECT_EQ(move.group, KeyGroup::rgs);
    EXPECT_EQ(move.external_id, "t");
    EXPECT_EQ(move.round, "");
    EXPECT_EQ(move.game, "");
    EXPECT_EQ(move.caller.rule, SessionRule::none);
    EXPECT_FALSE(move.caller.session);
}

TEST(RgsRead, EveryFieldIsNeededAndOfItsType) {
    for (const std::string_view verb : posts) {
        for (const auto& [name, value] : members_of(verb)) {
            for (const std::string_view wrong : {"", "null", "[]", "{}"}) {
                const std::string body = body_with(verb, name, std::string(wrong));
                EXPECT_NE(refusal_of(World().post(verb, body)), "") << verb << body;
            }
            // Another scalar than the one it is.
            const std::string other = value.front() == '"' ? "7" : "\"" + value + "\"";
            EXPECT_NE(refusal_of(World().post(verb, body_with(verb, name, other))), "")
                << verb << name << other;
        }
        for (const std::string_view text : {"", "{}", "[]", "null", "{", "\"x\""}) {
            EXPECT_NE(refusal_of(World().post(verb, std::string(text))), "") << verb << text;
        }
    }
}

TEST(RgsRead, SizesAreKept) {
    const std::string most = "\"" + std::string(255, 'x') + "\"";
    const std::string over = "\"" + std::string(256, 'x') + "\"";
    for (const std::string_view name :
         {"playerId", "gameUuid", "sessionId", "roundId", "transactionId", "currency"}) {
        const auto with = [name](std::string value) {
            return refusal_of(World().post("debit", body_with("debit", name, std::move(value))));
        };
        EXPECT_NE(with(R"("")"), "") << name;
        EXPECT_EQ(with(most), "") << name;
        EXPECT_NE(with(over), "") << name;
    }
}

TEST(RgsRead, NumbersAreExact) {
    const auto refuses = [](std::string_view name, std::string value) {
        return !refusal_of(World().post("debit", body_with("debit", name, std::move(value))))
                    .empty();
    };
    for (const std::string_view value :
         {"-0.01", "20.001", "1e37", "100000000000000000000000000000000000000", "true"}) {
        EXPECT_TRUE(refuses("amount", std::string(value))) << value;
    }
    for (const std::string_view value : {"-1", "1.5", "1e3", "9223372036854775808"}) {
        EXPECT_TRUE(refuses("transactionTimestamp", std::string(value))) << value;
    }
    for (const std::string_view value : {"20", "20.0", "20.000", "2e1", "0.2E2"}) {
        const auto request =
            World().post("debit", body_with("debit", "amount", std::string(value)));
        EXPECT_EQ(read_as<Move>(request).amount, Amount{2000}) << value;
    }
    EXPECT_FALSE(refuses("amount", "0"));
    EXPECT_FALSE(refuses("transactionTimestamp", "0"));
    EXPECT_FALSE(refuses("transactionTimestamp", "9223372036854775807"));
}

TEST(RgsRead, EachPathHasItsTypes) {
    const std::map<std::string_view, std::vector<std::string>> own{
        {"debit", {"DEBIT_SPIN", "DEBIT_JACKPOT", "FREEBET_DEBIT_SPIN"}},
        {"credit", {"CREDIT_SPIN", "FREEBET_CREDIT_SPIN"}},
        {"credit-debit",
         {"CREDIT_DEBIT_SPIN", "CREDIT_DEBIT_PURCHASE", "FREEBET_CREDIT_DEBIT_SPIN"}}};
    for (const auto& [path, ignored] : own) {
        for (const auto& [owner, names] : own) {
            for (const std::string& name : names) {
                const bool free = name.starts_with("FREEBET_");
                Members members = members_of(path);
                members["transactionType"] = "\"" + name + "\"";
                for (const bool promoted : {false, true}) {
                    if (promoted) members["promotionExternalId"] = R"("promo")";
                    const Request request = World().post(path, json_of(members));
                    const bool right = path == owner && promoted == free;
                    EXPECT_EQ(refusal_of(request).empty(), right) << path << name << promoted;
                    if (!right) continue;
                    const Move move = read_as<Move>(request);
                    EXPECT_EQ(move.free_bet, free && path != "debit");
                    EXPECT_EQ(move.promotion, free ? "promo" : "");
                }
            }
        }
        EXPECT_NE(refusal_of(World().post(path, body_with(path, "transactionType", R"("X")"))), "");
    }
    const std::string named = body_with("rollback", "promotionExternalId", R"("promo")");
    EXPECT_EQ(read_as<Move>(World().post("rollback", named)).promotion, "promo");
}

TEST(RgsRead, ACurrencyThatMayNotBeMovedIsLeftToTheLedger) {
    const auto request = World().post("debit", body_with("debit", "currency", R"("EUR")"));
    EXPECT_NE(read_as<Move>(request).currency, 0U);
}

TEST(RgsRead, ASessionIsBoughtWithAPlayerToken) {
    const auto start =
        read_as<StartSession>(World().get("session", "playerToken=a%20b&gameUuid=g&more=1"));
    EXPECT_EQ(start.caller.session, sha256("a b"));
    EXPECT_EQ(start.caller.session_kind, SessionKind::player_token);
    EXPECT_EQ(start.caller.player.id, "");
    EXPECT_EQ(start.game, "g");
    EXPECT_EQ(start.session, sha256("00000000-0000-4000-8000-000000000000"));
    EXPECT_EQ(start.idle, 24 * hour_us);
    for (const std::string_view query :
         {"", "playerToken=a", "gameUuid=g", "playerToken=&gameUuid=g",
          "playerToken=a&playerToken=a&gameUuid=g"}) {
        EXPECT_NE(refusal_of(World().get("session", std::string(query))), "") << query;
    }
}

TEST(RgsRead, ABalanceNeedsALiveSessionOfTheGame) {
    const std::string query = "playerId=p&gameUuid=g&sessionId=s&currency=USD";
    const auto ask = read_as<AskBalance>(World().get("balance", query));
    EXPECT_EQ(ask.caller.player.id, "p");
    EXPECT_EQ(ask.caller.game, "g");
    EXPECT_EQ(ask.caller.session, sha256("s"));
    EXPECT_EQ(ask.caller.session_kind, SessionKind::rgs_session);
    EXPECT_EQ(ask.caller.rule, SessionRule::live);
    EXPECT_EQ(ask.currency, 5U);
    EXPECT_EQ(ask.promotion, "");
    const auto promoted = World().get("balance", query + "&promotionExternalId=x");
    EXPECT_EQ(read_as<AskBalance>(promoted).promotion, "x");
    EXPECT_NE(refusal_of(World().get("balance", query + "&promotionExternalId=")), "");
    EXPECT_NE(refusal_of(World().get("balance", query + "&currency=USD")), "");
    for (const std::string_view name : {"playerId", "gameUuid", "sessionId", "currency"}) {
        std::string renamed = query;
        renamed.replace(renamed.find(name), 1, "x");
        EXPECT_NE(refusal_of(World().get("balance", renamed)), "") << name;
    }
}

// ---- write --------------------------------------------------------------------------------------

Reply reply_to(const Request& request, const Outcome& outcome) {
    const auto intent = rgs_dialect.read(request);
    EXPECT_TRUE(intent);
    return rgs_dialect.write(request, intent.value_or(Intent{}), outcome);
}

Outcome outcome_with(Amount balance) {
    Wallet wallet;
    wallet.at(AccountCode::earned).balance = balance;
    Outcome outcome;
    outcome.currency = 5;
    outcome.wallet = std::make_shared<const Wallet>(wallet);
    return outcome;
}

TEST(RgsWrite, TheAnswerIsTheBalanceWithTheCurrencysDecimals) {
    const Request request = World().post("debit", json_of(members_of("debit")));
    EXPECT_EQ(reply_to(request, outcome_with(Amount{98000})).body, R"({"balance":980.00})");
    EXPECT_EQ(reply_to(request, outcome_with(Amount{98000})).status, 200);
}

TEST(RgsWrite, WithAPromotionTheAnswerIsWhatRemainsOfIt) {
    Outcome outcome = outcome_with(Amount{98000});
    outcome.promotion = std::make_shared<const Promotion>(Promotion{.remaining = Amount{900}});
    outcome.budget_left = Amount{750};
    const std::string body = body_with("rollback", "promotionExternalId", R"("promo")");
    EXPECT_EQ(reply_to(World().post("rollback", body), outcome).body, R"({"balance":7.50})");
    const Request plain = World().post("rollback", json_of(members_of("rollback")));
    EXPECT_EQ(reply_to(plain, outcome).body, R"({"balance":980.00})");
}

TEST(RgsWrite, ASessionNamesThePlayerAsTheIntegrationKnowsIt) {
    Player player{.tenant = 3, .id = "native"};
    Outcome outcome = outcome_with({});
    const Request request = World().get("session", "playerToken=a&gameUuid=g");
    const std::string rest =
        R"(","sessionId":"00000000-0000-4000-8000-000000000000","currency":"USD"})";
    outcome.player = std::make_shared<const Player>(player);
    EXPECT_EQ(reply_to(request, outcome).body, R"({"playerId":"native)" + rest);
    player.aliases = {{.integration = 8, .external_id = "no"},
                      {.integration = 7, .external_id = "a"}};
    outcome.player = std::make_shared<const Player>(player);
    EXPECT_EQ(reply_to(request, outcome).body, R"({"playerId":"a)" + rest);
}

void expect_failure(const Reply& reply, int status, std::string_view word) {
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.body, R"({"error_code":")" + std::string(word) + "\"}");
}

TEST(RgsWrite, EveryDeclineHasItsWord) {
    const std::map<Decline, std::string_view> table{
        {Decline::session_unknown, "INVALID_SESSION"},
        {Decline::session_expired, "INVALID_SESSION"},
        {Decline::player_unknown, "INVALID_PLAYER"},
        {Decline::player_blocked, "PLAYER_BLOCKED"},
        {Decline::currency_wrong, "INVALID_CURRENCY"},
        {Decline::insufficient_funds, "INSUFFICIENT_FUNDS"},
        {Decline::conflict, "TRANSACTION_CONFLICT"},
        {Decline::transaction_unknown, "INVALID_TRANSACTION"},
        {Decline::already_rolled_back, "INVALID_TRANSACTION"},
        {Decline::cancelled_before_arrival, "INVALID_TRANSACTION"},
        {Decline::round_closed, "ROUND_CLOSED"},
        {Decline::no_wager_in_round, "INVALID_ROUND"},
        {Decline::already_settled, "BET_SETTLED"},
        {Decline::not_latest_wager, "INVALID_ROUND_STATE"},
        {Decline::promotion_unknown, "INVALID_PROMOTION"},
        {Decline::limit_reached, "LIMIT_REACHED"},
        {Decline::amount_overflow, "INVALID_REQUEST"},
        {Decline::invalid, "INVALID_REQUEST"},
        {Decline::was_refused, "INTERNAL_ERROR"},
        {Decline::nothing_to_withdraw, "INTERNAL_ERROR"},
        {Decline::below_minimum, "INTERNAL_ERROR"},
        {Decline::no_payout_address, "INTERNAL_ERROR"},
        {Decline::not_found, "INTERNAL_ERROR"},
        {Decline::exists, "INTERNAL_ERROR"},
        {Decline::not_permitted, "INTERNAL_ERROR"},
        {Decline::withdrawal_in_flight, "INTERNAL_ERROR"}};
    const Request request = World().post("debit", json_of(members_of("debit")));
    for (const auto& [decline, word] : table) {
        Outcome outcome;
        outcome.decline = decline;
        expect_failure(reply_to(request, outcome), 400, word);
    }
}

TEST(RgsWrite, EveryFaultHasItsWord) {
    const Request request = World().post("debit", json_of(members_of("debit")));
    const std::map<Fault, std::string_view> table{{Fault::not_now, "TEMPORARILY_UNAVAILABLE"},
                                                  {Fault::throttled, "THROTTLED"},
                                                  {Fault::internal, "INTERNAL_ERROR"}};
    for (const auto& [fault, word] : table) {
        Outcome outcome;
        outcome.fault = fault;
        const Reply reply = reply_to(request, outcome);
        expect_failure(reply, 400, word);
        EXPECT_EQ(reply.headers.empty(), fault == Fault::internal);  // retry-after
    }
}

TEST(RgsWrite, AConflictNamesTheFieldsInAHeader) {
    Outcome outcome;
    outcome.decline = Decline::conflict;
    outcome.differs = field_amount | field_round;
    const Reply reply = reply_to(World().post("debit", json_of(members_of("debit"))), outcome);
    ASSERT_EQ(reply.headers.size(), 1U);
    EXPECT_EQ(reply.headers[0].name, "x-error-detail");
    EXPECT_EQ(reply.headers[0].value, "differs in amount, roundId");
}

TEST(RgsRefuse, EveryRefusalHasItsStatusAndWord) {
    const std::map<RefusalKind, std::pair<int, std::string_view>> table{
        {RefusalKind::not_found, {404, "NOT_FOUND"}},
        {RefusalKind::wrong_method, {405, "METHOD_NOT_ALLOWED"}},
        {RefusalKind::too_large, {413, "PAYLOAD_TOO_LARGE"}},
        {RefusalKind::malformed, {400, "INVALID_REQUEST"}},
        {RefusalKind::bad_credential, {400, "UNAUTHORIZED"}},
        {RefusalKind::bad_signature, {400, "UNAUTHORIZED"}},
        {RefusalKind::forbidden, {400, "UNAUTHORIZED"}},
        {RefusalKind::throttled, {400, "THROTTLED"}},
        {RefusalKind::not_now, {400, "TEMPORARILY_UNAVAILABLE"}}};
    for (const auto& [kind, said] : table) {
        const Refusal refusal{.kind = kind, .message = "", .allow = ""};
        expect_failure(rgs_dialect.refuse(World().request("debit"), refusal), said.first,
                       said.second);
    }
}

TEST(RgsRefuse, WordsForPeopleNeverBreakAHeader) {
    const Refusal refusal{.kind = RefusalKind::malformed, .message = "a\r\nx: \"ü\"", .allow = ""};
    const Reply reply = rgs_dialect.refuse(World().request("debit"), refusal);
    ASSERT_EQ(reply.headers.size(), 1U);
    EXPECT_EQ(reply.headers[0].value, "a??x: \"??\"");
}

}  // namespace
}  // namespace coffer
