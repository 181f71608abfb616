#pragma once
// What became of an intent.
//
// A Decline is the ledger's "no", decided by a rule and the same for every dialect; a Fault means
// that nothing was recorded and the caller may ask again. Each dialect has one exhaustive switch
// from these to its own words, so that a new value does not compile until every dialect can say it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/record.h"

namespace coffer {

// Values are on disk in remembered refusals: append, never renumber.
enum class Decline : std::uint8_t {
    none = 0,  // done, or a replay of what was done
    session_unknown = 1,
    session_expired = 2,
    player_unknown = 3,
    player_blocked = 4,
    currency_wrong = 5,
    insufficient_funds = 6,
    conflict = 7,  // same id, other content; `differs` names the fields
    transaction_unknown = 8,
    already_rolled_back = 9,
    cancelled_before_arrival = 10,  // its tombstone was there first
    round_closed = 11,
    no_wager_in_round = 12,
    already_settled = 13,
    not_latest_wager = 14,
    promotion_unknown = 15,
    limit_reached = 16,
    was_refused = 17,  // status only: the transaction was refused, `refused_as` says why
    nothing_to_withdraw = 18,
    below_minimum = 19,
    no_payout_address = 20,
    not_found = 21,        // of a thing of the directory, a round, a transaction
    exists = 22,           // the name is taken
    invalid = 23,          // a value that only the books can judge (unknown currency in a list ...)
    amount_overflow = 24,  // more than 38 digits would be needed
    not_permitted = 25,    // a client credit in a currency that clients may not credit
    withdrawal_in_flight = 26,  // one is under way, and there is nothing to add to it
};

std::string_view decline_word(Decline decline);  // insufficient_funds; `done` for none

enum class Fault : std::uint8_t {
    none = 0,
    not_now,    // overload, deadline passed, store unavailable
    throttled,  // the password queue is full
    internal,
};

// The fields of a fingerprint, as bits of Outcome::differs.
enum Field : std::uint16_t {
    field_kind = 1,
    field_currency = 2,
    field_amount = 4,
    field_payout = 8,
    field_round = 16,
    field_game = 32,
    field_reference = 64,
    field_provider = 128,
    field_promotion = 256,
    field_bucket = 512,
};
// "amount, round": for people.
std::string field_names(std::uint16_t fields);

// One movement of a history: the transaction, its wallet just after it, and what became of it
// since.
struct Movement {
    Ptr<Transaction> transaction;
    Ptr<Wallet> wallet;                  // null for refusals and tombstones
    KeyState state = KeyState::applied;  // applied, refused, tombstone, rolled_back
    Sequence rollback = 0;               // what took it back
    Time rollback_time = 0;              // and when: native shows both as one id
    Time reversed_time = 0;              // of the transaction that this one takes back
    Ptr<Withdrawal> withdrawal;          // of a WITHDRAW to a chain, as it stands now
    Ptr<Settlement> settlement;          // its chain's side, once something is signed for it
    Ptr<ChainDeposit> deposit;           // of a DEPOSIT that came from a chain
};

// What an account on a chain has, as the settler of this process saw it last.
struct HotWalletSight {
    std::uint64_t chain = 0;
    std::string address;
    Time seen = 0;      // 0: not yet
    std::string coins;  // in units of 10^-18 of the chain's coin, as decimal digits
    struct Tokens {
        std::string contract, units;
    };
    std::vector<Tokens> tokens;
};
struct HotWalletView {
    Ptr<HotWallet> record;
    HotWalletSight sight;
    std::uint64_t under_way = 0;  // of withdrawals and top-ups, as far as they are not final
    Time oldest = 0;              // when the oldest of them was signed first; 0: none
    bool paused = false;          // its chain
};

struct Outcome {
    Decline decline = Decline::none;
    Fault fault = Fault::none;
    bool replay = false;
    Decline refused_as = Decline::none;  // with was_refused
    std::uint16_t differs = 0;           // with conflict: Field bits

    // Who and what it was about, as far as it was found.
    TenantId tenant = 0;
    IntegrationId integration = 0;
    CurrencyId currency = 0;
    Ptr<Player> player;
    Ptr<Session> session;
    Ptr<Wallet> wallet;            // as it is now; null when never touched
    Ptr<Transaction> transaction;  // of a movement, its replay's original, or the one asked for
    // Of a replay: what became of the original since, as in a Movement.
    KeyState state = KeyState::applied;
    Sequence rollback = 0;
    Time rollback_time = 0;
    Ptr<Wallet> wallet_after;  // sverse: the wallet just after `transaction`
    Ptr<Round> round;
    Ptr<Promotion> promotion;  // where the call named one, as it is now
    Amount budget_left;        // what of its budget can be drawn on: from its end on, nothing
    Ptr<Withdrawal> withdrawal;
    Ptr<Settlement> settlement;
    Ptr<HotWallet> hot_wallet;
    Ptr<ChainTransfer> transfer;

    // Of lists and of the directory.
    std::vector<Movement> movements;
    std::vector<Record> records;
    std::vector<HotWalletView> hot_wallets;
    std::uint64_t total = 0;  // movements in the wallet, where asked
    Sequence next = 0;        // where the next page begins; 0 at the end
    bool created = false;     // the directory made something new

    bool done() const { return decline == Decline::none && fault == Fault::none; }
};

// bonus + bought + earned: what can be played with, and what most dialects call the balance.
Amount playable(const Wallet& wallet);
Amount playable(const Ptr<Wallet>& wallet);  // zero for a wallet that was never touched

// What a promotion's free bets can draw on. One that has ended is used up, whatever was left of it.
Amount budget_left(const Promotion& promotion, Time now);

}  // namespace coffer
