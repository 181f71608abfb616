#pragma once
// Unsigned numbers of 256 bits, the chain's only kind, and the way between them and the ledger's
// amounts. Exact: what does not fit is nothing or an error, never wrapped and never rounded.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/money.h"
#include "base/result.h"

namespace coffer {

struct Uint256 {
    std::array<std::uint64_t, 4> limbs{};  // lowest first

    constexpr Uint256() = default;
    constexpr explicit Uint256(Uint128 value)
        : limbs{static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64), 0, 0} {}

    friend constexpr bool operator==(const Uint256&, const Uint256&) = default;
    friend constexpr std::strong_ordering operator<=>(const Uint256& left, const Uint256& right) {
        for (std::size_t at = 4; at-- > 0;) {
            if (left.limbs[at] != right.limbs[at]) return left.limbs[at] <=> right.limbs[at];
        }
        return std::strong_ordering::equal;
    }
    constexpr bool is_zero() const { return *this == Uint256{}; }
};

std::optional<Uint256> add(const Uint256& left, const Uint256& right);
std::optional<Uint256> subtract(const Uint256& left, const Uint256& right);
std::optional<Uint256> multiply(const Uint256& value, std::uint64_t by);
// The quotient and what is left; `by` is not 0.
std::pair<Uint256, std::uint64_t> divide(const Uint256& value, std::uint64_t by);
// The number, where it has 128 bits at most.
std::optional<Uint128> narrow(const Uint256& value);

// Big-endian bytes: 32 of them, or without the leading zeros (none at all for 0).
std::string to_word(const Uint256& value);
std::string to_minimal(const Uint256& value);
std::optional<Uint256> from_big_endian(std::string_view bytes);  // 32 bytes at most

// JSON-RPC's QUANTITY: `0x0`, `0x1a`; no leading zeros. `parse` takes leading zeros too, because
// some nodes write them.
std::string format_quantity(const Uint256& value);
std::optional<Uint256> parse_quantity(std::string_view text);
std::string format_decimal(const Uint256& value);
std::optional<Uint256> parse_decimal(std::string_view text);

// An amount of units of 10^-scale as the chain's units of 10^-decimals, and back. Errors: invalid,
// for an amount below zero, one that is no whole number of the other's units, or one too large.
struct Scales {
    int ledger = 0;
    int chain = 0;
};
Result<Uint256> to_chain_units(Amount amount, Scales scales);
Result<Amount> to_amount(const Uint256& units, Scales scales);
// The chain's units taken apart: the largest amount of whole units of the ledger that is in them,
// and the units that are left. Errors: invalid, for one too large.
struct SplitUnits {
    Amount whole;
    Uint256 rest;
};
Result<SplitUnits> split_units(const Uint256& units, Scales scales);

}  // namespace coffer
