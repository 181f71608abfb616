#include "ledger/past.h"

namespace coffer {

Ptr<Transaction> Past::transaction(Sequence sequence) const {
    if (sequence == 0) return nullptr;
    const Result<Change> change = read(sequence);
    return change ? change->transaction : nullptr;
}

Record Past::put(Sequence sequence, const RecordKey& key) const {
    if (sequence == 0) return {};
    const Result<Change> change = read(sequence);
    return change ? find_in(*change, key, keys()) : Record{};
}

Result<Change> Past::read(Sequence sequence) const {
    Result<Change> change = reader_.change(sequence);
    if (!change) findings_.add(sequence, "cannot be read again: " + change.error().detail);
    return change;
}

}  // namespace coffer
