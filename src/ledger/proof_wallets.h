#pragma once
// The proof's part about money: every entry, and everything that a wallet says of itself.

#include "ledger/past.h"
#include "ledger/proof_directory.h"
#include "ledger/step.h"

namespace coffer {

class WalletProof {
public:
    WalletProof(const Past& past, const DirectoryProof& directory, Findings& findings)
        : past_(past), directory_(directory), findings_(findings) {}

    // One applied transaction with its wallet.
    void movement(const Step& step);
    // A refusal or a tombstone with its wallet.
    void set_aside(const Step& step);
    // Nothing was made or lost: every account of every wallet together, by currency.
    void totals(Sequence end) const;

private:
    Wallet& model_of(const Step& step);
    void entries(const Step& step, Wallet& model);
    void entry(const Step& step, const Entry& entry, Wallet& model);
    void kind_and_amount(const Step& step);
    void opposite(const Step& step);
    void compare(const Step& step, const Wallet& model);
    void accounts(const Step& step, const Wallet& model);
    bool may_take(const Step& step, AccountCode bucket, const Wallet& model) const;
    bool to_chain(const Step& step) const;

    const Past& past_;
    const DirectoryProof& directory_;
    Findings& findings_;
    std::unordered_map<Hash16, Wallet, HashOfHash> wallets_;
};

}  // namespace coffer
