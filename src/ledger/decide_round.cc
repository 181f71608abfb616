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

// An expired promotion pays no new free bets; what belongs to an old one goes on.
Decline judge_promotion(const View& view, const Move& move) {
    if (move.promotion.empty()) return Decline::none;
    const Promotion* promotion = view.promotion.get();
    if (promotion == nullptr || promotion->player != view.player->id ||
        promotion->currency != move.currency ||
        (move.free_bet && promotion->expires != 0 && view.now >= promotion->expires)) {
        return Decline::promotion_unknown;
    }
    return Decline::none;
}

void put_promotion(const Promotion& before, Amount remaining, Decision& decision) {
    Promotion promotion = before;
    promotion.remaining = remaining;
    auto shared = std::make_shared<const Promotion>(std::move(promotion));
    decision.outcome.promotion = shared;
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

// A wager taken back on its own day or week no longer counts there.
void uncount_wager(Spending& spending, const Transaction& wager) {
    if (day_number(wager.time) == spending.day) {
        spending.wagered_today.units =
            std::max<Int128>(0, spending.wagered_today.units - wager.amount.units);
    }
    if (week_number(wager.time) == spending.week) {
        spending.wagered_this_week.units =
            std::max<Int128>(0, spending.wagered_this_week.units - wager.amount.units);
    }
}

// Pays into the wallet: bonus gets back what bonus staked in the round, the rest goes where
// winnings go; a promotion's winnings go to the bucket that the promotion names.
void pay(Posting& posting, const View& view, const Move& move, Amount amount, Round* round) {
    if (view.promotion && !move.promotion.empty()) {
        posting.transfer(AccountCode::payouts,
                         static_cast<AccountCode>(view.promotion->payout_bucket), amount);
    } else {
        const Amount back = round == nullptr ? Amount{} : std::min(amount, round->bonus_staked);
        posting.transfer(AccountCode::payouts, AccountCode::bonus, back);
        posting.transfer(AccountCode::payouts, rules_of(view.integration).payout_bucket,
                         Amount{amount.units - back.units});
        if (round != nullptr) round->bonus_staked.units -= back.units;
    }
    count_return(posting.wallet().spending, amount);
    if (round == nullptr) return;
    round->payouts += 1;
    round->paid = add(round->paid, amount).value_or(round->paid);
}

void close(Round& round, Time now) {
    round.state = RoundState::closed;
    round.closed = now;
}

// Taken from the books: what the bonus bucket lost to this transaction.
Amount bonus_part(const Transaction& wager) {
    Amount part;
    for (const Entry& entry : wager.entries) {
        if (entry.account == AccountCode::bonus && entry.amount.is_negative()) {
            part.units -= entry.amount.units;
        }
    }
    return part;
}

bool is_free_bet(const Transaction& wager) {
    return !wager.promotion.empty() &&
           std::any_of(wager.entries.begin(), wager.entries.end(), [](const Entry& entry) {
               return entry.account == AccountCode::promotions && entry.amount.is_negative();
           });
}

bool is_wager(const Transaction& transaction) {
    return transaction.kind == TransactionKind::wager ||
           transaction.kind == TransactionKind::wager_and_payout;
}

// Nothing to take back: blocks the id, so that a wager that is still on its way moves nothing.
void bury(const View& view, const Move& move, Decision& decision) {
    decision.outcome.decline = Decline::transaction_unknown;
    const Key* known = view.reference.get();
    if (known != nullptr && known->state == KeyState::refused) {
        if (known->tombstoned) return;
        Key key = *known;
        key.tombstoned = true;
        decision.puts.emplace_back(std::make_shared<const Key>(std::move(key)));
        return;
    }
    // A tombstone already, or the id of something that is no wager.
    if (known != nullptr) return;
    auto tombstone = transaction_of(view, move);
    tombstone->status = TransactionStatus::tombstone;
    tombstone->kind = TransactionKind::wager;
    tombstone->group = move.reference_group;
    tombstone->external_id = move.reference;
    tombstone->reference.clear();
    decision.transaction = std::move(tombstone);
    if (move.group == KeyGroup::self) return;
    // Asked for as a rollback, by the rollback's own id, the answer is the same.
    Key marker;
    marker.tenant = view.player->tenant;
    marker.integration = move.caller.integration;
    marker.player = view.player->id;
    marker.group = move.group;
    marker.external_id = move.external_id;
    marker.state = KeyState::tombstone;
    marker.original = view.next;
    decision.puts.emplace_back(std::make_shared<const Key>(std::move(marker)));
}

Decline judge_rollback(const View& view, const Move& move, Outcome& outcome) {
    const Rules rules = rules_of(view.integration);
    const Transaction& wager = *view.reference->transaction;
    unsigned differs = 0;
    if (wager.amount != move.amount) differs |= field_amount;
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

// The marks that a wager leaves when it is taken back, by its own id and by its rollback's.
void mark_rolled_back(const View& view, const Move& move, Decision& decision) {
    Key key = *view.reference;
    key.state = KeyState::rolled_back;
    key.rollback = view.next;
    const std::string wager_id = key.external_id;
    decision.puts.emplace_back(std::make_shared<const Key>(std::move(key)));
    if (move.kind != TransactionKind::rollback || move.group == KeyGroup::self ||
        move.external_id == wager_id) {
        return;
    }
    Key by_wager;
    by_wager.tenant = view.player->tenant;
    by_wager.integration = move.caller.integration;
    by_wager.player = view.player->id;
    by_wager.group = move.group;
    by_wager.external_id = wager_id;
    by_wager.state = KeyState::rolled_back;
    by_wager.original = view.next;
    by_wager.rollback = view.next;
    decision.puts.emplace_back(std::make_shared<const Key>(std::move(by_wager)));
}

void give_back_budget(const View& view, const Transaction& wager, Decision& decision) {
    CHECK(view.spent != nullptr);  // a promotion is never deleted
    put_promotion(*view.spent, Amount{view.spent->remaining.units + wager.amount.units}, decision);
}

void take_out_of_round(const View& view, const Transaction& wager, Decision& decision) {
    if (!view.round) return;
    Round round = *view.round;
    round.latest = view.next;
    round.rolled_back = add(round.rolled_back, wager.amount).value_or(round.rolled_back);
    if (round.live_wagers > 0) round.live_wagers -= 1;
    round.bonus_staked.units =
        std::max<Int128>(0, round.bonus_staked.units - bonus_part(wager).units);
    std::erase(round.live, wager.sequence);
    put_round(std::move(round), decision);
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
    if (const Decline no = judge_promotion(view, move); no != Decline::none) {
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
        if (view.promotion->remaining < move.amount) {
            return refuse_for_good(view, move, Decline::insufficient_funds, decision);
        }
        posting.transfer(AccountCode::promotions, AccountCode::stakes, move.amount);
    } else {
        if (playable(posting.wallet()) < move.amount) {
            return refuse_for_good(view, move, Decline::insufficient_funds, decision);
        }
        from_bonus = posting.take(spending_order, AccountCode::stakes, move.amount)[0];
        count_wager(posting.wallet().spending, move.amount);
    }
    // From here on the wager succeeds, unless the payout has too many digits.
    decision.transaction = transaction_of(view, move);
    const bool pays = move.kind == TransactionKind::wager_and_payout && move.payout.is_positive();
    if (move.round.empty()) {
        if (pays) pay(posting, view, move, move.payout, nullptr);
    } else {
        Round round = round_of(view, move);
        round.wagers += 1;
        round.live_wagers += 1;
        round.wagered = add(round.wagered, move.amount).value_or(round.wagered);
        round.bonus_staked = add(round.bonus_staked, from_bonus).value_or(round.bonus_staked);
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
    if (const Decline no = judge_promotion(view, move); no != Decline::none) {
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
    if (!move.promotion.empty() && judge_promotion(view, move) != Decline::none) {
        decision.outcome.decline = Decline::promotion_unknown;
        return;
    }
    const Transaction& wager = *reference->transaction;
    Posting posting(wallet_of(view, move), view.next, view.now);
    posting.reverse(wager.entries);
    decision.transaction = transaction_of(view, move);
    decision.transaction->reverses = wager.sequence;
    if (is_free_bet(wager)) {
        give_back_budget(view, wager, decision);
    } else {
        uncount_wager(posting.wallet().spending, wager);
    }
    take_out_of_round(view, wager, decision);
    mark_rolled_back(view, move, decision);
    finish(decision, posting);
}

void decide_reversal(const View& view, const Move& move, Decision& decision) {
    const Key* reference = view.reference.get();
    if (reference == nullptr || reference->transaction == nullptr) {
        decision.outcome.decline = Decline::not_found;
        return;
    }
    const Transaction& original = *reference->transaction;
    if (reference->state == KeyState::rolled_back) {
        decision.outcome.decline = Decline::already_rolled_back;
        return;
    }
    const bool final_kind = original.kind == TransactionKind::rollback ||
                            original.kind == TransactionKind::reversal ||
                            original.kind == TransactionKind::withdraw_settle ||
                            original.kind == TransactionKind::withdraw_release;
    const bool held =
        std::any_of(original.entries.begin(), original.entries.end(),
                    [](const Entry& entry) { return entry.account == AccountCode::held; });
    if (reference->state != KeyState::applied || final_kind || held) {
        decision.outcome.decline = Decline::not_permitted;
        return;
    }
    Posting posting(wallet_of(view, move), view.next, view.now);
    posting.reverse(original.entries);
    for (std::size_t code = 0; code < account_count; ++code) {
        const auto account = static_cast<AccountCode>(code);
        if (is_bucket(account) && posting.wallet().at(account).balance.is_negative()) {
            decision.outcome.decline = Decline::insufficient_funds;
            return;
        }
    }
    decision.transaction = transaction_of(view, move);
    decision.transaction->reverses = original.sequence;
    decision.transaction->amount = original.amount;
    decision.transaction->payout = original.payout;
    decision.transaction->round = original.round;
    decision.transaction->game = original.game;
    if (is_wager(original)) {
        if (is_free_bet(original)) {
            give_back_budget(view, original, decision);
        } else {
            uncount_wager(posting.wallet().spending, original);
        }
        take_out_of_round(view, original, decision);
    } else if (original.kind == TransactionKind::payout && view.round) {
        Round round = *view.round;
        round.latest = view.next;
        round.paid.units -= original.amount.units;
        if (round.payouts > 0) round.payouts -= 1;
        put_round(std::move(round), decision);
    }
    mark_rolled_back(view, move, decision);
    finish(decision, posting);
}

}  // namespace coffer
