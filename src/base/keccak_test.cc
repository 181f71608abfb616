#include "base/keccak.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace coffer {
namespace {

std::string hex_of(std::string_view bytes) { return to_hex(view(keccak256(bytes))); }

TEST(Keccak, GivesTheKnownDigests) {
    EXPECT_EQ(hex_of(""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    EXPECT_EQ(hex_of("abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

// The padding has a block of its own, shares the last byte of one, or has room.
TEST(Keccak, PadsAroundTheEndOfABlock) {
    EXPECT_EQ(hex_of(std::string(135, 'a')),
              "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446");
    EXPECT_EQ(hex_of(std::string(136, 'a')),
              "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e");
    EXPECT_EQ(hex_of(std::string(200, 'a')),
              "96ea54061def936c4be90b518992fdc6f12f535068a256229aca54267b4d084d");
}

}  // namespace
}  // namespace coffer
