#pragma once
// The lane's copies of records: bounded caches of decoded rows by the hash of their key. They hold
// only what is durable. For one thread.

#include <span>
#include <vector>

#include "store/record_key.h"

namespace coffer {

// Sets of eight rows; a full set gives up the first row that was not asked for since the hand last
// passed (CLOCK). Absence is cached too, as an empty Record: the lane is the only writer. A hash
// stands for the key, since 120 of its bits are secret and random.
class RowCache {
public:
    explicit RowCache(std::size_t rows);

    // The row, or null if it is not known. Valid until the next put.
    const Record* find(const Hash16& hash);
    void put(const Hash16& hash, Record record);
    // Two steps towards having a row at hand: its set, and, once that has come, the row itself.
    // Both are nearly always cache misses among a hundred thousand players.
    void prefetch_set(const Hash16& hash) const;
    void prefetch_row(const Hash16& hash) const;
    void clear();
    std::size_t size() const { return size_; }

private:
    static constexpr std::size_t ways = 8;
    static constexpr std::size_t line_bytes = 64;
    struct alignas(line_bytes) Set {
        std::array<Hash16, ways> hashes{};  // the kind in front is never 0 for a row in use
        std::array<Record, ways> records;
        std::uint8_t asked = 0;  // a bit for each row
        std::uint8_t hand = 0;
    };
    std::size_t set_of(const Hash16& hash) const;
    static std::size_t way_of(const Set& set, const Hash16& hash);  // `ways` if it is not there

    std::vector<Set> sets_;
    std::size_t mask_;
    std::size_t size_ = 0;
};

// What a store keeps for its lane of each kind of record. Rounds have a cache of their own, so that
// the many do not push the wallets out. Keys have none: only a call that comes again asks for one
// that is there.
class RowCaches {
public:
    RowCaches(std::size_t rows, std::size_t rounds) : rows_(rows), rounds_(rounds) {}

    // The row under that name, or null if it is not known. Valid until the next learn() or
    // follow().
    const Record* find(const RecordKey& key);
    // The same for each of `wanted` in turn, to be called with where one is: has those that come
    // some places later brought nearer.
    const Record* find(std::span<const RecordKey> wanted, std::size_t at);
    // What the store has under that name, which may be nothing.
    void learn(const RecordKey& key, const Record& record);
    // What a durable change has put; it bears its names.
    void follow(const Change& change);
    void clear();
    std::size_t size() const { return rows_.size() + rounds_.size(); }

private:
    RowCache* of(RecordKind kind);

    RowCache rows_;
    RowCache rounds_;
};

}  // namespace coffer
