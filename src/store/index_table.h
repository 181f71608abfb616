#pragma once
// One generation of the index in memory: which journal record holds the latest version of a record.
//
// An open-addressing table of fixed size, made once and used again. It takes no locks; its owner
// does.

#include <cstring>
#include <vector>

#include "store/record.h"

namespace coffer {

struct IndexEntry {
    Hash16 hash{};
    Sequence sequence = 0;
};
// Entries lie side by side in the table and are sorted by the million.
static_assert(sizeof(IndexEntry) == 24);

class IndexTable {
public:
    // Room for that many entries at half load, where a look-up touches 1.5 places on average.
    explicit IndexTable(std::size_t entries_max);

    // The sequence under that hash, or 0.
    Sequence find(const Hash16& hash) const {
        for (std::size_t at = first_place(hash);; at = (at + 1) & mask_) {
            const IndexEntry& entry = entries_[at];
            if (entry.sequence == 0 || same_hash(entry.hash, hash)) return entry.sequence;
        }
    }
    // Asks the processor to have the place of that hash at hand soon.
    void prefetch(const Hash16& hash) const { __builtin_prefetch(&entries_[first_place(hash)]); }
    // CHECKs that a place is left.
    void put(const IndexEntry& entry);
    void clear();

    std::size_t size() const { return size_; }
    std::size_t places() const { return entries_.size(); }
    // The entry at a place; its sequence is 0 where the place is empty. Entries never move.
    const IndexEntry& at(std::size_t place) const { return entries_[place]; }
    // Every entry, by rising hash.
    std::vector<IndexEntry> sorted() const;

private:
    // The last eight bytes of a keyed hash are as good as random.
    std::size_t first_place(const Hash16& hash) const {
        std::uint64_t bits = 0;
        std::memcpy(&bits, hash.data() + 8, sizeof bits);
        return static_cast<std::size_t>(bits) & mask_;
    }

    std::vector<IndexEntry> entries_;
    std::size_t mask_;
    std::size_t size_ = 0;
};

}  // namespace coffer
