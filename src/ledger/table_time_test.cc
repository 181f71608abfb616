// What time does to the rules, as tables (table_fixture.h). The tables begin on a Wednesday at
// noon.

#include "ledger/table_fixture.h"

namespace coffer {
namespace {

TEST_F(Table, days_of_limits_begin_at_midnight_and_weeks_on_monday_utc) {
    run(R"(
        alice deposit - - 1000                | done 1000
        alice limit day - 100                 | done
        alice wager w1 r1 60                  | done 940
        alice wager w2 r1 41                  | limit_reached 940
        -     hours - - 11                    | done
        alice wager w3 r1 41                  | limit_reached 940
        -     hours - - 1                     | done
        alice wager w4 r1 100                 | done 840
        alice wager w2 r1 41                  | limit_reached 840
        alice limit week - 200                | done
        alice wager w5 r1 41                  | limit_reached 840
        -     hours - - 95                    | done
        alice wager w6 r1 41                  | limit_reached 840
        -     hours - - 1                     | done
        alice wager w7 r1 200                 | done 640
        alice wager w8 r1 1                   | limit_reached 640
    )");
}

TEST_F(Table, net_loss_is_counted_by_day_and_by_week) {
    run(R"(
        alice deposit - - 1000                | done 1000
        alice limit loss - 100                | done
        alice wager w1 r1 100                 | done 900
        alice wager w2 r1 1                   | limit_reached 900
        -     hours - - 12                    | done
        alice pay   p1 r1 30                  | done 930
        alice wager w3 r1 130                 | done 800
        alice wager w4 r1 1                   | limit_reached 800
        alice limit lossweek - 200            | done
        alice wager w5 r1 1                   | limit_reached 800
        -     hours - - 24                    | done
        alice wager w6 r1 1                   | limit_reached 800
        -     hours - - 72                    | done
        alice wager w7 r1 200                 | done 600
    )");
}

TEST_F(Table, a_wager_rolled_back_on_another_day_does_not_count_against_that_day) {
    run(R"(
        alice deposit - - 1000                | done 1000
        alice limit day - 100                 | done
        alice wager w1 r1 60                  | done 940
        -     hours - - 12                    | done
        alice wager w2 r2 40                  | done 900
        alice back  w1 r1 60                  | done 960
        alice wager w3 r3 61                  | limit_reached 960
        alice wager w4 r3 60                  | done 900
        alice limit week - 160                | done
        alice wager w5 r3 61                  | limit_reached 900
        alice wager w6 r3 60                  | done 840
    )");
}

TEST_F(Table, rounds_of_integrator_close_by_age_to_debits_alone) {
    run(R"(
        alice token token-alice live -        | done
        alice deposit - - 1000                | done 1000
        alice debit  d1 r1 50                 | done 950
        alice debit  d2 r2 50                 | done 900
        -     hours - - 720                   | done
        alice debit  d3 r1 1                  | done 899
        -     hours - - 1                     | done
        alice debit  d4 r1 1                  | round_closed 899
        alice status d4 r1 1                  | was_refused
        alice debit  d1 r1 50                 | replay 899
        alice undo   d1 r1 50                 | done 949
        alice credit c1 r1 10                 | done 959
        alice undo   d3 r1 1                  | already_settled 959
        alice undo   d2 r2 50                 | done 1009
        alice debit  d5 r2 1                  | round_closed 1009
        alice debit  d6 r3 1                  | done 1008
    )");
}

TEST_F(Table, tombstones_and_refusals_never_expire) {
    run(R"(
        alice token token-alice live -        | done
        alice undo   d1 r1 50                 | transaction_unknown 0
        alice debit  d2 r1 50                 | insufficient_funds 0
        alice deposit - - 1000                | done 1000
        -     hours - - 100000                | done
        alice debit  d1 r1 50                 | cancelled_before_arrival 1000
        alice debit  d2 r1 50                 | insufficient_funds 1000
        alice status d2 r1 50                 | was_refused
    )");
}

}  // namespace
}  // namespace coffer
