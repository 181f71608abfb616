#pragma once
// Exact amounts of money.
//
// An Amount is a signed count of units of 10^-scale, at most 38 digits; the scale (0..18) belongs
// to the currency and is not stored here. No floating point anywhere; every operation that can
// overflow says so instead of wrapping. Source: the project's semantics, section 1; JSON numbers as
// RFC 8259.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace coffer {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

inline constexpr int amount_digits_max = 38;
inline constexpr int scale_max = 18;

struct Amount {
    Int128 units = 0;

    friend constexpr auto operator<=>(const Amount&, const Amount&) = default;
    friend constexpr bool operator==(const Amount&, const Amount&) = default;
    constexpr bool is_zero() const { return units == 0; }
    constexpr bool is_negative() const { return units < 0; }
    constexpr bool is_positive() const { return units > 0; }
};

// The sum or difference, or nothing when it has more than 38 digits.
std::optional<Amount> add(Amount left, Amount right);
std::optional<Amount> subtract(Amount left, Amount right);
constexpr Amount negate(Amount amount) { return Amount{-amount.units}; }  // 38 digits are symmetric

// Reads the characters of a JSON number (`50.5`, `5.05e1`, `-3`) as an amount of that scale. Digits
// beyond the scale must be zeros: nothing is ever rounded. Errors: invalid (grammar, too many
// decimals, more than 38 digits).
Result<Amount> parse_amount(std::string_view number, int scale);

// `19575.50`: always with the currency's decimals.
std::string format_fixed(Amount amount, int scale);
// `50`, `12.5`: the shortest exact form.
std::string format_shortest(Amount amount, int scale);
void append_fixed(std::string& out, Amount amount, int scale);
void append_shortest(std::string& out, Amount amount, int scale);

}  // namespace coffer
