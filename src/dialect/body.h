#pragma once
// JSON bodies, read strictly and exactly: the whole text is validated (RFC 8259, UTF-8), keys given
// twice, NULs and lone surrogates are refused at any depth, and numbers stay characters.
//
// A Body owns the decoded text; the views in its Values live as long as it does.

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"

namespace coffer {

struct Value {
    enum class Type : std::uint8_t { null, boolean, number, string, object, array };
    Type type = Type::null;
    bool boolean = false;
    std::string_view text;  // string: decoded; number: its characters; object, array: the raw JSON
};

struct Member {
    std::string_view name;
    Value value;
};

inline constexpr int json_depth_max = 32;

class Body {
public:
    Body(Body&&) = default;
    Body& operator=(Body&&) = default;

    // The members of a JSON object; an empty or blank text is an empty object. Error: what is
    // wrong, in words for the caller.
    static std::expected<Body, std::string> parse(std::string_view json);
    // The elements of a JSON array, as members without names.
    static std::expected<Body, std::string> parse_array(std::string_view json);

    const Value* find(std::string_view name) const;
    const std::vector<Member>& members() const { return members_; }

private:
    Body() = default;
    static std::expected<Body, std::string> parse_as(std::string_view json, Value::Type type);
    std::vector<Member> members_;
    std::unique_ptr<char[]> buffer_;
};

// Takes fields out of a Body one after the other and remembers the first mistake, so that a
// dialect's read() is a list of fields and one question at the end. After a mistake the values are
// meaningless.
class Fields {
public:
    explicit Fields(const Body& body) : body_(body) {}

    bool has(std::string_view name) const;  // present and not null
    std::string_view text(std::string_view name, std::size_t bytes_min, std::size_t bytes_max);
    std::string_view text_or_empty(std::string_view name,
                                   std::size_t bytes_max);  // absent, null: ""
    // The same where the page counts characters (code points) and not bytes.
    std::string_view words(std::string_view name, std::size_t characters_min,
                           std::size_t characters_max);
    std::string_view words_or_empty(std::string_view name, std::size_t characters_max);
    std::uint64_t unsigned_integer(std::string_view name);  // 64 bits, no fraction, no exponent
    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
    bool boolean(std::string_view name);
    // Whether all these amounts, as far as they are there, have room in that scale.
    bool fits(std::initializer_list<std::string_view> names, int scale) const;
    // The finest scale in which all these amounts have room, for a currency that is not known:
    // whether it exists is judged later, and what no currency could take is a mistake at once.
    int finest_scale(std::initializer_list<std::string_view> names) const;
    Amount amount(std::string_view name, int scale);              // a JSON number
    Amount amount_text(std::string_view name, int scale);         // a JSON string (native)
    std::string_view raw_object_or_empty(std::string_view name);  // absent: ""

    void mistake(std::string message);  // the caller's own check failed
    bool failed() const { return !mistake_.empty(); }
    const std::string& message() const { return mistake_; }

private:
    const Value* expect(std::string_view name, Value::Type type, std::string_view type_name);
    const Body& body_;
    std::string mistake_;
};

}  // namespace coffer
