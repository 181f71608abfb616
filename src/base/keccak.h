#pragma once
// Keccak-256 as chains of the Ethereum family use it: the padding of the original submission, not
// that of SHA3-256, so that OpenSSL 3.0 does not have it and Crypto++ does. For addresses, names of
// events and what is signed. The known digests hold it to that, and so does every test with a node,
// whose hashes and addresses are the same or nothing is found.

#include <string_view>

#include "base/digest.h"

namespace coffer {

Digest keccak256(std::string_view bytes);

}  // namespace coffer
