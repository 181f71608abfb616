#pragma once
// Says of a hash that it is certainly not in a run of the index, or perhaps is.
//
// A Bloom filter of blocks as large as a cache line, so that a question costs one memory access:
// nearly every movement asks for two records that do not exist yet. 12 bits an entry let 1 in 150
// absent hashes through (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters,
// 2007).

#include <cstring>
#include <vector>

#include "base/digest.h"
#include "base/money.h"

namespace coffer {

class IndexFilter {
public:
    static constexpr std::size_t bits_per_entry = 12;
    static constexpr std::size_t block_bytes = 64;

    IndexFilter() = default;
    explicit IndexFilter(std::size_t entries)
        : blocks_(entries * bits_per_entry / (8 * block_bytes) + 1) {}

    void add(const Hash16& hash) {
        Block& block = blocks_[block_of(hash)];
        each_bit(hash, [&](std::uint64_t word, std::uint64_t bit) { block.words[word] |= bit; });
    }
    bool may_have(const Hash16& hash) const {
        const Block& block = blocks_[block_of(hash)];
        std::uint64_t lacking = 0;
        each_bit(hash, [&](std::uint64_t word, std::uint64_t bit) {
            lacking |= ~block.words[word] & bit;
        });
        return lacking == 0;
    }
    void prefetch(const Hash16& hash) const { __builtin_prefetch(&blocks_[block_of(hash)]); }

    // As it stands in a file.
    std::string_view bytes() const {
        return {reinterpret_cast<const char*>(blocks_.data()), blocks_.size() * block_bytes};
    }
    // Takes over what bytes() gave.
    void assign(std::string_view bytes) {
        blocks_.resize(bytes.size() / block_bytes);
        std::memcpy(blocks_.data(), bytes.data(), blocks_.size() * block_bytes);
    }

private:
    struct alignas(block_bytes) Block {
        std::uint64_t words[8] = {};
    };

    // The last eight bytes of the hash choose the block, the seven before them six bits in it.
    std::size_t block_of(const Hash16& hash) const {
        std::uint64_t high = 0;
        std::memcpy(&high, hash.data() + 8, sizeof high);
        return static_cast<std::size_t>(Uint128{high} * blocks_.size() >> 64);
    }
    template <class Take>
    static void each_bit(const Hash16& hash, Take&& take) {
        std::uint64_t low = 0;
        std::memcpy(&low, hash.data(), sizeof low);
        low >>= 8;  // without the kind
        for (int probe = 0; probe < 6; ++probe, low >>= 9) {
            take((low >> 6) & 7, std::uint64_t{1} << (low & 63));
        }
    }

    std::vector<Block> blocks_;
};

}  // namespace coffer
