#include "store/name_filter.h"

#include <gtest/gtest.h>

#include <random>

namespace coffer {
namespace {

class NameFilterTest : public testing::Test {
protected:
    // Random but for the first byte, as names are.
    Hash16 next() {
        Hash16 name{};
        for (std::uint8_t& byte : name) byte = static_cast<std::uint8_t>(random_());
        name[0] = 3;
        return name;
    }
    std::mt19937_64 random_{7};
    NameFilter filter_;
};

TEST_F(NameFilterTest, AnEmptyOneHasNothing) { EXPECT_FALSE(filter_.may_have(next())); }

TEST_F(NameFilterTest, WhatWasAddedIsNeverDeniedAndLittleElseIsClaimed) {
    std::vector<Hash16> names;
    const std::size_t count = 3'000'000;  // more than the first layer takes
    for (std::size_t at = 0; at < count; ++at) filter_.add(names.emplace_back(next()));
    std::size_t denied = 0, claimed = 0;
    for (const Hash16& name : names) denied += std::size_t{!filter_.may_have(name)};
    EXPECT_EQ(denied, 0U);
    const std::size_t asked = 200'000;
    for (std::size_t at = 0; at < asked; ++at) claimed += std::size_t{filter_.may_have(next())};
    EXPECT_LT(claimed, asked / 1000);
    EXPECT_LT(filter_.bytes(), 16 * count);
}

TEST_F(NameFilterTest, WhatIsAddedAgainTakesNoRoom) {
    const Hash16 name = next();
    filter_.add(name);
    const std::size_t bytes = filter_.bytes();
    for (int again = 0; again < 3'000'000; ++again) filter_.add(name);
    EXPECT_EQ(filter_.bytes(), bytes);
}

}  // namespace
}  // namespace coffer
