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

namespace {

// How many nonces were used up for good.
Result<std::uint64_t> final_nonces(Chain& chain, std::uint64_t beyond,
                                   const ChainAddress& account) {
    if (beyond == 0) return 0;
    return chain.mined_nonces_at(account, beyond - 1);
}

Result<bool> is_used_up(Chain& chain, std::uint64_t beyond, const SignedNonce& used) {
    const auto count = final_nonces(chain, beyond, used.account);
    if (!count) return std::unexpected(count.error());
    return *count > used.nonce;
}

}  // namespace

Result<std::optional<std::uint64_t>> first_nonce(Chain& chain, std::uint64_t beyond,
                                                 const ChainAddress& account) {
    const auto used = chain.mined_nonces(account);
    if (!used) return std::unexpected(used.error());
    const auto before = final_nonces(chain, beyond, account);
    if (!before) return std::unexpected(before.error());
    return *used == *before ? std::optional(*used) : std::nullopt;
}

// The count is asked for on both sides of the other questions: a node that has not come so far
// knows nothing of them, and does not know that block either.
Result<bool> is_lost(Chain& chain, std::uint64_t beyond, const SignedNonce& used) {
    const auto before = is_used_up(chain, beyond, used);
    if (!before || !*before) return before;
    for (const ChainAttempt& attempt : used.attempts) {
        const auto receipt = chain.receipt(attempt.hash);
        if (!receipt) return std::unexpected(receipt.error());
        const auto known = chain.knows(attempt.hash);
        if (!known) return std::unexpected(known.error());
        if (*receipt || *known) return false;
    }
    return is_used_up(chain, beyond, used);
}

}  // namespace coffer
