#pragma once
// The guard against our own bugs, on in every build.
//
// CHECK(condition) stops the process with the place and the condition when a law of the program is
// broken. It is for what only a bug can cause; whatever a peer, a file or a database can influence
// is an Error (result.h) instead.

namespace coffer {
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;
}  // namespace coffer

#define CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::coffer::check_failed(#condition, __FILE__, __LINE__))
