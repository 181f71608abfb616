#include "base/result.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

Result<void> step(bool good) {
    if (good) return {};
    return fail(ErrorCode::full, "no space");
}

Result<int> two_steps(bool first, bool second) {
    TRY(step(first));
    TRY(step(second));
    return 2;
}

TEST(Result, goes_on_after_steps_that_succeed) { EXPECT_EQ(two_steps(true, true), 2); }

TEST(Result, leaves_with_the_error_of_the_step_that_fails) {
    const Result<int> result = two_steps(true, false);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::full);
    EXPECT_EQ(result.error().detail, "no space");
}

}  // namespace
}  // namespace coffer
