#include <gtest/gtest.h>

#include "dialect/body.h"
#include "dialect/sverse_fixture.h"

namespace coffer {
namespace {

constexpr Time morning = 1'700'000'000 * second_us + 123'456;

Ptr<Wallet> wallet(CurrencyId currency, Int128 bought, Int128 bonus) {
    Wallet wallet;
    wallet.currency = currency;
    wallet.at(AccountCode::bought).balance = Amount{bought};
    wallet.at(AccountCode::bonus).balance = Amount{bonus};
    return std::make_shared<const Wallet>(std::move(wallet));
}

Transaction moved(TransactionKind kind, Int128 change, CurrencyId currency = 5) {
    Transaction transaction;
    transaction.sequence = 12;
    transaction.time = morning;
    transaction.kind = kind;
    transaction.currency = currency;
    transaction.amount = Amount{change};
    transaction.entries = {Entry{.account = AccountCode::bonus, .amount = Amount{change}},
                           Entry{.account = AccountCode::promotions, .amount = Amount{-change}}};
    return transaction;
}

Ptr<Player> alice() {
    Player player{.tenant = 3, .id = "native"};
    player.aliases = {Alias{.integration = 8, .external_id = "elsewhere"},
                      Alias{.integration = 7, .external_id = "alice"}};
    return std::make_shared<const Player>(std::move(player));
}

// An answer of which the id, which depends on a key, is cut out.
std::string body_of(Reply reply) {
    const std::size_t at = reply.body.find("\"_id\":\"");
    return at == std::string::npos ? reply.body : reply.body.erase(at + 7, 36);
}

Reply write(const Request& request, const Outcome& outcome) {
    return sverse_dialect.write(request, Intent{}, outcome);
}

TEST(SverseWrite, ShowsATransactionAsThePageHasIt) {
    Outcome outcome;
    Transaction transaction = moved(TransactionKind::grant, 25);
    transaction.reason = "quest";
    transaction.meta = R"({"level": 3})";
    outcome.transaction = std::make_shared<const Transaction>(transaction);
    outcome.wallet_after = wallet(5, 500, 25);
    outcome.player = alice();
    const Request request = SverseWorld().wallet("transact", "GOLD");
    EXPECT_EQ(body_of(write(request, outcome)),
              R"({"error":false,"data":{"user_identity":"alice","game_id":"game",)"
              R"("currency_code":"GOLD","type":"credit","amount":25,"balance_before":500,)"
              R"("balance_after":525,"reason":"quest","meta":{"level": 3},"_id":"",)"
              R"("created_at":"2023-11-14T22:13:20.123Z"}})");
}

TEST(SverseWrite, ShowsADebitAndNoMeta) {
    Outcome outcome;
    Transaction transaction = moved(TransactionKind::spend, -1'250, 6);
    transaction.reason = "sword";
    outcome.transaction = std::make_shared<const Transaction>(transaction);
    outcome.wallet_after = wallet(6, 750, 0);
    const Reply reply = write(SverseWorld().wallet("transact", "DUST"), outcome);
    EXPECT_NE(reply.body.find(R"("type":"debit","amount":12.5,"balance_before":20,)"
                              R"("balance_after":7.5,"reason":"sword","meta":{})"),
              std::string::npos)
        << reply.body;
}

TEST(SverseWrite, ListsEveryCurrencyOfTheGame) {
    Outcome outcome;
    outcome.records = {wallet(6, 1'250, 0), wallet(9, 77, 0)};
    for (const std::string_view verb : {"balance", "private_balance"}) {
        EXPECT_EQ(write(SverseWorld().request(verb), outcome).body,
                  R"({"error":false,"data":[)"
                  R"({"currency_code":"GOLD","currency_name":"Gold","balance":0},)"
                  R"({"currency_code":"DUST","currency_name":"Dust","balance":12.5}]})");
    }
}

TEST(SverseWrite, ListsMovementsThatJoinUp) {
    Outcome outcome;
    outcome.total = 41;
    outcome.movements = {
        Movement{
            .transaction = std::make_shared<const Transaction>(moved(TransactionKind::spend, -10)),
            .wallet = wallet(5, 515, 0)},
        Movement{
            .transaction = std::make_shared<const Transaction>(moved(TransactionKind::wager, 0)),
            .wallet = wallet(5, 525, 0)}};
    Request request = SverseWorld().wallet("transactions", "GOLD");
    request.call.query = "page=2&limit=2";
    const Reply reply = write(request, outcome);
    ASSERT_TRUE(Body::parse(reply.body));
    EXPECT_TRUE(reply.body.starts_with(
        R"({"error":false,"data":{"currency":"GOLD","page":2,"limit":2,"total":41,)"
        R"("transactions":[)"))
        << reply.body;
    EXPECT_NE(reply.body.find(R"("type":"debit","amount":10,"balance_before":525,)"
                              R"("balance_after":515,"reason":"SPEND","createdAt":"2023-11-14T)"),
              std::string::npos);
    EXPECT_NE(reply.body.find(R"("type":"debit","amount":0,"balance_before":525,)"
                              R"("balance_after":525,"reason":"WAGER")"),
              std::string::npos);
}

TEST(SverseWrite, GivesNewSessionsAndIdentities) {
    Outcome outcome;
    outcome.player = alice();
    outcome.session = std::make_shared<const Session>(Session{.expires = morning + 30 * day_us});
    for (const std::string_view verb : {"login", "refresh"}) {
        EXPECT_EQ(write(SverseWorld().request(verb), outcome).body,
                  R"({"error":false,"data":{"sessionId":"00010203-0405-4607-8809-0a0b0c0d0e0f",)"
                  R"("identity":"alice","expiresAt":"2023-12-14T22:13:20.123Z"}})");
    }
    EXPECT_EQ(write(SverseWorld().request("register"), outcome).body,
              R"({"error":false,"data":{"identity":"00010203-0405-4607-8809-0a0b0c0d0e0f"}})");
    EXPECT_EQ(write(SverseWorld().request("logout"), outcome).body, R"({"error":false,"data":{}})");
}

TEST(SverseRefuse, SaysHowToDoBetter) {
    const auto reply = [](Refusal refusal) {
        return sverse_dialect.refuse(SverseWorld().request("login"), refusal);
    };
    const Reply method = reply({.kind = RefusalKind::wrong_method, .allow = "POST"});
    ASSERT_EQ(method.headers.size(), 1u);
    EXPECT_EQ(method.headers[0].name, "allow");
    EXPECT_EQ(method.headers[0].value, "POST");
    EXPECT_EQ(reply({.kind = RefusalKind::malformed, .message = "a \"quoted\" reason"}).body,
              R"({"error":true,"message":"a \"quoted\" reason"})");
    const Reply unauthorized = reply({.kind = RefusalKind::bad_credential});
    ASSERT_EQ(unauthorized.headers.size(), 1u);
    EXPECT_EQ(unauthorized.headers[0].name, "www-authenticate");
}

}  // namespace
}  // namespace coffer
