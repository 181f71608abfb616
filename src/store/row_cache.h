#pragma once
// The lane's copies of records: a bounded cache of decoded rows by the hash of their key, and the
// latest Changes by their number. Both hold only what is durable. For one thread.

#include <optional>
#include <vector>

#include "store/record.h"

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

}  // namespace coffer
