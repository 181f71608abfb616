#pragma once
// The master key: 32 random bytes that seal the signing keys at rest and hide sequence numbers in
// public ids. In a file it is 64 hexadecimal digits, readable by its owner alone.

#include <string>

#include "base/digest.h"

namespace coffer {

// Makes a new key in a new file of mode 0600. Errors: invalid (there is one already: it is never
// overwritten, because what it sealed would be lost), io.
Result<MasterKey> make_master_key(const std::string& path);

// Copies a key file that is one, to a new file of mode 0600.
Result<void> copy_master_key(const std::string& from, const std::string& to);

// True when the environment brings the key, so that no file of ours is looked at.
bool master_key_in_environment();

// The key from the environment if COFFER_MASTER_KEY (hex) or COFFER_MASTER_KEY_FILE is set, else
// from `path`. Errors: not_found, invalid (not 64 hex digits; or others than the owner may read the
// file).
Result<MasterKey> read_master_key(const std::string& path);

}  // namespace coffer
