#include "store/index_table.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace coffer {

IndexTable::IndexTable(std::size_t entries_max)
    : entries_(std::bit_ceil(2 * entries_max)), mask_(entries_.size() - 1) {}

void IndexTable::put(const IndexEntry& entry) {
    std::size_t at = first_place(entry.hash);
    while (entries_[at].sequence != 0 && !same_hash(entries_[at].hash, entry.hash)) {
        at = (at + 1) & mask_;
    }
    if (entries_[at].sequence == 0) {
        ++size_;
        CHECK(size_ < entries_.size());
    }
    entries_[at] = entry;
}

void IndexTable::clear() {
    std::fill(entries_.begin(), entries_.end(), IndexEntry{});
    size_ = 0;
}

std::vector<IndexEntry> IndexTable::sorted() const {
    std::vector<IndexEntry> entries;
    entries.reserve(size_);
    for (const IndexEntry& entry : entries_) {
        if (entry.sequence != 0) entries.push_back(entry);
    }
    std::sort(entries.begin(), entries.end(), [](const IndexEntry& left, const IndexEntry& right) {
        return left.hash < right.hash;
    });
    return entries;
}

}  // namespace coffer
