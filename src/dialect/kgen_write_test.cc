#include <gtest/gtest.h>

#include "dialect/body.h"
#include "dialect/kgen_fixture.h"

namespace coffer {
namespace {

constexpr Time morning = KgenWorld::now_s * second_us + 123'456;
constexpr std::string_view wallet_address = "0x84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5b9";

Ptr<Player> alice(std::string_view address = wallet_address) {
    Player player{.tenant = 3, .id = "native", .wallet_address = std::string(address)};
    player.aliases = {Alias{.integration = 7, .external_id = "alice"}};
    return std::make_shared<const Player>(std::move(player));
}

Reply write(const Request& request, const Outcome& outcome) {
    return kgen_dialect.write(request, Intent{}, outcome);
}

// What the answer's JSON says under that name: text as it is, all else as characters.
std::string member(const std::string& json, std::string_view name) {
    const auto body = Body::parse(json);
    const Value* const value = body ? body->find(name) : nullptr;
    if (!value) return "(absent)";
    if (value->type == Value::Type::boolean) return value->boolean ? "true" : "false";
    return std::string(value->text);
}

// ---- sessions -----------------------------------------------------------------------------------

TEST(KgenWrite, GivesATokenThatItTakesItself) {
    const KgenWorld world;
    Outcome outcome;
    outcome.player = alice();
    outcome.created = true;
    const Reply reply = write(world.server("session", R"({"user_id": "alice"})"), outcome);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(member(reply.body, "session_id"), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    EXPECT_EQ(member(reply.body, "user_id"), "alice");
    EXPECT_EQ(member(reply.body, "wallet_address"), wallet_address);
    EXPECT_EQ(member(reply.body, "refresh_token"), "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8");
    EXPECT_EQ(member(reply.body, "expires_in"), "86400");
    EXPECT_EQ(member(reply.body, "is_new_user"), "true");

    const std::string token = member(reply.body, "access_token");
    const auto jws = parse_jws(token);
    ASSERT_TRUE(jws);
    EXPECT_TRUE(signature_matches(*jws, "new key")) << "the newest";
    const auto claims = parse_claims(jws->payload);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->issuer, "issuer");
    EXPECT_EQ(claims->subject, "alice");
    EXPECT_EQ(claims->user, "alice");
    EXPECT_EQ(claims->session, "00010203-0405-4607-8809-0a0b0c0d0e0f");
    EXPECT_EQ(claims->wallet_address, wallet_address);
    EXPECT_EQ(claims->issued_at_s, KgenWorld::now_s);
    EXPECT_EQ(claims->expires_at_s, KgenWorld::now_s + 86'400);
    EXPECT_TRUE(kgen_dialect.authenticate(world.with_token("balance", token)));
}

TEST(KgenWrite, RenewsWithTheUsersOwnName) {
    KgenWorld world;
    world.integration.settings.session_ttl_s = 60;
    Outcome outcome;
    outcome.player = alice("");
    const Reply reply = write(world.server("refresh", R"({"refresh_token": "r"})"), outcome);
    EXPECT_EQ(member(reply.body, "user_id"), "alice");
    EXPECT_EQ(member(reply.body, "wallet_address"), "");
    EXPECT_EQ(member(reply.body, "is_new_user"), "false");
    EXPECT_EQ(member(reply.body, "expires_in"), "60");
}

// ---- balance ------------------------------------------------------------------------------------

TEST(KgenWrite, ShowsTheBalanceOfThePage) {
    Wallet wallet;
    wallet.at(AccountCode::bonus).balance = Amount{5'000};
    Outcome outcome;
    outcome.player = alice();
    outcome.wallet = std::make_shared<const Wallet>(wallet);
    EXPECT_EQ(write(KgenWorld().user("balance"), outcome).body,
              R"({"wallet_address":"0x84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5b9",)"
              R"("earned_balance":0,"bought_balance":0,"bonus_balance":50,"lazy_balance":50,)"
              R"("on_chain_balance":0,"wallet_transaction_error":false,"lazy_balance_delta":50,)"
              R"("is_lazy_balance_updated":false,"created_at":"","modified_at":"",)"
              R"("minWalletBalToWithdraw":0})");
}

TEST(KgenWrite, ShowsAWalletThatWasNeverTouched) {
    Outcome outcome;
    outcome.player = alice("");
    const std::string body = write(KgenWorld().user("balance"), outcome).body;
    EXPECT_EQ(member(body, "wallet_address"), "");
    EXPECT_EQ(member(body, "lazy_balance_delta"), "0");
    EXPECT_EQ(member(body, "is_lazy_balance_updated"), "true");
    EXPECT_EQ(member(body, "created_at"), "");
    EXPECT_EQ(member(body, "modified_at"), "");
}

TEST(KgenWrite, KeepsTheLawsOfTheBalance) {
    KgenWorld world;
    world.integration.settings.minimum_withdrawal = "12.50";
    Wallet wallet;
    wallet.at(AccountCode::earned).balance = Amount{4'000};
    wallet.at(AccountCode::bought).balance = Amount{150};
    wallet.at(AccountCode::bonus).balance = Amount{5};
    wallet.at(AccountCode::held).balance = Amount{99'999};
    wallet.on_chain = Amount{10'000};
    wallet.transaction_error = true;
    wallet.created = morning;
    wallet.modified = morning + second_us;
    Outcome outcome;
    outcome.wallet = std::make_shared<const Wallet>(wallet);
    const std::string body = write(world.user("balance"), outcome).body;
    EXPECT_EQ(member(body, "earned_balance"), "40");
    EXPECT_EQ(member(body, "bought_balance"), "1.5");
    EXPECT_EQ(member(body, "bonus_balance"), "0.05");
    EXPECT_EQ(member(body, "lazy_balance"), "41.55");
    EXPECT_EQ(member(body, "on_chain_balance"), "100");
    EXPECT_EQ(member(body, "lazy_balance_delta"), "-58.45");
    EXPECT_EQ(member(body, "is_lazy_balance_updated"), "false");
    EXPECT_EQ(member(body, "wallet_transaction_error"), "true");
    EXPECT_EQ(member(body, "created_at"), "2023-11-14T22:13:20.123456Z");
    EXPECT_EQ(member(body, "modified_at"), "2023-11-14T22:13:21.123456Z");
    EXPECT_EQ(member(body, "minWalletBalToWithdraw"), "12.5");
}

// ---- transactions -------------------------------------------------------------------------------

Movement movement(TransactionKind kind, Int128 change, std::string reason = {}) {
    Transaction transaction;
    transaction.sequence = 12;
    transaction.time = morning;
    transaction.kind = kind;
    transaction.currency = 5;
    transaction.amount = Amount{change};
    transaction.reason = std::move(reason);
    transaction.entries = {Entry{.account = AccountCode::earned, .amount = Amount{change}},
                           Entry{.account = AccountCode::held, .amount = Amount{-change}}};
    return Movement{.transaction = std::make_shared<const Transaction>(std::move(transaction))};
}

Movement withdrawal(WithdrawalState state, bool on_chain = true) {
    Movement movement = coffer::movement(TransactionKind::withdraw, -4'000);
    Withdrawal withdrawal;
    withdrawal.state = state;
    withdrawal.destination = "0x3c0000000000000000000000000000000000f041";
    withdrawal.modified = morning + second_us;
    withdrawal.on_chain = on_chain;
    movement.withdrawal = std::make_shared<const Withdrawal>(std::move(withdrawal));
    return movement;
}

// The one element of an array of the answer to a history of one movement.
std::string only_in(std::string_view list, Movement movement, Ptr<Player> player = alice()) {
    Outcome outcome;
    outcome.player = std::move(player);
    outcome.movements = {std::move(movement)};
    const std::string array = member(write(KgenWorld().user("transactions"), outcome).body, list);
    return array.size() < 2 ? array : array.substr(1, array.size() - 2);
}

TEST(KgenWrite, ShowsAMovementWithMaskedAddresses) {
    const std::string item =
        only_in("transactions", movement(TransactionKind::wager, -5'050, "Tournament fee"));
    EXPECT_EQ(member(item, "uid").size(), 36u);
    EXPECT_EQ(member(item, "from_wallet"), "0x84*****c5b9");
    EXPECT_EQ(member(item, "to_wallet"), "0x4d*****00a3");
    EXPECT_EQ(member(item, "amount"), "50.5");
    EXPECT_EQ(member(item, "sync_status"), "COMPLETED");
    EXPECT_EQ(member(item, "description"),
              R"({"platformProtocolsTxnAmount":50.5,)"
              R"("platformProtocolsTxnDescription":"Tournament fee",)"
              R"("platformProtocolsTxnName":"Tournament fee","type":"WAGER",)"
              R"("platformProtocolsTxnType":"DEBIT"})");
    EXPECT_EQ(member(item, "created_at"), "2023-11-14T22:13:20.123456Z");
    EXPECT_EQ(member(item, "modified_at"), "2023-11-14T22:13:20.123456Z");
    EXPECT_EQ(member(item, "tx_hash"), "(absent)");
}

TEST(KgenWrite, ShowsAMovementWithoutWordsOrAddress) {
    const std::string item =
        only_in("toTransactions", movement(TransactionKind::payout, 100), alice(""));
    EXPECT_EQ(member(item, "from_wallet"), "0x4d*****00a3");
    EXPECT_EQ(member(item, "to_wallet"), "");
    EXPECT_EQ(member(item, "description"),
              R"({"platformProtocolsTxnAmount":1,"platformProtocolsTxnDescription":"PAYOUT",)"
              R"("platformProtocolsTxnName":"PAYOUT","type":"PAYOUT",)"
              R"("platformProtocolsTxnType":"CREDIT"})");
}

TEST(KgenWrite, ShowsWhereADepositFromAChainCameFrom) {
    Movement movement = coffer::movement(TransactionKind::deposit, 5'050);
    ChainDeposit deposit;
    deposit.transaction.fill(0xab);
    deposit.sender = "0x3c0000000000000000000000000000000000f041";
    deposit.block = 77;
    movement.deposit = std::make_shared<const ChainDeposit>(std::move(deposit));
    const std::string item = only_in("toTransactions", std::move(movement));
    EXPECT_EQ(member(item, "from_wallet"), "0x3c*****f041");
    EXPECT_EQ(member(item, "to_wallet"), "0x84*****c5b9");
    EXPECT_EQ(member(item, "sync_status"), "COMPLETED");
    EXPECT_EQ(member(item, "tx_hash").size(), 66u);
    EXPECT_EQ(member(item, "block_number"), "77");
    EXPECT_EQ(member(item, "gas_fee"), "0") << "the sender paid it";
}

TEST(KgenWrite, ShowsNoListToATokenThatNamesSomebodyElse) {
    Player bob;
    bob.id = "bob";
    Outcome outcome;
    outcome.player = std::make_shared<const Player>(std::move(bob));
    const Reply reply = write(KgenWorld().user("transactions"), outcome);
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.body, R"({"msg":"UN_AUTHORIZED"})");
}

TEST(KgenWrite, SortsMovementsByWhichWayTheMoneyWent) {
    Outcome outcome;
    outcome.player = alice();
    outcome.movements = {movement(TransactionKind::wager, -5), movement(TransactionKind::payout, 7),
                         movement(TransactionKind::wager, 0)};
    const std::string body = write(KgenWorld().user("transactions"), outcome).body;
    const auto count = [&body](std::string_view list) {
        const auto items = Body::parse_array(member(body, list));
        return items ? items->members().size() : 99;
    };
    EXPECT_EQ(count("fromTransactions"), 1u);
    EXPECT_EQ(count("toTransactions"), 1u);
    EXPECT_EQ(count("transactions"), 3u);
    EXPECT_EQ(member(body, "last_evaluated_key"), "");
}

TEST(KgenWrite, SaysHowFarAWithdrawalIs) {
    const auto status = [](WithdrawalState state) {
        return member(only_in("fromTransactions", withdrawal(state)), "sync_status");
    };
    EXPECT_EQ(status(WithdrawalState::approval), "PENDING");
    EXPECT_EQ(status(WithdrawalState::queued), "PENDING");
    EXPECT_EQ(status(WithdrawalState::signed_), "IN_PROGRESS");
    EXPECT_EQ(status(WithdrawalState::broadcast), "IN_PROGRESS");
    EXPECT_EQ(status(WithdrawalState::mined), "IN_PROGRESS");
    EXPECT_EQ(status(WithdrawalState::final_), "IN_PROGRESS");
    EXPECT_EQ(status(WithdrawalState::completed), "COMPLETED");
    EXPECT_EQ(status(WithdrawalState::released), "FAILED");
}

TEST(KgenWrite, ShowsWhereAWithdrawalGoes) {
    const std::string item = only_in("transactions", withdrawal(WithdrawalState::queued));
    EXPECT_EQ(member(item, "to_wallet"), "0x3c*****f041");
    EXPECT_EQ(member(item, "modified_at"), "2023-11-14T22:13:21.123456Z");
    const std::string cash = only_in("transactions", withdrawal(WithdrawalState::completed, false));
    EXPECT_EQ(member(cash, "to_wallet"), "0x4d*****00a3") << "paid out by the house";
}

TEST(KgenWrite, ShowsTheChainsSideOnceSomethingIsSigned) {
    Movement sent = withdrawal(WithdrawalState::broadcast);
    EXPECT_EQ(member(only_in("transactions", sent), "tx_hash"), "(absent)");
    Settlement settlement;
    settlement.attempts = {ChainAttempt{.hash = Digest{0xaa}}, ChainAttempt{.hash = Digest{0xbb}}};
    sent.settlement = std::make_shared<const Settlement>(settlement);
    std::string item = only_in("transactions", sent);
    EXPECT_EQ(member(item, "tx_hash"), "0xbb" + std::string(62, '0'));
    EXPECT_EQ(member(item, "block_number"), "0");
    EXPECT_EQ(member(item, "gas_fee"), "0");
    settlement.mined = settlement.attempts[0].hash;
    settlement.block = 17;
    settlement.gas_fee = Amount{42'000'000'000'000};
    sent.settlement = std::make_shared<const Settlement>(settlement);
    item = only_in("transactions", sent);
    EXPECT_EQ(member(item, "tx_hash"), "0xaa" + std::string(62, '0'));
    EXPECT_EQ(member(item, "block_number"), "17");
    EXPECT_EQ(member(item, "gas_fee"), "0.000042");
}

TEST(KgenWrite, ASettledWithdrawalIsOneMovementAndAReleasedOneComesBack) {
    EXPECT_EQ(only_in("transactions", movement(TransactionKind::withdraw_settle, 0)), "");
    const std::string back =
        only_in("toTransactions", movement(TransactionKind::withdraw_release, 4'000));
    EXPECT_EQ(member(back, "amount"), "40");
}

// ---- withdraw and failures ----------------------------------------------------------------------

TEST(KgenWrite, SpellsSuccessAsThePageDoes) {
    EXPECT_EQ(write(KgenWorld().user("withdraw"), Outcome{}).body,
              R"({"msg":"wallet withdrawl successful"})");
}

TEST(KgenWrite, TakesAWithdrawalInFlightForASuccess) {
    const Reply reply =
        write(KgenWorld().user("withdraw"), Outcome{.decline = Decline::withdrawal_in_flight});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, R"({"msg":"wallet withdrawl successful"})");
}

TEST(KgenWrite, NamesTheFieldsOfAConflict) {
    const Reply reply = write(KgenWorld().user("withdraw"),
                              Outcome{.decline = Decline::conflict, .differs = field_currency});
    EXPECT_EQ(member(reply.body, "msg"),
              "Idempotency-Key was used for another request (other currency)");
}

TEST(KgenWrite, HasAStatusForEveryDecline) {
    const auto status = [](Decline decline) {
        return write(KgenWorld().user("withdraw"), Outcome{.decline = decline}).status;
    };
    for (const Decline decline :
         {Decline::session_unknown, Decline::session_expired, Decline::player_unknown}) {
        const Reply reply = write(KgenWorld().user("withdraw"), Outcome{.decline = decline});
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(reply.body, R"({"msg":"UN_AUTHORIZED"})");
    }
    for (const Decline decline :
         {Decline::player_blocked, Decline::conflict, Decline::no_payout_address, Decline::exists,
          Decline::not_permitted}) {
        EXPECT_EQ(status(decline), 409) << static_cast<int>(decline);
    }
    for (const Decline decline :
         {Decline::currency_wrong, Decline::insufficient_funds, Decline::transaction_unknown,
          Decline::already_rolled_back, Decline::cancelled_before_arrival, Decline::round_closed,
          Decline::no_wager_in_round, Decline::already_settled, Decline::not_latest_wager,
          Decline::promotion_unknown, Decline::limit_reached, Decline::was_refused,
          Decline::nothing_to_withdraw, Decline::below_minimum, Decline::not_found,
          Decline::invalid, Decline::amount_overflow}) {
        EXPECT_EQ(status(decline), 400) << static_cast<int>(decline);
    }
}

TEST(KgenWrite, TellsFaultsApartByStatus) {
    const auto status = [](Fault fault) {
        return write(KgenWorld().user("balance"), Outcome{.fault = fault}).status;
    };
    EXPECT_EQ(status(Fault::not_now), 503);
    EXPECT_EQ(status(Fault::throttled), 429);
    EXPECT_EQ(status(Fault::internal), 500);
}

TEST(KgenRefuse, HasAStatusForEveryRefusal) {
    const auto reply = [](Refusal refusal) {
        return kgen_dialect.refuse(KgenWorld().request("balance"), refusal);
    };
    EXPECT_EQ(reply({.kind = RefusalKind::not_found}).status, 404);
    EXPECT_EQ(reply({.kind = RefusalKind::too_large}).status, 413);
    EXPECT_EQ(reply({.kind = RefusalKind::throttled}).status, 429);
    EXPECT_EQ(reply({.kind = RefusalKind::not_now}).status, 503);
    EXPECT_EQ(reply({.kind = RefusalKind::malformed, .message = "why"}).body, R"({"msg":"why"})");
    for (const RefusalKind kind :
         {RefusalKind::bad_credential, RefusalKind::bad_signature, RefusalKind::forbidden}) {
        EXPECT_EQ(reply({.kind = kind, .message = "not said"}).status, 401);
        EXPECT_EQ(reply({.kind = kind, .message = "not said"}).body, R"({"msg":"UN_AUTHORIZED"})");
    }
    const Reply method = reply({.kind = RefusalKind::wrong_method, .allow = "GET"});
    EXPECT_EQ(method.status, 405);
    ASSERT_EQ(method.headers.size(), 1u);
    EXPECT_EQ(method.headers[0].value, "GET");
}

}  // namespace
}  // namespace coffer
