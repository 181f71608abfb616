#pragma once
// "Keep the chain and the ledger in step": brings withdrawals to their chains, and what comes from
// there into the books, as long as it lives.
//
// A Settler has a thread of its own, which speaks to the ledger as any other caller does and is the
// only one that speaks to nodes. Killed at any moment it finds everything again: what it may send
// is in the ledger before it is sent. docs/SETTLEMENT.md.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ledger/ledger.h"
#include "settle/chain_policy.h"

namespace coffer {

// Whose account pays, and where its key is: in a keystore with its password, here, or with a signer
// that speaks eth_signTransaction.
struct HotWalletOptions {
    std::string keystore_file, password_file;
    // Whoever starts has read the key from the variable of that name, if there is one.
    std::string key_environment, key_digits;
    std::string signer_url, address;
};

struct ChainOptions {
    ChainPolicy policy;
    std::vector<std::string> urls;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;  // who vouches for nodes and signers by https; empty: the system's
    std::int64_t look_every_ms = 1'000;
    std::vector<HotWalletOptions> hot_wallets;
};

// Where the seed is that all deposit addresses follow from: in a keystore with its password, or
// here, as for a hot wallet. Nothing of it: there are no deposits.
struct DepositOptions {
    std::string keystore_file, password_file;
    std::string seed_environment, seed_digits;
    bool is_set() const { return !keystore_file.empty() || !seed_digits.empty(); }
};

struct SettlerParts {
    Ledger& ledger;
    const Clock& clock;
    Log& log;
    Metrics& metrics;
    bool alone = false;  // no other process writes to these books
};

class Settler {
public:
    // Opens the keys and starts; digits of keys and of the seed are wiped then, whatever came of
    // it. Errors: those of the keys and their files; exists, where the books' deposit addresses
    // follow from another seed.
    static Result<std::unique_ptr<Settler>> start(std::vector<ChainOptions> chains,
                                                  DepositOptions deposits,
                                                  const SettlerParts& parts);
    virtual ~Settler() = default;  // stops after the look that is under way
};

}  // namespace coffer
