#pragma once
// Time, handed down so that tests can own it.
//
// Wall time is microseconds since 1970-01-01 UTC; monotonic time is microseconds since some start
// and is only good for differences. Both may be read from any thread.

#include <cstdint>

namespace coffer {

using Time = std::int64_t;      // microseconds since 1970-01-01T00:00:00Z
using Duration = std::int64_t;  // microseconds

inline constexpr Duration millisecond_us = 1'000;
inline constexpr Duration second_us = 1'000'000;
inline constexpr Duration minute_us = 60 * second_us;
inline constexpr Duration hour_us = 60 * minute_us;
inline constexpr Duration day_us = 24 * hour_us;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Time wall() const = 0;
    virtual Time monotonic() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
public:
    Time wall() const override;
    Time monotonic() const override;
};

// A clock that moves only when told. Not synchronised: for one thread, or with a lock outside.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Time start) : now_(start) {}
    Time wall() const override { return now_; }
    Time monotonic() const override { return now_; }
    void advance(Duration by) { now_ += by; }

private:
    Time now_;
};

}  // namespace coffer
