// The first step of a transfer: whether an address is worth a sweep, whether it has the gas for
// it, and what is signed.

#include <algorithm>
#include <utility>

#include "settle/heard.h"
#include "settle/sweep_figures.h"
#include "settle/sweeper.h"
#include "settle/transaction.h"

namespace coffer {

namespace {

constexpr std::uint64_t coin_gas = 21'000;

}  // namespace

bool Sweeper::is_busy(const std::string& address) const {
    return std::ranges::any_of(open_, [&](const auto& one) {
        return one.second.record->from == address || one.second.record->to == address;
    });
}

// What was there at the last final block and still is.
Result<Uint256> Sweeper::final_units(const ChainAddress& address, const TokenOnChain& token) {
    if (beyond_ == 0) return Uint256{};
    const auto then = parts_.chain.tokens_at(*token.contract, address, beyond_ - 1);
    if (!then) return then;
    const auto now = parts_.chain.tokens(*token.contract, address);
    if (!now) return now;
    return std::min(*then, *now);
}

Sweeper::Reply Sweeper::begin(const Place& place, const Candidate& candidate, bool& is_done) {
    if (is_busy(place.first)) return {};
    const ChainAddress address = *parse_chain_address(place.first);
    const auto units = final_units(address, *candidate.token);
    if (!units) return std::unexpected(units.error());
    if (*units < candidate.least) {
        is_done = candidate.block < beyond_;  // until more comes
        return {};
    }
    const auto bid = first_bid(policy_, FeeQuote{fees_->base_fee, fees_->tip});
    if (!bid) {
        figures_->ring(SweepAlarm::fee_cap);
        return {};
    }
    const auto cost = multiply(bid->max_fee, candidate.token->gas_limit);
    const auto coins = parts_.chain.coins(address);
    if (!coins) return std::unexpected(coins.error());
    if (!cost) return {};
    if (*coins < *cost) return top_up(place.first, *subtract(*cost, *coins), *bid);
    return sweep(place.first, candidate, *units, *bid);
}

Sweeper::Reply Sweeper::sweep(const std::string& address, const Candidate& candidate,
                              const Uint256& units, const FeeBid& bid) {
    AdvanceTransfer intent;
    intent.from = address;
    intent.purpose = TransferPurpose::sweep;
    intent.receiver = treasury_;
    intent.contract = format_chain_address(*candidate.token->contract);
    intent.units = format_decimal(units);
    ChainTransaction transaction{.chain_id = policy_.chain_id,
                                 .tip = bid.tip,
                                 .max_fee = bid.max_fee,
                                 .gas_limit = candidate.token->gas_limit,
                                 .to = *candidate.token->contract};
    transaction.data = transfer_data(parts_.signers.front()->address(), units);
    const auto signer = signer_of_address(address);
    if (!signer) return std::unexpected(signer.error());
    return sign_first(std::move(intent), std::move(transaction), **signer);
}

Sweeper::Reply Sweeper::top_up(const std::string& address, const Uint256& shortage,
                               const FeeBid& bid) {
    AdvanceTransfer intent;
    intent.from = treasury_;
    intent.purpose = TransferPurpose::top_up;
    intent.receiver = address;
    intent.units = format_decimal(shortage);
    const ChainTransaction transaction{.chain_id = policy_.chain_id,
                                       .tip = bid.tip,
                                       .max_fee = bid.max_fee,
                                       .gas_limit = coin_gas,
                                       .to = *parse_chain_address(address),
                                       .value = shortage};
    const auto gas = multiply(bid.max_fee, coin_gas);
    const auto cost = gas ? add(*gas, shortage) : std::nullopt;
    const auto coins = parts_.chain.coins(parts_.signers.front()->address());
    if (!coins) return std::unexpected(coins.error());
    if (!cost || *coins < *cost) {
        figures_->ring(SweepAlarm::no_gas);
        return {};
    }
    return sign_first(std::move(intent), transaction, *parts_.signers.front());
}

Sweeper::Reply Sweeper::sign_first(AdvanceTransfer intent, ChainTransaction transaction,
                                   Signer& signer) {
    // The hot wallet's nonces are the settler's too: the next one is read again.
    const auto account = intent.from == treasury_ ? hold_anew(treasury_) : hold(intent.from);
    if (!account) return std::unexpected(account.error());
    if (!*account || !knows_all_of(**account)) return {};
    intent.chain = policy_.chain_id;
    intent.epoch = (*account)->epoch;
    intent.nonce = transaction.nonce = (*account)->next_nonce;
    auto raw = signer.sign(transaction);
    if (!raw) return std::unexpected(raw.error());
    intent.attempt.hash = transaction_hash(*raw);
    intent.attempt.raw = std::move(*raw);
    pass("sweep_signed");
    const Name name{intent.from, intent.nonce};
    const Outcome outcome = parts_.ledger.perform(std::move(intent));
    if (!outcome.done()) {
        held_.erase(name.first);  // decided on something old
        return outcome.fault == Fault::none ? Reply{} : unheard(outcome);
    }
    pass("sweep_stored");  // from here on the bytes are found again, whatever happens
    held_[name.first] = outcome.hot_wallet;
    Open& open = open_[name] = {.record = outcome.transfer};
    return send_latest(open, *outcome.hot_wallet);
}

}  // namespace coffer
