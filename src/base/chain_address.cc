#include "base/chain_address.h"

#include <algorithm>

#include "base/check.h"
#include "base/keccak.h"

namespace coffer {

namespace {

bool is_lower(char letter) { return letter >= 'a' && letter <= 'f'; }
bool is_upper(char letter) { return letter >= 'A' && letter <= 'F'; }

}  // namespace

std::optional<ChainAddress> address_of_bytes(std::string_view twenty) {
    ChainAddress address;
    if (twenty.size() != address.bytes.size()) return std::nullopt;
    std::ranges::transform(twenty, address.bytes.begin(),
                           [](char byte) { return static_cast<std::uint8_t>(byte); });
    return address;
}

std::optional<ChainAddress> parse_chain_address(std::string_view text) {
    if (text.size() != 42 || !text.starts_with("0x")) return std::nullopt;
    const auto bytes = from_hex(text.substr(2));
    if (!bytes) return std::nullopt;
    const auto address = address_of_bytes(*bytes);
    const bool is_mixed = std::ranges::any_of(text.substr(2), is_lower) &&
                          std::ranges::any_of(text.substr(2), is_upper);
    if (is_mixed && format_checksummed(*address) != text) return std::nullopt;
    return address;
}

std::string format_chain_address(const ChainAddress& address) {
    return "0x" + to_hex(address.view());
}

std::string format_checksummed(const ChainAddress& address) {
    std::string text = to_hex(address.view());
    const std::string digest = to_hex(view(keccak256(text)));
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_lower(text[at]) && digest[at] >= '8') {
            text[at] = static_cast<char>(text[at] - 'a' + 'A');
        }
    }
    return "0x" + text;
}

std::string mask_chain_address(const ChainAddress& address) {
    const std::string text = format_chain_address(address);
    return text.substr(0, 4) + "*****" + text.substr(text.size() - 4);
}

ChainAddress address_of_key(std::string_view public_key_64) {
    CHECK(public_key_64.size() == 64);
    const Digest digest = keccak256(public_key_64);
    ChainAddress address;
    std::copy(digest.end() - 20, digest.end(), address.bytes.begin());
    return address;
}

}  // namespace coffer
