// The whole floor over the memory store: intents in, outcomes out, and the books proven afterwards.

#include "ledger/ledger.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {
namespace {

TEST_F(World, a_deposit_is_there_when_it_is_answered) {
    EXPECT_EQ(deposit("alice", 1000).decline, Decline::none);
    EXPECT_EQ(balance("alice"), 1000);
    expect_clean();
}

TEST_F(World, a_wager_without_funds_is_refused_and_stays_refused_after_a_deposit) {
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 50)).decline, Decline::insufficient_funds);
    deposit("alice", 1000);
    const Outcome again = perform(wager("alice", "w1", "r1", 50));
    EXPECT_EQ(again.decline, Decline::insufficient_funds);
    EXPECT_TRUE(again.replay);
    EXPECT_EQ(perform(wager("alice", "w2", "r1", 50)).decline, Decline::none);
    EXPECT_EQ(balance("alice"), 950);
    expect_clean();
}

TEST_F(World, the_same_wager_twice_moves_once_and_other_content_is_a_conflict) {
    deposit("alice", 1000);
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 50)).decline, Decline::none);
    const Outcome again = perform(wager("alice", "w1", "r1", 50));
    EXPECT_TRUE(again.done());
    EXPECT_TRUE(again.replay);
    const Outcome other = perform(wager("alice", "w1", "r2", 60));
    EXPECT_EQ(other.decline, Decline::conflict);
    EXPECT_EQ(field_names(other.differs), "amount, round");
    EXPECT_EQ(balance("alice"), 950);
    expect_clean();
}

TEST_F(World, a_conflict_with_an_unknown_currency_names_the_amount_only_when_it_differs) {
    Move bet = wager("alice", "w1", "r1", 0);
    bet.amount = parse_amount("123456789012345678901234.56", 2).value();
    Move money = payout("alice", "money", "r0", 0);
    money.kind = TransactionKind::prize;
    money.amount = bet.amount;
    ASSERT_TRUE(perform(money).done());
    ASSERT_TRUE(perform(bet).done());

    bet.currency = 0;
    bet.scale = 14;
    bet.amount = parse_amount("123456789012345678901234.56", 14).value();
    Outcome again = perform(bet);
    EXPECT_EQ(again.decline, Decline::conflict);
    EXPECT_EQ(again.differs, field_currency);
    ++bet.amount.units;
    again = perform(bet);
    EXPECT_EQ(again.decline, Decline::conflict);
    EXPECT_EQ(again.differs, field_currency | field_amount);
    bet.external_id = "w2";
    EXPECT_EQ(perform(bet).decline, Decline::currency_wrong);
}

TEST_F(World, a_rollback_gives_the_money_back_once) {
    deposit("alice", 1000);
    perform(wager("alice", "w1", "r1", 50));
    EXPECT_EQ(perform(rollback("alice", "w1", "r1", 50)).decline, Decline::none);
    EXPECT_EQ(balance("alice"), 1000);
    EXPECT_EQ(perform(rollback("alice", "w1", "r1", 50)).decline, Decline::already_rolled_back);
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 50)).decline, Decline::already_rolled_back);
    EXPECT_EQ(balance("alice"), 1000);
    expect_clean();
}

TEST_F(World, a_rollback_that_came_first_blocks_its_wager_for_ever) {
    deposit("alice", 1000);
    EXPECT_EQ(perform(rollback("alice", "w1", "r1", 50)).decline, Decline::transaction_unknown);
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 50)).decline, Decline::cancelled_before_arrival);
    EXPECT_EQ(perform(rollback("alice", "w1", "r1", 50)).decline, Decline::transaction_unknown);
    EXPECT_EQ(balance("alice"), 1000);
    expect_clean();
}

TEST_F(World, only_the_latest_live_wager_of_an_rgs_round_can_be_rolled_back) {
    deposit("alice", 1000);
    perform(wager("alice", "w1", "r1", 50));
    perform(wager("alice", "w2", "r1", 60));
    EXPECT_EQ(perform(rollback("alice", "w1", "r1", 50)).decline, Decline::not_latest_wager);
    EXPECT_EQ(perform(rollback("alice", "w2", "r1", 60)).decline, Decline::none);
    EXPECT_EQ(perform(rollback("alice", "w1", "r1", 50)).decline, Decline::none);
    EXPECT_EQ(balance("alice"), 1000);
    expect_clean();
}

TEST_F(World, a_payout_settles_the_round_and_closing_ends_it) {
    deposit("alice", 1000);
    EXPECT_EQ(perform(payout("alice", "p1", "r1", 5)).decline, Decline::no_wager_in_round);
    perform(wager("alice", "w1", "r1", 50));
    Move last = payout("alice", "p1", "r1", 5);
    last.closes_round = true;
    EXPECT_EQ(perform(last).decline, Decline::none);
    EXPECT_EQ(perform(rollback("alice", "w1", "r1", 50)).decline, Decline::round_closed);
    EXPECT_EQ(perform(payout("alice", "p2", "r1", 5)).decline, Decline::round_closed);
    EXPECT_EQ(perform(wager("alice", "w3", "r1", 5)).decline, Decline::round_closed);
    EXPECT_TRUE(perform(last).replay);
    EXPECT_EQ(balance("alice"), 955);
    expect_clean();
}

TEST_F(World, many_ports_on_one_wallet_never_take_it_below_zero) {
    deposit("alice", 100);
    std::vector<Move> moves;
    for (int index = 0; index < 64; ++index) {
        moves.push_back(wager("alice", "w" + std::to_string(index), "r", 3));
    }
    const std::vector<Outcome> outcomes = perform_at_once(moves);
    int done = 0;
    for (const Outcome& outcome : outcomes) done += outcome.done() ? 1 : 0;
    EXPECT_EQ(done, 33);
    EXPECT_EQ(balance("alice"), 1);
    expect_clean();
}

TEST_F(World, two_hundred_twins_in_flight_move_once) {
    deposit("alice", 100);
    const std::vector<Outcome> outcomes =
        perform_at_once(std::vector<Move>(200, wager("alice", "twin", "r", 3)));
    int replays = 0;
    for (const Outcome& outcome : outcomes) {
        EXPECT_TRUE(outcome.done());
        replays += outcome.replay ? 1 : 0;
    }
    EXPECT_EQ(replays, 199);
    EXPECT_EQ(balance("alice"), 97);
    expect_clean();
}

// Both are looked up before either is decided: the second must find the first one's player.
TEST_F(World, two_first_calls_of_a_user_in_flight_at_once_make_one_player) {
    CreateIntegration create;
    create.tenant = tenant;
    create.uid = "i-3";
    create.name = "kgen";
    create.dialect = DialectId::kgen;
    create.currencies = {"EUR"};
    perform(create);
    std::vector<Intent> intents;
    for (const std::string name : {"one", "two"}) {
        OpenUser open;
        open.caller.tenant = tenant;
        open.caller.integration = 3;
        open.caller.player.id = "new-user";
        open.new_player = "player-" + name;
        open.session = sha256("session-" + name);
        open.refresh = sha256("refresh-" + name);
        open.ttl = open.refresh_ttl = hour_us;
        intents.emplace_back(open);
    }
    const std::vector<Outcome> outcomes = perform_at_once(std::move(intents));
    ASSERT_TRUE(outcomes[0].done() && outcomes[1].done());
    EXPECT_TRUE(outcomes[0].created);
    EXPECT_FALSE(outcomes[1].created);
    EXPECT_EQ(outcomes[1].player->id, outcomes[0].player->id);
    expect_clean();
}

}  // namespace
}  // namespace coffer
