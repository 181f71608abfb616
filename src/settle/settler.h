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

// Whose account pays, and where its key is: in a keystore with its password, in the environment, or
// with a signer that speaks eth_signTransaction. (The demo's is in the program.)
struct HotWalletOptions {
    std::string keystore_file, password_file;
    std::string key_environment;  // the name of the variable, which is unset when it has been read
    std::string public_key_digits;  // a private key that everybody knows: the demo's
    std::string signer_url, address;
};

struct ChainOptions {
    ChainPolicy policy;
    std::vector<std::string> urls;
    std::int64_t timeout_ms = 10'000;
    std::int64_t look_every_ms = 1'000;
    std::vector<HotWalletOptions> hot_wallets;
};

// Where the seed is that all deposit addresses follow from: in a keystore with its password or in
// the environment. Nothing of it: there are no deposits. (The demo's is in the program.)
struct DepositOptions {
    std::string keystore_file, password_file;
    std::string seed_environment;    // the name of the variable, which is unset when it was read
    std::string public_seed_digits;  // a seed that everybody knows: the demo's
    bool is_set() const {
        return !keystore_file.empty() || !seed_environment.empty() || !public_seed_digits.empty();
    }
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
    // Opens the keys and starts. Errors: those of the keys and their files; exists, where the
    // books' deposit addresses follow from another seed.
    static Result<std::unique_ptr<Settler>> start(std::vector<ChainOptions> chains,
                                                  const DepositOptions& deposits,
                                                  const SettlerParts& parts);
    virtual ~Settler() = default;  // stops after the look that is under way
};

}  // namespace coffer
