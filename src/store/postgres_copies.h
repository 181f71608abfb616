#pragma once
// What the lane keeps of a database that others may write to as well: copies of rows, and which
// names there are. As of one journal record, which whoever owns this keeps track of. For one
// thread.

#include "store/postgres_names.h"
#include "store/row_cache.h"

namespace coffer {

class PostgresCopies {
public:
    struct Limits {
        std::size_t rows = 0, rounds = 0, name_bytes = 0;
    };
    PostgresCopies(const PostgresReader& reader, const Limits& limits);

    // True when it is known what is under wanted[at], which may be nothing. Each in turn.
    bool find(std::span<const RecordKey> wanted, std::size_t at, Record& found);
    // What the database has under that name.
    void learn(const RecordKey& key, const Record& record) { rows_.learn(key, record); }
    // What a change that is durable has put, under the names that it bears.
    void follow(const Change& change);
    // Changes were missed: nothing is known any more.
    void forget();

private:
    RowCaches rows_;
    PostgresNames names_;
};

}  // namespace coffer
