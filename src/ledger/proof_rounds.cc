#include "ledger/proof_rounds.h"

#include <algorithm>
#include <tuple>

namespace coffer {

namespace {

void count(Amount& figure, Amount more) { figure = add(figure, more).value_or(figure); }

// Of the transactions that may name a round, the others only repeat the caller's word.
bool touches_round(const Step& step) {
    const TransactionKind kind =
        step.takes_back && step.original ? step.original->kind : step.transaction.kind;
    const bool named = !step.transaction.round.empty();
    if (is_wager_kind(kind) || kind == TransactionKind::payout) return named;
    return false;
}

Round opened_by(const Step& step) {
    const Transaction& transaction = step.transaction;
    Round round;
    round.tenant = transaction.tenant;
    round.integration = transaction.integration;
    round.provider = transaction.provider;
    round.player = transaction.player;
    round.id = transaction.round;
    round.currency = transaction.currency;
    round.game = transaction.game;
    round.opened = step.time;
    round.opened_by = step.at;
    return round;
}

// A round is of one currency; what moves in it in another is counted and not summed.
bool sums(const Round& round, const Transaction& transaction) {
    return round.currency == transaction.currency;
}

void wagered(const Step& step, Round& round) {
    round.wagers += 1;
    round.live_wagers += 1;
    if (sums(round, step.transaction)) {
        count(round.wagered, step.transaction.amount);
        count(round.bonus_staked, step.from_bonus);
    }
    if (step.rules.latest_wager_only) round.live.push_back(step.at);
}

void paid(const Step& step, Round& round) {
    round.payouts += 1;
    if (!sums(round, step.transaction)) return;
    count(round.paid, step.paid);
    round.bonus_staked.units -= step.back_to_bonus.units;
}

// Everything that the movement left in the round's figures goes, the bonus that it staked and the
// bonus that it paid back; a promotion's winnings are no stake that came back.
void taken_back(const Transaction& original, Round& round) {
    const bool was_wager = is_wager_kind(original.kind);
    if (was_wager) {
        round.live_wagers -= round.live_wagers > 0 ? 1 : 0;
        std::erase(round.live, original.sequence);
    }
    const Amount paid = paid_by(original);
    const bool was_payout = original.kind == TransactionKind::payout || paid.is_positive();
    round.payouts -= was_payout && round.payouts > 0 ? 1 : 0;
    if (!sums(round, original)) return;
    if (was_wager) count(round.rolled_back, original.amount);
    round.paid.units -= paid.units;
    for (const Entry& entry : original.entries) {
        const bool of_bonus = entry.account == AccountCode::bonus && original.promotion.empty();
        if (of_bonus) count(round.bonus_staked, entry.amount);
    }
}

}  // namespace

Ptr<Round> RoundProof::before(const Transaction& transaction, const Transaction* original) const {
    // An administrator's reversal names the round of what it takes back.
    const Transaction& named = original != nullptr ? *original : transaction;
    if (named.round.empty()) return nullptr;
    return past_.before<Round>(past_.keys().round(
        RoundName{named.tenant, named.integration, named.provider, named.player, named.round}));
}

void RoundProof::movement(const Step& step) {
    if (!touches_round(step)) {
        return findings_.expect(!step.round, step.at, "a movement without a round touches one");
    }
    if (step.takes_back && !step.round_before) {
        return findings_.add(step.at, "takes back a movement of a round that never was");
    }
    if (!step.round) return findings_.add(step.at, "its round does not know of it");
    judge(step);
    Round model = step.round_before ? *step.round_before : opened_by(step);
    model.latest = step.at;
    if (step.is_wager) wagered(step, model);
    const bool pays = step.transaction.kind == TransactionKind::payout || step.paid.is_positive();
    if (pays) paid(step, model);
    if (step.original) taken_back(*step.original, model);
    // That it was the last one of its round is what the caller says, and only by the round's state.
    const bool may_close = !step.takes_back && model.state == RoundState::open;
    if (may_close && step.round->state == RoundState::closed) {
        model.state = RoundState::closed;
        model.closed = step.time;
    }
    compare(step.at, *step.round, model);
}

// What the round's state and age allow.
void RoundProof::judge(const Step& step) {
    const Round* round = step.round_before.get();
    const bool is_payout = step.transaction.kind == TransactionKind::payout;
    const bool is_rollback = step.transaction.kind == TransactionKind::rollback;
    if (is_payout && step.rules.payout_needs_wager) {
        findings_.expect(round != nullptr && round->live_wagers > 0, step.at,
                         "pays out of a round without a live wager");
    }
    if (round == nullptr) return;
    const bool by_age =
        step.rules.round_age != 0 && step.time - round->opened > step.rules.round_age;
    const bool closed = round->state == RoundState::closed || by_age;
    findings_.expect(!closed || !step.is_wager, step.at, "a wager in a closed round");
    if (step.rules.closed_refuses_everything) {
        findings_.expect(!closed || !(is_payout || is_rollback), step.at,
                         "a payout or rollback in a closed round");
    }
    if (!is_rollback || !step.original) return;
    findings_.expect(!step.rules.settled_refuses_rollback || round->payouts == 0, step.at,
                     "takes back a wager of a round that was paid out");
    findings_.expect(!step.rules.latest_wager_only ||
                         (!round->live.empty() && round->live.back() == step.original->sequence),
                     step.at, "takes back a wager that is not the latest of its round");
}

void RoundProof::closed_by_hand(const Change& change, const Round& after) {
    const auto known = past_.before<Round>(past_.keys().round(
        RoundName{after.tenant, after.integration, after.provider, after.player, after.id}));
    if (!known) return findings_.add(change.sequence, "a round without a movement");
    findings_.expect(known->state == RoundState::open, change.sequence,
                     "a round changes without a movement");
    Round model = *known;
    model.state = RoundState::closed;
    model.closed = change.time;
    model.latest = change.sequence;
    compare(change.sequence, after, model);
}

void RoundProof::compare(Sequence at, const Round& said, const Round& is) {
    const auto figures = [](const Round& round) {
        return std::tie(round.wagered, round.paid, round.rolled_back, round.bonus_staked,
                        round.wagers, round.payouts, round.live_wagers);
    };
    findings_.expect(figures(said) == figures(is), at,
                     "the round's figures are not the sums of its movements");
    findings_.expect(said.live == is.live, at, "the round's list of live wagers is wrong");
    findings_.expect(is.state == RoundState::open || said.state == RoundState::closed, at,
                     "a closed round is open again");
    findings_.expect(is.state == said.state || said.state == RoundState::open, at,
                     "a round is closed by a movement that cannot close it");
    const auto history = [](const Round& round) {
        return std::tie(round.tenant, round.integration, round.provider, round.player, round.id,
                        round.currency, round.game, round.opened, round.closed, round.opened_by,
                        round.latest);
    };
    findings_.expect(said.state != is.state || history(said) == history(is), at,
                     "what the round says of its history is wrong");
}

}  // namespace coffer
