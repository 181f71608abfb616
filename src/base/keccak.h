#pragma once
// Keccak-256 as chains of the Ethereum family use it: the padding of the original submission, not
// that of SHA3-256, so that OpenSSL 3.0 does not have it. Here for checksums of addresses only; it
// is not fast and need not be.

#include <string_view>

#include "base/digest.h"

namespace coffer {

Digest keccak256(std::string_view bytes);

}  // namespace coffer
