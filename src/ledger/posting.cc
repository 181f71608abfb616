#include "ledger/posting.h"

#include <algorithm>
#include <utility>

#include "base/calendar.h"
#include "base/check.h"
#include "ledger/wide_sum.h"

namespace coffer {

Posting::Posting(Wallet before, Sequence sequence, Time now)
    : wallet_(std::move(before)), sequence_(sequence) {
    if (wallet_.created == 0) wallet_.created = now;
    wallet_.modified = now;
    wallet_.applied.extend(sequence);
    turn_page(wallet_.spending, now);
    entries_.reserve(4);
}

void Posting::enter(AccountCode code, Amount amount) {
    Account& account = wallet_.at(code);
    const auto balance = add(account.balance, amount);
    if (!balance) {
        overflowed_ = true;
        return;
    }
    const Sequence previous = account.last;
    account.balance = *balance;
    account.version += 1;
    account.last = sequence_;
    entries_.push_back(Entry{code, amount, *balance, account.version, previous});
}

void Posting::transfer(AccountCode from, AccountCode to, Amount amount) {
    CHECK(!amount.is_negative());
    if (amount.is_zero()) return;
    enter(from, negate(amount));
    enter(to, amount);
}

void Posting::take(std::span<const AccountCode> order, AccountCode to, Amount amount) {
    Amount left = amount;
    for (const AccountCode from : order) {
        const Amount has = wallet_.at(from).balance;
        if (!has.is_positive() || !left.is_positive()) continue;
        const Amount taken = std::min(has, left);
        enter(from, negate(taken));
        left.units -= taken.units;
    }
    CHECK(left.is_zero());
    if (amount.is_positive()) enter(to, amount);
}

void Posting::reverse(std::span<const Entry> entries) {
    for (const Entry& entry : entries) enter(entry.account, negate(entry.amount));
}

void Posting::count(Amount& figure, Amount amount) {
    const auto sum = add(figure, amount);
    overflowed_ = overflowed_ || !sum;
    figure = sum.value_or(figure);
}

void turn_page(Spending& spending, Time now) {
    const std::int64_t day = day_number(now);
    if (spending.day != day) {
        spending.day = day;
        spending.wagered_today = spending.returned_today = spending.granted_today = Amount{};
    }
    const std::int64_t week = week_number(now);
    if (spending.week != week) {
        spending.week = week;
        spending.wagered_this_week = spending.returned_this_week = Amount{};
    }
}

// The laws by number are in docs/LEDGER.md.
void audit(const Transaction& transaction, const Wallet& after) {
    // Law 1: the entries of a transaction add up to zero.
    WideSum sum;
    for (const Entry& entry : transaction.entries) sum.add(entry.amount);
    CHECK(sum.is_zero());
    // Law 2: no bucket of a player goes below zero, except by an adjustment.
    for (const Entry& entry : transaction.entries) {
        if (!is_bucket(entry.account) || !entry.amount.is_negative()) continue;
        if (transaction.kind != TransactionKind::adjust) CHECK(!entry.balance_after.is_negative());
    }
    // Law 3: what an entry says of its account is what the wallet says, and versions have no gaps;
    // an account may be entered twice in one transaction, the last entry then counts.
    for (std::size_t index = 0; index < transaction.entries.size(); ++index) {
        const Entry& entry = transaction.entries[index];
        CHECK(entry.version >= 1);
        const Account& account = after.at(entry.account);
        CHECK(entry.version <= account.version);
        if (entry.version == account.version) CHECK(entry.balance_after == account.balance);
        CHECK(account.last == transaction.sequence);
    }
    // Law 4: all accounts of a wallet, the player's and the house's, add up to zero.
    WideSum books;
    for (const Account& account : after.accounts) books.add(account.balance);
    CHECK(books.is_zero());
    CHECK(after.tenant == transaction.tenant && after.currency == transaction.currency &&
          after.player == transaction.player);
}

}  // namespace coffer
