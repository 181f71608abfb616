// The questions that move nothing: balance and status.

#include "ledger/decide.h"

namespace coffer {

Decision decide(const View& view, const AskBalance& ask) {
    Decision decision;
    Outcome& outcome = decision.outcome;
    outcome.player = view.player;
    outcome.session = view.session;
    outcome.wallet = view.wallet;
    outcome.currency = ask.currency;
    bool replay_only = false;
    if (!bearer_holds(view, ask.caller.rule, outcome, replay_only)) return decision;
    if (ask.every_currency) {
        if (!view.player) outcome.decline = Decline::player_unknown;
    } else {
        outcome.decline = judge_caller(view, ask.caller, ask.currency);
    }
    if (outcome.decline != Decline::none) return decision;
    outcome.decline = judge_promotion(view, ask.promotion, ask.currency);
    if (outcome.decline != Decline::none) return decision;
    outcome.promotion = view.promotion;
    if (outcome.promotion) outcome.budget_left = budget_left(*outcome.promotion, view.now);
    keep_alive(view, ask.caller, decision.puts);
    return decision;
}

namespace {

// What the id asked for is known as, or null. A rollback is known by its own id and, where that is
// another, by the id of the debit that it took back or for which it came too early.
const Key* key_asked(const View& view, bool as_rollback) {
    if (view.key || !as_rollback || !view.reference) return view.key.get();
    const Key& debit = *view.reference;
    const bool taken_back = debit.state == KeyState::rolled_back ||
                            debit.state == KeyState::tombstone || debit.tombstoned;
    return taken_back ? &debit : nullptr;
}

}  // namespace

Decision decide(const View& view, const AskStatus& ask) {
    Decision decision;
    Outcome& outcome = decision.outcome;
    outcome.player = view.player;
    outcome.session = view.session;
    outcome.wallet = view.wallet;
    outcome.currency = ask.currency;
    outcome.decline = judge_caller(view, ask.caller, ask.currency);
    if (outcome.decline != Decline::none) return decision;
    const bool as_rollback = ask.group == KeyGroup::integrator_rollback;
    const Key* key = key_asked(view, as_rollback);
    if (key == nullptr) {
        outcome.decline = Decline::transaction_unknown;
        return decision;
    }
    const Transaction& known = *key->transaction;
    outcome.transaction = key->transaction;
    if (key->state == KeyState::tombstone || (as_rollback && key->tombstoned)) {
        outcome.decline = Decline::cancelled_before_arrival;
        return decision;
    }
    unsigned differs = 0;
    if (ask.currency != known.currency) differs |= field_currency;
    if (!same_number(view, {ask.amount, ask.currency}, {known.amount, known.currency})) {
        differs |= field_amount;
    }
    if (ask.round != known.round) differs |= field_round;
    if (ask.game != known.game) differs |= field_game;
    outcome.differs = static_cast<std::uint16_t>(differs);
    if (differs != 0) {
        outcome.decline = Decline::conflict;
        return decision;
    }
    switch (key->state) {
        case KeyState::applied:
        case KeyState::tombstone: break;
        case KeyState::refused:
            outcome.decline = Decline::was_refused;
            outcome.refused_as = static_cast<Decline>(known.decline);
            break;
        case KeyState::rolled_back:
            // Said of debits, as to their replay; a reversed credit is to its caller what it was.
            if (ask.group == KeyGroup::integrator_debit) {
                outcome.decline = Decline::already_rolled_back;
            }
            break;
    }
    return decision;
}

}  // namespace coffer
