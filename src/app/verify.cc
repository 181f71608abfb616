// `coffer verify`: everything that the books claim, worked out again from the journal.

#include <cstdio>

#include "app/commands.h"
#include "app/complain.h"
#include "app/place.h"
#include "app/proof.h"

namespace coffer {

int run(const VerifyOptions& options) {
    const auto place = book_place_or_complain(options.place);
    if (!place) return 1;
    const auto lock = lock_books(*place, "verify");
    if (!lock) return complain(lock.error());
    const auto proven = place->store.kind == StoreKind::postgres ? prove_database(place->store.uri)
                                                                 : prove_books(place->directory);
    if (!proven) return complain(proven.error());
    std::printf("%s: %s\n", place->name().c_str(), proven->c_str());
    return 0;
}

}  // namespace coffer
