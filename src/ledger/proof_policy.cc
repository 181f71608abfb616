#include "ledger/proof_policy.h"

#include <algorithm>

namespace coffer {

void PolicyProof::record(const Change& change) {
    const Withdrawal* asked = nullptr;
    bool counts = false;
    for (const Record& put : change.puts) {
        const auto* one = std::get_if<Ptr<Withdrawal>>(&put);
        if (one != nullptr && (*one)->requested_by == change.sequence) asked = one->get();
        counts = counts || std::holds_alternative<Ptr<WithdrawalDay>>(put);
    }
    if (asked != nullptr) return new_withdrawal(change, *asked);
    findings_.expect(!counts, change.sequence, "a day's withdrawals change without one");
}

void PolicyProof::new_withdrawal(const Change& change, const Withdrawal& withdrawal) {
    const auto policy =
        past_.before<WithdrawalPolicy>(past_.keys().withdrawal_policy(withdrawal.currency));
    const Amount none{-1};
    const Amount approval = policy ? policy->approval_above : none;
    const bool asks = !approval.is_negative() && approval < withdrawal.amount;
    findings_.expect((withdrawal.state == WithdrawalState::approval) == asks, change.sequence,
                     "a withdrawal waits for approval, or does not, against its policy");
    day(change, withdrawal, withdrawal.player, policy ? policy->player_day : none);
    day(change, withdrawal, "", policy ? policy->tenant_day : none);
    if (!policy) return;
    findings_.expect(policy->largest.is_negative() || withdrawal.amount <= policy->largest,
                     change.sequence, "a withdrawal is larger than its policy allows");
    const auto& to = policy->destinations;
    findings_.expect(to.empty() || std::ranges::count(to, withdrawal.destination) > 0,
                     change.sequence, "a withdrawal to where its policy does not allow");
}

void PolicyProof::day(const Change& change, const Withdrawal& withdrawal, std::string_view player,
                      Amount bound) {
    const Sequence at = change.sequence;
    const auto key = past_.keys().withdrawal_day(withdrawal.tenant, player, withdrawal.currency);
    const Record record = find_in(change, key, past_.keys());
    const auto* put = std::get_if<Ptr<WithdrawalDay>>(&record);
    if (bound.is_negative()) {
        return findings_.expect(put == nullptr, at, "a day's withdrawals are counted for no bound");
    }
    if (put == nullptr) return findings_.add(at, "a withdrawal is not counted for its day");
    const std::int64_t today = change.time / day_us;
    const auto before = past_.before<WithdrawalDay>(key);
    const Int128 earlier = before && before->day == today ? before->requested.units : 0;
    findings_.expect(
        (*put)->day == today && (*put)->requested.units == earlier + withdrawal.amount.units, at,
        "what was asked for on a day is not the sum of its withdrawals");
    findings_.expect((*put)->requested <= bound, at,
                     "more was asked for on a day than its policy allows");
}

}  // namespace coffer
