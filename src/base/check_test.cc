#include "base/check.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

TEST(Check, lets_what_is_true_pass) {
    int evaluated = 0;
    CHECK(++evaluated == 1);
    EXPECT_EQ(evaluated, 1);
}

TEST(CheckDeathTest, stops_the_process_and_says_what_and_where) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(CHECK(1 + 1 == 3), "CHECK failed: 1 \\+ 1 == 3 at .*check_test\\.cc:[0-9]+");
}

}  // namespace
}  // namespace coffer
