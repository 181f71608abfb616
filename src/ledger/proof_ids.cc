#include "ledger/proof_ids.h"

namespace coffer {

namespace {

KeyState state_of(TransactionStatus status) {
    switch (status) {
        case TransactionStatus::applied: return KeyState::applied;
        case TransactionStatus::refused: return KeyState::refused;
        case TransactionStatus::tombstone: return KeyState::tombstone;
    }
    return KeyState::applied;
}

}  // namespace

void IdProof::taken(const Change& change) {
    const Transaction& transaction = *change.transaction;
    findings_.expect((transaction.group == KeyGroup::self) == transaction.external_id.empty(),
                     change.sequence, "has an id and no group for it, or the other way round");
    Known& known = known_[past_.keys().of(transaction).hash];
    // In the group of the rollbacks a tombstone only marks one that found no wager, which may come
    // again and find it.
    const bool may_come_again =
        known.state == KeyState::tombstone && transaction.kind == TransactionKind::rollback;
    if (known.original != 0 && !may_come_again) {
        findings_.add(change.sequence,
                      "takes an id that record " + std::to_string(known.original) + " has already");
    }
    known = Known{state_of(transaction.status), false, change.sequence, 0, change.sequence};
}

void IdProof::put(const Change& change, const Key& key, const Transaction* original) {
    const Sequence at = change.sequence;
    Known& known = known_[past_.keys().of(std::make_shared<const Key>(key)).hash];
    const Known before = known;
    known = Known{key.state, key.tombstoned, key.original, key.rollback, at};
    switch (key.state) {
        case KeyState::rolled_back:
            findings_.expect(original != nullptr && key.original == original->sequence, at,
                             "an id is said to be taken back and nothing takes it back");
            findings_.expect(before.original == key.original, at, "an id changes hands");
            findings_.expect(before.state == KeyState::applied, at,
                             "a movement is taken back twice");
            findings_.expect(key.rollback == at, at,
                             "what is said to take a movement back is another record");
            return;
        case KeyState::tombstone:
            findings_.expect(before.original == 0, at, "an id changes hands");
            findings_.expect(buried(change, key), at, "an id is buried and nothing buries it");
            return;
        case KeyState::refused:
            findings_.expect(before.original == key.original, at, "an id changes hands");
            findings_.expect(
                before.state == KeyState::refused && !before.tombstoned && key.tombstoned, at,
                "the state of an id changes for no reason");
            return;
        case KeyState::applied:
            return findings_.add(at, "the state of an id changes for no reason");
    }
}

// The mark of a rollback with an id of its own leads to what it found instead of a wager: the
// tombstone that it made, an older one, or a wager that was refused.
bool IdProof::buried(const Change& change, const Key& mark) const {
    const Ptr<Transaction> found =
        mark.original == change.sequence ? change.transaction : past_.transaction(mark.original);
    return found && found->status != TransactionStatus::applied && found->tenant == mark.tenant &&
           found->integration == mark.integration && found->player == mark.player &&
           found->group != mark.group;
}

void IdProof::marked(const Step& step) {
    if (!step.original) return;
    const Known* known = this->known(past_.keys().of(*step.original));
    findings_.expect(
        known != nullptr && known->state == KeyState::rolled_back && known->rollback == step.at,
        step.at, "takes back a movement that is not marked as taken back");
}

const IdProof::Known* IdProof::known(const RecordKey& key) const {
    const auto found = known_.find(key.hash);
    return found == known_.end() ? nullptr : &found->second;
}

}  // namespace coffer
