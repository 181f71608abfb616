#include "base/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace coffer {
namespace {

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

// What JSON says a string may show as itself, a character at a time: slow and plainly right.
std::string json_slowly(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const std::string_view short_names = "\b\t\n\f\r\"\\";
        const auto place = short_names.find(c);
        if (place != std::string_view::npos) {
            out += '\\';
            out += "btnfr\"\\"[place];
        } else if (byte < 0x20) {
            out += byte < 16 ? "\\u000" : "\\u001";
            out += "0123456789abcdef"[byte & 15];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

TEST(JsonWriter, writes_nested_values_with_commas_where_they_belong) {
    std::string out;
    JsonWriter(out)
        .open_object()
        .key("id")
        .string("a")
        .key("amount")
        .number("12.50")
        .key("list")
        .open_array()
        .integer(-1)
        .integer_unsigned(2)
        .open_object()
        .close_object()
        .open_array()
        .close_array()
        .null()
        .close_array()
        .key("yes")
        .boolean(true)
        .key("no")
        .boolean(false)
        .key("raw")
        .raw(R"({"x":[1]})")
        .close_object();
    EXPECT_EQ(out, R"({"id":"a","amount":12.50,"list":[-1,2,{},[],null],"yes":true,"no":false,)"
                   R"("raw":{"x":[1]}})");
}

TEST(JsonWriter, writes_the_ends_of_the_integers) {
    std::string out;
    JsonWriter(out)
        .open_array()
        .integer(std::numeric_limits<std::int64_t>::min())
        .integer_unsigned(std::numeric_limits<std::uint64_t>::max())
        .close_array();
    EXPECT_EQ(out, "[-9223372036854775808,18446744073709551615]");
}

TEST(JsonWriter, appends_to_what_is_there) {
    std::string out = "before ";
    JsonWriter(out).string("x");
    EXPECT_EQ(out, "before \"x\"");
}

TEST(JsonString, escapes_what_it_must_and_nothing_else) {
    EXPECT_EQ(json_string(""), R"("")");
    EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(json_string("\b\f\n\r\t"), R"("\b\f\n\r\t")");
    EXPECT_EQ(json_string(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
    EXPECT_EQ(json_string("z\xc5\x82oty \xf0\x9f\x92\xb0"), "\"z\xc5\x82oty \xf0\x9f\x92\xb0\"");
}

TEST(JsonString, sees_each_character_at_each_place) {
    for (int code = 0; code < 256; ++code) {
        for (std::size_t place = 0; place < 17; ++place) {
            std::string text(17, 'x');
            text[place] = static_cast<char>(code);
            ASSERT_EQ(json_string(text), json_slowly(text)) << code << " at " << place;
        }
    }
}

RC_GTEST_PROP(JsonStringProperty, writes_what_the_slow_way_writes, (const std::string& text)) {
    RC_ASSERT(json_string(text) == json_slowly(text));
}

}  // namespace
}  // namespace coffer
