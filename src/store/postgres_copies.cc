#include "store/postgres_copies.h"

namespace coffer {

PostgresCopies::PostgresCopies(const PostgresReader& reader, const Limits& limits)
    : rows_(limits.rows), rounds_(limits.rounds), names_(reader, limits.name_bytes) {}

// Keys are not cached: only a call that comes again asks for one that is there.
RowCache* PostgresCopies::cache_of(RecordKind kind) {
    if (kind == RecordKind::key) return nullptr;
    return kind == RecordKind::round ? &rounds_ : &rows_;
}
const RowCache* PostgresCopies::cache_of(RecordKind kind) const {
    if (kind == RecordKind::key) return nullptr;
    return kind == RecordKind::round ? &rounds_ : &rows_;
}

bool PostgresCopies::find(const RecordKey& key, Record& found) {
    RowCache* cache = cache_of(key.kind);
    const Record* row = cache != nullptr ? cache->find(key.hash) : nullptr;
    if (row != nullptr) {
        found = *row;
        return true;
    }
    if (!names_.is_absent(key.hash)) return false;
    found = Record{};
    return true;
}

// The set first, and once that has come the row itself: both are most often cache misses among a
// hundred thousand players.
void PostgresCopies::foresee(std::span<const RecordKey> wanted, std::size_t at) const {
    constexpr std::size_t rows_ahead = 8, sets_ahead = 16;
    if (at + sets_ahead < wanted.size()) {
        const RecordKey& later = wanted[at + sets_ahead];
        if (const RowCache* cache = cache_of(later.kind)) cache->prefetch_set(later.hash);
    }
    if (at + rows_ahead < wanted.size()) {
        const RecordKey& next = wanted[at + rows_ahead];
        if (const RowCache* cache = cache_of(next.kind)) cache->prefetch_row(next.hash);
    }
}

void PostgresCopies::learn(const RecordKey& key, const Record& record) {
    RowCache* cache = cache_of(key.kind);
    // An absent round is not remembered: the movement that asked is about to open it.
    const bool is_absent = std::holds_alternative<std::monostate>(record);
    if (cache != nullptr && !(is_absent && key.kind == RecordKind::round))
        cache->put(key.hash, record);
}

void PostgresCopies::follow(const Change& change) {
    for (const Hash16& name : change.names) names_.add(name);
    const Hash16* name = change.names.data() + (change.transaction ? 1 : 0);
    for (const Record& put : change.puts) {
        RowCache* cache = cache_of(static_cast<RecordKind>(put.index()));
        if (cache != nullptr) cache->put(*name, put);
        ++name;
    }
}

void PostgresCopies::forget() {
    rows_.clear();
    rounds_.clear();
    names_.start_over();
}

}  // namespace coffer
