#pragma once
// Which records an intent must see, named in three steps because a later name may depend on an
// earlier record: the session and the alias first, then what hangs on the player, then the
// promotion that paid a wager that is taken back.

#include "ledger/decide.h"
#include "ledger/job.h"
#include "ledger/working_set.h"

namespace coffer {

// Names the session and, where the integration is known, the alias.
void name_caller(Job& job, WorkingSet& working_set, const KeyMaker& keys,
                 const Directory& directory);
// After the session was read: the integration of a bearer, and its alias.
void name_bearer(Job& job, WorkingSet& working_set, const KeyMaker& keys,
                 const Directory& directory);
// After the alias was read: everything that hangs on the player.
void name_subject(Job& job, WorkingSet& working_set, const KeyMaker& keys,
                  const Directory& directory);
// After the wager was read: the promotion that paid it.
void name_spent(Job& job, WorkingSet& working_set, const KeyMaker& keys);

// False when an intent before it in the batch has made a record on which its names hang: the alias
// of its player, or the free bet that it takes back. It must be named anew, in the next batch.
bool names_hold(const Job& job, const WorkingSet& working_set);

// The view that the books now give of it.
View view_of(const Job& job, const WorkingSet& working_set, const Directory& directory);

}  // namespace coffer
