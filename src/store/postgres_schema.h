#pragma once
// What a PostgreSQL store says of itself: the version of its schema and its secret.

#include "store/postgres_link.h"
#include "store/record.h"

namespace coffer {

struct PostgresSchema {
    int version = 0;
    SecretKey16 secret{};  // of the KeyMaker
    Shard shards = 1;
};

// Errors: not_found (no schema there), invalid (newer than this program), corrupt.
Result<PostgresSchema> read_schema(PostgresLink& link, const PostgresPlace& place);

// A value that the store keeps of itself, "" if it has none under that name; and adds one for good,
// unless there is one.
Result<std::string> read_meta(PostgresLink& link, std::string_view name);
Result<void> add_meta(PostgresLink& link, std::string_view name, std::string_view value);

}  // namespace coffer
