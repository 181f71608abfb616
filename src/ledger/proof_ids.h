#pragma once
// The proof's part about external ids: one id, one transaction, for ever; a wager is taken back at
// most once; what was refused or buried stays so.

#include "ledger/past.h"
#include "ledger/step.h"

namespace coffer {

class IdProof {
public:
    IdProof(const Past& past, Findings& findings) : past_(past), findings_(findings) {}

    // Every transaction, whatever its status.
    void taken(const Change& change);
    // Every put of a Key. `original` is what the record's transaction takes back, or null.
    void put(const Change& change, const Key& key, const Transaction* original);
    // After the puts of an applied transaction: what it takes back is marked so.
    void marked(const Step& step);

    // What is known of an id; without its transaction.
    struct Known {
        KeyState state = KeyState::applied;
        bool tombstoned = false;
        Sequence original = 0, rollback = 0;
        Sequence latest = 0;  // the record that says so
    };
    const Known* known(const RecordKey& key) const;
    std::uint64_t count() const { return known_.size(); }

private:
    bool buried(const Change& change, const Key& mark) const;

    const Past& past_;
    Findings& findings_;
    std::unordered_map<Hash16, Known, HashOfHash> known_;
};

}  // namespace coffer
