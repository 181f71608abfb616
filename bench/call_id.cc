#include "bench/call_id.h"

#include <array>
#include <charconv>

#include "base/digest.h"
#include "base/random.h"

namespace coffer {
namespace {

constexpr std::size_t number_digits = 12;
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned bits_per_character = 6;
constexpr std::size_t characters_per_mix = 64 / bits_per_character;

}  // namespace

std::uint64_t mix(std::uint64_t number) {
    number += 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

std::string new_run_word() {
    std::array<std::uint8_t, run_word_bytes / 4 * 3> random{};
    fill_random(random);
    return to_base64url(view(random));
}

void write_id(std::string_view run_word, std::uint64_t number, std::uint64_t salt,
              std::size_t bytes, std::string& out) {
    out.assign(run_word);
    for (std::size_t digit = number_digits; digit-- > 0;) {
        out += "0123456789abcdef"[(number >> (4 * digit)) & 15];
    }
    std::uint64_t seed = mix(number ^ (salt << 48));
    while (out.size() < bytes) {
        seed = mix(seed);
        std::uint64_t rest = seed;
        for (std::size_t i = 0; i < characters_per_mix && out.size() < bytes; ++i) {
            out += alphabet[rest & 63];
            rest >>= bits_per_character;
        }
    }
}

std::optional<std::uint64_t> number_in_id(std::string_view run_word, std::string_view id) {
    const std::size_t at = id.find(run_word);
    if (at == std::string_view::npos || id.size() < at + run_word.size() + number_digits) return {};
    const char* const begin = id.data() + at + run_word.size();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(begin, begin + number_digits, number, 16);
    if (error != std::errc() || end != begin + number_digits) return {};
    return number;
}

}  // namespace coffer
