// `coffer reindex`: the index thrown away and made again from the journal.

#include <cstdio>

#include "app/commands.h"
#include "app/complain.h"
#include "app/data_directory.h"
#include "app/place.h"
#include "store/rocks_store.h"

namespace coffer {

int run(const ReindexOptions& options) {
    const auto place = book_place_or_complain(options.place);
    if (!place) return 1;
    if (place->store.kind == StoreKind::postgres) {
        return complain("the books are in PostgreSQL, whose indexes are its own: see REINDEX");
    }
    const auto lock = DirectoryLock::take(place->directory, "reindex");
    if (!lock) return complain(lock.error());
    RocksOptions store;
    store.directory = store_folder(place->directory);
    const auto made = RocksStore::reindex(store);
    if (!made) return complain(made.error());
    std::printf("%s: the index was made again from the journal\n", place->directory.c_str());
    return 0;
}

}  // namespace coffer
