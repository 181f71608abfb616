#include "base/thread.h"

#include <sys/resource.h>
#include <sys/utsname.h>

#include <cstdio>
#include <thread>

#include <gtest/gtest.h>

namespace coffer {
namespace {

// Linux 6.12 was the first to keep what a thread wishes.
bool kernel_keeps_turns() {
    utsname system{};
    int major = 0;
    int minor = 0;
    if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &major, &minor) != 2)
        return false;
    return major > 6 || (major == 6 && minor >= 12);
}

TEST(ThreadTest, TakesShortTurnsAndKeepsTheNicenessThatItWasGiven) {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    int niceness = 0;
    std::thread([&] {
        ASSERT_EQ(::setpriority(PRIO_PROCESS, 0, 5), 0);  // of this thread alone, on Linux
        before = turn_ns();
        take_short_turns();
        after = turn_ns();
        niceness = ::getpriority(PRIO_PROCESS, 0);
    }).join();
    EXPECT_EQ(niceness, 5);
    EXPECT_EQ(after, kernel_keeps_turns() ? 100'000U : before);
}

}  // namespace
}  // namespace coffer
