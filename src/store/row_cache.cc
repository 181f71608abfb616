#include "store/row_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "store/index_table.h"

namespace coffer {

RowCache::RowCache(std::size_t rows)
    : sets_(std::bit_ceil(std::max<std::size_t>(rows / ways, 1))), mask_(sets_.size() - 1) {}

std::size_t RowCache::set_of(const Hash16& hash) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, hash.data() + 8, sizeof bits);
    return static_cast<std::size_t>(bits) & mask_;
}

const Record* RowCache::find(const Hash16& hash) {
    Set& set = sets_[set_of(hash)];
    for (std::size_t way = 0; way < ways; ++way) {
        if (!same_hash(set.hashes[way], hash)) continue;
        set.asked = static_cast<std::uint8_t>(set.asked | (1U << way));
        return &set.records[way];
    }
    return nullptr;
}

void RowCache::put(const Hash16& hash, Record record) {
    Set& set = sets_[set_of(hash)];
    const auto known = std::find(set.hashes.begin(), set.hashes.end(), hash);
    auto way = static_cast<std::size_t>(known - set.hashes.begin());
    if (known == set.hashes.end()) {
        while (((set.asked >> set.hand) & 1) != 0) {
            set.asked = static_cast<std::uint8_t>(set.asked & ~(1U << set.hand));
            set.hand = static_cast<std::uint8_t>((set.hand + 1) % ways);
        }
        way = set.hand;
        set.hand = static_cast<std::uint8_t>((set.hand + 1) % ways);
        if (set.hashes[way] == Hash16{}) ++size_;
    }
    set.hashes[way] = hash;
    set.records[way] = std::move(record);
    set.asked = static_cast<std::uint8_t>(set.asked | (1U << way));
}

void RowCache::clear() {
    std::fill(sets_.begin(), sets_.end(), Set{});
    size_ = 0;
}

}  // namespace coffer
