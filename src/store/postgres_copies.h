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

    // True when it is known what is under that name, which may be nothing.
    bool find(const RecordKey& key, Record& found);
    // Has what will be looked for soon brought nearer.
    void foresee(std::span<const RecordKey> wanted, std::size_t at) const;
    // What the database has under that name.
    void learn(const RecordKey& key, const Record& record);
    // What a change that is durable has put, under the names that it bears.
    void follow(const Change& change);
    // Changes were missed: nothing is known any more.
    void forget();

private:
    RowCache* cache_of(RecordKind kind);
    const RowCache* cache_of(RecordKind kind) const;

    RowCache rows_;
    RowCache rounds_;  // of their own, so that the many rounds do not push the wallets out
    PostgresNames names_;
};

}  // namespace coffer
