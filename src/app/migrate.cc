// `coffer migrate`: the tables of a PostgreSQL store, made or brought up to date.

#include <cstdio>

#include "app/commands.h"
#include "app/complain.h"
#include "app/place.h"
#include "store/postgres_store.h"

namespace coffer {

int run(const MigrateCommandOptions& options) {
    const auto place = book_place_or_complain(options.place);
    if (!place) return 1;
    if (place->store.kind != StoreKind::postgres) {
        return complain("there are tables in PostgreSQL only; other stores need no migration");
    }
    const auto done = migrate_postgres({.uri = place->store.uri,
                                        .runtime_role = options.runtime_role,
                                        .shards = static_cast<Shard>(options.shards),
                                        .distribute_citus = options.distribute == "citus"});
    if (!done) return complain(done.error());
    std::printf("%s\n", done->c_str());
    return 0;
}

}  // namespace coffer
