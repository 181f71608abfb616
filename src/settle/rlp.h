#pragma once
// Recursive Length Prefix, the encoding of the chain's transactions (the yellow paper, appendix B).
//
// There is one encoding of each value, and the reader takes no other: a needless length byte, a
// single byte written as a string, or an integer with a leading zero are refused.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uint256.h"

namespace coffer {

std::string rlp_string(std::string_view bytes);
std::string rlp_integer(const Uint256& value);  // without leading zeros; 0 is the empty string
std::string rlp_list(std::string_view encoded_items);

// The items of a list whose encoding is all of `bytes`: of a string its bytes, of a list inside it
// the encoded items. Nothing where it is not such an encoding.
struct RlpItem {
    std::string bytes;
    bool is_list = false;
};
std::optional<std::vector<RlpItem>> read_rlp_list(std::string_view bytes);
// An item as an integer; nothing when it is none or has a leading zero.
std::optional<Uint256> rlp_integer_of(const RlpItem& item);

}  // namespace coffer
