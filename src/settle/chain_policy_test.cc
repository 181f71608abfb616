#include "settle/chain_policy.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

Uint256 gwei(std::uint64_t count) { return *multiply(Uint256{1'000'000'000}, count); }

ChainPolicy policy() {
    ChainPolicy policy;
    policy.max_fee_cap = gwei(100);
    policy.tip_min = gwei(2);
    return policy;
}

TEST(Fees, OfANewTransactionAreTwiceTheBaseFeeAndTheTip) {
    const auto bid = first_bid(policy(), {.base_fee = gwei(10), .tip = gwei(3)});
    ASSERT_TRUE(bid);
    EXPECT_EQ(bid->tip, gwei(3));
    EXPECT_EQ(bid->max_fee, gwei(23));
    EXPECT_EQ(first_bid(policy(), {.base_fee = gwei(10)})->tip, gwei(2)) << "the least";
}

TEST(Fees, NeverGoOverTheCap) {
    EXPECT_EQ(first_bid(policy(), {.base_fee = gwei(60), .tip = gwei(3)})->max_fee, gwei(100));
    EXPECT_TRUE(first_bid(policy(), {.base_fee = gwei(100), .tip = gwei(3)}));
    EXPECT_FALSE(first_bid(policy(), {.base_fee = gwei(101), .tip = gwei(3)}));
    EXPECT_EQ(first_bid(policy(), {.base_fee = gwei(1), .tip = gwei(300)})->tip, gwei(100));
}

TEST(Fees, OfAReplacementAreAnEighthHigherAtLeast) {
    const FeeBid last{.tip = gwei(8), .max_fee = gwei(80)};
    const auto bid = next_bid(policy(), last, std::nullopt, false);
    ASSERT_TRUE(bid);
    EXPECT_GT(*multiply(bid->tip, 8), *multiply(last.tip, 9));
    EXPECT_GT(*multiply(bid->max_fee, 8), *multiply(last.max_fee, 9));
    EXPECT_LT(bid->max_fee, gwei(91));
    const auto now = next_bid(policy(), {.tip = gwei(2), .max_fee = gwei(20)},
                              FeeQuote{.base_fee = gwei(40), .tip = gwei(5)}, false);
    EXPECT_EQ(now->max_fee, gwei(85)) << "as high as a new one";
    EXPECT_EQ(now->tip, gwei(5));
    EXPECT_EQ(bumped(Uint256{}), Uint256{1});
}

TEST(Fees, OfATransferToSelfMayBeTwiceTheCap) {
    const FeeBid last{.tip = gwei(8), .max_fee = gwei(95)};
    EXPECT_FALSE(next_bid(policy(), last, std::nullopt, false));
    EXPECT_TRUE(next_bid(policy(), last, std::nullopt, true));
    EXPECT_FALSE(next_bid(policy(), {.tip = gwei(8), .max_fee = gwei(190)}, std::nullopt, true));
}

}  // namespace
}  // namespace coffer
