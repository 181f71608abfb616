#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace coffer {
namespace {

TEST(SystemClock, tells_wall_time_in_microseconds_since_1970) {
    const auto before = static_cast<Time>(std::time(nullptr));
    const Time now = SystemClock().wall();
    EXPECT_GE(now / second_us, before - 1);
    EXPECT_LE(now / second_us, before + 60);
}

TEST(SystemClock, never_runs_backwards_in_monotonic_time) {
    const SystemClock clock;
    Time last = clock.monotonic();
    for (int i = 0; i < 1000; ++i) {
        const Time now = clock.monotonic();
        ASSERT_GE(now, last);
        last = now;
    }
}

TEST(ManualClock, moves_only_when_told) {
    ManualClock clock(5 * second_us);
    EXPECT_EQ(clock.wall(), 5'000'000);
    clock.advance(minute_us);
    EXPECT_EQ(clock.wall(), 65'000'000);
    EXPECT_EQ(clock.monotonic(), 65'000'000);
}

}  // namespace
}  // namespace coffer
