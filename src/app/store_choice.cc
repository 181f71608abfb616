#include "app/store_choice.h"

namespace coffer {

std::optional<StoreChoice> parse_store(std::string_view text) {
    if (text == "rocksdb") return StoreChoice{};
    if (text == "memory") return StoreChoice{.kind = StoreKind::memory};
    if (text.starts_with("postgres://") || text.starts_with("postgresql://")) {
        return StoreChoice{.kind = StoreKind::postgres, .uri = std::string(text)};
    }
    return std::nullopt;
}

}  // namespace coffer
