#pragma once
// What a tenant's policy says of a withdrawal to a chain: whether it may be, what it counts for,
// and whether a person has to approve it. Pure, like all of decide.h.

#include "ledger/decide.h"

namespace coffer {

// The policy of that currency, or null: everything may be.
const WithdrawalPolicy* policy_of(const View& view, CurrencyId currency);
// Check 9: limit_reached, where it is too large by itself or with what was asked for that day.
Decline judge_amount(const View& view, CurrencyId currency, Amount amount);
// not_permitted, where the destination is not on the list.
Decline judge_destination(const View& view, CurrencyId currency, const std::string& destination);
// approval, or queued.
WithdrawalState first_state(const View& view, CurrencyId currency, Amount amount);
// Puts the day's sums with it, where there are bounds for them.
void count_for_the_day(const View& view, const Withdrawal& withdrawal, std::vector<Record>& puts);

}  // namespace coffer
