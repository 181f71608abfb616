// The outcome table of the specification (semantics, section 6), row by row, for the two dialects
// that say most of it by a status alone. A dash is an outcome that the dialect does not have.

#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "dialect/kgen_fixture.h"
#include "dialect/sverse_fixture.h"

namespace coffer {
namespace {

struct Row {
    std::string_view name;
    std::variant<Decline, Fault, RefusalKind> outcome;
    std::optional<int> sverse, kgen;
};

constexpr std::nullopt_t none = std::nullopt;

const std::vector<Row> rows{
    {"internal", Fault::internal, 500, 500},
    {"malformed", RefusalKind::malformed, 400, 400},
    {"bad credential", RefusalKind::bad_credential, 401, 401},
    {"bad signature", RefusalKind::bad_signature, none, none},
    {"session unknown", Decline::session_unknown, 401, 401},
    {"session expired", Decline::session_expired, 401, 401},
    {"player unknown", Decline::player_unknown, 404, 401},
    {"player blocked", Decline::player_blocked, 400, 409},
    {"currency wrong", Decline::currency_wrong, 404, none},
    {"insufficient funds", Decline::insufficient_funds, 400, 400},
    {"same id, other content", Decline::conflict, 400, 409},
    {"transaction unknown", Decline::transaction_unknown, none, none},
    {"already rolled back", Decline::already_rolled_back, none, none},
    {"cancelled before arrival", Decline::cancelled_before_arrival, none, none},
    {"round closed", Decline::round_closed, none, none},
    {"no wager in the round", Decline::no_wager_in_round, none, none},
    {"already settled", Decline::already_settled, none, none},
    {"not the latest wager", Decline::not_latest_wager, none, none},
    {"promotion unknown", Decline::promotion_unknown, none, none},
    {"limit reached", Decline::limit_reached, 400, 400},
    {"throttled", RefusalKind::throttled, 429, 429},
    {"throttled, by a full password queue", Fault::throttled, 429, 429},
    {"not now", Fault::not_now, 503, 503},
    {"not now, at the door", RefusalKind::not_now, 503, 503},
    {"status: was refused", Decline::was_refused, none, none},
    {"body too large", RefusalKind::too_large, 413, 413},
};

struct Say {
    const Dialect& dialect;
    Request request;

    int operator()(Decline decline) const {
        return dialect.write(request, Intent{}, Outcome{.decline = decline}).status;
    }
    int operator()(Fault fault) const {
        return dialect.write(request, Intent{}, Outcome{.fault = fault}).status;
    }
    int operator()(RefusalKind kind) const {
        return dialect.refuse(request, Refusal{.kind = kind}).status;
    }
};

TEST(OutcomeTable, IsWhatSverseSays) {
    const Say say{sverse_dialect, SverseWorld().wallet("transact", "GOLD")};
    for (const Row& row : rows) {
        if (!row.sverse) continue;
        EXPECT_EQ(std::visit(say, row.outcome), *row.sverse) << row.name;
    }
}

TEST(OutcomeTable, IsWhatKgenSays) {
    const Say say{kgen_dialect, KgenWorld().user("withdraw")};
    for (const Row& row : rows) {
        if (!row.kgen) continue;
        EXPECT_EQ(std::visit(say, row.outcome), *row.kgen) << row.name;
    }
    EXPECT_EQ(say(Decline::none), 200) << "done, or replay";
    // What this page adds to the row of the funds, and to that of the limits.
    EXPECT_EQ(say(Decline::nothing_to_withdraw), 400);
    EXPECT_EQ(say(Decline::below_minimum), 400);
    EXPECT_EQ(say(Decline::no_payout_address), 409);
    EXPECT_EQ(say(Decline::withdrawal_in_flight), 200);
}

}  // namespace
}  // namespace coffer
