#include "settle/final_blocks.h"

#include <algorithm>

namespace coffer {

Result<std::uint64_t> final_before(const ChainPolicy& policy, Chain& chain, const ChainHead& head) {
    const std::uint64_t blocks = head.number + 1;
    std::uint64_t before = blocks - std::min(policy.confirmations - 1, blocks);
    if (!policy.wait_for_finalized) return before;
    const auto finalized = chain.finalized();
    if (!finalized) return std::unexpected(finalized.error());
    if (*finalized) before = std::min(before, **finalized + 1);
    return before;
}

}  // namespace coffer
