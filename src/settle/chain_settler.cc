#include "settle/chain_settler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "settle/final_blocks.h"
#include "settle/settle_figures.h"
#include "settle/transaction.h"

namespace coffer {

namespace {

bool is_over(WithdrawalState state) {
    return state == WithdrawalState::completed || state == WithdrawalState::released;
}

// What was signed with the nonce that it has now, from the first on: after a retry there are older.
std::span<const ChainAttempt> of_this_nonce(const Settlement& settlement) {
    const auto first = std::ranges::find_if(settlement.attempts, [&](const ChainAttempt& one) {
        const auto read = read_raw_transaction(one.raw);
        return read && read->transaction.nonce == settlement.nonce;
    });
    CHECK(first != settlement.attempts.end());
    return {first, settlement.attempts.end()};
}

}  // namespace

ChainSettler::ChainSettler(ChainPolicy policy, const ChainSettlerParts& parts)
    : policy_(std::move(policy)),
      parts_(parts),
      figures_(std::make_unique<SettleFigures>(parts.metrics, policy_.name)) {
    for (const auto& signer : parts_.signers) {
        Hot hot;
        hot.signer = signer.get();
        hot.address = format_chain_address(signer->address());
        hots_.push_back(std::move(hot));
    }
    CHECK(!hots_.empty());
}

ChainSettler::~ChainSettler() = default;

const TokenOnChain* ChainSettler::token_of(const Withdrawal& withdrawal) const {
    return coffer::token_of(policy_.tokens, *parts_.ledger.directory(), withdrawal.currency);
}

bool ChainSettler::is_ours(const Open& open) const {
    if (open.settlement) return open.settlement->chain == policy_.chain_id;
    return token_of(*open.withdrawal) != nullptr;
}

void ChainSettler::learn(const Outcome& listed) {
    for (std::size_t at = 0; at + 1 < listed.records.size(); at += 2) {
        Open open;
        open.withdrawal = std::get<Ptr<Withdrawal>>(listed.records[at]);
        if (const auto* one = std::get_if<Ptr<Settlement>>(&listed.records[at + 1])) {
            open.settlement = *one;
        }
        const Sequence name = open.withdrawal->requested_by;
        const auto known = open_.find(name);
        if (is_over(open.withdrawal->state)) {
            if (known != open_.end()) open_.erase(known);
            continue;
        }
        if (known == open_.end()) {
            if (is_ours(open)) open_.emplace(name, std::move(open));
            continue;
        }
        known->second.withdrawal = std::move(open.withdrawal);
        known->second.settlement = std::move(open.settlement);
        known->second.is_stale = false;
    }
}

// What was not accepted was decided on something old.
void ChainSettler::refresh() {
    ListWithdrawals stale;
    for (const auto& [name, open] : open_) {
        if (open.is_stale) stale.only.push_back(name);
    }
    if (!stale.only.empty()) learn(parts_.ledger.perform(stale));
}

bool ChainSettler::look() {
    refresh();
    std::erase_if(open_, [](const auto& one) { return is_over(one.second.withdrawal->state); });
    figures_->clear_alarms();
    if (!open_.empty()) {
        if (const Reply done = settle(); !done) {
            figures_->ring(SettleAlarm::no_node);
            // Why, once; the alarm says that it goes on.
            if (!std::exchange(is_unreachable_, true)) {
                parts_.log.warning("the chain cannot be asked",
                                   {{"chain", policy_.name}, {"why", done.error().detail}});
            }
        } else {
            is_unreachable_ = false;
        }
    }
    std::erase_if(open_, [](const auto& one) { return is_over(one.second.withdrawal->state); });
    show();
    return !open_.empty();
}

ChainSettler::Reply ChainSettler::settle() {
    if (!is_right_chain_) {
        const auto id = parts_.chain.chain_id();
        if (!id) return std::unexpected(id.error());
        is_right_chain_ = *id == policy_.chain_id;
        if (!is_right_chain_) {
            figures_->ring(SettleAlarm::wrong_chain);
            return {};
        }
    }
    const auto head = parts_.chain.head();
    if (!head) return std::unexpected(head.error());
    head_ = *head;
    finalized_.reset();
    if (policy_.wait_for_finalized) {
        const auto finalized = parts_.chain.finalized();
        if (!finalized) return std::unexpected(finalized.error());
        finalized_ = *finalized;
    }
    const auto fees = parts_.chain.fees();
    if (!fees) return std::unexpected(fees.error());
    fees_ = *fees;
    for (Hot& hot : hots_) {
        hot.under_way.clear();
        hot.is_short = hot.is_out_of_tokens = false;
        for (auto& [name, open] : open_) {
            if (open.settlement && open.settlement->hot_wallet == hot.address) {
                hot.under_way.push_back(&open);
            }
        }
        std::ranges::sort(hot.under_way, {},
                          [](const Open* open) { return open->settlement->nonce; });
        const auto mined = parts_.chain.mined_nonces(hot.signer->address());
        if (!mined) return std::unexpected(mined.error());
        hot.mined = *mined;
        const auto held = hold(hot);
        if (!held) return std::unexpected(held.error());
        if (!*held) continue;
        TRY(watch(hot));
    }
    return assign();
}

// The lease is taken when there is work and renewed when half of it has passed.
Result<bool> ChainSettler::hold(Hot& hot) {
    const Time now = parts_.clock.wall();
    if (hot.record && now < hot.record->leased_until - policy_.lease / 2) return true;
    std::optional<std::uint64_t> first;
    if (!hot.record) {
        const auto beyond = final_before(policy_, parts_.chain, head_);
        if (!beyond) return std::unexpected(beyond.error());
        const auto found = first_nonce(parts_.chain, *beyond, hot.signer->address());
        if (!found) return std::unexpected(found.error());
        first = *found;
    }
    const Outcome outcome = parts_.ledger.perform(HoldHotWallet{.chain = policy_.chain_id,
                                                                .address = hot.address,
                                                                .holder = parts_.holder,
                                                                .lease = policy_.lease,
                                                                .first_nonce = first,
                                                                .alone = parts_.alone});
    hot.record = outcome.done() ? outcome.hot_wallet : nullptr;
    if (!hot.record) {
        const bool is_in_use = outcome.decline == Decline::conflict;
        figures_->ring(is_in_use ? SettleAlarm::nonce_taken : SettleAlarm::held);
    }
    pass("held");
    return hot.record != nullptr;
}

ChainSettler::Reply ChainSettler::watch(Hot& hot) {
    for (Open* open : hot.under_way) {
        if (!hot.record) return {};  // lost to another holder meanwhile
        if (open->is_stale) continue;
        switch (open->withdrawal->state) {
            case WithdrawalState::signed_:
            case WithdrawalState::broadcast: TRY(watch_sent(hot, *open)); break;
            case WithdrawalState::mined: TRY(watch_mined(hot, *open)); break;
            case WithdrawalState::final_: TRY(end(hot, *open)); break;
            case WithdrawalState::approval:
            case WithdrawalState::queued:
            case WithdrawalState::completed:
            case WithdrawalState::released: break;
        }
    }
    return {};
}

// By nonce, so that where several are missing the lowest is sent again first.
ChainSettler::Reply ChainSettler::watch_sent(Hot& hot, Open& open) {
    bool found = false;
    TRY(find_mined(hot, open, found));
    if (found || open.is_stale) return {};
    // Shared, because a report puts another in its place.
    const Ptr<Settlement> settlement = open.settlement;
    if (settlement->nonce < hot.mined) {
        // Mined as something that was never signed here, or a node that does not know yet what it
        // counts. Money may have left by a way that only a person can look into.
        figures_->ring(SettleAlarm::nonce_taken);
        return retry(hot, open);
    }
    const Time now = parts_.clock.monotonic();
    if (open.withdrawal->state == WithdrawalState::signed_) {
        TRY(send_latest(hot, open));
    } else if (open.sent == 0 || now - open.sent >= policy_.resend_after) {
        bool is_known = false;
        for (const ChainAttempt& attempt : settlement->attempts) {
            const auto known = parts_.chain.knows(attempt.hash);
            if (!known) return std::unexpected(known.error());
            is_known = is_known || *known;
        }
        if (is_known) {
            open.sent = now;
        } else {
            TRY(send_latest(hot, open));
        }
    }
    if (open.is_stale || settlement->nonce != hot.mined) return {};
    const Time wall = parts_.clock.wall();
    if (wall - settlement->attempts.back().signed_at < policy_.stuck_after) return {};
    const auto signed_for_it = of_this_nonce(*settlement);
    const bool gives_up = std::ranges::any_of(signed_for_it, &ChainAttempt::cancels) ||
                          (policy_.give_up_after != 0 &&
                           wall - signed_for_it.front().signed_at >= policy_.give_up_after);
    return replace(hot, open, gives_up);
}

ChainSettler::Reply ChainSettler::find_mined(Hot& hot, Open& open, bool& found) {
    if (open.settlement->nonce >= hot.mined) return {};
    const Ptr<Settlement> settlement = open.settlement;
    const auto& attempts = settlement->attempts;
    for (auto attempt = attempts.rbegin(); attempt != attempts.rend(); ++attempt) {
        const auto receipt = parts_.chain.receipt(attempt->hash);
        if (!receipt) return std::unexpected(receipt.error());
        if (!*receipt) continue;
        found = true;
        AdvanceWithdrawal mined = report(hot, open, WithdrawalState::mined);
        mined.mined = attempt->hash;
        mined.block = (*receipt)->block;
        mined.block_hash = (*receipt)->block_hash;
        mined.reverted = (*receipt)->reverted;
        mined.gas_fee = to_amount((*receipt)->fee, {}).value_or(Amount{});
        pass("found_mined");
        tell(&hot, open, std::move(mined));
        pass("told_mined");
        return {};
    }
    return {};
}

// The same bytes as often as it takes: they have one hash and one nonce.
ChainSettler::Reply ChainSettler::send_latest(Hot& hot, Open& open) {
    const Ptr<Settlement> settlement = open.settlement;
    const ChainAttempt& latest = settlement->attempts.back();
    pass("before_send");
    const auto refused = parts_.chain.send(latest.raw);
    pass("sent");
    if (!refused) return std::unexpected(refused.error());
    figures_->sent->add();
    open.sent = parts_.clock.monotonic();
    if (*refused) {
        const auto known = parts_.chain.knows(latest.hash);
        if (!known) return std::unexpected(known.error());
        if (!*known) {
            figures_->refused->add();
            parts_.log.warning("a node refuses a transaction",
                               {{"chain", policy_.name}, {"why", **refused}});
            return {};
        }
    }
    if (open.withdrawal->state == WithdrawalState::signed_) {
        tell(&hot, open, report(hot, open, WithdrawalState::broadcast));
        pass("told_sent");
    }
    return {};
}

ChainSettler::Reply ChainSettler::replace(Hot& hot, Open& open, bool cancels) {
    const auto last = read_raw_transaction(open.settlement->attempts.back().raw);
    if (!last) return {};  // cannot be: it was made here
    ChainTransaction next = last->transaction;
    const auto bid = next_bid(policy_, {next.tip, next.max_fee},
                              fees_ ? std::optional(quote(*fees_)) : std::nullopt, cancels);
    if (!bid) {
        figures_->ring(SettleAlarm::fee_cap);
        return {};
    }
    next.tip = bid->tip;
    next.max_fee = bid->max_fee;
    if (cancels) {
        next.to = hot.signer->address();
        next.value = Uint256{};
        next.data.clear();
        next.gas_limit = 21'000;
    }
    auto raw = hot.signer->sign(next);
    if (!raw) return std::unexpected(raw.error());
    AdvanceWithdrawal again = report(hot, open, WithdrawalState::signed_);
    again.attempt = attempt_of(std::move(*raw), cancels);
    pass("replacement_signed");
    if (!tell(&hot, open, std::move(again))) return {};
    pass("replacement_stored");
    figures_->replaced->add();
    return send_latest(hot, open);
}

ChainSettler::Reply ChainSettler::watch_mined(Hot& hot, Open& open) {
    const Ptr<Settlement> settlement = open.settlement;
    const auto receipt = parts_.chain.receipt(settlement->mined);
    if (!receipt) return std::unexpected(receipt.error());
    if (!*receipt || (*receipt)->block_hash != settlement->block_hash) {
        // A reorganisation, or a node that has not come so far.
        bool found = false;
        TRY(find_mined(hot, open, found));
        if (found || open.is_stale) return {};
        pass("before_step_back");
        if (tell(&hot, open, report(hot, open, WithdrawalState::broadcast))) {
            figures_->stepped_back->add();
            open.sent = 0;
        }
        pass("stepped_back");
        return {};
    }
    const auto canonical = parts_.chain.block_hash(settlement->block);
    if (!canonical) return std::unexpected(canonical.error());
    if (*canonical != settlement->block_hash || head_.number < settlement->block ||
        head_.number - settlement->block + 1 < policy_.confirmations ||
        (finalized_ && *finalized_ < settlement->block)) {
        return {};
    }
    pass("before_final");
    if (!tell(&hot, open, report(hot, open, WithdrawalState::final_))) return {};
    pass("told_final");
    return end(hot, open);
}

ChainSettler::Reply ChainSettler::end(Hot& hot, Open& open) {
    const Ptr<Settlement> settlement = open.settlement;
    const auto mined =
        std::ranges::find(settlement->attempts, settlement->mined, &ChainAttempt::hash);
    CHECK(mined != settlement->attempts.end());
    const bool paid = !mined->cancels && !settlement->reverted;
    AdvanceWithdrawal last =
        report(hot, open, paid ? WithdrawalState::completed : WithdrawalState::released);
    if (!paid) {
        last.reason = mined->cancels ? "given up: it was not mined in time"
                                     : "the transaction was reverted on the chain";
    }
    pass("before_end");
    if (tell(&hot, open, std::move(last))) {
        (paid ? figures_->completed : figures_->released)->add();
        parts_.log.info("a withdrawal has ended",
                        {{"chain", policy_.name}, {"how", paid ? "completed" : "released"}});
    }
    pass("ended");
    return {};
}

ChainAttempt ChainSettler::attempt_of(std::string raw, bool cancels) {
    ChainAttempt attempt;
    attempt.hash = transaction_hash(raw);
    attempt.raw = std::move(raw);
    attempt.cancels = cancels;
    return attempt;
}

AdvanceWithdrawal ChainSettler::report(const Hot& hot, const Open& open, WithdrawalState to) const {
    AdvanceWithdrawal intent;
    intent.withdrawal = open.withdrawal;
    intent.step = open.settlement ? open.settlement->step : 0;
    intent.to = to;
    intent.chain = policy_.chain_id;
    intent.hot_wallet = hot.address;
    intent.epoch = hot.record ? hot.record->epoch : 0;
    return intent;
}

// True when the ledger has made it last. After anything else nobody knows, and what is so is read
// again before the next step; nothing follows from a report that was not accepted.
bool ChainSettler::tell(Hot* hot, Open& open, AdvanceWithdrawal intent) {
    const Outcome outcome = parts_.ledger.perform(std::move(intent));
    if (outcome.done()) {
        open.withdrawal = outcome.withdrawal;
        if (outcome.settlement) open.settlement = outcome.settlement;
        if (hot != nullptr && outcome.hot_wallet) hot->record = outcome.hot_wallet;
        return true;
    }
    open.is_stale = true;
    if (hot != nullptr) hot->record = nullptr;
    return false;
}

// Counted from when it was queued, or signed for the first time: what is replaced again and again
// makes no way. One that waits for approval waits for a person already.
bool ChainSettler::is_late(const Open& open, Time now) const {
    if (open.withdrawal->state == WithdrawalState::approval) return false;
    const Time since =
        open.settlement ? open.settlement->attempts.front().signed_at : open.withdrawal->modified;
    return now - since >= policy_.late_after;
}

void ChainSettler::show() const {
    const Time now = parts_.clock.wall();
    std::array<std::int64_t, SettleFigures::open_states> counts{};
    Time oldest = now;
    for (const auto& [name, open] : open_) {
        counts[static_cast<std::size_t>(open.withdrawal->state) - 1] += 1;
        oldest = std::min(oldest, open.withdrawal->created);
        if (is_late(open, now)) figures_->ring(SettleAlarm::late);
    }
    figures_->show(counts, (now - oldest) / second_us);
    figures_->show_alarms(parts_.log);
}

}  // namespace coffer
