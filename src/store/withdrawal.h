#pragma once
// Part of the door record.h: withdrawals to a chain, and what is known of the chain.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/money.h"
#include "store/trail.h"

namespace coffer {

using TenantId = std::uint32_t;       // 1..; 0 is the installation itself
using IntegrationId = std::uint32_t;  // 1..; 0 is the tenant's own native API
using CurrencyId = std::uint32_t;     // 1..; unique over all tenants

enum class WithdrawalState : std::uint8_t {
    approval = 1,
    queued,
    signed_,
    broadcast,
    mined,
    final_,
    completed,
    released,
};

struct Withdrawal {
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string player;
    CurrencyId currency = 0;
    Amount amount;
    std::string destination;
    WithdrawalState state = WithdrawalState::queued;
    Sequence requested_by = 0;  // the transaction that holds the money; it names the withdrawal
    Time created = 0, modified = 0;
    bool on_chain = true;  // false: paid out by the cashier at once
};

// What was signed for a withdrawal, before it was sent. Of several at most one is ever mined,
// because they have one nonce, or those before had one that somebody else used for good.
struct ChainAttempt {
    Digest hash{};         // Keccak-256 of `raw`: the transaction's name on the chain
    std::string raw;       // the bytes that are sent
    bool cancels = false;  // pays nothing: it only uses up the nonce
    Time signed_at = 0;
};

// The chain's side of a withdrawal, from the moment when something is signed for it. It is put
// together with its Withdrawal, and for the first time together with its HotWallet.
struct Settlement {
    Sequence withdrawal = 0;  // Withdrawal::requested_by
    TenantId tenant = 0;
    std::uint64_t chain = 0;  // the chain's own number
    std::string hot_wallet;   // who pays: lower-case 0x hex
    std::uint64_t nonce = 0;  // its next one when the withdrawal was signed; no other has it
    std::uint64_t step = 0;   // how often this was put: who says the latest knows the latest
    std::vector<ChainAttempt> attempts;
    // Where one of them was mined, as far as that is known; zeros: nowhere.
    Digest mined{};
    std::uint64_t block = 0;
    Digest block_hash{};
    bool reverted = false;  // mined, and did nothing
    Amount gas_fee;         // paid for it, in units of 10^-18 of the chain's coin
};

// A person's word that a withdrawal whose nonce was used by somebody else may take another one. It
// is good for one step, the one after `step`.
struct WithdrawalRetry {
    Sequence withdrawal = 0;  // Withdrawal::requested_by
    std::uint64_t step = 0;   // of its Settlement when it was asked for
    Time asked = 0;
};

// An account on a chain that pays withdrawals. Whoever holds its lease signs with it: the epoch
// rises with each new holder, and what an earlier one decided is refused from then on.
struct HotWallet {
    std::uint64_t chain = 0;
    std::string address;  // lower-case 0x hex
    std::uint64_t next_nonce = 0;
    std::string holder;  // a process, by a name that it made up
    std::uint64_t epoch = 0;
    Time leased_until = 0;
    Time created = 0;
};

// Whether something new is signed for a chain. What is signed goes on.
struct ChainPause {
    std::uint64_t chain = 0;
    bool paused = false;
    std::string reason;
    Time modified = 0;
};

// What a tenant allows of withdrawals to a chain in one of its currencies. Negative: no bound.
struct WithdrawalPolicy {
    TenantId tenant = 0;
    CurrencyId currency = 0;
    bool paused = false;  // what is queued waits
    Amount largest{-1};
    Amount player_day{-1}, tenant_day{-1};  // asked for on one UTC day, by a player and by all
    Amount approval_above{-1};              // beyond it a person must approve
    std::vector<std::string> destinations;  // lower-case 0x hex; empty: any
};

// What was asked for on a day that has a bound, by a player or, where that is empty, by all of the
// tenant's. Only the current day is kept.
struct WithdrawalDay {
    TenantId tenant = 0;
    std::string player;
    CurrencyId currency = 0;
    std::int64_t day = 0;  // day_number()
    Amount requested;
};

}  // namespace coffer
