#include "store/name_filter.h"

#include <algorithm>
#include <cstring>

namespace coffer {

namespace {

// 32 bits a name and six of them set: wrong about one free name in some thousands, so that most
// batches of a lane meet none.
constexpr std::size_t names_a_block = 16, first_blocks = 32'768, growth = 4;
constexpr int bits_set = 6;
constexpr unsigned position_bits = 9, word_bits = 6;  // in a block, and in a word of it

// The first byte is only the kind; of the other fifteen, eight say which block and seven where.
std::uint64_t block_part(const Hash16& name) {
    std::uint64_t part = 0;
    std::memcpy(&part, name.data() + 8, sizeof part);
    return part;
}
std::uint64_t place_part(const Hash16& name) {
    std::uint64_t part = 0;
    std::memcpy(&part, name.data(), sizeof part);
    return part >> 8;
}

// Calls `use` with the word and the bit of each place until it returns false.
template <class Use>
bool each_place(const Hash16& name, const Use& use) {
    std::uint64_t places = place_part(name);
    for (int count = 0; count < bits_set; ++count, places >>= position_bits) {
        const std::uint64_t place = places & ((1U << position_bits) - 1);
        const std::uint64_t bit = std::uint64_t{1} << (place & ((1U << word_bits) - 1));
        if (!use(static_cast<std::size_t>(place >> word_bits), bit)) return false;
    }
    return true;
}

}  // namespace

bool NameFilter::has(const Layer& layer, const Hash16& name) {
    const Block& block = layer.blocks[block_part(name) & (layer.blocks.size() - 1)];
    return each_place(
        name, [&](std::size_t word, std::uint64_t bit) { return (block.words[word] & bit) != 0; });
}

bool NameFilter::may_have(const Hash16& name) const {
    return std::any_of(layers_.rbegin(), layers_.rend(),
                       [&](const Layer& layer) { return has(layer, name); });
}

void NameFilter::add(const Hash16& name) {
    if (may_have(name)) return;  // most are: a wallet's name comes with each of its movements
    if (layers_.empty() || layers_.back().names == layers_.back().blocks.size() * names_a_block) {
        const std::size_t blocks =
            layers_.empty() ? first_blocks : layers_.back().blocks.size() * growth;
        layers_.push_back({std::vector<Block>(blocks)});
    }
    Layer& layer = layers_.back();
    ++layer.names;
    Block& block = layer.blocks[block_part(name) & (layer.blocks.size() - 1)];
    each_place(name, [&](std::size_t word, std::uint64_t bit) {
        block.words[word] |= bit;
        return true;
    });
}

std::size_t NameFilter::bytes() const {
    std::size_t sum = 0;
    for (const Layer& layer : layers_) sum += layer.blocks.size() * sizeof(Block);
    return sum;
}

}  // namespace coffer
