#pragma once
// One intent on its way through the ledger's threads.

#include <vector>

#include "ledger/intent.h"
#include "ledger/ledger.h"
#include "ledger/outcome.h"
#include "ledger/working_set.h"

namespace coffer {

class LedgerPort;

// What an intent looks at.
struct Sight {
    Caller* caller = nullptr;  // of the intent, if it has one
    const Integration* integration = nullptr;
    bool resolved_by_alias = false;
    bool elsewhere = false;  // another lane's: its player's home, or the first shard's
    Seen session, alias, player, wallet, key, reference, round, promotion, spent, player_day,
        tenant_day;
    std::vector<Seen> extra;

    // Forgets all names but keeps the memory of their texts: making them anew for each intent cost
    // the lane twelve allocations.
    void clear() {
        caller = nullptr;
        integration = nullptr;
        resolved_by_alias = false;
        elsewhere = false;
        for (Seen* seen : {&session, &alias, &player, &wallet, &key, &reference, &round, &promotion,
                           &spent, &player_day, &tenant_day}) {
            seen->name.kind = RecordKind::none;
        }
        extra.clear();
    }
};

struct Job {
    Tag tag = 0;
    LedgerPort* port = nullptr;
    Time deadline = 0;  // monotonic; 0: none
    Intent intent;
    std::string known_player;  // whom the caller's name leads to, where that is known: homes.h
    Outcome outcome;
    Sight sight;          // the lane's
    Time list_until = 0;  // the historian's: when a list ends that is not full yet; 0: not begun
};

// The Caller of an intent that has one, else null.
Caller* caller_of(Intent& intent);

}  // namespace coffer
