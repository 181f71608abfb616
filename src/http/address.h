#pragma once
// Peer addresses: which are proxies to be believed, how they are masked, what a proxy says of its
// peer.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace coffer {

// An IPv6 address, or an IPv4 one mapped into it (::ffff:a.b.c.d).
struct Address {
    std::array<std::uint8_t, 16> bytes{};
    bool operator==(const Address&) const = default;
};

// Numeric, either family, without port; nothing if malformed.
std::optional<Address> parse_address(std::string_view text);
// Dotted for mapped IPv4, RFC 5952 otherwise.
std::string address_text(const Address& address);
bool is_loopback(const Address& address);

// For logs: the last octet of IPv4 and the last 64 bits of IPv6 are zero.
std::string masked_address(const Address& address);

class ProxyList {
public:
    // `10.0.0.0/8`, `2001:db8::/32`, or single addresses.
    static Result<ProxyList> parse(const std::vector<std::string>& blocks);
    bool holds(const Address& address) const;
    // The last address of X-Forwarded-For that is not itself in the list; the peer's own when there
    // is none or it is malformed.
    Address client_behind(const Address& peer, std::string_view forwarded_for) const;

private:
    struct Block {
        Address address;
        int bits = 128;
    };
    std::vector<Block> blocks_;
};

}  // namespace coffer
