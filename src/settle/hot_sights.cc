#include "settle/hot_sights.h"

#include <algorithm>

namespace coffer {

namespace {

constexpr Duration look_every = 10 * second_us;

}  // namespace

HotSights::HotSights(const ChainPolicy& policy, const HotSightsParts& parts)
    : chain_id_(policy.chain_id), parts_(parts) {
    for (const TokenOnChain& token : policy.tokens) {
        const bool is_new =
            token.contract && std::ranges::find(contracts_, *token.contract) == contracts_.end();
        if (is_new) contracts_.push_back(*token.contract);
    }
}

void HotSights::look() {
    const Time now = parts_.clock.monotonic();
    if (looked_ != 0 && now - looked_ < look_every) return;
    looked_ = now;
    const auto id = parts_.chain.chain_id();
    if (!id || *id != chain_id_) return;
    for (const auto& signer : parts_.signers) {
        if (!look_at(*signer, parts_.clock.wall())) return;
    }
}

bool HotSights::look_at(const Signer& signer, Time now) {
    const auto coins = parts_.chain.coins(signer.address());
    if (!coins) return false;
    HotWalletSight sight{.chain = chain_id_,
                         .address = format_chain_address(signer.address()),
                         .seen = now,
                         .coins = format_decimal(*coins)};
    for (const ChainAddress& contract : contracts_) {
        const auto units = parts_.chain.tokens(contract, signer.address());
        if (!units) return false;
        sight.tokens.push_back({format_chain_address(contract), format_decimal(*units)});
    }
    parts_.ledger.show(std::move(sight));
    return true;
}

}  // namespace coffer
