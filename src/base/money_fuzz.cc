// Any bytes are an amount exactly when a slower reader says so, who carries the digits by hand; and
// what is an amount is printed and read again without loss. The first byte is the scale.

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/money.h"

namespace {

using namespace coffer;

// What a number means at a scale, said the slow way: its sign and the digits of its units, without
// leading zeros. Nothing when it is no JSON number or does not fit.
struct Digits {
    bool negative = false;
    std::string units;
};

std::size_t count_digits(std::string_view text) {
    return std::min(text.find_first_not_of("0123456789"), text.size());
}

std::optional<Digits> slow_digits(std::string_view text, int scale) {
    Digits digits;
    if (text.starts_with('-')) {
        digits.negative = true;
        text.remove_prefix(1);
    }
    std::size_t count = count_digits(text);
    if (count == 0 || (count > 1 && text.front() == '0')) return {};
    digits.units = text.substr(0, count);
    text.remove_prefix(count);
    std::int64_t point = 0;  // how many of the digits stand behind it
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        count = count_digits(text);
        if (count == 0) return {};
        digits.units += text.substr(0, count);
        point = static_cast<std::int64_t>(count);
        text.remove_prefix(count);
    }
    std::int64_t exponent = 0;
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        const bool down = text.starts_with('-');
        if (down || text.starts_with('+')) text.remove_prefix(1);
        if (text.empty()) return {};
        for (; !text.empty(); text.remove_prefix(1)) {
            if (std::isdigit(static_cast<unsigned char>(text.front())) == 0) return {};
            exponent = std::min<std::int64_t>(exponent * 10 + (text.front() - '0'), 1'000'000'000);
        }
        if (down) exponent = -exponent;
    }
    if (!text.empty()) return {};

    digits.units.erase(0, digits.units.find_first_not_of('0'));
    if (digits.units.empty()) return Digits{};
    std::int64_t shift = exponent + scale - point;
    for (; shift < 0 && digits.units.ends_with('0'); ++shift) digits.units.pop_back();
    if (shift < 0 || shift > amount_digits_max) return {};
    digits.units.append(static_cast<std::size_t>(shift), '0');
    if (digits.units.size() > amount_digits_max) return {};
    return digits;
}

void compare_with_slow_digits(std::string_view text, int scale, const Result<Amount>& amount) {
    const std::optional<Digits> slow = slow_digits(text, scale);
    CHECK(slow.has_value() == amount.has_value());
    if (!slow) return;
    CHECK(amount->is_negative() == slow->negative);
    CHECK(amount->is_zero() == slow->units.empty());
    if (slow->units.empty()) return;
    CHECK(format_fixed(*amount, 0) == (slow->negative ? "-" : "") + slow->units);
}

void round_trip(Amount amount, int scale) {
    const std::string fixed = format_fixed(amount, scale);
    const std::string shortest = format_shortest(amount, scale);
    CHECK(parse_amount(fixed, scale).value() == amount);
    CHECK(parse_amount(shortest, scale).value() == amount);
    CHECK(fixed.starts_with(shortest) && shortest.find('e') == std::string::npos);
    const std::size_t point = fixed.find('.');
    CHECK((point == std::string::npos ? 0 : fixed.size() - point - 1) ==
          static_cast<std::size_t>(scale));
    // More room behind the point changes nothing, as long as it fits.
    if (scale == scale_max) return;
    const Result<Amount> finer = parse_amount(fixed, scale + 1);
    if (finer) CHECK(format_shortest(*finer, scale + 1) == shortest);
}

// Sums either are exact or are refused.
void calculate(Amount amount) {
    CHECK(add(amount, negate(amount)) == Amount{} && subtract(amount, amount) == Amount{});
    const std::optional<Amount> twice = add(amount, amount);
    if (twice) CHECK(subtract(*twice, amount) == amount);
    CHECK(twice == subtract(amount, negate(amount)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const int scale = bytes[0] % (scale_max + 1);
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const Result<Amount> amount = parse_amount(text, scale);
    compare_with_slow_digits(text, scale, amount);
    if (!amount) return 0;
    round_trip(*amount, scale);
    calculate(*amount);
    return 0;
}
