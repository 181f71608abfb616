#pragma once
// A private key of the curve secp256k1 and what is done with it, over libsecp256k1.
//
// A key is wiped when it goes away and is never copied, printed or compared. Signing is
// deterministic (RFC 6979), with a low s, and each signature is checked by recovering its signer.

#include <array>
#include <optional>
#include <string_view>

#include "base/chain_address.h"
#include "base/result.h"
#include "settle/transaction.h"

namespace coffer {

class SigningKey {
public:
    // 32 bytes. Errors: invalid, when they are not a key of the curve.
    static Result<SigningKey> from_bytes(std::string_view secret);
    // `0x` or not, and 64 digits. Errors: invalid; without the digits.
    static Result<SigningKey> from_hex_digits(std::string_view digits);
    SigningKey(SigningKey&& other) noexcept;
    SigningKey& operator=(SigningKey&&) = delete;
    SigningKey(const SigningKey&) = delete;
    ~SigningKey();

    const ChainAddress& address() const { return address_; }
    ChainSignature sign(const Digest& digest) const;
    // The secret, for whoever seals it into a keystore.
    std::string_view secret() const { return view_of(secret_); }

private:
    using Secret = std::array<unsigned char, 32>;
    explicit SigningKey(const Secret& secret);
    static std::string_view view_of(const Secret& secret) {
        return {reinterpret_cast<const char*>(secret.data()), secret.size()};
    }
    Secret secret_{};
    ChainAddress address_;
};

// Who signed; nothing when nobody can have. A high s is nobody's (EIP-2).
std::optional<ChainAddress> recover_signer(const Digest& digest, const ChainSignature& signature);

// Overwrites bytes in a way that the compiler keeps.
void wipe_bytes(void* bytes, std::size_t count);

}  // namespace coffer
