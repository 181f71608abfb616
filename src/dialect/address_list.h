#pragma once
// Lists of networks (`10.0.0.0/8`, `2001:db8::/32`, or one address) and who really called when
// proxies stand between.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/call.h"

namespace coffer {

// Every address as IPv6; IPv4 as ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;
std::optional<Address> parse_peer_address(std::string_view text);

class AddressList {
public:
    AddressList() = default;
    // Entries that are not networks match nothing.
    explicit AddressList(const std::vector<std::string>& networks);
    void add(const std::vector<std::string>& networks);
    bool empty() const { return networks_.empty(); }
    bool contains(const Address& address) const;

private:
    struct Network {
        Address address{};
        int bits = 129;  // more than there are: matches nothing
    };
    std::vector<Network> networks_;
};

// The peer; or, when the peer is a trusted proxy, the rightmost address of X-Forwarded-For that is
// not one, as text. Garbage in that place comes back as it is and matches no list.
std::string client_address(const Call& call, const AddressList& trusted_proxies);

}  // namespace coffer
