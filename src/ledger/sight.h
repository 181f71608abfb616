#pragma once
// Which records an intent must see, named in steps because a later name may depend on an earlier
// record: the session and the alias first, then what hangs on the player, then the promotion that
// paid a wager that is taken back. In books of several shards there is a step before them, in which
// the first shard's lane asks whose the sessions are, and where they are kept with that.

#include "ledger/decide.h"
#include "ledger/job.h"
#include "ledger/working_set.h"

namespace coffer {

// Where a batch names what it must see.
struct Naming {
    WorkingSet& working_set;
    const KeyMaker& keys;
    const Directory& directory;
    Shard shard = 0;  // of the lane
};

// Names the locators of the sessions and promotions that it is about. For the first shard's lane.
void name_locators(Job& job, const Naming& naming);
// Names the session and, where the integration is known, the alias.
void name_caller(Job& job, const Naming& naming);
// After the session was read: the integration of a bearer, and its alias.
void name_bearer(Job& job, const Naming& naming);
// After the alias was read: everything that hangs on the player, unless the job is elsewhere's.
void name_subject(Job& job, const Naming& naming);
// After the wager was read: the promotion that paid it.
void name_spent(Job& job, const Naming& naming);
// After all was read: a lane that does not find what may be in another shard leaves it to the
// first's, which knows.
void leave_unfound(Job& job, const Naming& naming);

// Whose records and history an intent adds to: where that player is at home. 0 where it is about
// none.
Shard home_of(const Job& job, const KeyMaker& keys);

// False when an intent before it in the batch has made a record on which its names hang: the alias
// of its player, or the free bet that it takes back. It must be named anew, in the next batch.
bool names_hold(const Job& job, const WorkingSet& working_set);

// The view that the books now give of it.
View view_of(const Job& job, const WorkingSet& working_set, const Directory& directory);

}  // namespace coffer
