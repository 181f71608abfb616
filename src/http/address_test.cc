#include "http/address.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

Address address(std::string_view text) { return parse_address(text).value(); }

TEST(AddressTest, reads_and_writes_both_families) {
    EXPECT_EQ(address_text(address("192.0.2.7")), "192.0.2.7");
    EXPECT_EQ(address_text(address("::ffff:192.0.2.7")), "192.0.2.7");
    EXPECT_EQ(address_text(address("2001:DB8::1")), "2001:db8::1");
    for (const std::string_view text :
         {"", "localhost", "1.2.3", "1.2.3.4:80", "[::1]", "1.2.3.4 "}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
}

TEST(AddressTest, knows_loopback) {
    EXPECT_TRUE(is_loopback(address("127.0.0.1")));
    EXPECT_TRUE(is_loopback(address("127.9.9.9")));
    EXPECT_TRUE(is_loopback(address("::1")));
    EXPECT_FALSE(is_loopback(address("0.0.0.0")));
    EXPECT_FALSE(is_loopback(address("::")));
    EXPECT_FALSE(is_loopback(address("128.0.0.1")));
}

TEST(AddressTest, masks_the_part_that_names_a_person) {
    EXPECT_EQ(masked_address(address("192.0.2.7")), "192.0.2.0");
    EXPECT_EQ(masked_address(address("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::");
}

TEST(ProxyListTest, holds_blocks_of_any_length) {
    const ProxyList list =
        ProxyList::parse({"10.0.0.0/8", "192.0.2.128/25", "2001:db8::/33", "::1"}).value();
    EXPECT_TRUE(list.holds(address("10.255.0.1")));
    EXPECT_FALSE(list.holds(address("11.0.0.1")));
    EXPECT_TRUE(list.holds(address("192.0.2.200")));
    EXPECT_FALSE(list.holds(address("192.0.2.127")));
    EXPECT_TRUE(list.holds(address("2001:db8:7fff::1")));
    EXPECT_FALSE(list.holds(address("2001:db8:8000::1")));
    EXPECT_TRUE(list.holds(address("::1")));
    EXPECT_FALSE(list.holds(address("::2")));
    EXPECT_TRUE(ProxyList::parse({"0.0.0.0/0"})->holds(address("9.9.9.9")));
    EXPECT_FALSE(ProxyList::parse({"0.0.0.0/0"})->holds(address("2001::1")));
    for (const char* text :
         {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "proxy", "::/129"}) {
        EXPECT_FALSE(ProxyList::parse({text})) << text;
    }
}

TEST(ProxyListTest, finds_the_last_address_that_is_not_a_proxys) {
    const ProxyList list = ProxyList::parse({"10.0.0.0/8"}).value();
    const auto client = [&list](std::string_view peer, std::string_view forwarded) {
        return address_text(list.client_behind(address(peer), forwarded));
    };
    EXPECT_EQ(client("10.0.0.1", "192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(client("10.0.0.1", "6.6.6.6, 192.0.2.1 ,10.0.0.2"), "192.0.2.1");
    EXPECT_EQ(client("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
    EXPECT_EQ(client("10.0.0.1", ""), "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", "192.0.2.1, nonsense"), "10.0.0.1");
    EXPECT_EQ(client("203.0.113.1", "192.0.2.1"), "203.0.113.1") << "not a proxy: not believed";
}

}  // namespace
}  // namespace coffer
