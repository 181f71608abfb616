#include "ledger/proof_claims.h"

#include <tuple>

namespace coffer {

namespace {

bool is_over(WithdrawalState state) {
    return state == WithdrawalState::completed || state == WithdrawalState::released;
}

// Everything that stays as it was made.
auto terms(const Promotion& promotion) {
    return std::tie(promotion.tenant, promotion.id, promotion.player, promotion.currency,
                    promotion.budget, promotion.payout_bucket, promotion.created,
                    promotion.expires);
}

auto terms(const Withdrawal& withdrawal) {
    return std::tie(withdrawal.tenant, withdrawal.integration, withdrawal.player,
                    withdrawal.currency, withdrawal.amount, withdrawal.destination,
                    withdrawal.requested_by, withdrawal.created, withdrawal.on_chain);
}

}  // namespace

void ClaimProof::movement(const Step& step) {
    budget(step);
    withdrawal(step);
}

void ClaimProof::budget(const Step& step) {
    const Transaction& transaction = step.transaction;
    const bool gives_back = step.takes_back_wager && is_free_bet(*step.original);
    // A free bet of nothing has no entries; its promotion may be put as it was.
    if (!step.promotion) {
        return findings_.expect(!step.free_bet && !gives_back, step.at,
                                "a promotion does not know of its free bet");
    }
    const Promotion& after = *step.promotion;
    const auto before = past_.before<Promotion>(past_.keys().promotion(after.tenant, after.id));
    const std::string& spender = gives_back ? step.original->promotion : transaction.promotion;
    if (!before || after.id != spender || !(step.is_wager || gives_back)) {
        return findings_.add(step.at, "a promotion changes for no reason");
    }
    findings_.expect(
        before->player == transaction.player && before->currency == transaction.currency, step.at,
        "a free bet of another player's promotion");
    findings_.expect(!step.free_bet || before->expires == 0 || step.time < before->expires, step.at,
                     "a free bet of a promotion that is over");
    const Amount moved = gives_back      ? step.original->amount
                         : step.free_bet ? negate(transaction.amount)
                                         : Amount{};
    findings_.expect(add(before->remaining, moved) == after.remaining, step.at,
                     "what remains of the promotion is not its budget less its free bets");
    findings_.expect(!after.remaining.is_negative() && after.remaining <= after.budget, step.at,
                     "a promotion has more than its budget, or less than nothing");
    findings_.expect(terms(*before) == terms(after), step.at, "a promotion's terms change");
}

void ClaimProof::made(const Change& change, const Promotion& promotion) {
    findings_.expect(past_.latest(past_.keys().promotion(promotion.tenant, promotion.id)) == 0,
                     change.sequence, "a promotion changes for no reason");
    findings_.expect(is_bucket(static_cast<AccountCode>(promotion.payout_bucket)), change.sequence,
                     "a promotion pays into what is no bucket");
    findings_.expect(promotion.remaining == promotion.budget && !promotion.budget.is_negative() &&
                         promotion.created == change.time,
                     change.sequence, "a new promotion is not whole");
}

// To a chain: the money is held, and a withdrawal says for whom. To its end: the other way round.
void ClaimProof::withdrawal(const Step& step) {
    const Transaction& transaction = step.transaction;
    bool holds = false;
    for (const Entry& entry : transaction.entries) {
        holds = holds || (entry.account == AccountCode::held && !step.takes_back &&
                          transaction.kind != TransactionKind::adjust);
    }
    if (holds != (step.withdrawal != nullptr)) {
        return findings_.add(step.at, holds ? "holds money for no withdrawal"
                                            : "a withdrawal for which no money is held");
    }
    if (!holds) return;
    const Withdrawal& after = *step.withdrawal;
    if (transaction.kind != TransactionKind::withdraw) {
        const auto before = past_.before<Withdrawal>(past_.keys().withdrawal(after.requested_by));
        const bool settles = transaction.kind == TransactionKind::withdraw_settle;
        findings_.expect(
            before && !is_over(before->state) && terms(*before) == terms(after) &&
                after.amount == transaction.amount &&
                after.state == (settles ? WithdrawalState::completed : WithdrawalState::released),
            step.at, "ends a withdrawal otherwise than it was asked for");
        return;
    }
    findings_.expect(
        after.requested_by == step.at && after.tenant == transaction.tenant &&
            after.integration == transaction.integration && after.player == transaction.player &&
            after.currency == transaction.currency && after.amount == transaction.amount &&
            after.created == step.time && after.on_chain && !is_over(after.state),
        step.at, "the withdrawal is not what was asked for");
    const auto player =
        past_.before<Player>(past_.keys().player(transaction.tenant, transaction.player));
    findings_.expect(player && player->payout_address == after.destination, step.at,
                     "a withdrawal to an address that is not the player's");
}

void ClaimProof::advanced(const Change& change, const Withdrawal& withdrawal) {
    const auto before = past_.before<Withdrawal>(past_.keys().withdrawal(withdrawal.requested_by));
    findings_.expect(before && !is_over(before->state) && !is_over(withdrawal.state) &&
                         terms(*before) == terms(withdrawal),
                     change.sequence, "a withdrawal changes for no reason");
}

}  // namespace coffer
