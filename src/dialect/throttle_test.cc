#include "dialect/throttle.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

constexpr Time start = 1'000'000 * second_us;

TEST(Throttle, ABucketHoldsOneSecondsWorthAndFillsEvenly) {
    Throttle throttle;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(throttle.take_call("key", 10, start)) << i;
    EXPECT_FALSE(throttle.take_call("key", 10, start));
    EXPECT_TRUE(throttle.take_call("other key", 10, start));
    EXPECT_TRUE(throttle.take_call("key", 10, start + second_us / 10));
    EXPECT_FALSE(throttle.take_call("key", 10, start + second_us / 10));
}

TEST(Throttle, FailuresThatAreFarApartAreForgotten) {
    Throttle throttle;
    Time now = start;
    for (int i = 0; i < 50; ++i, now += 10 * second_us) {
        EXPECT_EQ(throttle.login_wait_s("name", 10, now), 0) << i;
        throttle.login_failed("name", 10, now);
    }
}

TEST(Throttle, EverNewNamesDoNotMakeItGrowWithoutEnd) {
    Throttle throttle;
    for (int i = 0; i < 10; ++i) throttle.login_failed("victim", 10, start);
    for (int i = 0; i < 100'000; ++i) throttle.login_failed(std::to_string(i), 10, start);
    EXPECT_EQ(throttle.login_wait_s("victim", 10, start), 0) << "forgotten, not kept for ever";
}

}  // namespace
}  // namespace coffer
