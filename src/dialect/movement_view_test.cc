#include "dialect/movement_view.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

Transaction moved(TransactionKind kind, Int128 change) {
    Transaction transaction;
    transaction.kind = kind;
    transaction.entries = {Entry{.account = AccountCode::bought, .amount = Amount{change}},
                           Entry{.account = AccountCode::cashier, .amount = Amount{-change}}};
    return transaction;
}

TEST(MovementView, GoesTheWayThatTheBalanceWent) {
    const Step taken = step_of(moved(TransactionKind::adjust, -7));
    EXPECT_TRUE(taken.takes);
    EXPECT_EQ(taken.size, Amount{7});
    EXPECT_EQ(taken.change, Amount{-7});
    const Step given = step_of(moved(TransactionKind::wager_and_payout, 7));
    EXPECT_FALSE(given.takes);
    EXPECT_EQ(given.size, Amount{7});
}

TEST(MovementView, LetsAMovementOfNothingGoTheWayOfItsKind) {
    using Kind = TransactionKind;
    for (const Kind kind : {Kind::wager, Kind::wager_and_payout, Kind::spend, Kind::withdraw,
                            Kind::withdraw_settle}) {
        EXPECT_TRUE(step_of(moved(kind, 0)).takes) << static_cast<int>(kind);
    }
    for (const Kind kind : {Kind::payout, Kind::rollback, Kind::prize, Kind::grant, Kind::deposit,
                            Kind::adjust, Kind::reversal, Kind::withdraw_release}) {
        EXPECT_FALSE(step_of(moved(kind, 0)).takes) << static_cast<int>(kind);
    }
}

TEST(MovementView, SaysTheWordsGivenOrTheKind) {
    Transaction transaction = moved(TransactionKind::grant, 1);
    EXPECT_EQ(words_of(transaction), "GRANT");
    transaction.reason = "quest";
    EXPECT_EQ(words_of(transaction), "quest");
}

TEST(MovementView, NamesAPlayerByAliasOrNativeId) {
    Player player{.id = "native"};
    EXPECT_EQ(name_in(7, player), "native");
    player.aliases = {Alias{.integration = 8, .external_id = "elsewhere"}};
    EXPECT_EQ(name_in(7, player), "native");
    player.aliases.push_back(Alias{.integration = 7, .external_id = "here"});
    EXPECT_EQ(name_in(7, player), "here");
}

}  // namespace
}  // namespace coffer
