#pragma once
// Books of several shards: what is in which, and whose what bears no player's name is.

#include "ledger/past.h"

namespace coffer {

class ShardProof {
public:
    ShardProof(const Past& past, Findings& findings) : past_(past), findings_(findings) {}

    void record(const Change& change);

private:
    void place(Sequence at, const Record& put);
    void locator(Sequence at, const Locator& locator);
    template <class Owned>
    void located(Sequence at, const Owned& owned, const RecordKey& key);

    const Past& past_;
    Findings& findings_;
};

}  // namespace coffer
