#pragma once
// Times as text, and the days and weeks that limits count by. All UTC.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace coffer {

// RFC 3339 with `Z` and that many digits of fraction (0, 3 or 6), cut, not rounded.
std::string format_time(Time time, int fraction_digits);
void append_time(std::string& out, Time time, int fraction_digits);

// RFC 3339 with `Z` or an offset and any fraction (beyond six digits cut); nothing if malformed.
std::optional<Time> parse_rfc3339(std::string_view text);

// `YYYY-MM-DD`: the first instant of that day; nothing if malformed or no such day.
std::optional<Time> parse_date(std::string_view text);

// Days since 1970-01-01, and weeks from Monday (week 0 holds 1970-01-01, a Thursday).
std::int64_t day_number(Time time);
std::int64_t week_number(Time time);

}  // namespace coffer
