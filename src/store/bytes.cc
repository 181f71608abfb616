#include "store/bytes.h"

#include <cstring>

namespace coffer {

namespace {

// Where the 32 hexadecimal digits of a UUID stand among its 36 characters, two by two.
constexpr std::array<std::uint8_t, 16> digit_at = {0,  2,  4,  6,  9,  11, 14, 16,
                                                   19, 21, 24, 26, 28, 30, 32, 34};
constexpr std::string_view digits = "0123456789abcdef";

constexpr std::array<std::uint8_t, 256> digit_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::size_t index = 0; index < digits.size(); ++index) {
        values[static_cast<std::uint8_t>(digits[index])] = static_cast<std::uint8_t>(index);
    }
    return values;
}
constexpr auto digit_value = digit_values();

}  // namespace

// Saves 20 bytes for each player, game or id that is a UUID; 15 ns.
std::optional<UuidBytes> pack_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        return std::nullopt;
    UuidBytes bytes{};
    unsigned seen = 0;
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        const unsigned high = digit_value[static_cast<std::uint8_t>(text[digit_at[index]])];
        const unsigned low = digit_value[static_cast<std::uint8_t>(text[digit_at[index] + 1])];
        seen |= high | low;
        bytes[index] = static_cast<std::uint8_t>(high << 4 | low);
    }
    if (seen > 0xf) return std::nullopt;
    return bytes;
}

void unpack_uuid(const UuidBytes& bytes, std::string& out) {
    out.assign(36, '-');
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        out[digit_at[index]] = digits[bytes[index] >> 4];
        out[digit_at[index] + 1] = digits[bytes[index] & 0xf];
    }
}

void ByteWriter::open_room(std::size_t before, std::size_t count) {
    const std::size_t wanted = before + count;
    if (wanted > out_.capacity()) out_.reserve(std::max(wanted, 2 * before));
    out_.resize(wanted);
    at_ = out_.data() + before;
    end_ = out_.data() + wanted;
}

void ByteReader::text(std::string& value, const std::string& same) {
    const std::uint64_t code = varint();
    value.clear();
    if (code == text_code_empty) return;
    if (code == text_code_same) {
        require(!same.empty());
        value = same;
        return;
    }
    if (code == text_code_uuid) {
        UuidBytes packed{};
        bytes(packed);
        if (bad_) return;
        unpack_uuid(packed, value);
    } else {
        value = take(code - text_code_literal + 1);
        require(!pack_uuid(value));
    }
    require(value != same);
}

Uint128 ByteReader::wide() {
    Uint128 value = 0;
    for (unsigned shift = 0; shift < 128; shift += 7) {
        const Uint128 next = byte();
        // The 19th byte has room for two bits of the 128.
        require(shift != 126 || next <= 3);
        value |= (next & 0x7f) << shift;
        if (next < 0x80) {
            require(next != 0 || shift == 0);  // the last byte of a longer number is not zero
            return bad_ ? Uint128{0} : value;
        }
    }
    bad_ = true;
    return 0;
}

template <class Number>
void ByteReader::near_wide(Number& value, Number here) {
    value = 0;
    const Uint128 code = wide();
    if (code == 0) return;
    // Far beyond what any pair of 64-bit numbers gives, and checked before the arithmetic.
    require(code <= Uint128{1} << 70);
    if (bad_) return;
    const Int128 exact = Int128{here} - unzigzag(code - 1);
    require(exact != 0 && exact >= std::numeric_limits<Number>::min() &&
            exact <= std::numeric_limits<Number>::max());
    if (!bad_) value = static_cast<Number>(exact);
}

template void ByteReader::near_wide(std::uint64_t&, std::uint64_t);
template void ByteReader::near_wide(std::int64_t&, std::int64_t);

}  // namespace coffer
