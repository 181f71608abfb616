#pragma once
// Whose the names are that calls come with, as far as an io thread has learned it, and with that
// the lane that a call belongs to. In books of several shards only; in others every call is one
// lane's.
//
// Only what never changes is kept, so that nobody needs to be told when something does: whose a
// session is, and whom an alias leads to. What is not known is asked of the first shard's lane,
// whose answer is learned from. For one thread.

#include <string>
#include <unordered_map>

#include "ledger/job.h"

namespace coffer {

class Homes {
public:
    explicit Homes(const KeyMaker& keys) : keys_(keys) {}

    // The shard whose lane the job goes to first; fills in Job::known_player.
    Shard of(Job& job);
    // What an answer says of the names in its intent.
    void learn(Intent& intent, const Outcome& outcome);

private:
    // Beyond it all is forgotten, and learned anew.
    static constexpr std::size_t names_max = 200'000;
    struct HashOfName {
        std::size_t operator()(const Hash16& name) const;
    };

    Shard of(Job& job, const Caller& caller);
    Shard of_session(SessionKind kind, const Digest& digest) const;
    void learn(const Caller& caller, const Player& player);
    void keep(const RecordKey& name, TenantId tenant, const std::string& player);

    const KeyMaker keys_;
    struct Whose {
        std::string player;
        Shard home = 0;
    };
    std::unordered_map<Hash16, Whose, HashOfName> known_;
};

}  // namespace coffer
