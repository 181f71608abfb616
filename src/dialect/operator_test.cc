#include <gtest/gtest.h>

#include <map>

#include "base/calendar.h"
#include "dialect/dialects.h"
#include "dialect/fake_ledger.h"

namespace coffer {
namespace {

constexpr std::array<const Dialect*, 1> only_operator{&operator_dialect};
constexpr Time noon = 1'767'268'800'123'456;  // 2026-01-01T12:00:00.123456Z

class OperatorTest : public testing::Test {
protected:
    CallToken post(std::string body, std::vector<std::string> headers = {}) {
        headers.insert(headers.end(), {"authorization", "bearer token"});
        return desk.accept(
            desk.call(Method::post, "/transaction/debit", std::move(headers), std::move(body)));
    }
    // What the history is asked for, or the status of the refusal.
    std::variant<ListMovements, int> history(const std::string& query) {
        while (!desk.ledger.submitted.empty()) desk.answer(Outcome{});  // of an earlier question
        desk.accept(
            desk.call(Method::get, "/transactions?" + query, {"authorization", "Bearer token"}));
        if (!desk.ledger.submitted.empty() &&
            std::holds_alternative<FindSession>(desk.ledger.submitted.back().intent)) {
            desk.answer(live_session());
        }
        if (desk.replies.contains(desk.last_token)) return desk.replies.at(desk.last_token).status;
        return std::get<ListMovements>(desk.ledger.submitted.back().intent);
    }
    Time from_of(const std::string& value) {
        return std::get<ListMovements>(history("date_from=" + value)).from;
    }
    Time to_of(const std::string& value) {
        return std::get<ListMovements>(history("date_to=" + value)).to;
    }

    FakeDesk desk{only_operator};
};

Ptr<Transaction> transaction(Transaction with) {
    return std::make_shared<const Transaction>(std::move(with));
}

TEST_F(OperatorTest, ADebitIsAWagerWithoutAKeyOfItsOwn) {
    post(R"({"user_id":"alice","amount":12.50,"message":"Place bet","pow_id":"game-1"})");
    const Move& move = desk.intent<Move>();
    EXPECT_EQ(move.kind, TransactionKind::wager);
    EXPECT_EQ(move.amount.units, 125) << "the currency has one decimal";
    EXPECT_EQ(move.currency, 1U);
    EXPECT_EQ(move.round, "game-1");
    EXPECT_EQ(move.reason, "Place bet");
    EXPECT_EQ(move.group, KeyGroup::self);
    EXPECT_EQ(move.external_id, "");
    EXPECT_EQ(move.caller.player.id, "alice");
    EXPECT_EQ(move.caller.rule, SessionRule::bearer);
}

TEST_F(OperatorTest, TheFourFieldsComeBackAndTheRestIsInHeaders) {
    post(R"({"user_id":"alice","amount":12.50,"message":"now","pow_id":"game-1"})",
         {"idempotency-key", "k1"});
    EXPECT_EQ(desk.intent<Move>().group, KeyGroup::operator_debit);
    EXPECT_EQ(desk.intent<Move>().external_id, "k1");
    Wallet wallet;
    wallet.at(AccountCode::bought).balance = {900};
    wallet.at(AccountCode::bonus).balance = {5};
    wallet.at(AccountCode::held).balance = {7};
    const Reply reply =
        desk.answer(Outcome{.replay = true,
                            .wallet = std::make_shared<const Wallet>(wallet),
                            .transaction = transaction({.sequence = 9,
                                                        .time = noon,
                                                        .amount = {125},
                                                        .round = "game-1",
                                                        .reason = "as it came first"})});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, R"({"user_id":"alice","amount":12.5,"message":"as it came first",)"
                          R"("pow_id":"game-1"})");
    EXPECT_EQ(header_of(reply, "x-balance"), "90.5");
    EXPECT_EQ(header_of(reply, "x-transaction-id").size(), 36U);
    EXPECT_EQ(reply.note.outcome, "replay");
}

TEST_F(OperatorTest, WhatIsNotAMovementIsRefusedBeforeTheLedger) {
    const std::string long_message(1025, 'm');
    for (const std::string& body :
         {std::string(R"({"user_id":"a","amount":0})"),
          std::string(R"({"user_id":"a","amount":-1})"),
          std::string(R"({"user_id":"a","amount":0.05})"),
          std::string(R"({"user_id":"a","amount":"1"})"), std::string(R"({"user_id":"a"})"),
          std::string(R"({"amount":1})"), std::string(R"({"user_id":"","amount":1})"),
          std::string(R"({"user_id":7,"amount":1})"),
          std::string(R"({"user_id":"a","amount":1,"pow_id":7})"), std::string("[]"),
          std::string("{"), R"({"user_id":"a","amount":1,"message":")" + long_message + "\"}"}) {
        post(body);
        desk.answer(live_session());
        ASSERT_TRUE(desk.ledger.submitted.empty()) << body;
        EXPECT_EQ(desk.replies.at(desk.last_token).status, 400) << body;
    }
    post(R"({"user_id":"a","amount":1})", {"idempotency-key", ""});
    desk.answer(live_session());
    EXPECT_EQ(desk.replies.at(desk.last_token).status, 400);
}

TEST_F(OperatorTest, ABearerTokenIsWellFormedOrTheAnswerIs401) {
    for (const char* value : {"", "token", "Basic token", "Bearer", "Bearer a b", "Bearer \"a\""}) {
        const Reply reply =
            desk.answer(desk.call(Method::get, "/get-balance/alice", {"authorization", value}));
        EXPECT_EQ(reply.status, 401) << value;
        EXPECT_EQ(header_of(reply, "www-authenticate"), "Bearer");
    }
}

TEST_F(OperatorTest, DatesComeInFourForms) {
    const Time day = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
    EXPECT_EQ(from_of("2026-01-01"), day);
    EXPECT_EQ(to_of("2026-01-01"), day + day_us - 1);
    EXPECT_EQ(from_of("2026-01-01T12:00:00.123Z"), noon - noon % millisecond_us);
    EXPECT_EQ(from_of("2026-01-01T14:00:00%2B02:00"), noon - noon % second_us);
    EXPECT_EQ(from_of("2026-01-01T14:00:00+02:00"), noon - noon % second_us);
    EXPECT_EQ(from_of("1767268800"), noon - noon % second_us);
    EXPECT_EQ(from_of("1767268800123"), noon - noon % millisecond_us);
    EXPECT_EQ(from_of("99999999999"), 99'999'999'999 * second_us);
    EXPECT_EQ(from_of("100000000000"), 100'000'000'000 * millisecond_us);
    EXPECT_EQ(to_of("0"), millisecond_us - 1) << "0 would be an open end";
    EXPECT_EQ(from_of(""), 0);
    for (const char* value :
         {"yesterday", "2026-13-01", "2026-02-30", "-1", "1e9", "2026-01-01T"}) {
        EXPECT_EQ(std::get<int>(history(std::string("date_from=") + value)), 400) << value;
        EXPECT_EQ(std::get<int>(history(std::string("date_to=") + value)), 400) << value;
    }
}

TEST_F(OperatorTest, AnEntryShownAsOfTheEndIsIn) {
    EXPECT_GE(to_of(format_time(noon, 3)), noon);
    EXPECT_LT(to_of(format_time(noon, 3)), noon + millisecond_us);
}

TEST_F(OperatorTest, FromAfterToIsRefusedAndTheSameInstantIsNot) {
    EXPECT_EQ(std::get<int>(history("date_from=2026-01-02&date_to=2026-01-01")), 400);
    EXPECT_EQ(history("date_from=2026-01-01&date_to=2026-01-01").index(), 0U);
    EXPECT_EQ(history("date_from=1767268800&date_to=1767268800").index(), 0U);
}

TEST_F(OperatorTest, TheHistoryIsTheIntegrationsOwnNewestFirst) {
    const ListMovements list = std::get<ListMovements>(history("game_session_hash=g%201&other=x"));
    EXPECT_TRUE(list.every_player);
    EXPECT_EQ(list.only_integration, 1U);
    EXPECT_EQ(list.round, "g 1");
    EXPECT_EQ(list.limit, 10000U);
    Outcome outcome{.next = 77};
    outcome.movements.push_back(
        {.transaction =
             transaction({.sequence = 9,
                          .time = noon,
                          .player = "native",
                          .amount = {125},
                          .round = "g 1",
                          .reason = "bet",
                          .entries = {{.account = AccountCode::bonus, .amount = {-25}},
                                      {.account = AccountCode::bought, .amount = {-100}},
                                      {.account = AccountCode::stakes, .amount = {125}}}})});
    outcome.records.push_back(std::make_shared<const Player>(
        Player{.id = "native", .aliases = {{.integration = 1, .external_id = "alice"}}}));
    const Reply reply = desk.answer(std::move(outcome));
    const std::string id = reply.body.substr(reply.body.find("\"transaction_id\":\"") + 18, 36);
    EXPECT_EQ(reply.body, R"([{"user_id":"alice","amount":12.5,"message":"bet","pow_id":"g 1",)"
                          R"("type":"debit","transaction_id":")" +
                              id + R"(","created_at":"2026-01-01T12:00:00.123Z"}])");

    const std::string link = header_of(reply, "link");
    const std::string start = "</transactions?game_session_hash=g%201&cursor=";
    ASSERT_TRUE(link.starts_with(start)) << link;
    ASSERT_TRUE(link.ends_with(">; rel=\"next\"")) << link;
    const std::string query = link.substr(15, link.find('>') - 15);
    EXPECT_EQ(std::get<ListMovements>(history(query)).before, 77U);
    EXPECT_EQ(std::get<int>(history(query + "&user_id=alice")), 400)
        << "a cursor is for its filters";
}

TEST_F(OperatorTest, AnUnknownPlayersHistoryIsEmpty) {
    history("user_id=nobody");
    const Reply reply = desk.answer(Outcome{.decline = Decline::player_unknown});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "[]");
}

TEST_F(OperatorTest, ASecretBuysATokenOfTheIntegrationsLength) {
    desk.ledger.put({operator_integration({.token_ttl_s = 60})});
    desk.accept(desk.call(Method::post, "/auth/get-token", {}, R"({"secret":"secret"})"));
    const OpenSession& open = desk.intent<OpenSession>();
    EXPECT_EQ(open.ttl, 60 * second_us);
    EXPECT_EQ(open.session.kind, SessionKind::operator_token);
    const Digest digest = open.session.digest;
    const Reply reply = desk.answer(Outcome{});
    const std::string token = reply.body.substr(18, 43);
    EXPECT_EQ(reply.body, "{\"session_token\":\"" + token + "\"}");
    EXPECT_EQ(sha256(token), digest);
}

// The table of outcomes, operator's column. What has no word there no call can be told: it is 500.
TEST_F(OperatorTest, EveryOutcomeHasItsStatusAndWord) {
    using Word = std::pair<int, std::string_view>;
    const std::map<Decline, Word> declines{
        {Decline::session_unknown, {403, "TOKEN_EXPIRED"}},
        {Decline::session_expired, {403, "TOKEN_EXPIRED"}},
        {Decline::player_unknown, {404, "USER_NOT_FOUND"}},
        {Decline::player_blocked, {409, "PLAYER_BLOCKED"}},
        {Decline::currency_wrong, {400, "INVALID_REQUEST"}},
        {Decline::insufficient_funds, {402, "INSUFFICIENT_FUNDS"}},
        {Decline::conflict, {409, "IDEMPOTENCY_CONFLICT"}},
        {Decline::already_rolled_back, {409, "IDEMPOTENCY_CONFLICT"}},
        {Decline::round_closed, {409, "ROUND_CLOSED"}},
        {Decline::limit_reached, {409, "LIMIT_REACHED"}},
        {Decline::amount_overflow, {409, "LIMIT_REACHED"}},
        {Decline::not_found, {400, "INVALID_REQUEST"}},
        {Decline::invalid, {400, "INVALID_REQUEST"}}};
    const std::map<Fault, Word> faults{{Fault::not_now, {503, "UNAVAILABLE"}},
                                       {Fault::throttled, {429, "THROTTLED"}},
                                       {Fault::internal, {500, "INTERNAL"}}};
    const auto expect = [this](Outcome outcome, Word word) {
        post(R"({"user_id":"a","amount":1})");
        desk.intent<Move>();
        const Reply reply = desk.answer(std::move(outcome));
        EXPECT_EQ(reply.status, word.first) << word.second;
        EXPECT_TRUE(reply.body.starts_with(R"({"error":")" + std::string(word.second) + "\","))
            << reply.body;
        const bool later = word.first == 429 || word.first == 503;
        EXPECT_EQ(header_of(reply, "retry-after"), later ? "1" : "") << word.second;
    };
    for (int value = 1; value <= static_cast<int>(Decline::not_permitted); ++value) {
        const auto decline = static_cast<Decline>(value);
        const auto known = declines.find(decline);
        expect({.decline = decline},
               known != declines.end() ? known->second : Word{500, "INTERNAL"});
    }
    for (const auto& [fault, word] : faults) expect({.fault = fault}, word);
}

}  // namespace
}  // namespace coffer
