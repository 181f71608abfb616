#include "base/keccak.h"

#include <cryptopp/keccak.h>

namespace coffer {

Digest keccak256(std::string_view bytes) {
    static_assert(CryptoPP::Keccak_256::DIGESTSIZE == Digest{}.size());
    CryptoPP::Keccak_256 hash;
    Digest digest;
    hash.Update(reinterpret_cast<const CryptoPP::byte*>(bytes.data()), bytes.size());
    hash.Final(digest.data());
    return digest;
}

}  // namespace coffer
