// Ids and cursors that carry a sequence number without showing it.

#include <algorithm>
#include <array>
#include <cstring>

#include "dialect/text.h"

namespace coffer {
namespace {

constexpr int feistel_rounds = 4;  // Luby and Rackoff 1988: four make a strong permutation
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t sequence_bytes = 8;

template <class Number>
std::string big_endian(Number number, std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t at = bytes; at-- > 0; number >>= 8) {
        text[at] = static_cast<char>(number & 0xFF);
    }
    return text;
}

std::uint64_t number_of(std::string_view big_endian_bytes) {
    std::uint64_t number = 0;
    for (const char c : big_endian_bytes) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

std::uint64_t keyed_number(const SecretKey16& key, std::uint64_t label, std::uint64_t value,
                           std::uint64_t time_ms) {
    const std::array<std::uint64_t, 3> input{label, value, time_ms};
    std::array<char, sizeof input> bytes;
    std::memcpy(bytes.data(), input.data(), sizeof input);
    const Hash16 hash = keyed_hash(key, {bytes.data(), bytes.size()});
    std::uint64_t number = 0;
    std::memcpy(&number, hash.data(), sizeof number);
    return number;
}

// A permutation of 64 bits that differs with the key and the time: a plain XOR would show how far
// apart two ids of one millisecond are.
std::uint64_t masked(std::uint64_t sequence, std::uint64_t time_ms, const SecretKey16& key) {
    std::uint64_t left = sequence >> 32;
    std::uint64_t right = sequence & 0xFFFFFFFF;
    for (std::uint64_t round = 0; round < feistel_rounds; ++round) {
        const std::uint64_t mixed = left ^ (keyed_number(key, round, right, time_ms) & 0xFFFFFFFF);
        left = right;
        right = mixed;
    }
    return left << 32 | right;
}

std::uint64_t unmasked(std::uint64_t number, std::uint64_t time_ms, const SecretKey16& key) {
    std::uint64_t left = number >> 32;
    std::uint64_t right = number & 0xFFFFFFFF;
    for (std::uint64_t round = feistel_rounds; round-- > 0;) {
        const std::uint64_t mixed = right ^ (keyed_number(key, round, left, time_ms) & 0xFFFFFFFF);
        right = left;
        left = mixed;
    }
    return left << 32 | right;
}

// The ten bits that a UUID has to spare, so that few made-up ids are looked up at all.
std::uint64_t check_bits(std::uint64_t sequence, std::uint64_t time_ms, const SecretKey16& key) {
    return keyed_number(key, feistel_rounds, sequence, time_ms) & 0x3FF;
}

}  // namespace

// A use of the master key with a label of its own, like the others in picture.cc.
SecretKey16 id_key_of(const MasterKey& master_key) {
    const std::string derived = hmac(HmacHash::sha256, view(master_key), "coffer id key");
    SecretKey16 key;
    std::copy_n(derived.begin(), key.size(), key.begin());
    return key;
}

// 48 bits of time, version 8, 12 bits, variant, 62 bits (RFC 9562, section 5.8): the 74 free bits
// are ten of check and the 64 of the masked sequence number.
std::string public_id(Sequence sequence, Time time, const SecretKey16& key) {
    const auto time_ms = static_cast<std::uint64_t>(time / millisecond_us);
    const std::uint64_t mask = masked(sequence, time_ms, key);
    const std::uint64_t high = check_bits(sequence, time_ms, key) << 2 | mask >> 62;
    const std::uint64_t upper = time_ms << 16 | 0x8000 | high;
    const std::uint64_t lower = std::uint64_t{2} << 62 | (mask & ~(std::uint64_t{3} << 62));
    UuidBytes bytes;
    for (std::size_t at = 0; at < 8; ++at) {
        bytes[at] = static_cast<std::uint8_t>(upper >> (56 - 8 * at));
        bytes[at + 8] = static_cast<std::uint8_t>(lower >> (56 - 8 * at));
    }
    return uuid_text(bytes);
}

std::optional<PublicId> parse_public_id(std::string_view text, const SecretKey16& key) {
    const std::optional<UuidBytes> bytes = parse_uuid(text);
    if (!bytes) return {};
    const std::uint64_t upper = number_of(view(*bytes).substr(0, 8));
    const std::uint64_t lower = number_of(view(*bytes).substr(8));
    if ((upper >> 12 & 0xF) != 8 || lower >> 62 != 2) return {};
    const std::uint64_t time_ms = upper >> 16;
    const std::uint64_t high = upper & 0xFFF;
    const std::uint64_t mask = high << 62 | (lower & ~(std::uint64_t{3} << 62));
    const std::uint64_t sequence = unmasked(mask, time_ms, key);
    if (high >> 2 != check_bits(sequence, time_ms, key)) return {};
    return PublicId{.sequence = sequence, .time_ms = static_cast<Time>(time_ms)};
}

// A tag over context and sequence number, then the number hidden under a pad that the tag gives
// (the construction of SIV, RFC 5297): a cursor can neither be made nor moved to another list, and
// it does not tell how many records there are.
std::string make_cursor(Sequence sequence, std::string_view context, const std::string& key) {
    const std::string plain = big_endian(sequence, sequence_bytes);
    std::string cursor =
        hmac(HmacHash::sha256, key, "tag" + plain + std::string(context)).substr(0, tag_bytes);
    const std::string pad = hmac(HmacHash::sha256, key, "pad" + cursor);
    for (std::size_t at = 0; at < sequence_bytes; ++at) {
        cursor.push_back(static_cast<char>(plain[at] ^ pad[at]));
    }
    return to_base64url(cursor);
}

std::optional<Sequence> read_cursor(std::string_view cursor, std::string_view context,
                                    const std::string& key) {
    const std::optional<std::string> bytes = from_base64url(cursor);
    if (!bytes || bytes->size() != tag_bytes + sequence_bytes) return {};
    const std::string pad = hmac(HmacHash::sha256, key, "pad" + bytes->substr(0, tag_bytes));
    std::string plain = bytes->substr(tag_bytes);
    for (std::size_t at = 0; at < sequence_bytes; ++at) {
        plain[at] = static_cast<char>(plain[at] ^ pad[at]);
    }
    const Sequence sequence = number_of(plain);
    if (!equal_constant_time(make_cursor(sequence, context, key), cursor)) return {};
    return sequence;
}

}  // namespace coffer
