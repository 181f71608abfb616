#include "dialect/address_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace coffer {
namespace {

constexpr int mapped_prefix_bits = 96;  // ::ffff:0:0/96, RFC 4291 section 2.5.5.2

bool is_mapped(const Address& address) {
    constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return std::equal(prefix.begin(), prefix.end(), address.begin());
}

// Some proxies write the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
std::string_view without_port(std::string_view text) {
    if (text.starts_with('[')) return text.substr(1, std::min(text.find(']'), text.size()) - 1);
    if (std::ranges::count(text, ':') == 1) return text.substr(0, text.find(':'));
    return text;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    const std::size_t end = text.find_last_not_of(" \t") + 1;
    return begin >= end ? std::string_view{} : text.substr(begin, end - begin);
}

}  // namespace

std::optional<Address> parse_peer_address(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size()) return {};
    std::ranges::copy(text, terminated.begin());
    Address address{};
    if (inet_pton(AF_INET6, terminated.data(), address.data()) == 1) return address;
    address[10] = address[11] = 0xFF;
    if (inet_pton(AF_INET, terminated.data(), address.data() + 12) == 1) return address;
    return {};
}

AddressList::AddressList(const std::vector<std::string>& networks) { add(networks); }

void AddressList::add(const std::vector<std::string>& networks) {
    for (const std::string_view text : networks) {
        const std::size_t slash = std::min(text.find('/'), text.size());
        const std::optional<Address> address = parse_peer_address(text.substr(0, slash));
        Network network;  // stays in the list even if it is nonsense: a list with a slip in it is
                          // not an empty list, which would let everybody in
        if (address) {
            const bool is_v4 = is_mapped(*address);
            int bits = is_v4 ? 32 : 128;
            const std::string_view length = text.substr(std::min(slash + 1, text.size()));
            const char* end = length.data() + length.size();
            int given = bits;
            if (slash < text.size()) {
                const auto [stop, error] = std::from_chars(length.data(), end, given);
                if (error != std::errc{} || stop != end || given < 0 || given > bits) given = 129;
            }
            bits = given;
            network = {.address = *address, .bits = is_v4 ? bits + mapped_prefix_bits : bits};
        }
        networks_.push_back(network);
    }
}

bool AddressList::contains(const Address& address) const {
    return std::ranges::any_of(networks_, [&address](const Network& network) {
        if (network.bits > 128) return false;
        const auto bytes = static_cast<std::size_t>(network.bits / 8);
        if (std::memcmp(network.address.data(), address.data(), bytes) != 0) return false;
        const int rest = network.bits % 8;
        return rest == 0 || (network.address[bytes] ^ address[bytes]) >> (8 - rest) == 0;
    });
}

std::string client_address(const Call& call, const AddressList& trusted_proxies) {
    if (trusted_proxies.empty()) return call.peer_address;
    std::vector<std::string_view> hops;
    for (const Header& header : call.headers) {
        if (header.name != "x-forwarded-for") continue;
        for (std::string_view rest = header.value; !rest.empty();) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            hops.push_back(without_port(trimmed(rest.substr(0, comma))));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    std::string_view client = call.peer_address;
    while (!hops.empty()) {
        const std::optional<Address> address = parse_peer_address(client);
        if (!address || !trusted_proxies.contains(*address)) break;
        client = hops.back();
        hops.pop_back();
    }
    return std::string(client);
}

}  // namespace coffer
