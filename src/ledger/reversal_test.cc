// What an administrator does to the books by hand: taking a movement back, and closing a round.

#include "ledger/table_fixture.h"

namespace coffer {
namespace {

TEST_F(Table, a_reversal_takes_any_movement_back_once) {
    run(R"(
        alice deposit d1 - 100                         | done 100
        alice reverse d1 - -                           | done 0
        alice reverse d1 - -                           | replay 0
        alice reverse d1 - - key=again                 | already_rolled_back 0
        alice reverse reverse-d1 - -                   | not_permitted 0
        alice deposit d1 - 100                         | replay:rolled_back 0
        alice deposit d2 - 50                          | done 50
        alice reverse d2 - - key=reverse-d1            | conflict:amount,reference 50
        alice withdraw x1 - 20                         | done 30
        alice reverse x1 - -                           | done 50
        alice withdraw x1 - 20                         | replay:rolled_back 50
        alice adjust a1 - -30                          | done 20
        alice reverse a1 - -                           | done 50
        alice grant  g1 - 5                            | done 55
        alice reverse g1 - -                           | done 50
        alice prize  z1 - 7                            | done 57
        alice reverse z1 - -                           | done 50
        alice spend  s1 - 10                           | done 40
        alice reverse s1 - -                           | done 50
        alice deposit d3 - 10                          | done 60
        alice reverse d3 - - time=wrong                | not_found 60
        alice reverse d3 - - tenant=other              | not_found 60
        alice reverse never - -                        | not_found 60
        alice block - - -                              | done
        alice reverse d3 - -                           | done 50
    )");
}

TEST_F(Table, a_reversal_of_a_rollback_or_a_refusal_is_not_permitted) {
    run(R"(
        alice token token-alice live -                 | done
        alice deposit d1 - 100                         | done 100
        alice debit  w1 r1 10                          | done 90
        alice undo   u1 r1 10 of=w1                    | done 100
        alice reverse u1 - -                           | not_permitted 100
        alice reverse w1 - -                           | already_rolled_back 100
        alice debit  w2 r1 5000                        | insufficient_funds 100
        alice reverse w2 - -                           | not_permitted 100
    )");
}

TEST_F(Table, a_reversed_wager_is_gone_from_its_round) {
    run(R"(
        alice deposit - - 1000                         | done 1000
        alice wager w1 r1 50                           | done 950
        alice wager w2 r1 60                           | done 890
        alice reverse w1 - -                           | done 940
        alice wager w1 r1 50                           | already_rolled_back 940
        alice back  w1 r1 50                           | already_rolled_back 940
        alice back  w2 r1 60                           | done 1000
        alice pay   p1 r1 5                            | no_wager_in_round 1000
        alice wager w3 r3 10 close                     | done 990
        alice reverse w3 - -                           | done 1000
        alice wager w4 r3 10                           | round_closed 1000
    )");
    const Outcome rounds = perform(ListRounds{.tenant = tenant, .player = "alice"});
    ASSERT_EQ(rounds.records.size(), 2U);
    const Round& closed = *std::get<Ptr<Round>>(rounds.records[0]);
    EXPECT_EQ(closed.id, "r3");
    EXPECT_EQ(closed.state, RoundState::closed);
    const Round& open = *std::get<Ptr<Round>>(rounds.records[1]);
    EXPECT_EQ(open.wagers, 2U);
    EXPECT_EQ(open.live_wagers, 0U);
    EXPECT_EQ(open.rolled_back.units, 110);
}

TEST_F(Table, a_reversed_payout_no_longer_settles_its_round) {
    run(R"(
        alice deposit - - 1000                         | done 1000
        alice wager w1 r1 50                           | done 950
        alice pay   p1 r1 80                           | done 1030
        alice back  w1 r1 50                           | already_settled 1030
        alice reverse p1 - -                           | done 950
        alice pay   p1 r1 80                           | replay:rolled_back 950
        alice back  w1 r1 50                           | done 1000
        alice both  b2 r2 20 pays=30                   | done 1010
        alice reverse b2 - -                           | done 1000
        alice pay   p2 r2 1                            | no_wager_in_round 1000
    )");
    const Outcome rounds = perform(ListRounds{.tenant = tenant, .player = "alice"});
    ASSERT_EQ(rounds.records.size(), 2U);
    for (const Record& record : rounds.records) {
        const Round& round = *std::get<Ptr<Round>>(record);
        EXPECT_EQ(round.payouts, 0U) << round.id;
        EXPECT_TRUE(round.paid.is_zero()) << round.id;
    }
}

TEST_F(Table, a_reversed_free_bet_gives_its_budget_back) {
    run(R"(
        alice promotion f1 - 30                        | done
        alice wager w1 r1 30 promotion=f1 free         | done 0
        alice wager w2 r1 1  promotion=f1 free         | insufficient_funds 0
        alice reverse w1 - -                           | done 0
        alice wager w3 r1 30 promotion=f1 free         | done 0
    )");
}

TEST_F(Table, a_round_closed_by_hand_refuses_as_one_that_its_game_closed) {
    run(R"(
        alice deposit - - 1000                         | done 1000
        alice wager w1 r1 10                           | done 990
        -     close -  r1 -                            | done
        -     close -  r1 -                            | done
        alice wager w2 r1 10                           | round_closed 990
        alice pay   p1 r1 10                           | round_closed 990
        alice back  w1 r1 10                           | round_closed 990
        alice wager w1 r1 10                           | replay 990
        -     close -  r9 -                            | not_found
        alice wager w3 r3 10                           | done 980
        -     close -  r3 - tenant=other               | not_found
        -     close -  r3 - time=wrong                 | not_found
        alice pay   p3 r3 10                           | done 990
    )");
    const Outcome closed =
        perform(ListRounds{.tenant = tenant, .state = RoundState::closed, .limit = 9});
    ASSERT_EQ(closed.records.size(), 1U);
    const Round& round = *std::get<Ptr<Round>>(closed.records[0]);
    EXPECT_EQ(round.id, "r1");
    EXPECT_NE(round.closed, 0);
}

// integrator has no flag: a closed round takes no more debits, pays late credits, and gives a debit
// back as long as nothing was paid.
TEST_F(Table, a_round_of_integrator_closed_by_hand_still_pays) {
    run(R"(
        alice token token-alice live -                 | done
        alice deposit - - 1000                         | done 1000
        alice debit  d1 r1 10                          | done 990
        alice debit  d2 r2 10                          | done 980
        -     close -  r1 -                            | done
        -     close -  r2 -                            | done
        alice debit  d3 r1 10                          | round_closed 980
        alice credit c1 r1 5                           | done 985
        alice undo   d1 r1 10                          | already_settled 985
        alice undo   d2 r2 10                          | done 995
    )");
}

}  // namespace
}  // namespace coffer
