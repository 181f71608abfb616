#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace coffer {
namespace {

std::array<std::uint8_t, 16> sixteen() {
    std::array<std::uint8_t, 16> bytes{};
    fill_random(bytes);
    return bytes;
}

TEST(Random, never_gives_the_same_bytes_twice_across_many_refills_and_threads) {
    std::array<std::vector<std::array<std::uint8_t, 16>>, 4> given;
    std::vector<std::thread> threads;
    for (auto& mine : given) {
        threads.emplace_back([&mine] {
            for (int i = 0; i < 5000; ++i) mine.push_back(sixteen());
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::array<std::uint8_t, 16>> all;
    for (const auto& mine : given) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), 20'000U);
}

TEST(Random, fills_sizes_from_nothing_to_more_than_the_buffer) {
    for (const std::size_t size : {0U, 1U, 63U, 1024U, 1025U, 4096U, 100'000U}) {
        std::vector<std::uint8_t> bytes(size);
        fill_random(bytes);
        if (size < 63) continue;
        EXPECT_TRUE(std::ranges::any_of(bytes, [](std::uint8_t byte) { return byte != 0; }));
        const auto tail = std::span(bytes).last(32);
        EXPECT_TRUE(std::ranges::any_of(tail, [](std::uint8_t byte) { return byte != 0; }));
    }
}

TEST(Random, uses_every_bit_about_half_of_the_time) {
    std::vector<std::uint8_t> bytes(80'000);
    for (std::size_t at = 0; at < bytes.size(); at += 80) {
        fill_random(std::span(bytes).subspan(at, 80));
    }
    for (int bit = 0; bit < 8; ++bit) {
        const auto ones =
            std::ranges::count_if(bytes, [&](std::uint8_t byte) { return (byte >> bit & 1) != 0; });
        // Ten standard deviations: by chance once in 10^23 runs.
        EXPECT_NEAR(static_cast<double>(ones), 40'000, 1'415) << bit;
    }
}

TEST(Uuid, is_version_4_in_the_text_of_rfc_9562) {
    std::array<std::uint8_t, 16> ones;
    ones.fill(0xff);
    EXPECT_EQ(uuid_v4(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    EXPECT_EQ(uuid_v4(std::array<std::uint8_t, 16>{}), "00000000-0000-4000-8000-000000000000");
}

TEST(Uuid, reads_back_what_it_wrote_and_keeps_bytes_as_they_are) {
    for (int i = 0; i < 100; ++i) {
        const UuidBytes bytes = sixteen();
        EXPECT_EQ(parse_uuid(uuid_text(bytes)), bytes);
    }
}

TEST(Uuid, reads_either_case) {
    EXPECT_EQ(parse_uuid("ABCDEF01-2345-6789-abcd-ef0123456789"),
              parse_uuid("abcdef01-2345-6789-ABCD-EF0123456789"));
}

TEST(Uuid, refuses_other_shapes) {
    for (const char* text :
         {"", "abcdef0123456789abcdef0123456789", "abcdef01-2345-6789-abcd-ef012345678",
          "abcdef01-2345-6789-abcd-ef01234567890", "abcdef01-2345-6789-abcdeef0123456789",
          "gbcdef01-2345-6789-abcd-ef0123456789", "abcdef0-12345-6789-abcd-ef0123456789",
          "{bcdef01-2345-6789-abcd-ef012345678}"}) {
        EXPECT_FALSE(parse_uuid(text)) << text;
    }
}

}  // namespace
}  // namespace coffer
