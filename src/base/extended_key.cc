#include "base/extended_key.h"

#include <openssl/crypto.h>
#include <secp256k1.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/random.h"

namespace coffer {

namespace {

constexpr std::size_t seed_bytes_min = 16, seed_bytes_max = 64;
constexpr std::string_view master_words = "Bitcoin seed";  // by the definition, for every chain

// Made once a thread: blinded with random bytes, against those who watch how long it takes.
const secp256k1_context* curve() {
    struct Free {
        void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
    };
    thread_local const std::unique_ptr<secp256k1_context, Free> context = [] {
        std::unique_ptr<secp256k1_context, Free> made(
            secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY));
        std::array<std::uint8_t, 32> seed{};
        fill_random(seed);
        CHECK(secp256k1_context_randomize(made.get(), seed.data()) == 1);
        return made;
    }();
    return context.get();
}

std::string_view view_of(const unsigned char* bytes, std::size_t count) {
    return {reinterpret_cast<const char*>(bytes), count};
}

void append_number(std::string& out, std::uint32_t number) {
    for (unsigned shift = 32; shift > 0; shift -= 8) {
        out.push_back(static_cast<char>(static_cast<unsigned char>(number >> (shift - 8))));
    }
}

// The 64 bytes that BIP-32 calls I: the left half is added to the key, the right half is the chain
// code of what comes out. Wiped, because with a parent's private key it gives away the child's.
class Halves {
public:
    Halves(std::string_view key, std::string_view text)
        : bytes_(hmac(HmacHash::sha512, key, text)) {
        CHECK(bytes_.size() == 64);
    }
    Halves(const Halves&) = delete;
    Halves& operator=(const Halves&) = delete;
    ~Halves() { wipe(bytes_); }
    const unsigned char* left() const {
        return reinterpret_cast<const unsigned char*>(bytes_.data());
    }
    void copy_right(Digest& to) const { std::memcpy(to.data(), bytes_.data() + 32, to.size()); }

private:
    std::string bytes_;
};

std::array<std::uint8_t, 33> compressed(const secp256k1_pubkey& key) {
    std::array<std::uint8_t, 33> bytes{};
    std::size_t length = bytes.size();
    CHECK(secp256k1_ec_pubkey_serialize(curve(), bytes.data(), &length, &key,
                                        SECP256K1_EC_COMPRESSED) == 1);
    return bytes;
}

std::optional<secp256k1_pubkey> read_key(const ExtendedPublicKey& from) {
    secp256k1_pubkey key;
    if (secp256k1_ec_pubkey_parse(curve(), &key, from.key.data(), from.key.size()) != 1) {
        return std::nullopt;
    }
    return key;
}

}  // namespace

std::optional<ExtendedPublicKey> child_of(const ExtendedPublicKey& parent, std::uint32_t number) {
    auto key = read_key(parent);
    if (!key || number >= first_hardened_child) return std::nullopt;
    std::string text(view(parent.key));
    append_number(text, number);
    const Halves halves(view(parent.chain_code), text);
    if (secp256k1_ec_pubkey_tweak_add(curve(), &*key, halves.left()) != 1) return std::nullopt;
    ExtendedPublicKey child;
    child.key = compressed(*key);
    halves.copy_right(child.chain_code);
    return child;
}

std::optional<ChainAddress> address_of(const ExtendedPublicKey& key) {
    const auto point = read_key(key);
    if (!point) return std::nullopt;
    std::array<unsigned char, 65> bytes{};
    std::size_t length = bytes.size();
    CHECK(secp256k1_ec_pubkey_serialize(curve(), bytes.data(), &length, &*point,
                                        SECP256K1_EC_UNCOMPRESSED) == 1);
    return address_of_key(view_of(bytes.data() + 1, 64));
}

Result<ExtendedKey> ExtendedKey::from_seed(std::string_view seed) {
    if (seed.size() < seed_bytes_min || seed.size() > seed_bytes_max) {
        return fail(ErrorCode::invalid, "a seed has 16 to 64 bytes");
    }
    const Halves halves(master_words, seed);
    ExtendedKey key;
    std::memcpy(key.secret_.data(), halves.left(), key.secret_.size());
    halves.copy_right(key.chain_code_);
    if (secp256k1_ec_seckey_verify(curve(), key.secret_.data()) != 1) {
        return fail(ErrorCode::invalid, "the seed is one of the few that give no key");
    }
    return key;
}

ExtendedKey::ExtendedKey(ExtendedKey&& other) noexcept
    : secret_(other.secret_), chain_code_(other.chain_code_) {
    OPENSSL_cleanse(other.secret_.data(), other.secret_.size());
}

ExtendedKey& ExtendedKey::operator=(ExtendedKey&& other) noexcept {
    if (this == &other) return *this;
    secret_ = other.secret_;
    chain_code_ = other.chain_code_;
    OPENSSL_cleanse(other.secret_.data(), other.secret_.size());
    return *this;
}

ExtendedKey::~ExtendedKey() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

Result<ExtendedKey> ExtendedKey::child(std::uint32_t number) const {
    std::string text;
    text.reserve(37);  // so that no copy of the secret is left behind
    if (number >= first_hardened_child) {
        text.push_back('\0');
        text += secret();
    } else {
        text += view(public_key().key);
    }
    append_number(text, number);
    const Halves halves(view(chain_code_), text);
    wipe(text);
    ExtendedKey key;
    key.secret_ = secret_;
    halves.copy_right(key.chain_code_);
    if (secp256k1_ec_seckey_tweak_add(curve(), key.secret_.data(), halves.left()) != 1) {
        return fail(ErrorCode::invalid, "a number that has no key");
    }
    return key;
}

ExtendedPublicKey ExtendedKey::public_key() const {
    secp256k1_pubkey point;
    CHECK(secp256k1_ec_pubkey_create(curve(), &point, secret_.data()) == 1);
    return {compressed(point), chain_code_};
}

std::string_view ExtendedKey::secret() const { return view_of(secret_.data(), secret_.size()); }

}  // namespace coffer
