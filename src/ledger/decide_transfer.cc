// Transfers between accounts of the house on a chain: gas for a player's address, and what came
// there to a hot wallet. They move no money of the books, but they take nonces and are signed
// before they are sent, like what pays a withdrawal.

#include <utility>

#include "ledger/chain_steps.h"
#include "ledger/decide.h"
#include "ledger/enroll.h"

namespace coffer {

namespace {

template <class T>
void put(Decision& decision, Ptr<T>& shown, T value) {
    shown = std::make_shared<const T>(std::move(value));
    decision.puts.emplace_back(shown);
}

// The first: here it takes its nonce, and no other ever gets that.
Decision sign_first(const View& view, const AdvanceTransfer& intent, const HotWallet& account) {
    if (intent.to != WithdrawalState::signed_ || !is_sound(intent.attempt) ||
        intent.attempt.cancels) {
        return no(Decline::invalid);
    }
    if (account.next_nonce != intent.nonce) return no(Decline::conflict);
    HotWallet after = account;
    after.next_nonce += 1;
    ChainTransfer transfer;
    transfer.chain = intent.chain;
    transfer.from = intent.from;
    transfer.nonce = intent.nonce;
    transfer.purpose = intent.purpose;
    transfer.to = intent.receiver;
    transfer.contract = intent.contract;
    transfer.units = intent.units;
    transfer.step = 1;
    transfer.attempts = {intent.attempt};
    transfer.attempts.front().signed_at = view.now;
    transfer.created = transfer.modified = view.now;
    Decision decision;
    put(decision, decision.outcome.transfer, std::move(transfer));
    put(decision, decision.outcome.hot_wallet, std::move(after));
    return decision;
}

// What the next step makes of it, or why it does not follow. One whose nonce somebody else used is
// final with nothing mined: it moved nothing, and what it was for is begun anew with another nonce.
Decline advance(const View& view, const AdvanceTransfer& intent, ChainTransfer& transfer) {
    const WithdrawalState from = transfer.state;
    if (intent.attempt.cancels) return Decline::invalid;
    if (!intent.is_lost) return step_on_chain(from, intent, view.now, transfer);
    const bool is_out = from == WithdrawalState::signed_ || from == WithdrawalState::broadcast;
    return is_out && intent.to == WithdrawalState::final_ ? Decline::none : Decline::invalid;
}

}  // namespace

Decision enroll(const View& view, const AdvanceTransfer& intent, Extra extra) {
    const auto known = as<ChainTransfer>(extra, 0);
    const auto account = as<HotWallet>(extra, 1);
    if (!account || account->epoch != intent.epoch) return no(Decline::conflict);
    if (intent.step != (known ? known->step : 0)) return no(Decline::conflict);
    if (!known) return sign_first(view, intent, *account);
    ChainTransfer transfer = *known;
    const Decline decline = advance(view, intent, transfer);
    if (decline != Decline::none) return no(decline);
    if (intent.to != WithdrawalState::signed_) transfer.state = intent.to;
    transfer.step += 1;
    transfer.modified = view.now;
    Decision decision;
    put(decision, decision.outcome.transfer, std::move(transfer));
    decision.outcome.hot_wallet = account;
    return decision;
}

Decision enroll(const View& view, const PauseChain& intent, Extra extra) {
    Decision decision;
    const auto known = as<ChainPause>(extra, 0);
    // The same again changes nothing, not even the reason that was given first.
    if (known && known->paused == intent.paused) {
        decision.outcome.records.emplace_back(known);
        return decision;
    }
    Ptr<ChainPause> pause;
    put(decision, pause, ChainPause{intent.chain, intent.paused, intent.reason, view.now});
    decision.outcome.records.emplace_back(std::move(pause));
    return decision;
}

}  // namespace coffer
