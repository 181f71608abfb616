#include "base/clock.h"

#include <ctime>

namespace coffer {
namespace {

// clock_gettime is answered by the kernel's shared page, without a system call.
std::int64_t read_clock(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return now.tv_sec * second_us + now.tv_nsec / 1'000;
}

}  // namespace

Time SystemClock::wall() const { return read_clock(CLOCK_REALTIME); }

Time SystemClock::monotonic() const { return read_clock(CLOCK_MONOTONIC); }

}  // namespace coffer
