// The rules as tables; how to read a row is in table_fixture.h. Each table names the rule of the
// specification that it pins.

#include "ledger/table_fixture.h"

namespace coffer {
namespace {

TEST_F(Table, rollback_table_of_rgs) {
    run(R"(
        alice deposit - - 1000                | done 1000
        alice wager w1 r1 50                  | done 950
        alice back  w1 r1 50                  | done 1000
        alice back  w1 r1 50                  | already_rolled_back 1000
        alice wager w1 r1 50                  | already_rolled_back 1000
        alice back  w9 r1 50                  | transaction_unknown 1000
        alice wager w9 r1 50                  | cancelled_before_arrival 1000
        alice wager w8 r1 5000                | insufficient_funds 1000
        alice back  w8 r1 5000                | transaction_unknown 1000
        alice wager w8 r1 5000                | insufficient_funds 1000
        alice wager w2 r2 50                  | done 950
        alice back  w2 r2 51                  | conflict:amount 950
        alice back  w2 rx 50                  | conflict:round 950
        alice back  w2 r2 50 game=other       | conflict:game 950
        alice pay   p2 r2 0                   | done 950
        alice back  w2 r2 50                  | already_settled 950
        alice both  b3 r3 20 pays=0           | done 930
        alice back  b3 r3 20                  | done 950
        alice both  b4 r4 20 pays=1           | done 931
        alice back  b4 r4 20                  | already_settled 931
        alice wager w5 r5 10 close            | done 921
        alice back  w5 r5 10                  | round_closed 921
        alice back  p2 r2 0                   | transaction_unknown 921
        alice back  w7 r5 10                  | transaction_unknown 921
        alice back  w2 r2 50 session=none     | already_settled 921
        bob   back  w5 r5 10                  | transaction_unknown 0
        nobody back w5 r5 10                  | player_unknown
        alice back  w5 r5 10 currency=wrong   | currency_wrong
    )");
}

TEST_F(Table, rollback_table_of_integrator) {
    run(R"(
        alice token token-alice live -        | done
        alice deposit - - 1000                | done 1000
        alice debit  d1 r1 50                 | done 950
        alice debit  d2 r1 10                 | done 940
        alice undo   d1 r1 50                 | done 990
        alice undo   d1 r1 50                 | replay 990
        alice undo   x1 r1 50 of=d1           | already_rolled_back 990
        alice debit  d1 r1 50                 | already_rolled_back 990
        alice status d1 r1 50                 | already_rolled_back
        alice status d1 r1 50 as=rollback     | done
        alice undo   x2 r1 10 of=d2           | done 1000
        alice undo   x2 r1 10 of=d2           | replay 1000
        alice undo   d2 r1 10                 | already_rolled_back 1000
        alice status x2 r1 10 as=rollback     | done
        alice status d2 r1 10 as=rollback     | done
        alice undo   d3 r1 10                 | transaction_unknown 1000
        alice debit  d3 r1 10                 | cancelled_before_arrival 1000
        alice status d3 r1 10                 | cancelled_before_arrival
        alice status d3 r1 10 as=rollback     | cancelled_before_arrival
        alice debit  d4 r1 5000               | insufficient_funds 1000
        alice undo   d4 r1 5000               | transaction_unknown 1000
        alice status d4 r1 5000               | was_refused
        alice debit  d4 r1 5000               | insufficient_funds 1000
        alice debit  d5 r5 50                 | done 950
        alice undo   d5 r5 51                 | conflict:amount 950
        alice undo   d5 rx 50                 | conflict:round 950
        alice credit c5 r5 0                  | done 950
        alice undo   d5 r5 50                 | already_settled 950
        alice status d5 r5 50                 | done
        alice status d5 r5 51                 | conflict:amount
        alice status zz r5 50                 | transaction_unknown
        alice status c5 r5 0  as=credit       | done
        alice credit c6 r6 70                 | done 1020
    )");
}

TEST_F(Table, order_of_checks) {
    run(R"(
        alice deposit - - 1000                                    | done 1000
        alice wager w1 r1 10 close                                | done 990
        alice block - - -                                         | done
        alice wager w1 r1 10 close                                | replay 990
        alice wager w1 r1 10 close session=none                   | replay 990
        alice wager w1 r1 11 session=none                         | conflict:amount 990
        nobody wager w2 r1 10 currency=wrong session=none         | player_unknown
        alice wager w2 r1 10 currency=wrong session=none          | currency_wrong
        alice wager w2 r1 10 session=none                         | session_unknown
        alice wager w2 r1 10 session=bob                          | session_unknown
        alice wager w2 r1 5000                                    | round_closed
        alice wager w3 r3 5000                                    | player_blocked
        alice unblock - - -                                       | done
        alice wager w2 r1 5000                                    | round_closed 990
        alice wager w3 r3 5000                                    | player_blocked 990
        alice limit wager - 100                                   | done
        alice wager w4 r4 5000                                    | limit_reached 990
        alice limit wager - 10000                                 | done
        alice wager w4 r4 5000                                    | limit_reached 990
        alice wager w5 r4 5000                                    | insufficient_funds 990
        alice wager w6 r4 5 game=other                            | done 985
    )");
}

TEST_F(Table, integrator_tokens) {
    run(R"(
        alice token token-alice live -                 | done
        alice token early issued -                     | done
        alice token late  expired -                    | done
        alice deposit - - 100                          | done 100
        alice debit  d1 r1 10 session=early            | session_unknown 100
        alice debit  d1 r1 10 session=late             | session_expired 100
        alice debit  d1 r1 10 session=unheard          | session_unknown 100
        alice debit  d1 r1 10 session=late currency=wrong | currency_wrong 100
        alice debit  d1 r1 10                          | done 90
        alice credit c1 r1 5 session=late              | done 95
        alice credit c2 r1 5 session=unheard           | session_unknown 95
        alice undo   dx r2 5 session=late              | transaction_unknown 95
        alice status d1 r1 10 session=late             | done
        alice status d1 r1 10 session=unheard          | session_unknown
        bob   debit  d1 r1 10 session=token-alice      | session_unknown 0
        alice block - - -                              | done
        alice credit c3 r1 5                           | done 100
        alice status d1 r1 10                          | done
        alice debit  d9 r1 10                          | player_blocked 100
    )");
}

TEST_F(Table, refusals_that_are_remembered_and_those_that_are_not) {
    run(R"(
        alice wager w1 r1 10                  | insufficient_funds 0
        alice pay   p1 r1 10                  | no_wager_in_round 0
        alice withdraw x1 - 10                | insufficient_funds 0
        alice deposit - - 100                 | done 100
        alice wager w1 r1 10                  | insufficient_funds 100
        alice withdraw x1 - 10                | insufficient_funds 100
        alice wager w1 r1 20                  | conflict:amount 100
        alice wager w2 r1 10                  | done 90
        alice pay   p1 r1 10                  | done 100
        alice wager w3 r1 10 session=none     | session_unknown 100
        alice wager w3 r1 10                  | done 90
        alice wager w4 r1 10 currency=wrong   | currency_wrong 90
        alice wager w4 r1 10                  | done 80
    )");
}

TEST_F(Table, buckets_are_spent_bonus_first_and_paid_back) {
    run(R"(
        alice deposit - - 100                 | done 100
        alice grant   - - 30                  | done 130
        alice wager w1 r1 50                  | done 80
        alice withdraw - - 81                 | insufficient_funds 80
        alice pay   p1 r1 40                  | done 120
        alice withdraw all - 91               | insufficient_funds 120
        alice withdraw most - 90              | done 30
        alice withdraw more - 1               | insufficient_funds 30
    )");
}

TEST_F(Table, free_bets_draw_on_the_promotion) {
    run(R"(
        alice deposit - - 100                                   | done 100
        alice promotion f1 - 30                                 | done
        alice promotion f1 - 30                                 | done
        alice promotion f1 - 31                                 | exists
        alice wager w1 r1 20 promotion=f1 free                  | done 100
        alice wager w2 r1 20 promotion=f1 free                  | insufficient_funds 100
        alice wager w3 r1 5  promotion=f9 free                  | promotion_unknown 100
        bob   wager w3 r1 5  promotion=f1 free                  | promotion_unknown 0
        alice back  w1 r1 20                                    | done 100
        alice wager w4 r1 30 promotion=f1 free                  | done 100
        alice back  w4 r1 30 promotion=f1                       | done 100
        alice wager w5 r1 10 promotion=f1 free                  | done 100
        alice pay   p5 r1 15 promotion=f1                       | done 115
        alice withdraw - - 101                                  | insufficient_funds 115
        alice balance - - -  promotion=f1                       | done
        bob   balance - - -  promotion=f1                       | promotion_unknown
    )");
}

TEST_F(Table, a_promotion_that_has_ended_is_used_up) {
    const auto left = [this](const std::string& promotion) {
        return perform(ask_balance(parse_row("alice balance - - - promotion=" + promotion)))
            .budget_left;
    };
    run(R"(
        alice deposit - - 100                                   | done 100
        alice promotion f1 - 30 ends=24                         | done
        alice promotion f2 - 30                                 | done
        alice wager w1 r1 10 promotion=f1 free                  | done 100
        alice wager w2 r2 10 promotion=f1 free                  | done 100
        - hours - - 23                                          | done
    )");
    EXPECT_EQ(left("f1"), Amount{10});
    run(R"(
        - hours - - 1                                           | done
        alice wager w3 r3 5  promotion=f1 free                  | insufficient_funds 100
        alice wager w1 r1 10 promotion=f1 free                  | replay 100
        alice pay   p1 r1 7  promotion=f1                       | done 107
        alice back  w2 r2 10 promotion=f1                       | done 107
        alice balance - - -  promotion=f1                       | done
        bob   balance - - -  promotion=f1                       | promotion_unknown
    )");
    EXPECT_EQ(left("f1"), Amount{}) << "although the rollback has given 10 back";
    EXPECT_EQ(left("f2"), Amount{30}) << "without an end";
}

TEST_F(Table, a_rollback_answers_the_budget_that_it_names) {
    run(R"(
        alice promotion f1 - 30                                 | done
        alice promotion f2 - 50                                 | done
        alice wager w1 r1 10 promotion=f1 free                  | done 0
        alice wager w2 r1 10 promotion=f1 free                  | done 0
    )");
    EXPECT_EQ(play(parse_row("alice back w2 r1 10 promotion=f2")).budget_left, Amount{50});
    EXPECT_EQ(play(parse_row("alice back w1 r1 10 promotion=f1")).budget_left, Amount{30});
}

TEST_F(Table, limits_per_wager_day_and_loss) {
    run(R"(
        alice deposit - - 1000                | done 1000
        alice limit day - 100                 | done
        alice wager w1 r1 60                  | done 940
        alice wager w2 r1 41                  | limit_reached 940
        alice back  w1 r1 60                  | done 1000
        alice wager w3 r1 100                 | done 900
        alice limit loss - 150                | done
        alice wager w4 r1 51                  | limit_reached 900
        alice wager w5 r1 50                  | done 850
        alice pay   p5 r1 20                  | done 870
        alice wager w6 r1 20                  | done 850
        alice wager w7 r1 1                   | limit_reached 850
    )");
}

TEST_F(Table, adjustments_may_go_below_zero_and_nothing_else_does) {
    run(R"(
        alice adjust - - -50                  | done -50
        alice wager w1 r1 1                   | insufficient_funds -50
        alice wager w0 r1 0                   | done -50
        alice both  b0 r1 0 pays=5            | done -45
        alice adjust - - -5                   | done -50
        alice deposit - - 80                  | done 30
        alice wager w2 r1 30                  | done 0
        alice adjust - - 5 bucket=earned      | done 5
        alice withdraw - - 5                  | done 0
        nobody deposit - - 5                  | player_unknown
        alice deposit - - 5 currency=wrong    | currency_wrong 0
    )");
}

TEST_F(Table, amounts_beyond_38_digits_are_refused) {
    Move huge = cash(parse_row("alice deposit a - 1 | done"));
    huge.amount.units = 1;
    for (int digit = 1; digit < 38; ++digit) huge.amount.units *= 10;
    huge.amount.units *= 9;
    EXPECT_EQ(perform(huge).decline, Decline::none);
    huge.external_id = "b";
    EXPECT_EQ(perform(huge).decline, Decline::amount_overflow);
    expect_clean();
}

}  // namespace
}  // namespace coffer
