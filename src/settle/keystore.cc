#include "settle/keystore.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <simdjson.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/json_writer.h"
#include "base/keccak.h"
#include "base/random.h"

namespace coffer {

namespace {

constexpr std::size_t derived_bytes = 32;
constexpr std::size_t secret_bytes_min = 16, secret_bytes_max = 64;
constexpr std::size_t secret_file_bytes_max = 65'536;
// A file may ask for so much memory and no more: 128 * n * r bytes.
constexpr std::uint64_t scrypt_bytes_max = std::uint64_t{1} << 30;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// Empty where the costs are no costs of scrypt, or too high. By libsodium, because OpenSSL refuses
// an n of 2^(16 r) and more, and the definition's own example has one.
std::string derive(std::string_view password, std::string_view salt, ScryptCost cost) {
    if (cost.n < 2 || cost.r == 0 || cost.p == 0 || cost.p > 64 ||
        cost.n > scrypt_bytes_max / 128 / cost.r) {
        return {};
    }
    std::string key(derived_bytes, '\0');
    const int failed = crypto_pwhash_scryptsalsa208sha256_ll(
        bytes_of(password), password.size(), bytes_of(salt), salt.size(), cost.n, cost.r, cost.p,
        reinterpret_cast<unsigned char*>(key.data()), key.size());
    return failed == 0 ? key : std::string();
}

// AES-128-CTR, which is its own opposite.
std::string mix(std::string_view key_16, std::string_view counter_16, std::string_view text) {
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    };
    const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
    std::string out(text.size(), '\0');
    int length = 0;
    CHECK(context != nullptr);
    CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, bytes_of(key_16),
                             bytes_of(counter_16)) == 1);
    CHECK(EVP_EncryptUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length,
                            bytes_of(text), static_cast<int>(text.size())) == 1);
    CHECK(length == static_cast<int>(text.size()));
    return out;
}

std::string mac_of(std::string_view derived, std::string_view sealed) {
    std::string text(derived.substr(16, 16));
    text += sealed;
    std::string mac(view(keccak256(text)));
    wipe(text);
    return mac;
}

// What a keystore says, as far as it is needed.
struct Fields {
    std::string sealed, counter, mac, salt;
    ScryptCost cost;
};

std::optional<std::string> hex_at(const simdjson::dom::element& from, const char* pointer) {
    std::string_view text;
    if (from.at_pointer(pointer).get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    return from_hex(text.starts_with("0x") ? text.substr(2) : text);
}

bool says(const simdjson::dom::element& from, const char* pointer, std::string_view wanted) {
    std::string_view text;
    return from.at_pointer(pointer).get_string().get(text) == simdjson::SUCCESS && text == wanted;
}

template <class Number>
bool number_at(const simdjson::dom::element& from, const char* pointer, Number& number) {
    std::uint64_t read = 0;
    if (from.at_pointer(pointer).get_uint64().get(read) != simdjson::SUCCESS) return false;
    number = static_cast<Number>(read);
    return number == read;
}

Result<Fields> read_fields(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS) {
        return fail(ErrorCode::invalid, "the keystore is not JSON");
    }
    std::uint64_t version = 0;
    if (!number_at(root, "/version", version) || version != 3) {
        return fail(ErrorCode::invalid, "the keystore is not of version 3");
    }
    if (!says(root, "/crypto/cipher", "aes-128-ctr")) {
        return fail(ErrorCode::invalid, "the keystore's cipher is not aes-128-ctr");
    }
    if (!says(root, "/crypto/kdf", "scrypt")) {
        return fail(ErrorCode::invalid, "the keystore's key derivation is not scrypt");
    }
    const auto sealed = hex_at(root, "/crypto/ciphertext");
    const auto counter = hex_at(root, "/crypto/cipherparams/iv");
    const auto mac = hex_at(root, "/crypto/mac");
    const auto salt = hex_at(root, "/crypto/kdfparams/salt");
    Fields fields;
    std::size_t length = 0;
    if (!sealed || sealed->size() < secret_bytes_min || sealed->size() > secret_bytes_max ||
        !counter || counter->size() != 16 || !mac || mac->size() != 32 || !salt ||
        !number_at(root, "/crypto/kdfparams/n", fields.cost.n) ||
        !number_at(root, "/crypto/kdfparams/r", fields.cost.r) ||
        !number_at(root, "/crypto/kdfparams/p", fields.cost.p) ||
        !number_at(root, "/crypto/kdfparams/dklen", length) || length != derived_bytes) {
        return fail(ErrorCode::invalid, "a field of the keystore is missing or wrong");
    }
    fields.sealed = *sealed;
    fields.counter = *counter;
    fields.mac = *mac;
    fields.salt = *salt;
    return fields;
}

}  // namespace

std::string write_keystore(const SigningKey& key, std::string_view password, ScryptCost cost) {
    std::array<std::uint8_t, 64> random{};
    fill_random(random);
    const std::string_view salt = view(std::span(random).first<32>());
    const std::string_view counter = view(std::span(random).subspan<32, 16>());
    std::string derived = derive(password, salt, cost);
    CHECK(!derived.empty());
    const std::string sealed = mix(std::string_view(derived).substr(0, 16), counter, key.secret());
    const std::string mac = mac_of(derived, sealed);
    wipe(derived);
    std::string json;
    JsonWriter out(json);
    out.open_object();
    out.key("version").integer(3);
    out.key("id").string(uuid_v4(std::span(random).subspan<48, 16>()));
    out.key("address").string(to_hex(key.address().view()));
    out.key("crypto").open_object();
    out.key("cipher").string("aes-128-ctr");
    out.key("cipherparams").open_object().key("iv").string(to_hex(counter)).close_object();
    out.key("ciphertext").string(to_hex(sealed));
    out.key("kdf").string("scrypt");
    out.key("kdfparams").open_object();
    out.key("dklen").integer(derived_bytes);
    out.key("n").integer_unsigned(cost.n);
    out.key("p").integer_unsigned(cost.p);
    out.key("r").integer_unsigned(cost.r);
    out.key("salt").string(to_hex(salt));
    out.close_object();
    out.key("mac").string(to_hex(mac));
    out.close_object().close_object();
    return json;
}

Result<std::string> read_keystore_secret(std::string_view json, std::string_view password) {
    const auto fields = read_fields(json);
    if (!fields) return std::unexpected(fields.error());
    std::string derived = derive(password, fields->salt, fields->cost);
    if (derived.empty()) {
        return fail(ErrorCode::invalid, "the keystore's costs of scrypt are wrong or over 1 GiB");
    }
    if (!equal_constant_time(mac_of(derived, fields->sealed), fields->mac)) {
        wipe(derived);
        return fail(ErrorCode::invalid, "the password is wrong, or the keystore is damaged");
    }
    std::string secret =
        mix(std::string_view(derived).substr(0, 16), fields->counter, fields->sealed);
    wipe(derived);
    return secret;
}

Result<SigningKey> read_keystore(std::string_view json, std::string_view password) {
    auto secret = read_keystore_secret(json, password);
    if (!secret) return std::unexpected(secret.error());
    auto key = SigningKey::from_bytes(*secret);
    wipe(*secret);
    return key;
}

Result<std::string> read_secret_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(ErrorCode::not_found, path + " cannot be opened");
    struct Close {
        int file;
        ~Close() { ::close(file); }
    } const close{file};
    struct stat status{};
    if (::fstat(file, &status) != 0) return fail(ErrorCode::io, path + " cannot be looked at");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(ErrorCode::invalid,
                    path + " holds a secret and others may read it: chmod 600 " + path);
    }
    std::string text(secret_file_bytes_max + 1, '\0');
    const ssize_t count = ::read(file, text.data(), text.size());
    if (count < 0) return fail(ErrorCode::io, path + " cannot be read");
    if (static_cast<std::size_t>(count) > secret_file_bytes_max) {
        wipe(text);
        return fail(ErrorCode::invalid, path + " is over 64 KiB, which no secret is");
    }
    text.resize(static_cast<std::size_t>(count));
    return text;
}

}  // namespace coffer
