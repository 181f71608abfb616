#include "settle/rlp.h"

namespace coffer {

namespace {

constexpr std::size_t short_max = 55;  // lengths up to here are part of the first byte

std::string header(std::size_t length, unsigned offset) {
    if (length <= short_max) return std::string(1, static_cast<char>(offset + length));
    const std::string size = to_minimal(Uint256{length});
    return static_cast<char>(offset + short_max + size.size()) + size;
}

// Takes one item off the front.
std::optional<RlpItem> take(std::string_view& rest) {
    if (rest.empty()) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(rest.front());
    RlpItem item;
    if (first < 0x80) {
        item.bytes = rest.substr(0, 1);
        rest.remove_prefix(1);
        return item;
    }
    item.is_list = first >= 0xc0;
    std::size_t length = first - (item.is_list ? 0xc0U : 0x80U);
    rest.remove_prefix(1);
    if (length > short_max) {
        const std::size_t size_bytes = length - short_max;
        if (size_bytes > 4 || rest.size() < size_bytes || rest.front() == '\0') return std::nullopt;
        length = 0;
        for (const char byte : rest.substr(0, size_bytes)) {
            length = length << 8 | static_cast<std::uint8_t>(byte);
        }
        if (length <= short_max) return std::nullopt;
        rest.remove_prefix(size_bytes);
    }
    if (rest.size() < length) return std::nullopt;
    item.bytes = rest.substr(0, length);
    rest.remove_prefix(length);
    const bool is_small = item.bytes.size() == 1 && static_cast<std::uint8_t>(item.bytes[0]) < 0x80;
    if (!item.is_list && is_small) return std::nullopt;
    return item;
}

}  // namespace

std::string rlp_string(std::string_view bytes) {
    if (bytes.size() == 1 && static_cast<std::uint8_t>(bytes[0]) < 0x80) return std::string(bytes);
    return header(bytes.size(), 0x80) + std::string(bytes);
}

std::string rlp_integer(const Uint256& value) { return rlp_string(to_minimal(value)); }

std::string rlp_list(std::string_view encoded_items) {
    return header(encoded_items.size(), 0xc0) + std::string(encoded_items);
}

std::optional<std::vector<RlpItem>> read_rlp_list(std::string_view bytes) {
    const auto whole = take(bytes);
    if (!whole || !whole->is_list || !bytes.empty()) return std::nullopt;
    std::vector<RlpItem> items;
    std::string_view rest = whole->bytes;
    while (!rest.empty()) {
        auto item = take(rest);
        if (!item) return std::nullopt;
        items.push_back(std::move(*item));
    }
    return items;
}

std::optional<Uint256> rlp_integer_of(const RlpItem& item) {
    if (item.is_list || (!item.bytes.empty() && item.bytes[0] == '\0')) return std::nullopt;
    return from_big_endian(item.bytes);
}

}  // namespace coffer
