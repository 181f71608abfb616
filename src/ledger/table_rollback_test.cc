// Taking back, as tables (table_fixture.h): the table of rollbacks in the corners where an id means
// two things, and what a reversal leaves behind in rounds, buckets and limits.

#include "ledger/table_fixture.h"

namespace coffer {
namespace {

TEST_F(Table, a_rollback_by_a_second_id_is_judged_like_any_other_12_then_14) {
    run(R"(
        alice token token-alice live -        | done
        alice deposit - - 1000                | done 1000
        alice debit  d1 r1 50                 | done 950
        alice undo   x1 r1 50 of=d1           | done 1000
        alice undo   d1 r1 51                 | conflict:amount 1000
        alice undo   d1 r2 50                 | conflict:round 1000
        alice undo   d1 r1 50 game=other      | conflict:game 1000
        alice undo   d1 r1 50                 | already_rolled_back 1000
        alice undo   x3 r1 51 of=d1           | conflict:amount 1000
        alice undo   x1 r1 50 of=d1           | replay 1000
        alice undo   d1 r1 50 session=unheard | session_unknown 1000
        alice status d1 r1 50 as=rollback     | done
        alice status d1 r1 51 as=rollback     | conflict:amount
    )");
}

TEST_F(Table, the_id_of_a_rollback_stays_its_own_when_it_is_also_a_debits) {
    run(R"(
        alice token token-alice live -        | done
        alice deposit - - 1000                | done 1000
        alice debit  d1 r1 10                 | done 990
        alice debit  d2 r1 20                 | done 970
        alice undo   d1 r1 20 of=d2           | done 990
        alice undo   x9 r1 10 of=d1           | done 1000
        alice undo   d1 r1 20 of=d2           | replay 1000
        alice status d1 r1 20 as=rollback     | done
        alice status d1 r1 10 as=rollback     | conflict:amount
        alice status x9 r1 10 as=rollback     | done
        alice status d2 r1 20 as=rollback     | done
        alice undo   d1 r1 10                 | conflict:amount,reference
    )");
}

TEST_F(Table, a_rollback_that_finds_no_debit_may_be_sent_for_several) {
    run(R"(
        alice token token-alice live -        | done
        alice deposit - - 1000                | done 1000
        alice undo   x1 r1 10 of=d1           | transaction_unknown 1000
        alice undo   x1 r1 10 of=d2           | transaction_unknown 1000
        alice undo   x2 r1 10 of=d1           | transaction_unknown 1000
        alice status x1 r1 10 as=rollback     | cancelled_before_arrival
        alice status x2 r1 10 as=rollback     | cancelled_before_arrival
        alice debit  d1 r1 10                 | cancelled_before_arrival 1000
        alice debit  d2 r1 10                 | cancelled_before_arrival 1000
        alice debit  d3 r1 5000               | insufficient_funds 1000
        alice undo   x3 r1 5000 of=d3         | transaction_unknown 1000
        alice status x3 r1 5000 as=rollback   | cancelled_before_arrival
        alice status d3 r1 5000 as=rollback   | cancelled_before_arrival
        alice status d3 r1 5000               | was_refused
        alice debit  d4 r1 10                 | done 990
        alice undo   x1 r1 10 of=d4           | done 1000
        alice undo   x1 r1 10 of=d4           | replay 1000
        alice status x1 r1 10 as=rollback     | done
    )");
}

TEST_F(Table, a_reversed_payout_takes_back_what_it_gave_to_bonus_and_to_the_round) {
    run(R"(
        alice deposit - - 100                 | done 100/0/0
        alice grant   - - 30                  | done 100/0/30
        alice wager w1 r1 30                  | done 100/0/0
        alice pay   p1 r1 40                  | done 100/10/30
        alice reverse p1 - -                  | done 100/0/0
        alice pay   p2 r1 40                  | done 100/10/30
        alice reverse p2 - -                  | done 100/0/0
        alice back  w1 r1 30                  | done 100/0/30
    )");
}

TEST_F(Table, a_reversed_credit_is_to_its_caller_what_it_was) {
    run(R"(
        alice token token-alice live -        | done
        alice credit c1 r1 40                 | done 40
        alice reverse c1 - -                  | done 0
        alice credit c1 r1 40                 | replay:rolled_back 0
        alice status c1 r1 40 as=credit       | done
        alice status c1 r1 41 as=credit       | conflict:amount
        alice adjust - - 10                   | done 10
        alice debit  d1 r2 10                 | done 0
        alice reverse d1 - -                  | done 10
        alice status d1 r2 10                 | already_rolled_back
        alice status d1 r2 10 as=rollback     | done
        alice undo   d1 r2 10                 | already_rolled_back 10
    )");
}

TEST_F(Table, a_reversed_wager_and_payout_leaves_the_round_as_if_it_had_not_been) {
    run(R"(
        alice deposit - - 100                 | done 100/0/0
        alice grant   - - 30                  | done 100/0/30
        alice wager w1 r1 10                  | done 100/0/20
        alice both  b1 r1 10 pays=15          | done 100/0/25
        alice reverse b1 - -                  | done 100/0/20
        alice wager w2 r1 5                   | done 100/0/15
        alice back  w2 r1 5                   | done 100/0/20
        alice pay   p1 r1 12                  | done 100/2/30
    )");
}

TEST_F(Table, a_reversal_looks_only_at_the_buckets_that_it_takes_from) {
    run(R"(
        alice adjust  a1 - -50                | done -50/0/0
        alice prize   z1 - 30                 | done -50/30/0
        alice reverse z1 - -                  | done -50/0/0
        alice prize   z2 - 60                 | done -50/60/0
        alice wager   w1 r1 10                | done -50/50/0
        alice reverse z2 - -                  | insufficient_funds -50/50/0
        alice reverse w1 - -                  | done -50/60/0
        alice reverse a1 - -                  | done 0/60/0
        alice reverse a1 - -                  | replay 0/60/0
    )");
}

TEST_F(Table, limits_forget_what_was_reversed) {
    run(R"(
        alice deposit - - 1000                | done 1000
        alice limit loss - 100                | done
        alice wager w1 r1 100                 | done 900
        alice pay   p1 r1 40                  | done 940
        alice reverse p1 - -                  | done 900
        alice wager w2 r1 1                   | limit_reached 900
        alice reverse w1 - -                  | done 1000
        alice wager w3 r1 100                 | done 900
        alice limit day - 150                 | done
        alice spend s1 - 50                   | done 850
        alice reverse s1 - -                  | done 900
        alice both  b1 r2 50 pays=20          | done 870
        alice reverse b1 - -                  | done 900
        alice limit loss - 150                | done
        alice wager w4 r2 50                  | done 850
        alice wager w5 r2 1                   | limit_reached 850
    )");
}

// The amounts are compared as numbers: 10 units of EUR are 0.10, of GOLD 10.
TEST_F(Table, a_conflict_of_currencies_names_the_amount_only_when_that_differs_too) {
    run(R"(
        alice token token-alice live -                   | done
        alice token golden live - currency=gold          | done
        alice deposit - - 1000                           | done 1000
        alice deposit - - 1000 currency=gold             | done
        alice debit  d1 r1 500                           | done 500
        alice debit  d1 r1 5 currency=gold               | conflict:currency
        alice debit  d1 r1 500 currency=gold             | conflict:currency,amount
        alice debit  d2 r1 0                             | done
        alice debit  d2 r1 0 currency=wrong              | conflict:currency
        alice undo   d1 r1 5 currency=gold session=golden   | conflict:currency
        alice undo   d1 r1 500 currency=gold session=golden | conflict:currency,amount
        alice status d1 r1 5 currency=gold session=golden   | conflict:currency
        alice status d1 r1 6 currency=gold session=golden   | conflict:currency,amount
    )");
}

TEST_F(Table, a_round_sums_its_own_currency_and_counts_the_others) {
    run(R"(
        alice token token-alice live -                          | done
        alice token golden live - currency=gold                 | done
        alice grant - - 30                                      | done 0/0/30
        alice deposit - - 50 currency=gold                      | done
        alice debit  d1 r1 30                                   | done 0/0/0
        alice debit  d2 r1 20 currency=gold session=golden      | done
        alice credit c1 r1 25 currency=gold session=golden      | done
        alice undo   d1 r1 30                                   | already_settled 0/0/0
        alice credit c2 r1 40                                   | done 0/10/30
    )");
    AskBalance ask;
    ask.caller.tenant = tenant;
    ask.caller.player.id = "alice";
    ask.currency = gold;
    const Ptr<Wallet> wallet = perform(ask).wallet;
    ASSERT_TRUE(wallet);
    EXPECT_EQ(wallet->at(AccountCode::bonus).balance, Amount{});
    EXPECT_EQ(wallet->at(AccountCode::earned).balance, Amount{25});
}

// In one batch a later intent meets what an earlier one has made: nothing of that is in the store.
TEST_F(Table, a_free_bet_and_its_rollback_in_flight_at_once_leave_the_budget_whole) {
    run("alice promotion f1 - 30 | done");
    const std::vector<Outcome> outcomes = perform_at_once(std::vector<Move>{
        move(parse_row("alice wager w1 r1 20 promotion=f1 free | done")),
        move(parse_row("alice back w1 r1 20 | done")),
    });
    EXPECT_EQ(outcomes[0].decline, Decline::none);
    EXPECT_EQ(outcomes[1].decline, Decline::none);
    run("alice wager w2 r1 30 promotion=f1 free | done 0");
}

TEST_F(Table, a_round_whose_sums_would_have_39_digits_takes_no_more) {
    Move most = cash(parse_row("alice adjust - - 1 | done"));
    for (int digit = 1; digit < 38; ++digit) most.amount.units *= 10;
    most.amount.units *= 6;
    EXPECT_EQ(perform(most).decline, Decline::none);
    Move bet = wager("alice", "w1", "r1", 0);
    bet.amount = most.amount;
    Move back = rollback("alice", "w1", "r1", 0);
    back.amount = most.amount;
    EXPECT_EQ(perform(bet).decline, Decline::none);
    EXPECT_EQ(perform(back).decline, Decline::none);
    bet.external_id = "w2";
    EXPECT_EQ(perform(bet).decline, Decline::amount_overflow);
    bet.round = "r2";
    EXPECT_EQ(perform(bet).decline, Decline::none);
    expect_clean();
}

}  // namespace
}  // namespace coffer
