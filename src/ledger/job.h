#pragma once
// One intent on its way through the ledger's threads.

#include <vector>

#include "ledger/intent.h"
#include "ledger/ledger.h"
#include "ledger/outcome.h"

namespace coffer {

class LedgerPort;

// The names of the records that an intent looks at; kind `none` where it does not.
struct Sight {
    const Integration* integration = nullptr;
    bool resolved_by_alias = false;
    RecordKey session, alias, player, wallet, key, reference, round, promotion, spent;
    std::vector<RecordKey> extra;

    // Forgets all names but keeps the memory of their texts: making them anew for each intent cost
    // the lane twelve allocations.
    void clear() {
        integration = nullptr;
        resolved_by_alias = false;
        for (RecordKey* name :
             {&session, &alias, &player, &wallet, &key, &reference, &round, &promotion, &spent}) {
            name->kind = RecordKind::none;
        }
        extra.clear();
    }
};

struct Job {
    Tag tag = 0;
    LedgerPort* port = nullptr;
    Intent intent;
    Outcome outcome;
    Sight sight;  // the lane's
};

// The Caller of an intent that has one, else null.
Caller* caller_of(Intent& intent);

}  // namespace coffer
