#include "app/place.h"

#include "app/complain.h"
#include "app/config.h"
#include "store/postgres_store.h"

namespace coffer {

std::optional<BookPlace> book_place_or_complain(const Place& place) {
    if (!place.data.empty()) return BookPlace{place.data, default_master_key_file(place.data), {}};
    if (!place.store.empty()) return BookPlace{{}, {}, *parse_store(place.store)};
    const auto config = config_or_complain(place.config);
    if (!config) return std::nullopt;
    if (config->store.kind == StoreKind::memory) {
        complain(place.config + " keeps its books in memory: they end with the process");
        return std::nullopt;
    }
    return BookPlace{config->data_directory, config->master_key_file, config->store};
}

std::string BookPlace::name() const {
    return store.kind == StoreKind::postgres ? postgres_place(store.uri) : directory;
}

Result<std::optional<DirectoryLock>> lock_books(const BookPlace& place, std::string_view command) {
    if (place.store.kind == StoreKind::postgres) return std::nullopt;
    auto lock = DirectoryLock::take(place.directory, command);
    if (!lock) return std::unexpected(lock.error());
    return std::optional(std::move(*lock));
}

}  // namespace coffer
