#pragma once
// Values on their way to and from PostgreSQL, in the binary form of its wire: big-endian numbers,
// arrays of one dimension without nulls.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "store/record.h"

struct pg_result;

namespace coffer {

// The parameters of one statement, in its order. Reusable: clear() keeps the memory.
class PostgresValues {
public:
    void clear() { used_ = 0; }
    void add_small(std::uint16_t value);
    void add_big(std::uint64_t value);  // fits a bigint: sequence numbers, times
    void add_bytes(std::string_view value);
    void add_uuid(const Hash16& value) { add_bytes(view(value)); }

    // An array, item by item.
    void begin_array(unsigned element_type);
    void item_big(std::uint64_t value);
    void item_bytes(std::string_view value);
    void item_uuid(const Hash16& value) { item_bytes(view(value)); }
    void end_array();

    std::size_t size() const { return used_; }
    const std::string& operator[](std::size_t index) const { return values_[index]; }

private:
    static std::string_view view(const Hash16& hash) {
        return {reinterpret_cast<const char*>(hash.data()), hash.size()};
    }
    std::string& next();

    std::vector<std::string> values_;
    std::size_t used_ = 0;
    std::uint32_t items_ = 0;
};

// The rows that a statement gave. Views are valid as long as the rows are.
class PostgresRows {
public:
    explicit PostgresRows(pg_result* result);
    std::size_t size() const;
    // A column that is not what was asked for, which only a foreign schema has, reads as 0 or "".
    std::int64_t big(std::size_t row, int column) const;
    std::string_view bytes(std::size_t row, int column) const;
    Hash16 hash16(std::size_t row, int column) const;
    // What the server did, in its words: COMMIT, INSERT 0 1.
    std::string_view done() const;

private:
    struct Free {
        void operator()(pg_result* result) const;
    };
    std::unique_ptr<pg_result, Free> result_;
};

}  // namespace coffer
