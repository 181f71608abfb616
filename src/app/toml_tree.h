#pragma once
// A TOML text as a plain tree that knows where each thing stands. The only place that knows toml++.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace coffer {

// A place in the text, counted from 1.
struct TextPlace {
    int line = 0;
    int column = 0;
};

struct Mistake {
    TextPlace place;
    std::string words;
};

struct TomlNode {
    enum class Type { text, integer, boolean, array, table, other };  // other: float, date, time
    std::string key;                                                  // in a table; else empty
    TextPlace key_place;                                              // where the key stands
    TextPlace place;                                                  // where the value stands
    Type type = Type::other;
    std::string text;
    std::int64_t integer = 0;
    bool boolean = false;
    std::vector<TomlNode> children;  // of tables in the order of the text, and of arrays
};

// The whole text as a table. The mistake is the first one of the grammar: nothing after it can be
// read.
std::expected<TomlNode, Mistake> parse_toml(std::string_view text);

}  // namespace coffer
