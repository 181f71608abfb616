#include "settle/sweeper.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "settle/final_blocks.h"
#include "settle/sweep_figures.h"
#include "settle/transaction.h"

namespace coffer {

namespace {

// Transfers at once: each keeps an account busy, and a hot wallet has other things to pay for too.
constexpr std::size_t under_way_max = 8;
constexpr std::uint64_t coin_gas = 21'000;

template <class T>
Ptr<T> record_at(const Outcome& outcome, std::size_t at) {
    if (at >= outcome.records.size()) return nullptr;
    const auto* found = std::get_if<Ptr<T>>(&outcome.records[at]);
    return found == nullptr ? nullptr : *found;
}

std::unexpected<Error> unheard() {
    return fail(ErrorCode::unavailable, "the ledger does not answer");
}

}  // namespace

Sweeper::Sweeper(ChainPolicy policy, const SweeperParts& parts)
    : policy_(std::move(policy)),
      parts_(parts),
      treasury_(format_chain_address(parts.signers.front()->address())),
      figures_(std::make_unique<SweepFigures>(parts.metrics, policy_.name)) {}

Sweeper::~Sweeper() = default;

void Sweeper::notice(const AddressOwner& owner, CurrencyId currency, std::uint64_t block) {
    const auto directory = parts_.ledger.directory();
    const TokenOnChain* token = token_of(policy_.tokens, *directory, currency);
    const Currency* known = directory->currency(currency);
    if (token == nullptr || !token->contract || !token->sweep_above) return;
    if (left_alone_.contains(owner.address)) return;
    const auto above = parse_amount(*token->sweep_above, known->scale);
    const int decimals =
        known->has_chain() ? known->chain_scale : token->decimals.value_or(known->scale);
    const auto least = above ? to_chain_units(*above, {.ledger = known->scale, .chain = decimals})
                             : Result<Uint256>(std::unexpected(above.error()));
    // One that has more decimals than the currency says nothing that could be meant.
    if (!least || least->is_zero()) {
        is_threshold_wrong_ = true;
        return;
    }
    const Place place{owner.address, currency};
    const auto before = candidates_.find(place);
    const std::uint64_t latest = before == candidates_.end() ? 0 : before->second.block;
    candidates_[place] = {token, *least, std::max(block, latest)};
}

bool Sweeper::look() {
    figures_->clear_alarms();
    if (!left_alone_.empty()) figures_->ring(SweepAlarm::reverted);
    if (is_threshold_wrong_) figures_->ring(SweepAlarm::threshold);
    const bool is_old = !parts_.alone && parts_.clock.monotonic() - read_ >= policy_.lease;
    Reply done = has_read_ && !is_old ? Reply{} : read_books();
    if (done && !(open_.empty() && candidates_.empty())) done = look_at_chain();
    if (!done) {
        figures_->ring(SweepAlarm::no_node);
        if (!std::exchange(is_unreachable_, true)) {
            parts_.log.warning("what came from the chain cannot be swept",
                               {{"chain", policy_.name}, {"why", done.error().detail}});
        }
    } else {
        is_unreachable_ = false;
    }
    figures_->under_way->set(static_cast<std::int64_t>(open_.size()));
    figures_->show_alarms(parts_.log);
    return !open_.empty();
}

// What is under way, and every address that ever got something: at the start, and now and then
// where other processes write, since one of them may be gone and have left something.
Sweeper::Reply Sweeper::read_books() {
    const Outcome transfers = parts_.ledger.perform(ListTransfers{policy_.chain_id});
    if (!transfers.done()) return unheard();
    const Outcome paid = parts_.ledger.perform(ListDepositors{policy_.chain_id});
    if (!paid.done()) return unheard();
    open_.clear();
    for (std::size_t at = 0; at < transfers.records.size(); ++at) {
        const auto transfer = record_at<ChainTransfer>(transfers, at);
        open_[{transfer->from, transfer->nonce}] = {.record = transfer};
    }
    for (std::size_t at = 0; at + 1 < paid.records.size(); at += 2) {
        const auto owner = record_at<AddressOwner>(paid, at);
        const auto watch = record_at<DepositWatch>(paid, at + 1);
        if (owner && watch) notice(*owner, watch->currency, 0);
    }
    has_read_ = true;
    read_ = parts_.clock.monotonic();
    return {};
}

Sweeper::Reply Sweeper::look_at_chain() {
    if (!is_right_chain_) {
        const auto id = parts_.chain.chain_id();
        if (!id) return std::unexpected(id.error());
        is_right_chain_ = *id == policy_.chain_id;
        if (!is_right_chain_) return figures_->ring(SweepAlarm::no_node), Reply{};
    }
    const auto head = parts_.chain.head();
    if (!head) return std::unexpected(head.error());
    head_ = *head;
    const auto beyond = final_before(policy_, parts_.chain, head_);
    if (!beyond) return std::unexpected(beyond.error());
    beyond_ = *beyond;
    const auto fees = parts_.chain.fees();
    if (!fees) return std::unexpected(fees.error());
    fees_ = *fees;
    for (auto open = open_.begin(); open != open_.end();) {
        bool is_over = false;
        TRY(watch(open->second, is_over));
        open = is_over ? open_.erase(open) : std::next(open);
    }
    if (candidates_.empty()) return {};
    const Outcome pause = parts_.ledger.perform(ReadPause{policy_.chain_id});
    if (!pause.done()) return unheard();
    const auto paused = record_at<ChainPause>(pause, 0);
    if (paused && paused->paused) return {};
    for (auto candidate = candidates_.begin();
         candidate != candidates_.end() && open_.size() < under_way_max;) {
        bool is_done = false;
        TRY(begin(candidate->first, candidate->second, is_done));
        candidate = is_done ? candidates_.erase(candidate) : std::next(candidate);
    }
    return {};
}

// ---- what is under way --------------------------------------------------------------------------

Sweeper::Reply Sweeper::watch(Open& open, bool& is_over) {
    const auto account = hold(open.record->from);
    if (!account) return std::unexpected(account.error());
    if (!*account) return {};
    if (open.record->state == WithdrawalState::mined) return watch_mined(open, **account, is_over);
    return watch_sent(open, **account);
}

Sweeper::Reply Sweeper::watch_sent(Open& open, const HotWallet& account) {
    const Ptr<ChainTransfer> transfer = open.record;
    const auto mined = parts_.chain.mined_nonces(*parse_chain_address(transfer->from));
    if (!mined) return std::unexpected(mined.error());
    bool found = false;
    TRY(find_mined(open, account, *mined, found));
    if (found) return {};
    if (transfer->nonce < *mined) return figures_->ring(SweepAlarm::nonce_taken), Reply{};
    const Time now = parts_.clock.monotonic();
    const bool is_new = transfer->state == WithdrawalState::signed_;
    if (is_new || open.sent == 0 || now - open.sent >= policy_.resend_after) {
        bool is_known = false;
        for (const ChainAttempt& attempt : transfer->attempts) {
            const auto known = parts_.chain.knows(attempt.hash);
            if (!known) return std::unexpected(known.error());
            is_known = is_known || *known;
        }
        if (is_known && !is_new) {
            open.sent = now;
        } else {
            TRY(send_latest(open, account));
        }
    }
    const bool is_stuck =
        parts_.clock.wall() - transfer->attempts.back().signed_at >= policy_.stuck_after;
    if (is_stuck && transfer->nonce == *mined && open.record->step == transfer->step) {
        return replace(open, account);
    }
    return {};
}

Sweeper::Reply Sweeper::find_mined(Open& open, const HotWallet& account, std::uint64_t mined,
                                   bool& found) {
    const Ptr<ChainTransfer> transfer = open.record;
    if (transfer->nonce >= mined) return {};
    for (auto attempt = transfer->attempts.rbegin(); attempt != transfer->attempts.rend();
         ++attempt) {
        const auto receipt = parts_.chain.receipt(attempt->hash);
        if (!receipt) return std::unexpected(receipt.error());
        if (!*receipt) continue;
        found = true;
        AdvanceTransfer intent = report(open, account, WithdrawalState::mined);
        intent.mined = attempt->hash;
        intent.block = (*receipt)->block;
        intent.block_hash = (*receipt)->block_hash;
        intent.reverted = (*receipt)->reverted;
        intent.gas_fee = to_amount((*receipt)->fee, {}).value_or(Amount{});
        pass("sweep_found_mined");
        tell(open, std::move(intent));
        return {};
    }
    return {};
}

Sweeper::Reply Sweeper::watch_mined(Open& open, const HotWallet& account, bool& is_over) {
    const Ptr<ChainTransfer> transfer = open.record;
    const auto receipt = parts_.chain.receipt(transfer->mined);
    if (!receipt) return std::unexpected(receipt.error());
    if (!*receipt || (*receipt)->block_hash != transfer->block_hash) {
        const auto mined = parts_.chain.mined_nonces(*parse_chain_address(transfer->from));
        if (!mined) return std::unexpected(mined.error());
        bool found = false;
        TRY(find_mined(open, account, *mined, found));
        if (found) return {};
        pass("sweep_before_step_back");
        if (tell(open, report(open, account, WithdrawalState::broadcast))) open.sent = 0;
        return {};
    }
    const auto canonical = parts_.chain.block_hash(transfer->block);
    if (!canonical) return std::unexpected(canonical.error());
    if (*canonical != transfer->block_hash || transfer->block >= beyond_) return {};
    pass("sweep_before_final");
    if (!tell(open, report(open, account, WithdrawalState::final_))) return {};
    pass("sweep_final");
    is_over = true;
    const bool is_sweep = transfer->purpose == TransferPurpose::sweep;
    if (transfer->reverted) {
        figures_->ring(SweepAlarm::reverted);
        parts_.log.error("a transfer from a player's address did nothing",
                         {{"chain", policy_.name}, {"to", is_sweep ? "hot wallet" : "address"}});
        const std::string& address = is_sweep ? transfer->from : transfer->to;
        left_alone_.insert(address);
        std::erase_if(candidates_, [&](const auto& one) { return one.first.first == address; });
        return {};
    }
    (is_sweep ? figures_->swept : figures_->topped_up)->add();
    parts_.log.info(is_sweep ? "tokens are swept" : "an address has gas",
                    {{"chain", policy_.name}});
    return {};
}

Sweeper::Reply Sweeper::send_latest(Open& open, const HotWallet& account) {
    const Ptr<ChainTransfer> transfer = open.record;
    const ChainAttempt& latest = transfer->attempts.back();
    pass("sweep_before_send");
    const auto refused = parts_.chain.send(latest.raw);
    pass("sweep_sent");
    if (!refused) return std::unexpected(refused.error());
    open.sent = parts_.clock.monotonic();
    if (*refused) {
        const auto known = parts_.chain.knows(latest.hash);
        if (!known) return std::unexpected(known.error());
        if (!*known) {
            parts_.log.warning("a node refuses a transaction",
                               {{"chain", policy_.name}, {"why", **refused}});
            return {};
        }
    }
    if (transfer->state == WithdrawalState::signed_) {
        tell(open, report(open, account, WithdrawalState::broadcast));
    }
    return {};
}

// The same with higher fees, if its account has the coins for them; an address is topped up first.
Sweeper::Reply Sweeper::replace(Open& open, const HotWallet& account) {
    const Ptr<ChainTransfer> transfer = open.record;
    const auto last = read_raw_transaction(transfer->attempts.back().raw);
    if (!last) return {};  // cannot be: it was made here
    ChainTransaction next = last->transaction;
    const auto bid =
        next_bid(policy_, {next.tip, next.max_fee}, FeeQuote{fees_->base_fee, fees_->tip}, false);
    if (!bid) return figures_->ring(SweepAlarm::fee_cap), Reply{};
    next.tip = bid->tip;
    next.max_fee = bid->max_fee;
    const auto gas = multiply(next.max_fee, next.gas_limit);
    const auto cost = gas ? add(*gas, next.value) : std::nullopt;
    const auto coins = parts_.chain.coins(last->sender);
    if (!coins) return std::unexpected(coins.error());
    if (!cost) return {};
    if (*coins < *cost) {
        if (transfer->purpose == TransferPurpose::top_up) {
            return figures_->ring(SweepAlarm::no_gas), Reply{};
        }
        const bool is_coming = std::ranges::any_of(
            open_, [&](const auto& one) { return one.second.record->to == transfer->from; });
        return is_coming ? Reply{} : top_up(transfer->from, *subtract(*cost, *coins), *bid);
    }
    auto raw = sign(transfer->from, next);
    if (!raw) return std::unexpected(raw.error());
    AdvanceTransfer again = report(open, account, WithdrawalState::signed_);
    again.attempt.hash = transaction_hash(*raw);
    again.attempt.raw = std::move(*raw);
    pass("sweep_replacement_signed");
    if (!tell(open, std::move(again))) return {};
    pass("sweep_replacement_stored");
    figures_->replaced->add();
    return send_latest(open, account);
}

// ---- what begins --------------------------------------------------------------------------------

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
    if (!bid) return figures_->ring(SweepAlarm::fee_cap), Reply{};
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
    if (!cost || *coins < *cost) return figures_->ring(SweepAlarm::no_gas), Reply{};
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
        return outcome.fault == Fault::none ? Reply{} : unheard();
    }
    pass("sweep_stored");  // from here on the bytes are found again, whatever happens
    held_[name.first] = outcome.hot_wallet;
    Open& open = open_[name] = {.record = outcome.transfer};
    return send_latest(open, *outcome.hot_wallet);
}

// ---- accounts and reports -----------------------------------------------------------------------

// The lease is renewed when half of it has passed. Null where another process has it.
Result<Ptr<HotWallet>> Sweeper::hold(const std::string& address) {
    const auto known = held_.find(address);
    const bool is_held = known != held_.end() &&
                         parts_.clock.wall() < known->second->leased_until - policy_.lease / 2;
    if (is_held) return known->second;
    return hold_anew(address);
}

// Whoever had the account before may have left something under way that was not in the books when
// they were read: then they are read again first.
bool Sweeper::knows_all_of(const HotWallet& account) {
    const auto known = epochs_.find(account.address);
    const bool is_same = known != epochs_.end() && known->second == account.epoch;
    const bool is_first = account.epoch == 1;
    epochs_[account.address] = account.epoch;
    if (is_same || is_first || parts_.alone) return true;
    has_read_ = false;
    return false;
}

Result<Ptr<HotWallet>> Sweeper::hold_anew(const std::string& address) {
    const auto mined = parts_.chain.mined_nonces(*parse_chain_address(address));
    if (!mined) return std::unexpected(mined.error());
    const Outcome outcome = parts_.ledger.perform(HoldHotWallet{.chain = policy_.chain_id,
                                                                .address = address,
                                                                .holder = parts_.holder,
                                                                .lease = policy_.lease,
                                                                .first_nonce = *mined,
                                                                .alone = parts_.alone});
    if (outcome.fault != Fault::none) return unheard();
    if (!outcome.done()) {
        held_.erase(address);
        figures_->ring(SweepAlarm::held);
        return Ptr<HotWallet>();
    }
    held_[address] = outcome.hot_wallet;
    return outcome.hot_wallet;
}

// By the books' word for its number. The key lives as long as the signer.
Result<std::unique_ptr<Signer>> Sweeper::signer_of_address(const std::string& address) {
    const Outcome found = parts_.ledger.perform(ReadDeposits{.addresses = {address}});
    if (!found.done()) return unheard();
    const auto owner = record_at<AddressOwner>(found, 1);
    if (!owner) return fail(ErrorCode::invalid, "an address that is no player's");
    const auto child = parts_.key.child(owner->index);
    if (!child) return std::unexpected(child.error());
    auto key = SigningKey::from_bytes(child->secret());
    if (!key) return std::unexpected(key.error());
    if (format_chain_address(key->address()) != address) {
        return fail(ErrorCode::invalid, "an address that does not follow from the seed");
    }
    return make_key_signer(std::move(*key));
}

Result<std::string> Sweeper::sign(const std::string& from, const ChainTransaction& transaction) {
    if (from == treasury_) return parts_.signers.front()->sign(transaction);
    const auto signer = signer_of_address(from);
    if (!signer) return std::unexpected(signer.error());
    return (*signer)->sign(transaction);
}

AdvanceTransfer Sweeper::report(const Open& open, const HotWallet& account,
                                WithdrawalState to) const {
    AdvanceTransfer intent;
    intent.chain = policy_.chain_id;
    intent.from = open.record->from;
    intent.nonce = open.record->nonce;
    intent.step = open.record->step;
    intent.epoch = account.epoch;
    intent.to = to;
    return intent;
}

// True when the ledger has made it last; else all of it is read again before the next step.
bool Sweeper::tell(Open& open, AdvanceTransfer intent) {
    const std::string account = intent.from;
    const Outcome outcome = parts_.ledger.perform(std::move(intent));
    if (outcome.done()) {
        open.record = outcome.transfer;
        return true;
    }
    held_.erase(account);
    has_read_ = false;
    return false;
}

}  // namespace coffer
