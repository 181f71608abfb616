#pragma once
// What keeps the books, as the configuration and the command line name it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer {

enum class StoreKind : std::uint8_t { rocksdb, memory, postgres };

struct StoreChoice {
    StoreKind kind = StoreKind::rocksdb;
    std::string uri;  // of postgres; may hold a password
    friend bool operator==(const StoreChoice&, const StoreChoice&) = default;
};

// rocksdb, memory, or postgres://...; nothing for other words.
std::optional<StoreChoice> parse_store(std::string_view text);

}  // namespace coffer
