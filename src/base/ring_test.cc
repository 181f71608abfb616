#include "base/ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>

namespace coffer {
namespace {

TEST(Ring, rounds_its_capacity_up_to_a_power_of_two) {
    EXPECT_EQ(Ring<int>(1).capacity(), 1U);
    EXPECT_EQ(Ring<int>(5).capacity(), 8U);
    EXPECT_EQ(Ring<int>(8).capacity(), 8U);
}

TEST(Ring, gives_back_what_went_in_in_order) {
    Ring<std::string> ring(4);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 3; ++i) {
            std::string value = std::to_string(round * 3 + i);
            ASSERT_TRUE(ring.push(value));
        }
        EXPECT_EQ(ring.size(), 3U);
        for (int i = 0; i < 3; ++i) {
            std::string value;
            ASSERT_TRUE(ring.pop(value));
            EXPECT_EQ(value, std::to_string(round * 3 + i));
        }
    }
}

TEST(Ring, refuses_when_full_and_leaves_the_value_alone) {
    Ring<std::string> ring(2);
    std::string value = "a";
    ASSERT_TRUE(ring.push(value));
    value = "b";
    ASSERT_TRUE(ring.push(value));
    value = "c";
    EXPECT_FALSE(ring.push(value));
    EXPECT_EQ(value, "c");
    std::string out;
    ASSERT_TRUE(ring.pop(out));
    EXPECT_TRUE(ring.push(value));
}

TEST(Ring, says_when_it_is_empty) {
    Ring<int> ring(2);
    int value = 7;
    EXPECT_FALSE(ring.pop(value));
    EXPECT_EQ(value, 7);
}

TEST(Ring, loses_and_repeats_nothing_between_two_threads) {
    constexpr std::uint64_t count = 200'000;
    Ring<std::uint64_t> ring(64);
    std::thread producer([&] {
        for (std::uint64_t i = 0; i < count; ++i) {
            std::uint64_t value = i;
            while (!ring.push(value)) std::this_thread::yield();
        }
    });
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t value = 0;
        while (!ring.pop(value)) std::this_thread::yield();
        ASSERT_EQ(value, i);
    }
    producer.join();
}

}  // namespace
}  // namespace coffer
