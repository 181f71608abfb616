#include "store/memory_store.h"

#include <algorithm>
#include <mutex>

#include "base/check.h"
#include "store/lookup.h"

namespace coffer {

Result<Record> MemoryStore::find(const RecordKey& key) const {
    Sequence sequence = 0;
    {
        const std::shared_lock lock(mutex_);
        const auto place = places_.find(key.text);
        if (place == places_.end()) return Record{};
        sequence = place->second.sequence;
    }
    Result<Change> holder = change(sequence);
    if (!holder) return std::unexpected(std::move(holder).error());
    return found_record(*holder, key, keys_,
                        [this](Sequence original) { return change(original); });
}

Result<Change> MemoryStore::change(Sequence sequence) const {
    const std::shared_lock lock(mutex_);
    if (sequence == 0 || sequence > journal_.size()) {
        return fail(ErrorCode::not_found, "no journal record " + std::to_string(sequence));
    }
    return decode(journal_[sequence - 1]);
}

// No lock is held while visiting, so that a visitor may ask the store for more.
Result<void> MemoryStore::upward(Sequence first, const Visit& visit) const {
    const Sequence last = end().sequence;
    for (Sequence sequence = std::max<Sequence>(first, 1); sequence <= last; ++sequence) {
        const Result<Change> next = change(sequence);
        if (!next) return std::unexpected(next.error());
        if (!visit(*next)) break;
    }
    return {};
}

Result<void> MemoryStore::downward(Sequence first, const Visit& visit) const {
    for (Sequence sequence = std::min(first, end().sequence); sequence > 0; --sequence) {
        const Result<Change> next = change(sequence);
        if (!next) return std::unexpected(next.error());
        if (!visit(*next)) break;
    }
    return {};
}

Result<void> MemoryStore::each(RecordKind kind, const VisitRecord& visit) const {
    CHECK(kind != RecordKind::wallet && kind != RecordKind::round && kind != RecordKind::key);
    std::vector<RecordKey> keys;
    {
        const std::shared_lock lock(mutex_);
        for (const auto& [text, place] : places_) {
            if (place.key.kind == kind) keys.push_back(place.key);
        }
    }
    for (const RecordKey& key : keys) {
        const Result<Record> record = find(key);
        if (!record) return std::unexpected(record.error());
        if (!visit(*record)) break;
    }
    return {};
}

JournalEnd MemoryStore::end() const {
    const std::shared_lock lock(mutex_);
    return end_;
}

Result<void> MemoryStore::read(std::span<const RecordKey> wanted, std::span<Record> found) {
    CHECK(wanted.size() == found.size());
    for (std::size_t index = 0; index < wanted.size(); ++index) {
        Result<Record> record = find(wanted[index]);
        if (!record) return std::unexpected(std::move(record).error());
        found[index] = std::move(*record);
    }
    return {};
}

Result<void> MemoryStore::commit(std::span<Change> changes) {
    const std::unique_lock lock(mutex_);
    TRY(check_follows(end_, changes));
    for (Change& change : changes) {
        change.previous_hash = end_.hash;
        std::string bytes;
        encode(change, bytes);
        end_ = {change.sequence, change.time, sha256(bytes),
                touches_directory(change) ? change.sequence : end_.directory};
        journal_.push_back(std::move(bytes));
        std::vector<RecordKey> keys;
        if (change.transaction) keys.push_back(keys_.of(*change.transaction));
        for (const Record& put : change.puts) keys.push_back(keys_.of(put));
        // The other store believes the names that come with a change; here it is cheap to look.
        CHECK(change.names.empty() ||
              std::ranges::equal(change.names, keys, {}, {}, &RecordKey::hash));
        for (const RecordKey& key : keys) remember(key, change.sequence);
    }
    return {};
}

Result<JournalEnd> MemoryStore::recover() { return end(); }

void MemoryStore::remember(const RecordKey& key, Sequence sequence) {
    places_.insert_or_assign(key.text, Place{key, sequence});
}

}  // namespace coffer
