#include "base/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>

#include <memory>
#include <new>

#include "base/check.h"
#include "base/random.h"

namespace coffer {
namespace {

const unsigned char* data_of(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* data_of(std::string& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

// OpenSSL 3 looks an algorithm up by name at each use, which costs more than hashing a short text:
// SHA256() takes 416 ns for 350 bytes and HMAC() 1044 ns. Looking it up once a thread and keeping
// the context makes that 225 and 457 ns.
class Sha256 {
public:
    Sha256()
        : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free),
          context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        CHECK(algorithm_ && context_);
    }

    Digest operator()(std::string_view bytes) {
        Digest digest;
        CHECK(EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1);
        CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
        CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
        return digest;
    }

private:
    std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

class Hmac {
public:
    explicit Hmac(std::string digest_name)
        : algorithm_(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free),
          context_(EVP_MAC_CTX_new(algorithm_.get()), EVP_MAC_CTX_free) {
        CHECK(algorithm_ && context_);
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), 0),
            OSSL_PARAM_construct_end()};
        CHECK(EVP_MAC_CTX_set_params(context_.get(), parameters) == 1);
    }

    std::string operator()(std::string_view key, std::string_view bytes) {
        std::string result(EVP_MAX_MD_SIZE, '\0');
        std::size_t size = 0;
        // A null key would mean "the key of last time" to OpenSSL; an empty one must not.
        if (key.data() == nullptr) key = "";
        CHECK(EVP_MAC_init(context_.get(), data_of(key), key.size(), nullptr) == 1);
        CHECK(EVP_MAC_update(context_.get(), data_of(bytes), bytes.size()) == 1);
        CHECK(EVP_MAC_final(context_.get(), data_of(result), &size, result.size()) == 1);
        result.resize(size);
        return result;
    }

private:
    std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> algorithm_;
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_;
};

// Chooses libsodium's fastest code for this processor, once.
void prepare_sodium() {
    static const bool ready = sodium_init() >= 0;
    CHECK(ready);
}

// libsodium's encoders do not branch on the bytes, which suits secrets.
std::string encode_base64(std::string_view bytes, int variant) {
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), data_of(bytes), bytes.size(), variant);
    text.pop_back();  // the zero byte of a C string
    return text;
}

std::optional<std::string> decode_base64(std::string_view text, int variant) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    if (sodium_base642bin(data_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &size,
                          nullptr, variant) != 0) {
        return std::nullopt;
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace

Digest sha256(std::string_view bytes) {
    thread_local Sha256 hash;
    return hash(bytes);
}

Hash16 keyed_hash(const SecretKey16& key, std::string_view bytes) {
    Hash16 hash;
    crypto_shorthash_siphashx24(hash.data(), data_of(bytes), bytes.size(), key.data());
    return hash;
}

std::string hmac(HmacHash hash, std::string_view key, std::string_view bytes) {
    switch (hash) {
        case HmacHash::sha256: {
            thread_local Hmac hmac_sha256("SHA256");
            return hmac_sha256(key, bytes);
        }
        case HmacHash::sha512: {
            thread_local Hmac hmac_sha512("SHA512");
            return hmac_sha512(key, bytes);
        }
    }
    return {};
}

std::string to_hex(std::string_view bytes) {
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), data_of(bytes), bytes.size());
    text.pop_back();
    return text;
}

std::optional<std::string> from_hex(std::string_view text) {
    std::string bytes(text.size() / 2, '\0');
    std::size_t size = 0;
    if (sodium_hex2bin(data_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &size,
                       nullptr) != 0) {
        return std::nullopt;
    }
    bytes.resize(size);
    return bytes;
}

std::string to_base64(std::string_view bytes) {
    return encode_base64(bytes, sodium_base64_VARIANT_ORIGINAL);
}

std::optional<std::string> from_base64(std::string_view text) {
    return decode_base64(text, text.ends_with('=') ? sodium_base64_VARIANT_ORIGINAL
                                                   : sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

std::string to_base64url(std::string_view bytes) {
    return encode_base64(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::optional<std::string> from_base64url(std::string_view text) {
    return decode_base64(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool equal_constant_time(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string seal(const MasterKey& key, std::string_view plain) {
    prepare_sodium();
    std::array<std::uint8_t, crypto_secretbox_NONCEBYTES> nonce;
    fill_random(nonce);
    std::string sealed(view(nonce));
    sealed.resize(nonce.size() + crypto_secretbox_MACBYTES + plain.size());
    crypto_secretbox_easy(data_of(sealed) + nonce.size(), data_of(plain), plain.size(),
                          nonce.data(), key.data());
    return sealed;
}

std::optional<std::string> open_sealed(const MasterKey& key, std::string_view sealed) {
    prepare_sodium();
    constexpr std::size_t overhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (sealed.size() < overhead) return std::nullopt;
    const std::string_view nonce = sealed.substr(0, crypto_secretbox_NONCEBYTES);
    const std::string_view box = sealed.substr(nonce.size());
    std::string plain(sealed.size() - overhead, '\0');
    if (crypto_secretbox_open_easy(data_of(plain), data_of(box), box.size(), data_of(nonce),
                                   key.data()) != 0) {
        return std::nullopt;
    }
    return plain;
}

std::string hash_password(std::string_view password) {
    prepare_sodium();
    std::string hash(crypto_pwhash_STRBYTES, '\0');
    // Argon2id needs 64 MiB; not having them is the only way to fail and the same as any other
    // `new`.
    if (crypto_pwhash_str(hash.data(), password.data(), password.size(),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
        throw std::bad_alloc();
    }
    hash.resize(hash.find('\0'));
    return hash;
}

bool password_matches(std::string_view hash, std::string_view password) {
    prepare_sodium();
    const std::string text(hash);
    return crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
}

void wipe(std::string& secret) {
    // A string that once was longer may still hold the end of it behind its size.
    secret.resize(secret.capacity());
    sodium_memzero(secret.data(), secret.size());
    secret.clear();
}

}  // namespace coffer
