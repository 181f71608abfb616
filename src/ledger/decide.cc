#include "ledger/decide.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/posting.h"
#include "ledger/rules.h"

namespace coffer {

namespace {

bool takes_from_player(TransactionKind kind) {
    return kind == TransactionKind::wager || kind == TransactionKind::wager_and_payout ||
           kind == TransactionKind::spend || kind == TransactionKind::withdraw;
}

// Checks 4 and 5: what is known of this id decides alone. True when the outcome is complete.
bool replay_or_conflict(const View& view, const Move& move, Outcome& outcome) {
    if (!view.key) return false;
    const Key& key = *view.key;
    // In the group of the rollbacks a mark says that one found no wager; it is judged anew.
    if (move.kind == TransactionKind::rollback && key.state != KeyState::applied) return false;
    if (key.state == KeyState::tombstone) {
        outcome.decline = Decline::cancelled_before_arrival;
        outcome.transaction = key.transaction;
        return true;
    }
    CHECK(key.transaction != nullptr);
    outcome.transaction = key.transaction;
    outcome.differs = differing_fields(view, move, *key.transaction);
    if (outcome.differs != 0) {
        outcome.decline = Decline::conflict;
        return true;
    }
    outcome.replay = true;
    outcome.state = key.state;
    outcome.rollback = key.rollback;
    switch (key.state) {
        case KeyState::refused:
            outcome.decline = static_cast<Decline>(key.transaction->decline);
            break;
        case KeyState::rolled_back:
            // Said of wagers only, so that nobody takes one for a live bet; whatever else was
            // reversed by an administrator is still what it was.
            if (takes_from_player(move.kind) && move.kind != TransactionKind::withdraw &&
                move.kind != TransactionKind::spend) {
                outcome.decline = Decline::already_rolled_back;
            }
            break;
        case KeyState::applied:
        case KeyState::tombstone: break;
    }
    return true;
}

void judge_bearer_free(const View& view, const Move& move, bool replay_only, Decision& decision) {
    Outcome& outcome = decision.outcome;
    if (replay_or_conflict(view, move, outcome)) return;
    if (replay_only) {
        outcome.decline = Decline::session_expired;
        return;
    }
    outcome.decline = judge_caller(view, move.caller, move.currency);
    if (outcome.decline != Decline::none) return;
    switch (move.kind) {
        case TransactionKind::wager:
        case TransactionKind::wager_and_payout: decide_wager(view, move, decision); break;
        case TransactionKind::payout: decide_payout(view, move, decision); break;
        case TransactionKind::rollback: decide_rollback(view, move, decision); break;
        case TransactionKind::reversal: decide_reversal(view, move, decision); break;
        case TransactionKind::prize:
        case TransactionKind::grant:
        case TransactionKind::spend:
        case TransactionKind::deposit:
        case TransactionKind::withdraw:
        case TransactionKind::adjust:
        case TransactionKind::withdraw_settle:
        case TransactionKind::withdraw_release: decide_cash(view, move, decision); break;
    }
}

}  // namespace

Decision decide(const View& view, const Move& move) {
    Decision decision;
    Outcome& outcome = decision.outcome;
    outcome.currency = move.currency;
    outcome.player = view.player;
    outcome.session = view.session;
    outcome.wallet = view.wallet;
    outcome.promotion = view.promotion;
    bool replay_only = false;
    if (!bearer_holds(view, move.caller.rule, outcome, replay_only)) return decision;
    judge_bearer_free(view, move, replay_only, decision);
    if (outcome.promotion) outcome.budget_left = budget_left(*outcome.promotion, view.now);
    // A replay was let in before its session was looked at, and a refusal may be the session's.
    const auto is_let_in = [&] {
        return outcome.done() || judge_caller(view, move.caller, move.currency) == Decline::none;
    };
    if (!replay_only && is_let_in()) keep_alive(view, move.caller, decision.puts);
    return decision;
}

bool is_live(const Session& session, Time now) {
    return session.revoked == 0 && !session.used && (session.expires == 0 || now < session.expires);
}

namespace {

// A kgen token names its user beside its session: one that names somebody else is nobody's.
bool names_another(const View& view) {
    return view.session->kind == SessionKind::kgen_session && view.player &&
           view.session->player != view.player->id;
}

}  // namespace

bool bearer_holds(const View& view, SessionRule rule, Outcome& outcome, bool& replay_only) {
    replay_only = false;
    if (rule != SessionRule::bearer && rule != SessionRule::bearer_or_replay) return true;
    if (!view.session || names_another(view)) {
        outcome.decline = Decline::session_unknown;
        return false;
    }
    if (is_live(*view.session, view.now)) return true;
    if (rule == SessionRule::bearer_or_replay && view.session->revoked == 0) {
        replay_only = true;
        return true;
    }
    outcome.decline = Decline::session_expired;
    return false;
}

namespace {

bool is_callers_own(const View& view, const Caller& caller) {
    return view.player && view.session && view.session->player == view.player->id &&
           view.session->site == caller.player.site;
}

bool may_move(const View& view, CurrencyId currency) {
    if (currency == 0) return false;
    return view.integration == nullptr ||
           std::ranges::find(view.integration->currencies, currency) !=
               view.integration->currencies.end();
}

// A session of one game is none in another.
bool is_of_other_game(const Session& session, const Caller& caller) {
    return !caller.game.empty() && !session.game.empty() && session.game != caller.game;
}

}  // namespace

Decline judge_caller(const View& view, const Caller& caller, CurrencyId currency) {
    if (!view.player) return Decline::player_unknown;
    const Session* session = view.session.get();
    const bool mine = is_callers_own(view, caller);
    const bool live = mine && is_live(*session, view.now);
    const bool bearer =
        caller.rule == SessionRule::bearer || caller.rule == SessionRule::bearer_or_replay;
    if (!bearer) {
        const bool fixes = mine && session->currency != 0 &&
                           (live || rules_of(view.integration).session_keeps_currency);
        if (fixes && session->currency != currency) return Decline::currency_wrong;
    }
    if (!may_move(view, currency)) return Decline::currency_wrong;
    switch (caller.rule) {
        case SessionRule::none:
        case SessionRule::bearer:
        case SessionRule::bearer_or_replay: return Decline::none;
        case SessionRule::issued: return mine ? Decline::none : Decline::session_unknown;
        case SessionRule::live: break;
    }
    if (!mine) return Decline::session_unknown;
    if (session->kind == SessionKind::launch_token && !session->authenticated) {
        // Not yet activated is unknown; but one that ran out says so first.
        return live ? Decline::session_unknown : Decline::session_expired;
    }
    if (is_of_other_game(*session, caller)) return Decline::session_unknown;
    return live ? Decline::none : Decline::session_expired;
}

Decline judge_promotion(const View& view, const std::string& named, CurrencyId currency) {
    if (named.empty()) return Decline::none;
    const Promotion* promotion = view.promotion.get();
    const bool own = promotion != nullptr && promotion->player == view.player->id &&
                     promotion->currency == currency;
    return own ? Decline::none : Decline::promotion_unknown;
}

// The end is moved when 1/144 of the idle time has passed since it was moved last (ten minutes of a
// day), so that a session in use costs one small write in ten minutes and not one a call. It is put
// so much later, so that it never comes too early.
void keep_alive(const View& view, const Caller& caller, std::vector<Record>& puts) {
    if (!view.session || view.session->idle == 0 || !is_live(*view.session, view.now)) return;
    if (!is_callers_own(view, caller) || is_of_other_game(*view.session, caller)) return;
    if (view.session->kind == SessionKind::launch_token && !view.session->authenticated) return;
    const Duration slack = view.session->idle / 144;
    const Time end = view.now + view.session->idle;
    if (view.session->expires >= end) return;
    Session later = *view.session;
    later.expires = end + slack;
    puts.emplace_back(std::make_shared<const Session>(std::move(later)));
}

bool same_number(const View& view, const Price& left, const Price& right) {
    if (left.currency == right.currency) return left.amount == right.amount;
    const auto text = [&view](const Price& price) {
        const Currency* currency = view.directory->currency(price.currency);
        return format_shortest(price.amount, currency != nullptr ? currency->scale : price.scale);
    };
    return text(left) == text(right);
}

std::uint16_t differing_fields(const View& view, const Move& move, const Transaction& known) {
    const auto same = [&](Amount amount, Amount known_amount) {
        return same_number(view, {amount, move.currency, move.scale},
                           {known_amount, known.currency});
    };
    unsigned differs = 0;
    const bool all_of_it = move.kind == TransactionKind::withdraw && move.amount.is_zero();
    if (move.kind != known.kind) differs |= field_kind;
    if (move.currency != known.currency) differs |= field_currency;
    if (!all_of_it && !same(move.amount, known.amount)) differs |= field_amount;
    if (!same(move.payout, known.payout)) differs |= field_payout;
    if (move.round != known.round) differs |= field_round;
    if (move.game != known.game) differs |= field_game;
    const bool other_reversed =
        move.kind == TransactionKind::reversal && move.reverses != known.reverses;
    if (move.reference != known.reference || other_reversed) differs |= field_reference;
    if (move.provider != known.provider) differs |= field_provider;
    if (move.promotion != known.promotion) differs |= field_promotion;
    const std::uint8_t bucket = move.bucket ? static_cast<std::uint8_t>(*move.bucket) : 0xff;
    if (bucket != known.bucket) differs |= field_bucket;
    return static_cast<std::uint16_t>(differs);
}

Wallet wallet_of(const View& view, const Move& move) {
    if (view.wallet) return *view.wallet;
    Wallet wallet;
    wallet.tenant = view.player->tenant;
    wallet.player = view.player->id;
    wallet.currency = move.currency;
    return wallet;
}

std::shared_ptr<Transaction> transaction_of(const View& view, const Move& move) {
    auto transaction = std::make_shared<Transaction>();
    transaction->sequence = view.next;
    transaction->time = view.now;
    transaction->tenant = view.player->tenant;
    transaction->integration = move.caller.integration;
    transaction->player = view.player->id;
    transaction->currency = move.currency;
    transaction->kind = move.kind;
    transaction->group = move.group;
    transaction->external_id = move.external_id;
    transaction->amount = move.amount;
    transaction->payout = move.payout;
    transaction->provider = move.provider;
    transaction->round = move.round;
    transaction->game = move.game;
    transaction->reference = move.reference;
    transaction->promotion = move.promotion;
    if (move.bucket) transaction->bucket = static_cast<std::uint8_t>(*move.bucket);
    transaction->reason = move.reason;
    transaction->meta = move.meta;
    transaction->detail = move.detail;
    return transaction;
}

void finish(Decision& decision, Posting& posting) {
    Outcome& outcome = decision.outcome;
    Amount total;  // what is shown as the balance must have 38 digits too, and held may come back
    bool fits = !posting.overflowed();
    for (const AccountCode code :
         {AccountCode::bought, AccountCode::earned, AccountCode::bonus, AccountCode::held}) {
        const auto next = add(total, posting.wallet().at(code).balance);
        fits = fits && next.has_value();
        total = next.value_or(total);
    }
    if (!fits) {
        decision = Decision{std::move(outcome), nullptr, {}};
        decision.outcome.decline = Decline::amount_overflow;
        return;
    }
    decision.transaction->entries = std::move(posting.entries());
    audit(*decision.transaction, posting.wallet());
    auto after = std::make_shared<const Wallet>(std::move(posting.wallet()));
    outcome.wallet = after;
    outcome.wallet_after = after;
    outcome.transaction = decision.transaction;
    decision.puts.emplace_back(std::move(after));
}

void set_aside(const View& view, const Move& move, Decision& decision) {
    Wallet wallet = wallet_of(view, move);
    wallet.unapplied.extend(view.next);
    decision.puts.emplace_back(std::make_shared<const Wallet>(std::move(wallet)));
}

void refuse_for_good(const View& view, const Move& move, Decline decline, Decision& decision) {
    decision.outcome.decline = decline;
    if (move.group == KeyGroup::self || move.external_id.empty()) return;
    decision.transaction = transaction_of(view, move);
    decision.transaction->status = TransactionStatus::refused;
    decision.transaction->decline = static_cast<std::uint8_t>(decline);
    decision.outcome.transaction = decision.transaction;
    set_aside(view, move, decision);
}

}  // namespace coffer
