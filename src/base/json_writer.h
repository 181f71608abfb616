#pragma once
// Writes JSON text exactly: numbers are given as characters, so no amount ever becomes a float.
//
// The caller keeps the grammar (a key before each value inside an object); commas are ours. Strings
// must be valid UTF-8, which everything that came in through a dialect is.

#include <cstdint>
#include <string>
#include <string_view>

namespace coffer {

void append_json_string(std::string& out, std::string_view text);  // with the quotes

class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}
    JsonWriter& open_object();
    JsonWriter& close_object();
    JsonWriter& open_array();
    JsonWriter& close_array();
    JsonWriter& key(std::string_view name);
    JsonWriter& string(std::string_view text);
    JsonWriter& number(std::string_view characters);  // as they are
    JsonWriter& integer(std::int64_t value);
    JsonWriter& integer_unsigned(std::uint64_t value);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    JsonWriter& raw(std::string_view json);  // a whole value, as it is

private:
    void comma();
    std::string& out_;
    bool needs_comma_ = false;
};

}  // namespace coffer
