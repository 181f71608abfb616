#include "base/uint256.h"

#include <algorithm>

namespace coffer {

std::optional<Uint256> add(const Uint256& left, const Uint256& right) {
    Uint256 sum;
    Uint128 carry = 0;
    for (std::size_t at = 0; at < 4; ++at) {
        carry += Uint128{left.limbs[at]} + right.limbs[at];
        sum.limbs[at] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    if (carry != 0) return std::nullopt;
    return sum;
}

std::optional<Uint256> subtract(const Uint256& left, const Uint256& right) {
    if (left < right) return std::nullopt;
    Uint256 rest;
    Uint128 borrow = 0;
    for (std::size_t at = 0; at < 4; ++at) {
        const Uint128 taken = Uint128{right.limbs[at]} + borrow;
        borrow = left.limbs[at] < taken ? 1 : 0;
        rest.limbs[at] = static_cast<std::uint64_t>((borrow << 64) + left.limbs[at] - taken);
    }
    return rest;
}

std::optional<Uint256> multiply(const Uint256& value, std::uint64_t by) {
    Uint256 product;
    Uint128 carry = 0;
    for (std::size_t at = 0; at < 4; ++at) {
        carry += Uint128{value.limbs[at]} * by;
        product.limbs[at] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    if (carry != 0) return std::nullopt;
    return product;
}

std::pair<Uint256, std::uint64_t> divide(const Uint256& value, std::uint64_t by) {
    Uint256 quotient;
    Uint128 rest = 0;
    for (std::size_t at = 4; at-- > 0;) {
        rest = rest << 64 | value.limbs[at];
        quotient.limbs[at] = static_cast<std::uint64_t>(rest / by);
        rest %= by;
    }
    return {quotient, static_cast<std::uint64_t>(rest)};
}

std::optional<Uint128> narrow(const Uint256& value) {
    if (value.limbs[2] != 0 || value.limbs[3] != 0) return std::nullopt;
    return Uint128{value.limbs[1]} << 64 | value.limbs[0];
}

std::string to_word(const Uint256& value) {
    std::string bytes(32, '\0');
    for (std::size_t at = 0; at < 32; ++at) {
        bytes[31 - at] = static_cast<char>(value.limbs[at / 8] >> 8 * (at % 8));
    }
    return bytes;
}

std::string to_minimal(const Uint256& value) {
    const std::string word = to_word(value);
    return word.substr(std::min(word.find_first_not_of('\0'), word.size()));
}

std::optional<Uint256> from_big_endian(std::string_view bytes) {
    if (bytes.size() > 32) return std::nullopt;
    Uint256 value;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const auto byte = static_cast<std::uint8_t>(bytes[bytes.size() - 1 - at]);
        value.limbs[at / 8] |= std::uint64_t{byte} << 8 * (at % 8);
    }
    return value;
}

std::string format_quantity(const Uint256& value) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t nibble = 64; nibble-- > 0;) {
        const std::size_t digit = value.limbs[nibble / 16] >> 4 * (nibble % 16) & 15U;
        if (digit != 0 || !text.empty()) text.push_back(digits[digit]);
    }
    return "0x" + (text.empty() ? "0" : text);
}

std::optional<Uint256> parse_quantity(std::string_view text) {
    if (!text.starts_with("0x") || text.size() == 2) return std::nullopt;
    text.remove_prefix(2);
    Uint256 value;
    for (const char letter : text) {
        int digit = 0;
        if (letter >= '0' && letter <= '9') {
            digit = letter - '0';
        } else if (letter >= 'a' && letter <= 'f') {
            digit = letter - 'a' + 10;
        } else if (letter >= 'A' && letter <= 'F') {
            digit = letter - 'A' + 10;
        } else {
            return std::nullopt;
        }
        const auto shifted = multiply(value, 16);
        if (!shifted) return std::nullopt;
        value = *shifted;
        value.limbs[0] |= static_cast<std::uint64_t>(digit);
    }
    return value;
}

std::string format_decimal(const Uint256& value) {
    std::string text;
    Uint256 left = value;
    do {
        const auto [quotient, digit] = divide(left, 10);
        text.push_back(static_cast<char>('0' + digit));
        left = quotient;
    } while (!left.is_zero());
    std::ranges::reverse(text);
    return text;
}

std::optional<Uint256> parse_decimal(std::string_view text) {
    if (text.empty()) return std::nullopt;
    Uint256 value;
    for (const char letter : text) {
        if (letter < '0' || letter > '9') return std::nullopt;
        const auto shifted = multiply(value, 10);
        if (!shifted) return std::nullopt;
        const auto sum = add(*shifted, Uint256{static_cast<Uint128>(letter - '0')});
        if (!sum) return std::nullopt;
        value = *sum;
    }
    return value;
}

Result<Uint256> to_chain_units(Amount amount, Scales scales) {
    if (amount.is_negative()) return fail(ErrorCode::invalid, "an amount below zero");
    Uint256 units{static_cast<Uint128>(amount.units)};
    for (int digit = scales.ledger; digit < scales.chain; ++digit) {
        const auto more = multiply(units, 10);
        if (!more) return fail(ErrorCode::invalid, "an amount of more than 256 bits");
        units = *more;
    }
    for (int digit = scales.chain; digit < scales.ledger; ++digit) {
        const auto [quotient, rest] = divide(units, 10);
        if (rest != 0) {
            return fail(ErrorCode::invalid,
                        "an amount that is no whole number of the chain's units");
        }
        units = quotient;
    }
    return units;
}

Result<Amount> to_amount(const Uint256& units, Scales scales) {
    Uint256 scaled = units;
    for (int digit = scales.chain; digit < scales.ledger; ++digit) {
        const auto more = multiply(scaled, 10);
        if (!more) return fail(ErrorCode::invalid, "an amount of more than 256 bits");
        scaled = *more;
    }
    for (int digit = scales.ledger; digit < scales.chain; ++digit) {
        const auto [quotient, rest] = divide(scaled, 10);
        if (rest != 0) {
            return fail(ErrorCode::invalid,
                        "an amount that is no whole number of the ledger's units");
        }
        scaled = quotient;
    }
    const auto narrowed = narrow(scaled);
    const Uint128 most = Uint128{1'000'000'000'000'000'000ULL} * 10'000'000'000'000'000'000ULL * 10;
    if (!narrowed || *narrowed >= most) {
        return fail(ErrorCode::invalid, "an amount of more than 38 digits");
    }
    return Amount{static_cast<Int128>(*narrowed)};
}

Result<SplitUnits> split_units(const Uint256& units, Scales scales) {
    Uint256 whole = units;
    for (int digit = scales.ledger; digit < scales.chain; ++digit) whole = divide(whole, 10).first;
    for (int digit = scales.ledger; digit < scales.chain; ++digit) {
        // No more than `units`, so that it always fits.
        whole = multiply(whole, 10).value_or(units);
    }
    const auto amount = to_amount(whole, scales);
    if (!amount) return std::unexpected(amount.error());
    return SplitUnits{*amount, subtract(units, whole).value_or(Uint256{})};
}

}  // namespace coffer
