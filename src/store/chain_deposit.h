#pragma once
// Part of the door record.h: what players send to addresses of theirs on a chain, and how it is
// collected there.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/money.h"
#include "store/trail.h"
#include "store/withdrawal.h"

namespace coffer {

// The public half of the key above all deposit addresses (BIP-32): each follows from it and a
// number, so that none is ever made up. There is one for the books, and it never changes.
struct DepositRoot {
    std::string key;  // 33 bytes, compressed
    Digest chain_code{};
    std::uint32_t next_index = 0;  // of the address that is given to the next player
    Time created = 0;
};

// A player's own address, the same on every chain.
struct DepositAddress {
    TenantId tenant = 0;
    std::string player;
    std::uint32_t index = 0;  // which child of the root; no other player has it
    std::string address;      // lower-case 0x hex
    Time created = 0;
};

// The way back from an address to its player; put together with the DepositAddress.
struct AddressOwner {
    std::string address;
    TenantId tenant = 0;
    std::string player;
    std::uint32_t index = 0;
};

// A currency whose token's chain is looked at for deposits, and how far. Below `next_block` all
// that came is in the books.
struct DepositWatch {
    CurrencyId currency = 0;
    TenantId tenant = 0;
    std::uint64_t chain = 0;        // the chain's own number
    std::string contract;           // of the token: lower-case 0x hex
    std::uint64_t first_block = 0;  // what came before it does not count
    std::uint64_t next_block = 0;
    Time created = 0;
};

// A transfer of tokens to a player's address that became final. It is named by where it stands on
// the chain, for ever, so that it counts once.
struct ChainDeposit {
    std::uint64_t chain = 0;
    Digest transaction{};         // its hash
    std::uint64_t log_index = 0;  // which event of its block
    TenantId tenant = 0;
    std::string player;
    CurrencyId currency = 0;
    std::string address, sender;  // lower-case 0x hex
    std::string units;            // what came, in the token's units, as decimal digits
    std::uint8_t decimals = 0;    // of the token
    Amount amount;                // what was credited: as much as is whole units of the currency
    std::string rest;             // the token's units that were not; "0" for none
    std::uint64_t block = 0;
    Digest block_hash{};
    Sequence recorded_by = 0;  // this very record, and the transaction if something was credited
    Time created = 0;
};

struct DepositName {  // of a ChainDeposit
    std::uint64_t chain = 0;
    Digest transaction{};
    std::uint64_t log_index = 0;
};

// Between accounts of the house on a chain: coins for gas to a player's address, and the tokens
// that came there to a hot wallet. It moves no money of the books.
enum class TransferPurpose : std::uint8_t { top_up = 1, sweep };

struct ChainTransfer {
    std::uint64_t chain = 0;
    std::string from;         // whose nonce it has: lower-case 0x hex
    std::uint64_t nonce = 0;  // the account's next one when it was signed; no other has it
    TransferPurpose purpose = TransferPurpose::sweep;
    std::string to;                                    // who gets it
    std::string contract;                              // of the token; empty: the chain's own coin
    std::string units;                                 // how much, as decimal digits
    WithdrawalState state = WithdrawalState::signed_;  // signed_ to final_
    std::uint64_t step = 0;                            // as in a Settlement, and what follows
    std::vector<ChainAttempt> attempts;
    Digest mined{};  // of one that is final and has none, somebody else used the nonce
    std::uint64_t block = 0;
    Digest block_hash{};
    bool reverted = false;
    Amount gas_fee;
    Time created = 0, modified = 0;
};

}  // namespace coffer
