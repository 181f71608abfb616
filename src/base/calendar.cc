#include "base/calendar.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace coffer {
namespace {

// Four digits of year are all that RFC 3339 has; what lies outside is written as the nearest end.
constexpr Time time_min = -62'167'219'200 * second_us;  // 0000-01-01T00:00:00Z
constexpr Time time_end = 253'402'300'800 * second_us;  // 10000-01-01T00:00:00Z

std::int64_t divide_down(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

void put_digits(char* at, std::int64_t value, int count) {
    for (int i = count - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

// Reads a text from the left; once something is not as expected, everything after fails too.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    int digits(std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
                good_ = false;
                return 0;
            }
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }

    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool expect(char c) { return good_ = take(c) && good_; }

    // Any number of digits, of which six count.
    std::int64_t microseconds() {
        std::int64_t value = 0;
        std::size_t count = 0;
        for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
            if (count < 6) value = value * 10 + (rest_[count] - '0');
        }
        good_ = good_ && count > 0;
        rest_.remove_prefix(count);
        for (std::size_t i = count; i < 6; ++i) value *= 10;
        return value;
    }

    bool good() const { return good_; }
    bool finished() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

std::optional<Time> scan_date(Scanner& scanner) {
    const int year = scanner.digits(4);
    scanner.expect('-');
    const int month = scanner.digits(2);
    scanner.expect('-');
    const int day = scanner.digits(2);
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!scanner.good() || !date.ok()) return std::nullopt;
    return std::chrono::sys_days{date}.time_since_epoch().count() * day_us;
}

// `Z`, or what local time is ahead of UTC by.
std::optional<Duration> scan_offset(Scanner& scanner) {
    if (scanner.take('Z') || scanner.take('z')) return 0;
    const bool behind = scanner.take('-');
    if (!behind) scanner.expect('+');
    const int hours = scanner.digits(2);
    scanner.expect(':');
    const int minutes = scanner.digits(2);
    if (!scanner.good() || hours > 23 || minutes > 59) return std::nullopt;
    const Duration ahead = hours * hour_us + minutes * minute_us;
    return behind ? -ahead : ahead;
}

}  // namespace

void append_time(std::string& out, Time time, int fraction_digits) {
    CHECK(fraction_digits == 0 || fraction_digits == 3 || fraction_digits == 6);
    time = std::clamp(time, time_min, time_end - 1);
    const std::int64_t day = day_number(time);
    const Duration in_day = time - day * day_us;
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};

    char text[] = "0000-00-00T00:00:00.000000Z";
    put_digits(text, static_cast<int>(date.year()), 4);
    put_digits(text + 5, static_cast<unsigned>(date.month()), 2);
    put_digits(text + 8, static_cast<unsigned>(date.day()), 2);
    put_digits(text + 11, in_day / hour_us, 2);
    put_digits(text + 14, in_day % hour_us / minute_us, 2);
    put_digits(text + 17, in_day % minute_us / second_us, 2);
    put_digits(text + 20, in_day % second_us, 6);
    const std::size_t length =
        fraction_digits == 0 ? 19 : 20 + static_cast<std::size_t>(fraction_digits);
    text[length] = 'Z';
    out.append(text, length + 1);
}

std::string format_time(Time time, int fraction_digits) {
    std::string out;
    append_time(out, time, fraction_digits);
    return out;
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    Scanner scanner(text);
    const std::optional<Time> date = scan_date(scanner);
    if (!date) return std::nullopt;
    if (!scanner.take('T')) scanner.expect('t');
    const int hour = scanner.digits(2);
    scanner.expect(':');
    const int minute = scanner.digits(2);
    scanner.expect(':');
    const int second = scanner.digits(2);
    if (!scanner.good() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const std::int64_t fraction = scanner.take('.') ? scanner.microseconds() : 0;
    const std::optional<Duration> offset = scan_offset(scanner);
    if (!offset || !scanner.finished()) return std::nullopt;

    const Time whole = *date + hour * hour_us + minute * minute_us + second * second_us - *offset;
    // A leap second stands at the end of a UTC day only, and is the same instant as the next
    // midnight.
    if (second == 60 && whole % day_us != 0) return std::nullopt;
    const Time time = whole + fraction;
    if (time < time_min || time >= time_end) return std::nullopt;
    return time;
}

std::optional<Time> parse_date(std::string_view text) {
    Scanner scanner(text);
    const std::optional<Time> date = scan_date(scanner);
    return scanner.finished() ? date : std::nullopt;
}

std::int64_t day_number(Time time) { return divide_down(time, day_us); }

// 1970-01-01 was a Thursday, so that the Monday which starts week 0 is three days before it.
std::int64_t week_number(Time time) { return divide_down(day_number(time) + 3, 7); }

}  // namespace coffer
