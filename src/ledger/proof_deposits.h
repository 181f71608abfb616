#pragma once
// The proof's part about deposits from chains: that every address follows from the books' own root
// and is one player's, that no chain is looked at backwards, and that a transfer counts once, for
// the player whose address it went to, as much as was sent.

#include "ledger/past.h"
#include "ledger/proof_directory.h"

namespace coffer {

class DepositProof {
public:
    DepositProof(const Past& past, const DirectoryProof& directory, Findings& findings)
        : past_(past), directory_(directory), findings_(findings) {}

    // Before the record is noted as past.
    void record(const Change& change);

private:
    struct Puts {
        const DepositRoot* root = nullptr;
        const DepositAddress* address = nullptr;
        const AddressOwner* owner = nullptr;
        const DepositWatch* watch = nullptr;
        const ChainDeposit* deposit = nullptr;
    };
    void root(const Change& change, const Puts& puts);
    void address(Sequence at, const Puts& puts, const DepositRoot* before);
    void watch(const Change& change, const DepositWatch& after);
    void deposit(const Change& change, const ChainDeposit& deposit);
    void worth(Sequence at, const ChainDeposit& deposit);
    void credited(const Change& change, const ChainDeposit& deposit);

    const Past& past_;
    const DirectoryProof& directory_;
    Findings& findings_;
};

}  // namespace coffer
