// Taking back, as tables (table_fixture.h): the table of rollbacks in the corners where an id means
// two things, and what a reversal leaves behind in rounds, buckets and limits.

#include "ledger/table_fixture.h"

namespace coffer {
namespace {

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

}  // namespace
}  // namespace coffer
