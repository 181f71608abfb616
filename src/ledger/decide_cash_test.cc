// Withdrawals to a chain: all of `earned`, in the order of refusals that kgen's page asks for. And
// what a game's client may credit itself.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {
namespace {

// EUR has no chain of its own here; that kgen moves it is enough.
class Withdrawals : public World {
protected:
    Withdrawals() {
        CreateIntegration wallet;
        wallet.tenant = tenant;
        wallet.uid = "i-3";
        wallet.name = "kgen";
        wallet.dialect = DialectId::kgen;
        wallet.currencies = {"EUR"};
        wallet.settings.minimum_withdrawal = "1";
        EXPECT_TRUE(perform(wallet).done());
    }

    static Move withdrawal(std::string id) {
        Move move;
        move.caller.tenant = tenant;
        move.caller.integration = kgen;
        move.caller.player.id = "alice";
        move.kind = TransactionKind::withdraw;
        move.currency = eur;
        move.group = id.empty() ? KeyGroup::self : KeyGroup::kgen_withdraw;
        move.external_id = std::move(id);
        return move;
    }

    Decline withdraw(std::string id = {}) {
        const Outcome outcome = perform(withdrawal(std::move(id)));
        EXPECT_EQ(outcome.fault, Fault::none);
        replay_ = outcome.replay;
        return outcome.decline;
    }

    void earn(long units) {
        Move move;
        move.caller.tenant = tenant;
        move.caller.player.id = "alice";
        move.kind = TransactionKind::adjust;
        move.currency = eur;
        move.amount.units = units;
        move.bucket = AccountCode::earned;
        EXPECT_TRUE(perform(move).done());
    }

    void change(std::optional<bool> blocked, std::optional<std::string> payout_address) {
        ChangePlayer change;
        change.tenant = tenant;
        change.player = "alice";
        change.blocked = blocked;
        change.payout_address = std::move(payout_address);
        EXPECT_TRUE(perform(change).done());
    }

    Outcome history() {
        ListMovements ask;
        ask.caller.tenant = tenant;
        ask.caller.player.id = "alice";
        ask.currency = eur;
        return perform(ask);
    }

    static constexpr IntegrationId kgen = 3;
    bool replay_ = false;
};

TEST_F(Withdrawals, are_refused_in_order) {
    change(true, std::nullopt);
    EXPECT_EQ(withdraw(), Decline::player_blocked);
    change(false, std::nullopt);
    EXPECT_EQ(withdraw(), Decline::nothing_to_withdraw);
    earn(99);
    EXPECT_EQ(withdraw(), Decline::below_minimum);
    earn(1);
    EXPECT_EQ(withdraw(), Decline::no_payout_address);
    change(std::nullopt, "0x3c0000000000000000000000000000000000f040");
    EXPECT_EQ(withdraw(), Decline::none);
    EXPECT_EQ(withdraw(), Decline::withdrawal_in_flight);
    change(true, std::nullopt);
    EXPECT_EQ(withdraw(), Decline::player_blocked);
    expect_clean();
}

TEST_F(Withdrawals, hold_the_money_until_the_chain_has_it) {
    change(std::nullopt, "0x3c0000000000000000000000000000000000f040");
    earn(250);
    EXPECT_EQ(withdraw(), Decline::none);
    const Outcome outcome = history();
    ASSERT_EQ(outcome.movements.size(), 2U);
    const Movement& newest = outcome.movements.front();
    EXPECT_EQ(newest.transaction->amount.units, 250);
    EXPECT_EQ(newest.wallet->at(AccountCode::held).balance.units, 250);
    ASSERT_TRUE(newest.withdrawal);
    EXPECT_EQ(newest.withdrawal->state, WithdrawalState::queued);
    expect_clean();
}

TEST_F(Withdrawals, with_nothing_to_add_are_remembered_and_move_nothing) {
    change(std::nullopt, "0x3c0000000000000000000000000000000000f040");
    earn(250);
    EXPECT_EQ(withdraw("first"), Decline::none);
    EXPECT_EQ(withdraw("second"), Decline::withdrawal_in_flight);
    EXPECT_FALSE(replay_);
    EXPECT_EQ(history().movements.size(), 2U) << "nothing that did not happen is in the list";
    EXPECT_EQ(history().total, 2U);
    earn(500);
    EXPECT_EQ(withdraw("second"), Decline::withdrawal_in_flight) << "what it was told, it is told";
    EXPECT_TRUE(replay_);
    EXPECT_EQ(history().movements.size(), 3U);
    EXPECT_EQ(withdraw("third"), Decline::none);
    EXPECT_EQ(history().movements.size(), 4U);
    expect_clean();
}

TEST_F(Withdrawals, said_two_hundred_times_at_once_hold_the_money_once) {
    change(std::nullopt, "0x3c0000000000000000000000000000000000f040");
    earn(250);
    int replays = 0;
    for (const Outcome& outcome : perform_at_once(std::vector<Move>(200, withdrawal("twin")))) {
        EXPECT_TRUE(outcome.done());
        replays += outcome.replay ? 1 : 0;
    }
    EXPECT_EQ(replays, 199);
    EXPECT_EQ(history().movements.size(), 2U);
    expect_clean();
}

class ClientCredits : public World {
protected:
    ClientCredits() {
        EXPECT_TRUE(perform(CreateCurrency{tenant, "STAR", "Stars", 0, 0xff}).done());
        EXPECT_TRUE(perform(CreateCurrency{tenant, "COIN", "Coins", 0, 18}).done());
        CreateIntegration game;
        game.tenant = tenant;
        game.uid = "i-3";
        game.name = "game";
        game.dialect = DialectId::sverse;
        game.currencies = {"STAR", "COIN", "EUR"};
        EXPECT_TRUE(perform(game).done());
    }

    Decline credit(CurrencyId currency, long units) {
        Move move;
        move.caller.tenant = tenant;
        move.caller.integration = sverse;
        move.caller.player.id = "alice";
        move.kind = TransactionKind::grant;
        move.currency = currency;
        move.amount.units = units;
        move.client_grant = true;
        last_ = perform(move);
        return last_.decline;
    }

    static constexpr IntegrationId sverse = 3;
    static constexpr CurrencyId star = 3, coin = 4;
    Outcome last_;
};

TEST_F(ClientCredits, land_in_bonus_and_are_limited_by_default_to_1000_a_call_and_10000_a_day) {
    EXPECT_EQ(credit(star, 1001), Decline::limit_reached);
    for (int call = 0; call < 9; ++call) EXPECT_EQ(credit(star, 1000), Decline::none);
    EXPECT_EQ(credit(star, 999), Decline::none);
    EXPECT_EQ(credit(star, 2), Decline::limit_reached);
    EXPECT_EQ(credit(star, 1), Decline::none);
    EXPECT_EQ(credit(star, 1), Decline::limit_reached);
    EXPECT_EQ(last_.wallet->at(AccountCode::bonus).balance.units, 10000);
    EXPECT_EQ(playable(last_.wallet).units, 10000);
    expect_clean();
}

TEST_F(ClientCredits, are_off_where_there_is_a_chain_or_another_dialect_moves_the_currency) {
    EXPECT_EQ(credit(coin, 1), Decline::not_permitted);
    EXPECT_EQ(credit(eur, 1), Decline::not_permitted) << "rgs and integrator move it";
    EXPECT_EQ(credit(star, 1), Decline::none);
    CreateIntegration casino;
    casino.tenant = tenant;
    casino.uid = "i-4";
    casino.name = "casino";
    casino.dialect = DialectId::operator_;
    casino.currencies = {"STAR"};
    EXPECT_TRUE(perform(casino).done());
    EXPECT_EQ(credit(star, 1), Decline::not_permitted);
    expect_clean();
}

}  // namespace
}  // namespace coffer
