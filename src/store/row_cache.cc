#include "store/row_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/check.h"

namespace coffer {

RowCache::RowCache(std::size_t rows)
    : sets_(std::bit_ceil(std::max<std::size_t>(rows / ways, 1))), mask_(sets_.size() - 1) {}

std::size_t RowCache::set_of(const Hash16& hash) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, hash.data() + 8, sizeof bits);
    return static_cast<std::size_t>(bits) & mask_;
}

std::size_t RowCache::way_of(const Set& set, const Hash16& hash) {
    std::size_t way = 0;
    while (way < ways && !same_hash(set.hashes[way], hash)) ++way;
    return way;
}

const Record* RowCache::find(const Hash16& hash) {
    Set& set = sets_[set_of(hash)];
    const std::size_t way = way_of(set, hash);
    if (way == ways) return nullptr;
    set.asked = static_cast<std::uint8_t>(set.asked | (1U << way));
    return &set.records[way];
}

void RowCache::prefetch_set(const Hash16& hash) const {
    const auto* at = reinterpret_cast<const char*>(&sets_[set_of(hash)]);
    for (std::size_t line = 0; line < sizeof(Set); line += line_bytes)
        __builtin_prefetch(at + line);
}

void RowCache::prefetch_row(const Hash16& hash) const {
    const Set& set = sets_[set_of(hash)];
    const std::size_t way = way_of(set, hash);
    if (way == ways) return;
    std::visit(
        [](const auto& row) {
            if constexpr (!std::is_same_v<decltype(row), const std::monostate&>) {
                const auto* at = reinterpret_cast<const char*>(row.get());
                // The counter of its owners stands in front of the row.
                for (const std::ptrdiff_t line : {-1, 0, 1, 2}) {
                    __builtin_prefetch(at + line * static_cast<std::ptrdiff_t>(line_bytes));
                }
            }
        },
        set.records[way]);
}

void RowCache::put(const Hash16& hash, Record record) {
    Set& set = sets_[set_of(hash)];
    std::size_t way = way_of(set, hash);
    if (way == ways) {
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

// ---- of each kind -------------------------------------------------------------------------------

RowCache* RowCaches::of(RecordKind kind) {
    if (kind == RecordKind::key) return nullptr;
    return kind == RecordKind::round ? &rounds_ : &rows_;
}

const Record* RowCaches::find(const RecordKey& key) {
    RowCache* cache = of(key.kind);
    return cache == nullptr ? nullptr : cache->find(key.hash);
}

// The set first, and once that has come the row itself.
const Record* RowCaches::find(std::span<const RecordKey> wanted, std::size_t at) {
    constexpr std::size_t rows_ahead = 8, sets_ahead = 16;
    if (at + sets_ahead < wanted.size()) {
        const RecordKey& later = wanted[at + sets_ahead];
        if (const RowCache* cache = of(later.kind)) cache->prefetch_set(later.hash);
    }
    if (at + rows_ahead < wanted.size()) {
        const RecordKey& next = wanted[at + rows_ahead];
        if (const RowCache* cache = of(next.kind)) cache->prefetch_row(next.hash);
    }
    return find(wanted[at]);
}

void RowCaches::learn(const RecordKey& key, const Record& record) {
    RowCache* cache = of(key.kind);
    // An absent round is not remembered: the movement that asked is about to open it.
    const bool is_absent = kind_of(record) == RecordKind::none;
    if (cache != nullptr && !(is_absent && key.kind == RecordKind::round))
        cache->put(key.hash, record);
}

void RowCaches::follow(const Change& change) {
    const std::size_t own = change.transaction ? 1 : 0;  // the transaction's own Key
    CHECK(change.names.size() == own + change.puts.size());
    for (std::size_t at = 0; at < change.puts.size(); ++at) {
        RowCache* cache = of(kind_of(change.puts[at]));
        if (cache != nullptr) cache->put(change.names[own + at], change.puts[at]);
    }
}

void RowCaches::clear() {
    rows_.clear();
    rounds_.clear();
}

}  // namespace coffer
