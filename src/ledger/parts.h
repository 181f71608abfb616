#pragma once
// In books of several shards: what a decision of the first shard's lane writes to each of them.

#include <memory>
#include <vector>

#include "ledger/decide.h"
#include "ledger/working_set.h"

namespace coffer {

struct Part {
    Shard shard = 0;
    std::shared_ptr<Transaction> transaction;
    std::vector<Record> puts;
};

// Each record goes to the journal of the shard that it is kept in, the transaction to its player's,
// `home`, and a withdrawal and what belongs to it with whatever it was decided together with: with
// the transaction, if there is one, or else with what is the first shard's. A session or a
// promotion that is not the first shard's, and of which the working set has seen no locator, is
// given one there. By shard, none twice.
std::vector<Part> parts_of(Decision decision, Shard home, const KeyMaker& keys,
                           const WorkingSet& working_set);

}  // namespace coffer
