#include "ledger/homes.h"

#include <cstring>
#include <type_traits>

namespace coffer {

namespace {

// What a lane may judge that has but its players' shard: all that is asked for a player who is
// there, and moves his money between him and the house. Whatever makes something new, or touches
// what is not a player's, is the first shard's.
struct IsOfPlayersOwn {
    bool operator()(const Move& move) const {
        return move.kind != TransactionKind::reversal && move.kind != TransactionKind::withdraw;
    }
    bool operator()(const AskBalance&) const { return true; }
    bool operator()(const AskStatus&) const { return true; }
    bool operator()(const ActivateToken&) const { return true; }
    bool operator()(const FindSession&) const { return true; }
    template <class Other>
    bool operator()(const Other&) const {
        return false;
    }
};

}  // namespace

std::size_t Homes::HashOfName::operator()(const Hash16& name) const {
    std::size_t value = 0;
    std::memcpy(&value, name.data() + 8, sizeof value);  // the first byte is only the kind
    return value;
}

Shard Homes::of_session(SessionKind kind, const Digest& digest) const {
    const auto known = known_.find(keys_.session(kind, digest).hash);
    return known == known_.end() ? Shard{0} : known->second.home;
}

Shard Homes::of(Job& job, const Caller& caller) {
    if (caller.player.id.empty() || caller.tenant == 0) {
        return caller.session ? of_session(caller.session_kind, *caller.session) : Shard{0};
    }
    if (caller.integration == 0) return keys_.home(caller.tenant, caller.player.id);
    const RecordKey alias =
        keys_.alias(caller.tenant, caller.integration, caller.player.site, caller.player.id);
    const auto known = known_.find(alias.hash);
    if (known == known_.end()) return alias.shard;  // that of a player of that very name
    job.known_player = known->second.player;
    return known->second.home;
}

Shard Homes::of(Job& job) {
    if (keys_.shards() == 1 || !std::visit(IsOfPlayersOwn{}, job.intent)) return 0;
    if (const auto* find = std::get_if<FindSession>(&job.intent))
        return of_session(find->kind, find->digest);
    const Caller* const caller = caller_of(job.intent);
    return caller == nullptr ? Shard{0} : of(job, *caller);
}

void Homes::keep(const RecordKey& name, TenantId tenant, const std::string& player) {
    if (known_.size() >= names_max) known_.clear();
    known_.try_emplace(name.hash, player, keys_.home(tenant, player));
}

void Homes::learn(const Caller& caller, const Player& player) {
    if (caller.tenant == 0 || caller.integration == 0 || caller.player.id.empty()) return;
    if (caller.player.id == player.id) return;
    keep(keys_.alias(caller.tenant, caller.integration, caller.player.site, caller.player.id),
         player.tenant, player.id);
}

void Homes::learn(Intent& intent, const Outcome& outcome) {
    if (keys_.shards() == 1) return;
    if (const Session* const session = outcome.session.get()) {
        if (!session->player.empty())
            keep(keys_.session(session->kind, session->digest), session->tenant, session->player);
    }
    const Caller* const caller = caller_of(intent);
    if (caller != nullptr && outcome.player != nullptr) learn(*caller, *outcome.player);
}

}  // namespace coffer
