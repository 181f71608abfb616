#include "settle/sweeper.h"

#include <algorithm>
#include <utility>

#include "settle/final_blocks.h"
#include "settle/heard.h"
#include "settle/sweep_figures.h"

namespace coffer {

namespace {

// Transfers at once: each keeps an account busy, and a hot wallet has other things to pay for too.
constexpr std::size_t under_way_max = 8;

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
    const Time now = parts_.clock.wall();
    const bool is_late = std::ranges::any_of(open_, [&](const auto& one) {
        return now - one.second.record->created >= policy_.late_after;
    });
    if (is_late) figures_->ring(SweepAlarm::late);
    figures_->under_way->set(static_cast<std::int64_t>(open_.size()));
    figures_->show_alarms(parts_.log);
    return !open_.empty();
}

// What is under way, and every address that ever got something: at the start, and now and then
// where other processes write, since one of them may be gone and have left something.
Sweeper::Reply Sweeper::read_books() {
    const Outcome transfers = parts_.ledger.perform(ListTransfers{policy_.chain_id});
    if (!transfers.done()) return unheard(transfers);
    const Outcome paid = parts_.ledger.perform(ListDepositors{policy_.chain_id});
    if (!paid.done()) return unheard(paid);
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
        if (!is_right_chain_) {
            figures_->ring(SweepAlarm::no_node);
            return {};
        }
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
    if (!pause.done()) return unheard(pause);
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
    std::optional<std::uint64_t> first;
    if (!held_.contains(address)) {
        const auto found = first_nonce(parts_.chain, beyond_, *parse_chain_address(address));
        if (!found) return std::unexpected(found.error());
        first = *found;
    }
    const Outcome outcome = parts_.ledger.perform(HoldHotWallet{.chain = policy_.chain_id,
                                                                .address = address,
                                                                .holder = parts_.holder,
                                                                .lease = policy_.lease,
                                                                .first_nonce = first,
                                                                .alone = parts_.alone});
    if (outcome.fault != Fault::none) return unheard(outcome);
    if (!outcome.done()) {
        held_.erase(address);
        const bool is_in_use = outcome.decline == Decline::conflict;
        figures_->ring(is_in_use ? SweepAlarm::nonce_taken : SweepAlarm::held);
        return Ptr<HotWallet>();
    }
    held_[address] = outcome.hot_wallet;
    return outcome.hot_wallet;
}

// By the books' word for its number. The key lives as long as the signer.
Result<std::unique_ptr<Signer>> Sweeper::signer_of_address(const std::string& address) {
    const Outcome found = parts_.ledger.perform(ReadDeposits{.addresses = {address}});
    if (!found.done()) return unheard(found);
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
