#include "settle/chain_policy.h"

#include <algorithm>

namespace coffer {

const TokenOnChain* token_of(const std::vector<TokenOnChain>& tokens, const Directory& directory,
                             CurrencyId currency) {
    const Currency* known = directory.currency(currency);
    const Tenant* tenant = known == nullptr ? nullptr : directory.tenant(known->tenant);
    if (tenant == nullptr) return nullptr;
    const auto found = std::ranges::find_if(tokens, [&](const TokenOnChain& token) {
        return token.code == known->code &&
               (token.tenant == tenant->uid || token.tenant == tenant->name);
    });
    return found == tokens.end() ? nullptr : &*found;
}

Uint256 bumped(const Uint256& fee) {
    const Uint256 eighth = divide(fee, 8).first;
    const auto more = add(fee, *add(eighth, Uint256{1}));
    return more.value_or(fee);
}

std::optional<FeeBid> first_bid(const ChainPolicy& policy, const FeeQuote& quote) {
    if (quote.base_fee > policy.max_fee_cap) return std::nullopt;
    const Uint256 tip = std::min(std::max(quote.tip, policy.tip_min), policy.max_fee_cap);
    const auto twice = multiply(quote.base_fee, 2);
    const auto wanted = twice ? add(*twice, tip) : std::nullopt;
    const Uint256 max_fee = wanted ? std::min(*wanted, policy.max_fee_cap) : policy.max_fee_cap;
    return FeeBid{tip, max_fee};
}

std::optional<FeeBid> next_bid(const ChainPolicy& policy, const FeeBid& last,
                               const std::optional<FeeQuote>& quote, bool cancels) {
    FeeBid bid{bumped(last.tip), bumped(last.max_fee)};
    const auto now = quote ? first_bid(policy, *quote) : std::nullopt;
    if (now) bid = {std::max(bid.tip, now->tip), std::max(bid.max_fee, now->max_fee)};
    const auto twice = multiply(policy.max_fee_cap, 2);
    const Uint256 cap = cancels && twice ? *twice : policy.max_fee_cap;
    if (bid.max_fee > cap) return std::nullopt;
    bid.tip = std::min(bid.tip, bid.max_fee);
    return bid;
}

}  // namespace coffer
