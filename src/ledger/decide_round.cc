// Wagers, payouts and rollbacks: what happens inside a round.

#include <algorithm>
#include <array>
#include <utility>

#include "base/calendar.h"
#include "base/check.h"
#include "ledger/decide.h"
#include "ledger/posting.h"
#include "ledger/rules.h"

namespace coffer {

namespace {

// What can be withdrawn is spent last.
constexpr std::array<AccountCode, 3> spending_order{AccountCode::bonus, AccountCode::bought,
                                                    AccountCode::earned};

bool is_closed(const View& view, const Rules& rules) {
    if (!view.round) return false;
    if (view.round->state == RoundState::closed) return true;
    return rules.round_age != 0 && view.now - view.round->opened > rules.round_age;
}

bool is_wager(const Transaction& transaction) {
    return transaction.kind == TransactionKind::wager ||
           transaction.kind == TransactionKind::wager_and_payout;
}

// What the player got of it.
Amount paid_by(const Transaction& transaction) {
    if (transaction.kind == TransactionKind::payout) return transaction.amount;
    if (transaction.kind == TransactionKind::wager_and_payout) return transaction.payout;
    return {};
}

// A wager that pays nothing has not paid; a payout of nothing has.
bool is_payout(const Transaction& transaction) {
    return transaction.kind == TransactionKind::payout || paid_by(transaction).is_positive();
}

void put_promotion(const Promotion& before, Amount remaining, Decision& decision) {
    Promotion promotion = before;
    promotion.remaining = remaining;
    auto shared = std::make_shared<const Promotion>(std::move(promotion));
    // A rollback may name another one than its wager did; the answer is about the one named.
    Ptr<Promotion>& named = decision.outcome.promotion;
    if (named && named->id == shared->id) named = shared;
    decision.puts.emplace_back(std::move(shared));
}

void put_round(Round round, Decision& decision) {
    auto shared = std::make_shared<const Round>(std::move(round));
    decision.outcome.round = shared;
    decision.puts.emplace_back(std::move(shared));
}

// The figures that limits count; sums beyond 38 digits show in the posting, not here.
void count_wager(Spending& spending, Amount amount) {
    spending.wagered_today = add(spending.wagered_today, amount).value_or(spending.wagered_today);
    spending.wagered_this_week =
        add(spending.wagered_this_week, amount).value_or(spending.wagered_this_week);
}

void count_return(Spending& spending, Amount amount) {
    spending.returned_today =
        add(spending.returned_today, amount).value_or(spending.returned_today);
    spending.returned_this_week =
        add(spending.returned_this_week, amount).value_or(spending.returned_this_week);
}

// What is taken back on its own day or week no longer counts there.
void take_from(Amount& sum, Amount amount) {
    sum.units = std::max<Int128>(0, sum.units - amount.units);
}

void uncount_wager(Spending& spending, const Transaction& wager) {
    if (day_number(wager.time) == spending.day) take_from(spending.wagered_today, wager.amount);
    if (week_number(wager.time) == spending.week) {
        take_from(spending.wagered_this_week, wager.amount);
    }
}

void uncount_return(Spending& spending, const Transaction& paying) {
    const Amount paid = paid_by(paying);
    if (day_number(paying.time) == spending.day) take_from(spending.returned_today, paid);
    if (week_number(paying.time) == spending.week) take_from(spending.returned_this_week, paid);
}

// Pays into the wallet: bonus gets back what bonus staked in the round, the rest goes where
// winnings go; a promotion's winnings go to the bucket that the promotion names.
void pay(Posting& posting, const View& view, const Move& move, Amount amount, Round* round) {
    // A round is of one currency; what else is paid in it is counted and not summed.
    const bool sums = round != nullptr && round->currency == move.currency;
    if (view.promotion && !move.promotion.empty()) {
        posting.transfer(AccountCode::payouts,
                         static_cast<AccountCode>(view.promotion->payout_bucket), amount);
    } else {
        const Amount staked = sums ? std::max(round->bonus_staked, Amount{}) : Amount{};
        const Amount back = std::min(amount, staked);
        posting.transfer(AccountCode::payouts, AccountCode::bonus, back);
        posting.transfer(AccountCode::payouts, rules_of(view.integration).payout_bucket,
                         Amount{amount.units - back.units});
        if (sums) round->bonus_staked.units -= back.units;
    }
    count_return(posting.wallet().spending, amount);
    if (round == nullptr) return;
    round->payouts += 1;
    if (sums) posting.count(round->paid, amount);
}

void close(Round& round, Time now) {
    round.state = RoundState::closed;
    round.closed = now;
}

// Taken from the books: what the bonus bucket lost to this transaction, less what it got back. The
// winnings of a promotion are no stake that came back.
Amount bonus_part(const Transaction& transaction) {
    Amount part;
    if (!transaction.promotion.empty()) return part;
    for (const Entry& entry : transaction.entries) {
        if (entry.account == AccountCode::bonus) part.units -= entry.amount.units;
    }
    return part;
}

bool is_free_bet(const Transaction& wager) {
    return !wager.promotion.empty() &&
           std::any_of(wager.entries.begin(), wager.entries.end(), [](const Entry& entry) {
               return entry.account == AccountCode::promotions && entry.amount.is_negative();
           });
}

// Where a rollback with an id of its own found nothing to take back: asked as a rollback, by that
// id, the answer is the same as by the wager's.
void put_mark(const View& view, const Move& move, Sequence original, Ptr<Transaction> transaction,
              Decision& decision) {
    if (view.key || move.group == KeyGroup::self || move.external_id == move.reference) return;
    Key mark;
    mark.tenant = view.player->tenant;
    mark.integration = move.caller.integration;
    mark.player = view.player->id;
    mark.group = move.group;
    mark.external_id = move.external_id;
    mark.state = KeyState::tombstone;
    mark.original = original;
    mark.transaction = std::move(transaction);
    decision.puts.emplace_back(std::make_shared<const Key>(std::move(mark)));
}

// Nothing to take back: blocks the id, so that a wager that is still on its way moves nothing.
void bury(const View& view, const Move& move, Decision& decision) {
    decision.outcome.decline = Decline::transaction_unknown;
    const Key* known = view.reference.get();
    if (known == nullptr) {
        auto tombstone = transaction_of(view, move);
        tombstone->status = TransactionStatus::tombstone;
        tombstone->kind = TransactionKind::wager;
        tombstone->group = move.reference_group;
        tombstone->external_id = move.reference;
        tombstone->reference.clear();
        put_mark(view, move, view.next, tombstone, decision);
        decision.transaction = std::move(tombstone);
        set_aside(view, move, decision);
        return;
    }
    // The id of something that is no wager is left alone.
    if (known->state != KeyState::refused && known->state != KeyState::tombstone) return;
    put_mark(view, move, known->original, known->transaction, decision);
    if (known->state == KeyState::tombstone || known->tombstoned) return;
    Key key = *known;
    key.tombstoned = true;
    decision.puts.emplace_back(std::make_shared<const Key>(std::move(key)));
}

Decline judge_rollback(const View& view, const Move& move, Outcome& outcome) {
    const Rules rules = rules_of(view.integration);
    const Transaction& wager = *view.reference->transaction;
    unsigned differs = 0;
    if (!same_number(view, {wager.amount, wager.currency}, {move.amount, move.currency})) {
        differs |= field_amount;
    }
    if (wager.round != move.round) differs |= field_round;
    if (wager.game != move.game) differs |= field_game;
    if (wager.currency != move.currency) differs |= field_currency;
    outcome.differs = static_cast<std::uint16_t>(differs);
    if (differs != 0) return Decline::conflict;
    if (view.reference->state == KeyState::rolled_back) return Decline::already_rolled_back;
    if (!view.round) return Decline::none;
    if (rules.closed_refuses_everything && is_closed(view, rules)) return Decline::round_closed;
    if (rules.settled_refuses_rollback && view.round->payouts > 0) return Decline::already_settled;
    if (rules.latest_wager_only &&
        (view.round->live.empty() || view.round->live.back() != wager.sequence)) {
        return Decline::not_latest_wager;
    }
    return Decline::none;
}

void mark_rolled_back(const View& view, Decision& decision) {
    Key key = *view.reference;
    key.state = KeyState::rolled_back;
    key.rollback = view.next;
    decision.puts.emplace_back(std::make_shared<const Key>(std::move(key)));
}

void give_back_budget(const View& view, const Transaction& wager, Decision& decision) {
    CHECK(view.spent != nullptr);  // a promotion is never deleted
    put_promotion(*view.spent, Amount{view.spent->remaining.units + wager.amount.units}, decision);
}

// Undoes what the wager or payout did to its round, to the budget that paid it and to the limits.
void take_out(const View& view, const Transaction& taken, Posting& posting, Decision& decision) {
    Spending& spending = posting.wallet().spending;
    if (is_free_bet(taken)) {
        give_back_budget(view, taken, decision);
    } else if (is_wager(taken) || taken.kind == TransactionKind::spend) {
        uncount_wager(spending, taken);
    }
    uncount_return(spending, taken);
    if (!view.round) return;
    Round round = *view.round;
    const bool sums = round.currency == taken.currency;
    round.latest = view.next;
    if (is_wager(taken)) {
        if (sums) round.rolled_back.units += taken.amount.units;  // never more than was wagered
        if (round.live_wagers > 0) round.live_wagers -= 1;
        std::erase(round.live, taken.sequence);
    }
    if (is_payout(taken)) {
        if (sums) round.paid.units -= paid_by(taken).units;
        if (round.payouts > 0) round.payouts -= 1;
    }
    if (sums) round.bonus_staked.units -= bonus_part(taken).units;
    put_round(std::move(round), decision);
}

// What a reversal cannot take back, and why.
Decline judge_reversal(const View& view) {
    const Key* reference = view.reference.get();
    if (reference == nullptr || reference->transaction == nullptr) return Decline::not_found;
    if (reference->state == KeyState::rolled_back) return Decline::already_rolled_back;
    const Transaction& original = *reference->transaction;
    const bool final_kind = original.kind == TransactionKind::rollback ||
                            original.kind == TransactionKind::reversal ||
                            original.kind == TransactionKind::withdraw_settle ||
                            original.kind == TransactionKind::withdraw_release;
    // What is on its way to a chain, or came from one, cannot be taken back here.
    const bool of_chain =
        std::any_of(original.entries.begin(), original.entries.end(), [](const Entry& entry) {
            return entry.account == AccountCode::held || entry.account == AccountCode::chain;
        });
    const bool may_be = reference->state == KeyState::applied && !final_kind && !of_chain;
    return may_be ? Decline::none : Decline::not_permitted;
}

// Whether a bucket from which the posting takes ends below zero.
bool takes_too_much(Posting& posting) {
    return std::ranges::any_of(posting.entries(), [&posting](const Entry& entry) {
        return is_bucket(entry.account) && entry.amount.is_negative() &&
               posting.wallet().at(entry.account).balance.is_negative();
    });
}

}  // namespace

Round round_of(const View& view, const Move& move) {
    if (view.round) {
        Round round = *view.round;
        round.latest = view.next;
        return round;
    }
    Round round;
    round.tenant = view.player->tenant;
    round.integration = move.caller.integration;
    round.provider = move.provider;
    round.player = view.player->id;
    round.id = move.round;
    round.currency = move.currency;
    round.game = move.game;
    round.opened = view.now;
    round.opened_by = view.next;
    round.latest = view.next;
    return round;
}

void decide_wager(const View& view, const Move& move, Decision& decision) {
    const Rules rules = rules_of(view.integration);
    // 8: the round.
    if (is_closed(view, rules)) return refuse_for_good(view, move, Decline::round_closed, decision);
    if (const Decline no = judge_promotion(view, move.promotion, move.currency);
        no != Decline::none) {
        decision.outcome.decline = no;
        return;
    }
    // 9: limits and blocks.
    if (const Decline no = judge_limits(view, move); no != Decline::none) {
        return refuse_for_good(view, move, no, decision);
    }
    // 10: funds, of the promotion or of the player, before any payout is added.
    Posting posting(wallet_of(view, move), view.next, view.now);
    Amount from_bonus;
    if (move.free_bet) {
        if (budget_left(*view.promotion, view.now) < move.amount) {
            return refuse_for_good(view, move, Decline::insufficient_funds, decision);
        }
        posting.transfer(AccountCode::promotions, AccountCode::stakes, move.amount);
    } else {
        // A wager of nothing takes nothing, also from a balance that was adjusted below zero.
        if (move.amount.is_positive() && playable(posting.wallet()) < move.amount) {
            return refuse_for_good(view, move, Decline::insufficient_funds, decision);
        }
        const Amount bonus = posting.wallet().at(AccountCode::bonus).balance;
        posting.take(spending_order, AccountCode::stakes, move.amount);
        from_bonus.units = bonus.units - posting.wallet().at(AccountCode::bonus).balance.units;
        count_wager(posting.wallet().spending, move.amount);
    }
    // From here on the wager succeeds, unless the payout has too many digits.
    decision.puts.reserve(3);  // the round, a promotion, the wallet
    decision.transaction = transaction_of(view, move);
    const bool pays = move.kind == TransactionKind::wager_and_payout && move.payout.is_positive();
    if (move.round.empty()) {
        if (pays) pay(posting, view, move, move.payout, nullptr);
    } else {
        Round round = round_of(view, move);
        round.wagers += 1;
        round.live_wagers += 1;
        if (round.currency == move.currency) {
            posting.count(round.wagered, move.amount);
            round.bonus_staked.units += from_bonus.units;
        }
        if (rules.latest_wager_only) round.live.push_back(view.next);
        if (pays) pay(posting, view, move, move.payout, &round);
        if (move.closes_round) close(round, view.now);
        put_round(std::move(round), decision);
    }
    if (move.free_bet) {
        const Amount remaining{view.promotion->remaining.units - move.amount.units};
        put_promotion(*view.promotion, remaining, decision);
    }
    finish(decision, posting);
}

void decide_payout(const View& view, const Move& move, Decision& decision) {
    const Rules rules = rules_of(view.integration);
    if (!move.round.empty()) {
        if (rules.closed_refuses_everything && is_closed(view, rules)) {
            decision.outcome.decline = Decline::round_closed;
            return;
        }
        if (rules.payout_needs_wager && (!view.round || view.round->live_wagers == 0)) {
            decision.outcome.decline = Decline::no_wager_in_round;
            return;
        }
    }
    if (const Decline no = judge_promotion(view, move.promotion, move.currency);
        no != Decline::none) {
        decision.outcome.decline = no;
        return;
    }
    Posting posting(wallet_of(view, move), view.next, view.now);
    decision.transaction = transaction_of(view, move);
    if (move.round.empty()) {
        pay(posting, view, move, move.amount, nullptr);
    } else {
        Round round = round_of(view, move);
        pay(posting, view, move, move.amount, &round);
        if (move.closes_round) close(round, view.now);
        put_round(std::move(round), decision);
    }
    finish(decision, posting);
}

void decide_rollback(const View& view, const Move& move, Decision& decision) {
    const Key* reference = view.reference.get();
    const bool found =
        reference != nullptr && reference->transaction != nullptr &&
        is_wager(*reference->transaction) &&
        (reference->state == KeyState::applied || reference->state == KeyState::rolled_back);
    if (!found) return bury(view, move, decision);
    const Decline no = judge_rollback(view, move, decision.outcome);
    if (no != Decline::none) {
        decision.outcome.decline = no;
        return;
    }
    if (const Decline unknown = judge_promotion(view, move.promotion, move.currency);
        unknown != Decline::none) {
        decision.outcome.decline = unknown;
        return;
    }
    const Transaction& wager = *reference->transaction;
    Posting posting(wallet_of(view, move), view.next, view.now);
    posting.reverse(wager.entries);
    decision.transaction = transaction_of(view, move);
    decision.transaction->reverses = wager.sequence;
    take_out(view, wager, posting, decision);
    mark_rolled_back(view, decision);
    finish(decision, posting);
}

void decide_reversal(const View& view, const Move& move, Decision& decision) {
    decision.outcome.decline = judge_reversal(view);
    if (decision.outcome.decline != Decline::none) return;
    const Transaction& original = *view.reference->transaction;
    Posting posting(wallet_of(view, move), view.next, view.now);
    posting.reverse(original.entries);
    if (takes_too_much(posting)) {
        decision.outcome.decline = Decline::insufficient_funds;
        return;
    }
    decision.transaction = transaction_of(view, move);
    decision.transaction->reverses = original.sequence;
    decision.transaction->amount = original.amount;
    decision.transaction->payout = original.payout;
    decision.transaction->round = original.round;
    decision.transaction->game = original.game;
    take_out(view, original, posting, decision);
    mark_rolled_back(view, decision);
    finish(decision, posting);
}

}  // namespace coffer
