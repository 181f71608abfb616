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
    void prefetch(const Hash16& hash) const { __builtin_prefetch(&sets_[set_of(hash)]); }
    void clear();
    std::size_t size() const { return size_; }

private:
    static constexpr std::size_t ways = 8;
    struct Set {
        std::array<Hash16, ways> hashes{};  // the kind in front is never 0 for a row in use
        std::array<Record, ways> records;
        std::uint8_t asked = 0;  // a bit for each row
        std::uint8_t hand = 0;
    };
    std::size_t set_of(const Hash16& hash) const;

    std::vector<Set> sets_;
    std::size_t mask_;
    std::size_t size_ = 0;
};

}  // namespace coffer
