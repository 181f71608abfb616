#include "dialect/address_list.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

bool lets_in(const std::string& network, std::string_view address) {
    return AddressList({network}).contains(*parse_peer_address(address));
}

TEST(AddressList, MatchesNetworksBitByBit) {
    EXPECT_TRUE(lets_in("10.0.0.0/8", "10.255.0.1"));
    EXPECT_FALSE(lets_in("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(lets_in("192.0.2.128/25", "192.0.2.200"));
    EXPECT_FALSE(lets_in("192.0.2.128/25", "192.0.2.100"));
    EXPECT_TRUE(lets_in("192.0.2.7", "192.0.2.7"));
    EXPECT_FALSE(lets_in("192.0.2.7", "192.0.2.6"));
    EXPECT_TRUE(lets_in("0.0.0.0/0", "203.0.113.9"));
    EXPECT_FALSE(lets_in("0.0.0.0/0", "2001:db8::1"));
    EXPECT_TRUE(lets_in("2001:db8::/33", "2001:db8:7fff::1"));
    EXPECT_FALSE(lets_in("2001:db8::/33", "2001:db8:8000::1"));
    EXPECT_TRUE(lets_in("::/0", "2001:db8::1"));
}

TEST(AddressList, IPv4InIPv6IsTheSameAddress) {
    EXPECT_TRUE(lets_in("10.0.0.0/8", "::ffff:10.1.2.3"));
    EXPECT_TRUE(lets_in("::ffff:10.1.2.3", "10.1.2.3"));
}

TEST(AddressList, NonsenseMatchesNothingAndIsNotAnEmptyList) {
    for (const char* text : {"", "nonsense", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x",
                             "10.0.0.0/-1", "1.2.3", "2001:db8::/129"}) {
        EXPECT_FALSE(lets_in(text, "10.0.0.1")) << text;
        EXPECT_FALSE(AddressList({text}).empty());
    }
}

TEST(ClientAddress, IsTheRightmostThatNoTrustedProxyHas) {
    const AddressList proxies({"10.0.0.0/8"});
    Call call{.peer_address = "10.0.0.1"};
    EXPECT_EQ(client_address(call, proxies), "10.0.0.1");
    call.headers.push_back({.name = "x-forwarded-for", .value = "203.0.113.1 , 198.51.100.2:4711"});
    call.headers.push_back({.name = "x-forwarded-for", .value = "10.0.0.2"});
    EXPECT_EQ(client_address(call, proxies), "198.51.100.2");
    EXPECT_EQ(client_address(call, AddressList()), "10.0.0.1");
    call.headers.back().value = "[2001:db8::5]:443";
    EXPECT_EQ(client_address(call, proxies), "2001:db8::5");
    call.peer_address = "192.0.2.1";
    EXPECT_EQ(client_address(call, proxies), "192.0.2.1");
}

}  // namespace
}  // namespace coffer
