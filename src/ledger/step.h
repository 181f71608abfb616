#pragma once
// One applied transaction as the proof looks at it: with everything that its record put, what it
// takes back, and what stood in the books before.

#include "ledger/rules.h"
#include "store/record.h"

namespace coffer {

struct Step {
    Sequence at = 0;
    Time time = 0;
    const Transaction& transaction;
    const Integration* integration = nullptr;  // of the transaction; null in the native API
    Rules rules;                               // of that integration
    Ptr<Transaction> original;                 // what it takes back; null if nothing

    // The record's puts, each null where there is none.
    Ptr<Wallet> wallet;
    Ptr<Round> round;
    Ptr<Promotion> promotion;
    Ptr<Withdrawal> withdrawal;
    Ptr<ChainDeposit> deposit;

    // As they were before; null where there were none.
    Ptr<Round> round_before;
    Ptr<Promotion> named_promotion;  // the one that the transaction names

    bool is_wager = false, takes_back = false, free_bet = false;
    Amount paid;           // to the player, out of `payouts`
    Amount from_bonus;     // what the player's bonus staked
    Amount back_to_bonus;  // of `paid`: what the round's stakes owe to bonus
    bool takes_back_wager = false;
};

constexpr bool is_wager_kind(TransactionKind kind) {
    return kind == TransactionKind::wager || kind == TransactionKind::wager_and_payout;
}

// What the player got of it out of a round.
inline Amount paid_by(const Transaction& transaction) {
    if (transaction.kind == TransactionKind::payout) return transaction.amount;
    if (transaction.kind == TransactionKind::wager_and_payout) return transaction.payout;
    return {};
}

// What that bucket gave to a transaction.
inline Amount given_by(AccountCode bucket, const Transaction& transaction) {
    Amount given;
    for (const Entry& entry : transaction.entries) {
        if (entry.account != bucket || !entry.amount.is_negative()) continue;
        given = add(given, negate(entry.amount)).value_or(given);
    }
    return given;
}

// A wager that the promotion paid.
inline bool is_free_bet(const Transaction& transaction) {
    return is_wager_kind(transaction.kind) && !transaction.promotion.empty() &&
           given_by(AccountCode::promotions, transaction).is_positive();
}

}  // namespace coffer
