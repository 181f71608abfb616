#pragma once
// A private key, or a seed of keys, in a file: Web3 Secret Storage, version 3 (scrypt, AES-128-CTR,
// Keccak-256 as MAC), the form that every wallet of the field reads and writes.
//
// A file that others on the machine may read is refused, whatever is in it.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "settle/signing_key.h"

namespace coffer {

// The costs of scrypt; the defaults are those of geth and take about 256 MB and a second.
struct ScryptCost {
    std::uint64_t n = 262'144;
    std::uint32_t r = 8, p = 1;
};

// The JSON text.
std::string write_keystore(const SigningKey& key, std::string_view password, ScryptCost cost);
// Errors: invalid, for a text that is no such keystore, one of another cipher or derivation, or the
// wrong password (which cannot be told from a damaged text).
Result<SigningKey> read_keystore(std::string_view json, std::string_view password);
// The same for a secret that is no key but a seed: 16 to 64 bytes, for the caller to wipe.
Result<std::string> read_keystore_secret(std::string_view json, std::string_view password);

// A small secret from a file (a keystore, a password). Errors: not_found; invalid, where anybody
// but its owner has rights to it, or it is over 64 KiB; io.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace coffer
