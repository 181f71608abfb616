// The way of a withdrawal to its chain, step by step, as the settler reports it. The records
// decide: a step that does not follow from them is refused, whoever asks, so that two settlers, one
// that was cut off, or one that asks twice cannot make a withdrawal end twice or a nonce serve two.

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/chain_steps.h"
#include "ledger/decide.h"
#include "ledger/enroll.h"
#include "ledger/posting.h"

namespace coffer {

namespace {

// In the order in which wants_of() names them.
struct Side {
    Ptr<Withdrawal> withdrawal;
    Ptr<Settlement> settlement;
    Ptr<Wallet> wallet;
    Ptr<HotWallet> hot_wallet;
    Ptr<WithdrawalRetry> retry;
};

template <class T>
void put(Decision& decision, Ptr<T>& shown, T value) {
    shown = std::make_shared<const T>(std::move(value));
    decision.puts.emplace_back(shown);
}

bool is_held_by(const Side& side, const AdvanceWithdrawal& intent) {
    return side.hot_wallet && side.hot_wallet->epoch == intent.epoch &&
           side.hot_wallet->address == intent.hot_wallet && side.hot_wallet->chain == intent.chain;
}

// The first transaction of a withdrawal: here it takes its nonce, and no other ever gets that.
Decision sign_first(const View& view, const AdvanceWithdrawal& intent, const Side& side) {
    if (side.withdrawal->state != WithdrawalState::queued || intent.attempt.cancels ||
        !is_sound(intent.attempt)) {
        return no(Decline::invalid);
    }
    if (!is_held_by(side, intent) || side.hot_wallet->next_nonce != intent.nonce) {
        return no(Decline::conflict);
    }
    Decision decision;
    Outcome& outcome = decision.outcome;
    HotWallet hot_wallet = *side.hot_wallet;
    hot_wallet.next_nonce += 1;
    Settlement settlement;
    settlement.withdrawal = side.withdrawal->requested_by;
    settlement.tenant = side.withdrawal->tenant;
    settlement.chain = intent.chain;
    settlement.hot_wallet = intent.hot_wallet;
    settlement.nonce = intent.nonce;
    settlement.step = 1;
    settlement.attempts = {intent.attempt};
    settlement.attempts.front().signed_at = view.now;
    Withdrawal withdrawal = *side.withdrawal;
    withdrawal.state = WithdrawalState::signed_;
    withdrawal.modified = view.now;
    put(decision, outcome.withdrawal, std::move(withdrawal));
    put(decision, outcome.settlement, std::move(settlement));
    put(decision, outcome.hot_wallet, std::move(hot_wallet));
    return decision;
}

// The first transaction after somebody else used its nonce for good: by a person's word, which is
// good for this step alone. What was signed before stays linked to it.
Decision sign_anew(const View& view, const AdvanceWithdrawal& intent, const Side& side) {
    const WithdrawalState from = side.withdrawal->state;
    const bool is_out = from == WithdrawalState::signed_ || from == WithdrawalState::broadcast;
    if (!is_out || intent.attempt.cancels || !is_sound(intent.attempt) ||
        attempt_of(*side.settlement, intent.attempt.hash) || !side.retry ||
        side.retry->step != side.settlement->step) {
        return no(Decline::invalid);
    }
    if (side.hot_wallet->next_nonce != intent.nonce) return no(Decline::conflict);
    HotWallet hot_wallet = *side.hot_wallet;
    hot_wallet.next_nonce += 1;
    Settlement settlement = *side.settlement;
    settlement.nonce = intent.nonce;
    settlement.step += 1;
    settlement.attempts.push_back(intent.attempt);
    settlement.attempts.back().signed_at = view.now;
    Withdrawal withdrawal = *side.withdrawal;
    withdrawal.state = WithdrawalState::signed_;
    withdrawal.modified = view.now;
    Decision decision;
    put(decision, decision.outcome.withdrawal, std::move(withdrawal));
    put(decision, decision.outcome.settlement, std::move(settlement));
    put(decision, decision.outcome.hot_wallet, std::move(hot_wallet));
    return decision;
}

// A person's word for that.
Decision allow_retry(const View& view, const Side& side) {
    if (!side.withdrawal) return no(Decline::not_found);
    const WithdrawalState state = side.withdrawal->state;
    const bool is_out = state == WithdrawalState::signed_ || state == WithdrawalState::broadcast;
    if (!is_out || !side.settlement) return no(Decline::not_permitted);
    Decision decision;
    Ptr<WithdrawalRetry> retry;
    put(decision, retry,
        WithdrawalRetry{side.withdrawal->requested_by, side.settlement->step, view.now});
    decision.outcome.withdrawal = side.withdrawal;
    decision.outcome.settlement = side.settlement;
    return decision;
}

// What a step makes of the chain's side, or why it does not follow.
Decline advance(const View& view, const AdvanceWithdrawal& intent, const Withdrawal& before,
                Settlement& settlement) {
    const WithdrawalState from = before.state;
    switch (intent.to) {
        case WithdrawalState::signed_:
        case WithdrawalState::broadcast:
        case WithdrawalState::mined:
        case WithdrawalState::final_: return step_on_chain(from, intent, view.now, settlement);
        case WithdrawalState::completed:
        case WithdrawalState::released: {
            if (from != WithdrawalState::final_) return Decline::invalid;
            const ChainAttempt* last = attempt_of(settlement, settlement.mined);
            const bool paid = last != nullptr && !last->cancels && !settlement.reverted;
            return paid == (intent.to == WithdrawalState::completed) ? Decline::none
                                                                     : Decline::invalid;
        }
        case WithdrawalState::approval:
        case WithdrawalState::queued: return Decline::invalid;
    }
    return Decline::invalid;
}

// The end of a withdrawal: what was held for it goes to the chain, or back to `earned`.
void end(const View& view, const AdvanceWithdrawal& intent, const Side& side, Decision& decision) {
    const Withdrawal& withdrawal = *side.withdrawal;
    CHECK(side.wallet != nullptr && side.wallet->withdrawals_in_flight > 0);
    const bool settles = intent.to == WithdrawalState::completed;
    Posting posting(*side.wallet, view.next, view.now);
    posting.transfer(AccountCode::held, settles ? AccountCode::chain : AccountCode::earned,
                     withdrawal.amount);
    Wallet& wallet = posting.wallet();
    wallet.withdrawals_in_flight -= 1;
    wallet.transaction_error = !settles;
    if (settles) {
        // What was won here and never came from the chain leaves no debt there.
        wallet.on_chain.units =
            std::max<Int128>(0, wallet.on_chain.units - withdrawal.amount.units);
    }
    auto transaction = std::make_shared<Transaction>();
    transaction->sequence = view.next;
    transaction->time = view.now;
    transaction->tenant = withdrawal.tenant;
    transaction->integration = withdrawal.integration;
    transaction->player = withdrawal.player;
    transaction->currency = withdrawal.currency;
    transaction->kind =
        settles ? TransactionKind::withdraw_settle : TransactionKind::withdraw_release;
    transaction->amount = withdrawal.amount;
    transaction->reason = intent.reason;
    decision.transaction = std::move(transaction);
    finish(decision, posting);
}

// By an operator's word, or because it cannot be paid at all: nothing was signed for it.
Decision advance_unsigned(const View& view, const AdvanceWithdrawal& intent, const Side& side) {
    const WithdrawalState from = side.withdrawal->state;
    const bool waits = from == WithdrawalState::approval || from == WithdrawalState::queued;
    const bool approves = intent.to == WithdrawalState::queued;
    if (approves ? from != WithdrawalState::approval
                 : !waits || intent.to != WithdrawalState::released) {
        return no(Decline::invalid);
    }
    Decision decision;
    Withdrawal withdrawal = *side.withdrawal;
    withdrawal.state = intent.to;
    withdrawal.modified = view.now;
    put(decision, decision.outcome.withdrawal, std::move(withdrawal));
    if (!approves) end(view, intent, side, decision);
    return decision;
}

}  // namespace

std::vector<RecordKey> wants_of(const AdvanceWithdrawal& intent, const KeyMaker& keys) {
    if (!intent.withdrawal) return {};
    const Withdrawal& withdrawal = *intent.withdrawal;
    std::vector<RecordKey> names{
        keys.withdrawal(withdrawal.requested_by), keys.settlement(withdrawal.requested_by),
        keys.wallet(withdrawal.tenant, withdrawal.player, withdrawal.currency)};
    if (!intent.hot_wallet.empty()) {
        names.push_back(keys.hot_wallet(intent.chain, intent.hot_wallet));
        names.push_back(keys.withdrawal_retry(withdrawal.requested_by));
    }
    return names;
}

AdvanceWithdrawal step_of(const JudgeWithdrawal& intent) {
    AdvanceWithdrawal step;
    step.withdrawal = intent.withdrawal;
    step.to =
        intent.verdict == Verdict::approve ? WithdrawalState::queued : WithdrawalState::released;
    step.reason = intent.reason;
    return step;
}

Decision enroll(const View& view, const JudgeWithdrawal& intent, Extra extra) {
    if (intent.verdict == Verdict::retry) {
        return allow_retry(view, {as<Withdrawal>(extra, 0), as<Settlement>(extra, 1)});
    }
    Decision decision = enroll(view, step_of(intent), extra);
    Decline& decline = decision.outcome.decline;
    const bool is_too_late = decline == Decline::conflict || decline == Decline::invalid;
    if (is_too_late) decline = Decline::not_permitted;
    return decision;
}

Decision enroll(const View& view, const HoldHotWallet& intent, Extra extra) {
    const auto known = as<HotWallet>(extra, 0);
    const bool is_mine = known && known->holder == intent.holder;
    if (known && !is_mine && !intent.alone && view.now < known->leased_until) {
        Decision decision = no(Decline::withdrawal_in_flight);
        decision.outcome.hot_wallet = known;
        return decision;
    }
    if (!known && !intent.first_nonce) return no(Decline::conflict);
    HotWallet hot_wallet;
    if (known) {
        hot_wallet = *known;
    } else {
        hot_wallet.chain = intent.chain;
        hot_wallet.address = intent.address;
        hot_wallet.next_nonce = *intent.first_nonce;
        hot_wallet.created = view.now;
    }
    if (!is_mine) hot_wallet.epoch += 1;
    hot_wallet.holder = intent.holder;
    hot_wallet.leased_until = view.now + intent.lease;
    Decision decision;
    decision.outcome.created = !known;
    put(decision, decision.outcome.hot_wallet, std::move(hot_wallet));
    return decision;
}

Decision enroll(const View& view, const AdvanceWithdrawal& intent, Extra extra) {
    const Side side{as<Withdrawal>(extra, 0), as<Settlement>(extra, 1), as<Wallet>(extra, 2),
                    as<HotWallet>(extra, 3), as<WithdrawalRetry>(extra, 4)};
    if (!side.withdrawal) return no(Decline::not_found);
    const std::uint64_t step = side.settlement ? side.settlement->step : 0;
    if (step != intent.step) return no(Decline::conflict);
    if (!side.settlement) {
        return intent.to == WithdrawalState::signed_ ? sign_first(view, intent, side)
                                                     : advance_unsigned(view, intent, side);
    }
    if (!is_held_by(side, intent) || side.settlement->hot_wallet != intent.hot_wallet ||
        side.settlement->chain != intent.chain) {
        return no(Decline::conflict);
    }
    if (intent.to == WithdrawalState::signed_ && intent.nonce > side.settlement->nonce) {
        return sign_anew(view, intent, side);
    }
    Settlement settlement = *side.settlement;
    settlement.step += 1;
    const Decline decline = advance(view, intent, *side.withdrawal, settlement);
    if (decline != Decline::none) return no(decline);
    Withdrawal withdrawal = *side.withdrawal;
    if (intent.to != WithdrawalState::signed_) withdrawal.state = intent.to;
    withdrawal.modified = view.now;
    Decision decision;
    put(decision, decision.outcome.withdrawal, std::move(withdrawal));
    put(decision, decision.outcome.settlement, std::move(settlement));
    decision.outcome.hot_wallet = side.hot_wallet;
    const bool ends =
        intent.to == WithdrawalState::completed || intent.to == WithdrawalState::released;
    if (ends) end(view, intent, side, decision);
    return decision;
}

}  // namespace coffer
