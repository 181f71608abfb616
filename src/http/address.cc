#include "http/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace coffer {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const Address& address) {
    return std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
    std::ranges::copy(text, terminated.begin());
    Address address;
    if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) return address;
    if (inet_pton(AF_INET, terminated.data(), address.bytes.data() + 12) != 1) return std::nullopt;
    std::ranges::copy(mapped_prefix, address.bytes.begin());
    return address;
}

std::string address_text(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_mapped(address)) {
        inet_ntop(AF_INET, address.bytes.data() + 12, text.data(), text.size());
    } else {
        inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
    }
    return text.data();
}

bool is_loopback(const Address& address) {
    if (is_mapped(address)) return address.bytes[12] == 127;
    Address one;
    one.bytes[15] = 1;
    return address == one;
}

std::string masked_address(const Address& address) {
    Address masked = address;
    std::fill(masked.bytes.begin() + (is_mapped(address) ? 15 : 8), masked.bytes.end(),
              std::uint8_t{0});
    return address_text(masked);
}

Result<ProxyList> ProxyList::parse(const std::vector<std::string>& blocks) {
    ProxyList list;
    for (const std::string& text : blocks) {
        const std::size_t slash = text.find('/');
        const std::optional<Address> address = parse_address(text.substr(0, slash));
        if (!address) return fail(ErrorCode::invalid, "not an address block: " + text);
        const int bits_max = is_mapped(*address) ? 32 : 128;
        int bits = bits_max;
        if (slash != std::string::npos) {
            const char* const end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, bits);
            if (error != std::errc{} || rest != end || bits < 0 || bits > bits_max) {
                return fail(ErrorCode::invalid, "not an address block: " + text);
            }
        }
        list.blocks_.push_back({.address = *address, .bits = bits + 128 - bits_max});
    }
    return list;
}

bool ProxyList::holds(const Address& address) const {
    return std::ranges::any_of(blocks_, [&address](const Block& block) {
        const std::size_t whole = static_cast<std::size_t>(block.bits) / 8;
        const int rest = block.bits % 8;
        if (!std::equal(address.bytes.begin(), address.bytes.begin() + block.bits / 8,
                        block.address.bytes.begin())) {
            return false;
        }
        if (rest == 0) return true;
        return ((address.bytes[whole] ^ block.address.bytes[whole]) >> (8 - rest)) == 0;
    });
}

Address ProxyList::client_behind(const Address& peer, std::string_view forwarded_for) const {
    Address client = peer;
    // From the right: each proxy appends the address that it saw, so what stands left of the first
    // address that we do not trust may be invented by the caller.
    while (holds(client) && !forwarded_for.empty()) {
        const std::size_t comma = forwarded_for.rfind(',');
        const std::string_view last =
            comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1);
        const std::optional<Address> address = parse_address(trimmed(last));
        if (!address) return client;
        client = *address;
        forwarded_for =
            comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
    }
    return client;
}

}  // namespace coffer
