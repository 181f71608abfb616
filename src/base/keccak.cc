// The sponge of FIPS 202, section 3, over 25 lanes of 64 bits; the names of the steps are its own.

#include "base/keccak.h"

#include <array>
#include <bit>
#include <cstdint>

namespace coffer {
namespace {

constexpr std::size_t rate_bytes = 136;  // 1600 bits less twice the 256 of the digest
using Lanes = std::array<std::uint64_t, 25>;

// The rotations of rho along the path of pi, and that path.
constexpr std::array<int, 24> rotations{1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                        27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
constexpr std::array<std::size_t, 24> path{10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                           15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

// The constants of iota, by the linear feedback register of section 3.2.5.
std::uint64_t round_constant(std::uint8_t& shift_register) {
    std::uint64_t constant = 0;
    for (unsigned power = 0; power < 7; ++power) {
        if ((shift_register & 1U) != 0) constant |= std::uint64_t{1} << ((1U << power) - 1);
        const bool out = (shift_register & 0x80U) != 0;
        shift_register = static_cast<std::uint8_t>(shift_register << 1 ^ (out ? 0x71 : 0));
    }
    return constant;
}

void permute(Lanes& lanes) {
    std::uint8_t shift_register = 1;
    for (int round = 0; round < 24; ++round) {
        // theta
        std::array<std::uint64_t, 5> columns{};
        for (std::size_t at = 0; at < lanes.size(); ++at) columns[at % 5] ^= lanes[at];
        for (std::size_t at = 0; at < lanes.size(); ++at) {
            lanes[at] ^= columns[(at + 4) % 5] ^ std::rotl(columns[(at + 1) % 5], 1);
        }
        // rho and pi
        std::uint64_t moving = lanes[1];
        for (std::size_t step = 0; step < path.size(); ++step) {
            std::swap(moving, lanes[path[step]]);
            lanes[path[step]] = std::rotl(lanes[path[step]], rotations[step]);
        }
        // chi
        for (std::size_t row = 0; row < lanes.size(); row += 5) {
            std::array<std::uint64_t, 5> old{};
            for (std::size_t x = 0; x < 5; ++x) old[x] = lanes[row + x];
            for (std::size_t x = 0; x < 5; ++x) {
                lanes[row + x] = old[x] ^ (~old[(x + 1) % 5] & old[(x + 2) % 5]);
            }
        }
        // iota
        lanes[0] ^= round_constant(shift_register);
    }
}

void absorb(Lanes& lanes, std::size_t at, std::uint8_t byte) {
    lanes[at / 8] ^= std::uint64_t{byte} << 8 * (at % 8);
}

}  // namespace

Digest keccak256(std::string_view bytes) {
    Lanes lanes{};
    std::size_t at = 0;
    for (const char byte : bytes) {
        absorb(lanes, at, static_cast<std::uint8_t>(byte));
        if (++at == rate_bytes) {
            permute(lanes);
            at = 0;
        }
    }
    absorb(lanes, at, 0x01);
    absorb(lanes, rate_bytes - 1, 0x80);
    permute(lanes);
    Digest digest;
    for (std::size_t index = 0; index < digest.size(); ++index) {
        digest[index] = static_cast<std::uint8_t>(lanes[index / 8] >> 8 * (index % 8));
    }
    return digest;
}

}  // namespace coffer
