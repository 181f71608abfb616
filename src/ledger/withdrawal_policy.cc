#include "ledger/withdrawal_policy.h"

#include <algorithm>
#include <utility>

#include "base/calendar.h"

namespace coffer {

namespace {

bool exceeds(Amount amount, Amount bound) { return !bound.is_negative() && amount > bound; }

// What was asked for on the day of `now`, as far as the record is of that day.
Amount asked_for(const Ptr<WithdrawalDay>& day, Time now) {
    return day && day->day == day_number(now) ? day->requested : Amount{};
}

bool exceeds_day(const Ptr<WithdrawalDay>& day, Time now, Amount amount, Amount bound) {
    if (bound.is_negative()) return false;
    const auto sum = add(asked_for(day, now), amount);
    return !sum || *sum > bound;
}

void count(const View& view, const Withdrawal& withdrawal, const Ptr<WithdrawalDay>& before,
           std::string player, std::vector<Record>& puts) {
    WithdrawalDay day;
    day.tenant = withdrawal.tenant;
    day.player = std::move(player);
    day.currency = withdrawal.currency;
    day.day = day_number(view.now);
    // It was judged before, so that it has 38 digits.
    day.requested = add(asked_for(before, view.now), withdrawal.amount).value_or(Amount{});
    puts.emplace_back(std::make_shared<const WithdrawalDay>(std::move(day)));
}

}  // namespace

const WithdrawalPolicy* policy_of(const View& view, CurrencyId currency) {
    return view.directory->policy(currency);
}

Decline judge_amount(const View& view, CurrencyId currency, Amount amount) {
    const WithdrawalPolicy* policy = policy_of(view, currency);
    if (policy == nullptr) return Decline::none;
    const bool too_much = exceeds(amount, policy->largest) ||
                          exceeds_day(view.player_day, view.now, amount, policy->player_day) ||
                          exceeds_day(view.tenant_day, view.now, amount, policy->tenant_day);
    return too_much ? Decline::limit_reached : Decline::none;
}

Decline judge_destination(const View& view, CurrencyId currency, const std::string& destination) {
    const WithdrawalPolicy* policy = policy_of(view, currency);
    if (policy == nullptr || policy->destinations.empty()) return Decline::none;
    const auto& allowed = policy->destinations;
    const bool is_allowed = std::ranges::find(allowed, destination) != allowed.end();
    return is_allowed ? Decline::none : Decline::not_permitted;
}

WithdrawalState first_state(const View& view, CurrencyId currency, Amount amount) {
    const WithdrawalPolicy* policy = policy_of(view, currency);
    const bool asks = policy != nullptr && exceeds(amount, policy->approval_above);
    return asks ? WithdrawalState::approval : WithdrawalState::queued;
}

void count_for_the_day(const View& view, const Withdrawal& withdrawal, std::vector<Record>& puts) {
    const WithdrawalPolicy* policy = policy_of(view, withdrawal.currency);
    if (policy == nullptr) return;
    if (!policy->player_day.is_negative()) {
        count(view, withdrawal, view.player_day, withdrawal.player, puts);
    }
    if (!policy->tenant_day.is_negative()) count(view, withdrawal, view.tenant_day, {}, puts);
}

}  // namespace coffer
