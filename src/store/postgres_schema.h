#pragma once
// What a PostgreSQL store says of itself: the version of its schema and its secret.

#include "store/postgres_link.h"
#include "store/record.h"

namespace coffer {

struct PostgresSchema {
    int version = 0;
    SecretKey16 secret{};  // of the KeyMaker
};

// Errors: not_found (no schema there), invalid (newer than this program), corrupt.
Result<PostgresSchema> read_schema(PostgresLink& link, const PostgresPlace& place);

}  // namespace coffer
