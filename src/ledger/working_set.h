#pragma once
// What the lane knows while it decides one batch: the records it has read and those that the batch
// has made so far. Nothing here outlives the batch, so it is not a cache; a batch that could not be
// committed leaves no trace.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/store.h"

namespace coffer {

// A record that an intent looks at: its name, and where the working set keeps it.
struct Seen {
    RecordKey name;  // of kind `none` where the intent does not look
    std::uint32_t place = 0;
};

class WorkingSet {
public:
    explicit WorkingSet(Store& store) : store_(store), slots_(1024) {}

    // Forgets everything. What `before` holds is known from now on: the records of the batch
    // before, which may be newer than the store's.
    void clear(const WorkingSet* before = nullptr);
    // Declares that the record will be asked for, and gives it its place; fetch() then reads all
    // that were declared at once.
    void want(Seen& seen);
    Result<void> fetch();
    // The first fetch() of a batch, which begins it; where the journal ends.
    Result<JournalEnd> begin();
    // The record, as read or as made in this batch; absent if there is none. It must have been
    // wanted.
    const Record& get(const Seen& seen) const;
    template <class T>
    Ptr<T> get(const Seen& seen) const {
        const auto* found = std::get_if<Ptr<T>>(&get(seen));
        return found == nullptr ? nullptr : *found;
    }
    // The same without sharing it: valid while nothing is fetched or put.
    template <class T>
    const T* find(const Seen& seen) const {
        const auto* found = std::get_if<Ptr<T>>(&get(seen));
        return found == nullptr ? nullptr : found->get();
    }
    // The record under that key if it was ever wanted or put, else null.
    const Record* peek(const RecordKey& key) const {
        const Record* const here = known(key.hash);
        return here != nullptr || before_ == nullptr ? here : before_->known(key.hash);
    }
    void put(const Seen& seen, Record record);
    void put(const RecordKey& key, Record record);

private:
    // Open addressing over the keyed hash. A slot belongs to this batch when its round is the
    // current one, which makes clear() cheap.
    struct Slot {
        std::uint64_t round = 0;
        Hash16 hash{};
        std::uint32_t place = 0;
    };
    Slot& slot(const Hash16& hash);
    const Record* known(const Hash16& hash) const;
    void take_found(std::size_t count);
    // The record's place; a new one, for an absent record, if it has none yet.
    std::uint32_t place_of(const Hash16& hash);
    void grow();

    Store& store_;
    std::vector<Slot> slots_;
    std::size_t used_ = 0;
    std::uint64_t round_ = 1;
    std::vector<Record> records_;  // by Slot::place
    const WorkingSet* before_ = nullptr;
    // The first wanted_count_ are wanted now, for the places in wanted_places_; the others are kept
    // for the memory of their texts.
    std::vector<RecordKey> wanted_;
    std::size_t wanted_count_ = 0;
    std::vector<std::uint32_t> wanted_places_;
    std::vector<Record> found_;
};

}  // namespace coffer
