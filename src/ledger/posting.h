#pragma once
// Double entry on one wallet: every transfer is two entries that add up to zero.
//
// A Posting starts from a wallet as it is and collects transfers; what it holds then are the
// entries of one transaction and the wallet after it. Overflow beyond 38 digits is remembered and
// must be asked for before the result is used; balances of buckets may go below zero here, which is
// for the caller to have checked.

#include <span>
#include <vector>

#include "store/record.h"

namespace coffer {

class Posting {
public:
    Posting(Wallet before, Sequence sequence, Time now);

    // Moves a positive amount; zero does nothing.
    void transfer(AccountCode from, AccountCode to, Amount amount);
    // Takes from the buckets in that order, as far as each has something, and gives it to `to`. The
    // caller has checked that there is enough.
    void take(std::span<const AccountCode> order, AccountCode to, Amount amount);
    // Applies the opposite of these entries.
    void reverse(std::span<const Entry> entries);
    // Adds to a figure that is kept beside the entries. As with them, too many digits undo it all.
    void count(Amount& figure, Amount amount);

    bool overflowed() const { return overflowed_; }
    const Wallet& wallet() const { return wallet_; }
    Wallet& wallet() { return wallet_; }
    std::vector<Entry>& entries() { return entries_; }

private:
    void enter(AccountCode code, Amount amount);
    Wallet wallet_;
    Sequence sequence_;
    std::vector<Entry> entries_;
    bool overflowed_ = false;
};

// Sets the figures of `spending` to those of the day and week of `now`.
void turn_page(Spending& spending, Time now);

// The laws that every transaction keeps; a CHECK, on in every build, right before the commit.
void audit(const Transaction& transaction, const Wallet& after);

}  // namespace coffer
