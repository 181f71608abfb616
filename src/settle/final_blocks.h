#pragma once
// Which blocks of a chain are final by its policy, and what follows from that for a nonce.

#include <cstdint>
#include <span>

#include "base/chain_address.h"
#include "base/result.h"
#include "settle/chain.h"
#include "settle/chain_policy.h"
#include "store/record.h"

namespace coffer {

// The first block that is not: `confirmations` blocks from it on are there for all before it, and,
// where that is asked for and the node has one, the `finalized` block has reached them.
Result<std::uint64_t> final_before(const ChainPolicy& policy, Chain& chain, const ChainHead& head);

// The first nonce of an account that the books do not know: how many it has used. Nothing while
// some of those are in blocks that are not final (`beyond` is the first of them): taken back, they
// would leave a gap below all that is signed here.
Result<std::optional<std::uint64_t>> first_nonce(Chain& chain, std::uint64_t beyond,
                                                 const ChainAddress& account);

// All that was signed with a nonce.
struct SignedNonce {
    ChainAddress account;
    std::uint64_t nonce = 0;
    std::span<const ChainAttempt> attempts;
};
// Whether nothing of it can ever be mined: the nonce was used up before block `beyond`, which is
// the first that is not final, and the chain knows none of it.
Result<bool> is_lost(Chain& chain, std::uint64_t beyond, const SignedNonce& used);

}  // namespace coffer
