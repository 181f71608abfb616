#include "ledger/proof_shards.h"

#include "store/directory_kinds.h"

namespace coffer {

void ShardProof::record(const Change& change) {
    if (past_.keys().shards() == 1) return;
    const Sequence at = change.sequence;
    if (change.transaction) {
        findings_.expect(past_.keys().of(*change.transaction).shard == shard_of(at), at,
                         "a transaction in the journal of a shard that is not its player's home");
    }
    for (const Record& put : change.puts) {
        place(at, put);
        if (const auto* one = std::get_if<Ptr<Locator>>(&put)) locator(at, **one);
    }
}

void ShardProof::place(Sequence at, const Record& put) {
    const RecordKey key = past_.keys().of(put);
    const bool may_be_anywhere = may_be_guest(key.kind);
    findings_.expect(may_be_anywhere || key.shard == shard_of(at), at,
                     "a record in the journal of a shard that it is not kept in");
    if (key.shard == 0) return;
    if (const auto* session = std::get_if<Ptr<Session>>(&put)) located(at, **session, key);
    if (const auto* promotion = std::get_if<Ptr<Promotion>>(&put)) located(at, **promotion, key);
}

template <class Owned>
void ShardProof::located(Sequence at, const Owned& owned, const RecordKey& key) {
    const auto locator = past_.before<Locator>(past_.keys().locator(key));
    findings_.expect(locator && locator->tenant == owned.tenant && locator->player == owned.player,
                     at, "a session or a promotion whose locator does not lead to it");
}

void ShardProof::locator(Sequence at, const Locator& locator) {
    const auto before =
        past_.before<Locator>(past_.keys().of(std::make_shared<const Locator>(locator)));
    findings_.expect(
        !before || (before->tenant == locator.tenant && before->player == locator.player), at,
        "a locator leads to another player than before");
}

}  // namespace coffer
