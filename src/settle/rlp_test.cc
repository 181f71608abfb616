#include "settle/rlp.h"

#include <gtest/gtest.h>

#include <random>

#include "base/digest.h"

namespace coffer {
namespace {

std::string bytes(std::string_view hex) { return *from_hex(hex); }
std::string hex(std::string_view text) { return to_hex(text); }

// The examples of the wiki page that defines the encoding.
TEST(Rlp, EncodesWhatItsDefinitionShows) {
    EXPECT_EQ(hex(rlp_string("dog")), "83646f67");
    EXPECT_EQ(hex(rlp_list(rlp_string("cat") + rlp_string("dog"))), "c88363617483646f67");
    EXPECT_EQ(hex(rlp_string("")), "80");
    EXPECT_EQ(hex(rlp_list("")), "c0");
    EXPECT_EQ(hex(rlp_integer(Uint256{})), "80");
    EXPECT_EQ(hex(rlp_integer(Uint256{15})), "0f");
    EXPECT_EQ(hex(rlp_integer(Uint256{1024})), "820400");
    EXPECT_EQ(
        hex(rlp_string("Lorem ipsum dolor sit amet, consectetur adipisicing elit")),
        "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164"
        "69706973696369"
        "6e6720656c6974");
}

TEST(Rlp, ReadsWhatItWrote) {
    std::mt19937_64 random(3);
    for (const std::size_t length : {0U, 1U, 2U, 54U, 55U, 56U, 57U, 255U, 256U, 70'000U}) {
        std::string text(length, '\0');
        for (char& byte : text) byte = static_cast<char>(random());
        const auto read = read_rlp_list(
            rlp_list(rlp_string(text) + rlp_list(rlp_string(text)) + rlp_string("x")));
        ASSERT_TRUE(read && read->size() == 3);
        EXPECT_EQ((*read)[0].bytes, text);
        EXPECT_TRUE((*read)[1].is_list);
        EXPECT_EQ((*read)[1].bytes, rlp_string(text));
        EXPECT_EQ((*read)[2].bytes, "x");
    }
}

TEST(Rlp, RefusesEveryOtherEncoding) {
    EXPECT_FALSE(read_rlp_list(""));
    EXPECT_FALSE(read_rlp_list(bytes("83646f67")));    // a string
    EXPECT_FALSE(read_rlp_list(bytes("c0c0")));        // something behind it
    EXPECT_FALSE(read_rlp_list(bytes("c1")));          // cut off
    EXPECT_FALSE(read_rlp_list(bytes("c28101")));      // a small byte as a string
    EXPECT_FALSE(read_rlp_list(bytes("c3b80101")));    // a length byte that is not needed
    EXPECT_FALSE(read_rlp_list(bytes("c4b9000101")));  // a length with a leading zero
    EXPECT_FALSE(read_rlp_list(bytes("f800")));
    EXPECT_FALSE(read_rlp_list(bytes("c382aa")));  // an item cut off
    EXPECT_FALSE(rlp_integer_of({.bytes = std::string("\0\1", 2)}));
    EXPECT_FALSE(rlp_integer_of({.bytes = "a", .is_list = true}));
    EXPECT_FALSE(rlp_integer_of({.bytes = std::string(33, 'a')}));
}

TEST(Rlp, NoBytesBreakTheReader) {
    std::mt19937_64 random(11);
    std::size_t read_ones = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text(random() % 12, '\0');
        for (char& byte : text) byte = static_cast<char>(random());
        if (!text.empty()) text[0] = static_cast<char>(0xc0 + text.size() - 1);
        const auto read = read_rlp_list(text);
        if (!read) continue;
        ++read_ones;
        std::string again;
        for (const RlpItem& item : *read) {
            again += item.is_list ? rlp_list(item.bytes) : rlp_string(item.bytes);
        }
        EXPECT_EQ(rlp_list(again), text);
    }
    EXPECT_GT(read_ones, 1000U);
}

}  // namespace
}  // namespace coffer
