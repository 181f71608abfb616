#pragma once
// Addresses on an EVM chain: 20 bytes, written as hex; the spelling in mixed case carries a
// checksum (EIP-55).

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer {

struct ChainAddress {
    std::array<std::uint8_t, 20> bytes{};
    friend auto operator<=>(const ChainAddress&, const ChainAddress&) = default;
    std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

// `0x` and 40 digits; where letters of both cases are among them, the checksum must be right.
std::optional<ChainAddress> parse_chain_address(std::string_view text);
std::optional<ChainAddress> address_of_bytes(std::string_view twenty);
std::string format_chain_address(const ChainAddress& address);  // lower case, as it is stored
std::string format_checksummed(const ChainAddress& address);    // EIP-55, for people
// `0x7d*****f0a2`: for logs and lists.
std::string mask_chain_address(const ChainAddress& address);
// Of an uncompressed public key without its first byte: the last 20 bytes of its Keccak-256.
ChainAddress address_of_key(std::string_view public_key_64);

}  // namespace coffer
