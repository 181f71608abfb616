#pragma once
// Which names have ever been given: "no" is certain, "yes" is right but for one name in some
// thousands. A blocked Bloom filter (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient
// Bloom Filters", 2007) over names that are random already. Grows by layers of four times the size,
// so that nothing is ever hashed again. For one thread.

#include <array>
#include <cstdint>
#include <vector>

#include "base/digest.h"

namespace coffer {

class NameFilter {
public:
    void add(const Hash16& name);
    bool may_have(const Hash16& name) const;
    std::size_t bytes() const;

private:
    static constexpr std::size_t block_bytes = 64;  // a cache line: one miss a layer
    struct alignas(block_bytes) Block {
        std::array<std::uint64_t, 8> words{};
    };
    struct Layer {
        std::vector<Block> blocks;  // a power of two
        std::size_t names = 0;
    };
    static bool has(const Layer& layer, const Hash16& name);

    std::vector<Layer> layers_;  // the newest is last, and the only one that takes names
};

}  // namespace coffer
