#pragma once
// Slows callers down: calls a second per credential where an integration asks for it, and logins
// after too many failures.
//
// Shared by all desks and safe from any thread; a lock, but only calls that are counted take it.
// Both tables are bounded: under an attack with ever new names the oldest are forgotten first.

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace coffer {

inline constexpr Duration login_window_us = minute_us;
// Once too many failed within the window, one try in this time: slowed down, never locked out.
inline constexpr Duration login_pause_us = 6 * second_us;

class Throttle {
public:
    // Takes a call of that credential out of its bucket of one second's worth; false: none is left.
    bool take_call(const std::string& credential, std::int64_t calls_per_second, Time now);

    // Whole seconds until that name may try again; 0: at once. Times are monotonic.
    int login_wait_s(const std::string& name, std::uint32_t failures_max, Time now);
    void login_failed(const std::string& name, std::uint32_t failures_max, Time now);

private:
    struct Bucket {
        Time full_at = 0;  // when it would be full again
    };
    struct Failures {
        std::uint32_t count = 0;  // within the window that began with the first of them
        Time first = 0;
        Time last = 0;
    };
    // Two generations: when the younger is full, the older is dropped.
    template <class Entry>
    struct Table {
        std::unordered_map<std::string, Entry> young, old;
        Entry& at(const std::string& name);
        const Entry* find(const std::string& name) const;
    };

    std::mutex mutex_;
    Table<Bucket> buckets_;
    Table<Failures> failures_;
};

}  // namespace coffer
