#pragma once
// Digests, MACs, encodings and sealed secrets, over OpenSSL and libsodium.
//
// Everything here may be called from any thread. Comparison of secrets is constant-time.

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace coffer {

using Digest = std::array<std::uint8_t, 32>;  // SHA-256
using Hash16 = std::array<std::uint8_t, 16>;  // SipHash-2-4-128 under a secret key
using SecretKey16 = std::array<std::uint8_t, 16>;
using MasterKey = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);

// Two loads and no call, where == is a call of memcmp: it is asked for every place that a look-up
// by hash passes.
inline bool same_hash(const Hash16& left, const Hash16& right) {
    std::uint64_t lefts[2];
    std::uint64_t rights[2];
    std::memcpy(lefts, left.data(), sizeof lefts);
    std::memcpy(rights, right.data(), sizeof rights);
    return ((lefts[0] ^ rights[0]) | (lefts[1] ^ rights[1])) == 0;
}

// SipHash-2-4 with a 128-bit result (libsodium's siphashx24).
Hash16 keyed_hash(const SecretKey16& key, std::string_view bytes);

enum class HmacHash { sha256, sha512 };
std::string hmac(HmacHash hash, std::string_view key, std::string_view bytes);  // raw bytes

std::string to_hex(std::string_view bytes);                        // lower case
std::optional<std::string> from_hex(std::string_view text);        // either case
std::string to_base64(std::string_view bytes);                     // padded, standard alphabet
std::optional<std::string> from_base64(std::string_view text);     // padding optional, strict
std::string to_base64url(std::string_view bytes);                  // no padding
std::optional<std::string> from_base64url(std::string_view text);  // no padding

// Equal in content and length; the time taken depends on the lengths only.
bool equal_constant_time(std::string_view left, std::string_view right);

inline std::string_view view(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Authenticated encryption (XSalsa20-Poly1305) with a random nonce in front; for signing keys at
// rest. open_sealed gives nothing when the key or a byte is wrong.
std::string seal(const MasterKey& key, std::string_view plain);
std::optional<std::string> open_sealed(const MasterKey& key, std::string_view sealed);

// Argon2id, libsodium's interactive limits; slow on purpose, never on an io or lane thread.
std::string hash_password(std::string_view password);
bool password_matches(std::string_view hash, std::string_view password);

// Overwrites a secret that is no longer needed.
void wipe(std::string& secret);

}  // namespace coffer
