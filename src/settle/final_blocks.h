#pragma once
// Which blocks of a chain are final by its policy.

#include "base/result.h"
#include "settle/chain.h"
#include "settle/chain_policy.h"

namespace coffer {

// The first block that is not: `confirmations` blocks from it on are there for all before it, and,
// where that is asked for and the node has one, the `finalized` block has reached them.
Result<std::uint64_t> final_before(const ChainPolicy& policy, Chain& chain, const ChainHead& head);

}  // namespace coffer
