#pragma once
// Keys that follow from a key by their number: BIP-32, over secp256k1 and HMAC-SHA512.
//
// From an extended public key follow the public keys of its children, and with them their
// addresses, without any secret. From an extended private key follow its children's private keys.
// Whoever has the public key of a parent and the private key of one child has the parent's private
// key: neither leaves the house. The secret is wiped when it goes away.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/chain_address.h"
#include "base/digest.h"
#include "base/result.h"

namespace coffer {

// From this number on a child follows from the private key alone.
inline constexpr std::uint32_t first_hardened_child = 0x8000'0000;

struct ExtendedPublicKey {
    std::array<std::uint8_t, 33> key{};  // compressed
    Digest chain_code{};
    friend bool operator==(const ExtendedPublicKey&, const ExtendedPublicKey&) = default;
};

// Nothing where there is no such child: the number is a hardened one, the parent is no key of the
// curve, or it is one of the numbers (one in 2^127) that have no key.
std::optional<ExtendedPublicKey> child_of(const ExtendedPublicKey& parent, std::uint32_t number);
// The address on a chain of the EVM family; nothing where the key is none of the curve.
std::optional<ChainAddress> address_of(const ExtendedPublicKey& key);

class ExtendedKey {
public:
    // The master key of a seed. Errors: invalid, unless it has 16 to 64 bytes.
    static Result<ExtendedKey> from_seed(std::string_view seed);
    ExtendedKey(ExtendedKey&& other) noexcept;
    ExtendedKey& operator=(ExtendedKey&& other) noexcept;
    ExtendedKey(const ExtendedKey&) = delete;
    ~ExtendedKey();

    // Errors: invalid, for one of the numbers (one in 2^127) that have no key.
    Result<ExtendedKey> child(std::uint32_t number) const;
    ExtendedPublicKey public_key() const;
    // The private key, for whoever signs with it.
    std::string_view secret() const;

private:
    ExtendedKey() = default;
    std::array<unsigned char, 32> secret_{};
    Digest chain_code_{};
};

}  // namespace coffer
