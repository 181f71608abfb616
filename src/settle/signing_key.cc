#include "settle/signing_key.h"

#include <openssl/crypto.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/random.h"

namespace coffer {

namespace {

// Made once a thread: blinded with random bytes, against those who watch how long signing takes.
const secp256k1_context* curve() {
    struct Free {
        void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
    };
    thread_local const std::unique_ptr<secp256k1_context, Free> context = [] {
        std::unique_ptr<secp256k1_context, Free> made(
            secp256k1_context_create(SECP256K1_CONTEXT_NONE));
        std::array<std::uint8_t, 32> seed{};
        fill_random(seed);
        CHECK(secp256k1_context_randomize(made.get(), seed.data()) == 1);
        return made;
    }();
    return context.get();
}

ChainAddress address_of(const secp256k1_pubkey& key) {
    std::array<unsigned char, 65> bytes{};
    std::size_t length = bytes.size();
    CHECK(secp256k1_ec_pubkey_serialize(curve(), bytes.data(), &length, &key,
                                        SECP256K1_EC_UNCOMPRESSED) == 1);
    return address_of_key({reinterpret_cast<const char*>(bytes.data()) + 1, 64});
}

}  // namespace

void wipe_bytes(void* bytes, std::size_t count) { OPENSSL_cleanse(bytes, count); }

Result<SigningKey> SigningKey::from_bytes(std::string_view secret) {
    Secret bytes{};
    if (secret.size() != bytes.size()) return fail(ErrorCode::invalid, "a key has 32 bytes");
    std::memcpy(bytes.data(), secret.data(), bytes.size());
    const bool is_key = secp256k1_ec_seckey_verify(curve(), bytes.data()) == 1;
    if (!is_key) {
        wipe_bytes(bytes.data(), bytes.size());
        return fail(ErrorCode::invalid, "these 32 bytes are not a key of the curve");
    }
    SigningKey key(bytes);
    wipe_bytes(bytes.data(), bytes.size());
    return key;
}

Result<SigningKey> SigningKey::from_hex_digits(std::string_view digits) {
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    auto bytes = from_hex(digits);
    if (!bytes) return fail(ErrorCode::invalid, "a key is 64 hexadecimal digits");
    auto key = from_bytes(*bytes);
    wipe(*bytes);
    return key;
}

SigningKey::SigningKey(const Secret& secret) : secret_(secret) {
    secp256k1_pubkey key;
    CHECK(secp256k1_ec_pubkey_create(curve(), &key, secret_.data()) == 1);
    address_ = address_of(key);
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(other.secret_), address_(other.address_) {
    wipe_bytes(other.secret_.data(), other.secret_.size());
}

SigningKey::~SigningKey() { wipe_bytes(secret_.data(), secret_.size()); }

ChainSignature SigningKey::sign(const Digest& digest) const {
    secp256k1_ecdsa_recoverable_signature made;
    CHECK(secp256k1_ecdsa_sign_recoverable(curve(), &made, digest.data(), secret_.data(), nullptr,
                                           nullptr) == 1);
    std::array<unsigned char, 64> bytes{};
    int recovery = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(curve(), bytes.data(), &recovery,
                                                            &made);
    // 2 and 3 stand for an r beyond the curve's order, which nobody will ever see.
    CHECK(recovery == 0 || recovery == 1);
    ChainSignature signature;
    std::copy_n(bytes.begin(), 32, signature.r.begin());
    std::copy_n(bytes.begin() + 32, 32, signature.s.begin());
    signature.odd = recovery == 1;
    CHECK(recover_signer(digest, signature) == address_);
    return signature;
}

std::optional<ChainAddress> recover_signer(const Digest& digest, const ChainSignature& signature) {
    std::array<unsigned char, 64> bytes{};
    std::ranges::copy(signature.r, bytes.begin());
    std::ranges::copy(signature.s, bytes.begin() + 32);
    secp256k1_ecdsa_recoverable_signature read;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(curve(), &read, bytes.data(),
                                                            signature.odd ? 1 : 0) != 1) {
        return std::nullopt;
    }
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature_convert(curve(), &plain, &read);
    if (secp256k1_ecdsa_signature_normalize(curve(), nullptr, &plain) == 1) return std::nullopt;
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(curve(), &key, &read, digest.data()) != 1) return std::nullopt;
    return address_of(key);
}

}  // namespace coffer
