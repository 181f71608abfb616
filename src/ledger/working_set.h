#pragma once
// What the lane knows while it decides one batch: the records it has read and those that the batch
// has made so far. Nothing here outlives the batch, so it is not a cache; a batch that could not be
// committed leaves no trace.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/store.h"

namespace coffer {

class WorkingSet {
public:
    explicit WorkingSet(Store& store) : store_(store), slots_(1024) {}

    void clear();
    // Declares that the record will be asked for; fetch() then reads all that were declared at
    // once.
    void want(const RecordKey& key);
    Result<void> fetch();
    // The record, as read or as made in this batch; absent if there is none. It must have been
    // wanted.
    const Record& get(const RecordKey& key) const;
    template <class T>
    Ptr<T> get(const RecordKey& key) const {
        const auto* found = std::get_if<Ptr<T>>(&get(key));
        return found == nullptr ? nullptr : *found;
    }
    // The same without sharing it: valid while nothing is fetched or put.
    template <class T>
    const T* find(const RecordKey& key) const {
        const auto* found = std::get_if<Ptr<T>>(&get(key));
        return found == nullptr ? nullptr : found->get();
    }
    void put(const RecordKey& key, Record record);

private:
    // Open addressing over the keyed hash. A slot belongs to this batch when its round is the
    // current one, which makes clear() cheap.
    struct Slot {
        std::uint64_t round = 0;
        Hash16 hash{};
        std::uint32_t index = 0;
    };
    Slot& slot(const Hash16& hash);
    const Slot& slot(const Hash16& hash) const;
    void grow();

    Store& store_;
    std::vector<Slot> slots_;
    std::size_t used_ = 0;
    std::uint64_t round_ = 1;
    std::vector<Record> records_;  // by Slot::index
    // The first wanted_count_ are wanted now; the others are kept for the memory of their texts.
    std::vector<RecordKey> wanted_;
    std::size_t wanted_count_ = 0;
    std::vector<std::uint32_t> wanted_indexes_;
    std::vector<Record> found_;
};

}  // namespace coffer
