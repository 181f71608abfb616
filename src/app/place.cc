#include "app/place.h"

#include "app/complain.h"
#include "app/config.h"
#include "app/data_directory.h"

namespace coffer {

std::optional<BookPlace> book_place_or_complain(const Place& place) {
    if (!place.data.empty()) return BookPlace{place.data, default_master_key_file(place.data)};
    const auto config = config_or_complain(place.config);
    if (!config) return std::nullopt;
    if (config->store == StoreKind::memory) {
        complain(place.config + " keeps its books in memory: they end with the process");
        return std::nullopt;
    }
    return BookPlace{config->data_directory, config->master_key_file};
}

}  // namespace coffer
