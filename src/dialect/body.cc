// simdjson's on-demand parser checks only what is walked, so everything is walked: every string is
// decoded, every number's grammar is checked here, every object's keys are compared. What simdjson
// leaves to us are numbers as characters, duplicate keys, NULs and surrogates without a partner.

#include "dialect/body.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "dialect/text.h"

namespace coffer {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const std::size_t end = text.find_last_not_of(blanks);
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

std::size_t digits_at(std::string_view text, std::size_t start) {
    std::size_t end = start;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    return end - start;
}

// RFC 8259, section 6.
bool is_number(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = digits_at(text, at);
    if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
    at += whole;
    if (at < text.size() && text[at] == '.') {
        const std::size_t fraction = digits_at(text, at + 1);
        if (fraction == 0) return false;
        at += 1 + fraction;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const std::size_t exponent = digits_at(text, at);
        if (exponent == 0) return false;
        at += exponent;
    }
    return at == text.size();
}

// The text was valid UTF-8 before its escapes were decoded, so only an escape can have brought a
// surrogate (ED A0..BF as bytes) or a NUL in.
bool is_clean(std::string_view decoded) {
    if (std::memchr(decoded.data(), 0, decoded.size()) != nullptr) return false;
    for (std::size_t at = 0; (at = decoded.find('\xED', at)) != std::string_view::npos; ++at) {
        if (at + 1 < decoded.size() && static_cast<unsigned char>(decoded[at + 1]) >= 0xA0) {
            return false;
        }
    }
    return true;
}

std::string words_of(simdjson::error_code code) {
    if (code == simdjson::UTF8_ERROR) return "the body is not UTF-8";
    if (code == simdjson::UNESCAPED_CHARS) return "a string holds a control character";
    if (code == simdjson::STRING_ERROR) return "a string holds a broken escape";
    if (code == simdjson::CAPACITY || code == simdjson::MEMALLOC) return "the body is too long";
    return "the body is not JSON";
}

// Goes through a whole document once. The first mistake ends it.
class Walk {
public:
    Walk(ondemand::document& document, std::vector<std::string_view>& names, std::string_view json)
        : document_(document),
          names_(names),
          has_escapes_(json.find('\\') != std::string_view::npos) {}

    const std::string& mistake() const { return mistake_; }

    // `top` collects the members of the outermost object; null further in.
    bool object(ondemand::object object, int depth, std::vector<Member>* top);
    bool array(ondemand::array array, int depth, std::vector<Member>* top);

private:
    bool value(ondemand::value value, int depth, Value* out);
    bool container(ondemand::value value, char opening, int depth);
    bool string(ondemand::value value, std::string_view token, Value* out);
    bool scalar(std::string_view token, Value* out);
    bool names_differ(std::size_t first);
    bool wrong(std::string mistake) {
        mistake_ = std::move(mistake);
        return false;
    }
    bool wrong(simdjson::error_code code) { return wrong(words_of(code)); }

    ondemand::document& document_;
    std::vector<std::string_view>& names_;  // of all open objects, innermost last
    // Few bodies have any; looking for what they bring took 18 % of parsing.
    const bool has_escapes_;
    std::string mistake_;
};

bool Walk::object(ondemand::object object, int depth, std::vector<Member>* top) {
    if (depth > json_depth_max) return wrong("the body is nested too deeply");
    const std::size_t first = names_.size();
    for (auto field : object) {
        ondemand::field member;
        if (const auto code = std::move(field).get(member)) return wrong(code);
        const char* raw = member.key().raw();
        std::string_view name;
        if (const auto code = member.unescaped_key().get(name)) return wrong(code);
        if (has_escapes_ && !is_clean(name)) return wrong("a key holds a NUL or a lone surrogate");
        if (top != nullptr) {
            // The decoded text is never longer than its raw form and is written over it, in our own
            // copy: the parser does not look back.
            std::memcpy(const_cast<char*>(raw), name.data(), name.size());
            name = {raw, name.size()};
            top->push_back({.name = name, .value = {}});
        }
        names_.push_back(name);
        Value* out = top != nullptr ? &top->back().value : nullptr;
        if (!value(member.value(), depth, out)) return false;
    }
    if (!names_differ(first)) return false;
    names_.resize(first);
    return true;
}

bool Walk::array(ondemand::array array, int depth, std::vector<Member>* top) {
    if (depth > json_depth_max) return wrong("the body is nested too deeply");
    for (auto element : array) {
        ondemand::value item;
        if (const auto code = std::move(element).get(item)) return wrong(code);
        if (top != nullptr) top->push_back({});
        Value* out = top != nullptr ? &top->back().value : nullptr;
        if (!value(item, depth, out)) return false;
    }
    return true;
}

bool Walk::value(ondemand::value value, int depth, Value* out) {
    const std::string_view token = value.raw_json_token();
    const char opening = token.empty() ? '\0' : token.front();
    if (opening == '"') return string(value, token, out);
    if (opening != '{' && opening != '[') return scalar(trimmed(token), out);
    if (!container(value, opening, depth + 1)) return false;
    if (out != nullptr) {
        // What comes next is a comma or the end of the parent; before it only blanks.
        const char* next = nullptr;
        if (const auto code = document_.current_location().get(next)) return wrong(code);
        out->type = opening == '{' ? Value::Type::object : Value::Type::array;
        out->text = trimmed({token.data(), static_cast<std::size_t>(next - token.data())});
    }
    return true;
}

bool Walk::container(ondemand::value value, char opening, int depth) {
    if (opening == '{') {
        ondemand::object inner;
        if (const auto code = value.get_object().get(inner)) return wrong(code);
        return object(inner, depth, nullptr);
    }
    ondemand::array inner;
    if (const auto code = value.get_array().get(inner)) return wrong(code);
    return array(inner, depth, nullptr);
}

bool Walk::string(ondemand::value value, std::string_view token, Value* out) {
    std::string_view text;
    if (const auto code = value.get_string().get(text)) return wrong(code);
    if (has_escapes_ && !is_clean(text)) return wrong("a string holds a NUL or a lone surrogate");
    if (out != nullptr) {
        const char* raw = token.data() + 1;
        std::memcpy(const_cast<char*>(raw), text.data(), text.size());
        *out = {.type = Value::Type::string, .text = {raw, text.size()}};
    }
    return true;
}

bool Walk::scalar(std::string_view token, Value* out) {
    Value value;
    if (token == "true" || token == "false") {
        value = {.type = Value::Type::boolean, .boolean = token == "true", .text = token};
    } else if (is_number(token)) {
        value = {.type = Value::Type::number, .text = token};
    } else if (token != "null") {
        return wrong("the body is not JSON");
    }
    if (out != nullptr) *out = value;
    return true;
}

bool Walk::names_differ(std::size_t first) {
    const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = names_.end();
    const std::string_view* twice = nullptr;
    if (end - begin <= 24) {
        for (auto name = begin; name != end && twice == nullptr; ++name) {
            if (std::find(begin, name, *name) != name) twice = &*name;
        }
    } else {
        // A hostile body can hold ten thousand keys: sorted, they cost no more than reading them.
        std::sort(begin, end);
        if (const auto same = std::adjacent_find(begin, end); same != end) twice = &*same;
    }
    if (twice == nullptr) return true;
    return wrong("the key \"" + std::string(*twice) + "\" is given twice");
}

}  // namespace

std::expected<Body, std::string> Body::parse(std::string_view json) {
    if (json.find_first_not_of(blanks) == std::string_view::npos) return Body();
    return parse_as(json, Value::Type::object);
}

std::expected<Body, std::string> Body::parse_array(std::string_view json) {
    return parse_as(json, Value::Type::array);
}

std::expected<Body, std::string> Body::parse_as(std::string_view json, Value::Type type) {
    // A parser keeps its buffers from one text to the next: one per thread, no allocation per call.
    thread_local ondemand::parser parser;
    thread_local std::vector<std::string_view> names;
    names.clear();

    Body body;
    const std::size_t capacity = json.size() + simdjson::SIMDJSON_PADDING;
    body.buffer_ = std::make_unique_for_overwrite<char[]>(capacity);
    std::memcpy(body.buffer_.get(), json.data(), json.size());
    std::memset(body.buffer_.get() + json.size(), 0, simdjson::SIMDJSON_PADDING);

    ondemand::document document;
    if (const auto code = parser.iterate(body.buffer_.get(), json.size(), capacity).get(document)) {
        return std::unexpected(words_of(code));
    }
    body.members_.reserve(16);
    Walk walk(document, names, json);
    bool walked = false;
    if (type == Value::Type::array) {
        ondemand::array array;
        if (document.get_array().get(array)) return std::unexpected("a JSON array is expected");
        walked = walk.array(array, 1, &body.members_);
    } else {
        ondemand::object object;
        if (document.get_object().get(object)) {
            return std::unexpected("the body must be a JSON object");
        }
        walked = walk.object(object, 1, &body.members_);
    }
    if (!walked) return std::unexpected(walk.mistake());
    // A place after the value is a place where something else stands.
    const char* rest = nullptr;
    if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) {
        return std::unexpected("something follows the JSON value");
    }
    return body;
}

const Value* Body::find(std::string_view name) const {
    for (const Member& member : members_) {
        if (member.name == name) return &member.value;
    }
    return nullptr;
}

bool Fields::has(std::string_view name) const {
    const Value* value = body_.find(name);
    return value != nullptr && value->type != Value::Type::null;
}

const Value* Fields::expect(std::string_view name, Value::Type type, std::string_view type_name) {
    const Value* value = body_.find(name);
    if (value == nullptr || value->type == Value::Type::null) {
        mistake(std::string(name) + " is missing");
        return nullptr;
    }
    if (value->type != type) {
        mistake(std::string(name) + " must be " + std::string(type_name));
        return nullptr;
    }
    return value;
}

namespace {

std::string length_words(std::string_view name, std::size_t min, std::size_t max,
                         std::string_view unit) {
    return std::string(name) + " must have " + std::to_string(min) + " to " + std::to_string(max) +
           " " + std::string(unit);
}

}  // namespace

std::string_view Fields::text(std::string_view name, std::size_t bytes_min, std::size_t bytes_max) {
    const Value* value = expect(name, Value::Type::string, "a string");
    if (value == nullptr) return {};
    if (value->text.size() < bytes_min || value->text.size() > bytes_max) {
        mistake(length_words(name, bytes_min, bytes_max, "bytes"));
    }
    return value->text;
}

std::string_view Fields::text_or_empty(std::string_view name, std::size_t bytes_max) {
    return has(name) ? text(name, 0, bytes_max) : std::string_view{};
}

std::string_view Fields::words(std::string_view name, std::size_t characters_min,
                               std::size_t characters_max) {
    const Value* value = expect(name, Value::Type::string, "a string");
    if (value == nullptr) return {};
    const std::size_t bytes = value->text.size();
    // A character has at least one byte, so that a short text need not be counted.
    if (bytes <= characters_max && characters_min <= 1 && bytes >= characters_min) {
        return value->text;
    }
    const std::size_t characters = count_characters(value->text);
    if (characters < characters_min || characters > characters_max) {
        mistake(length_words(name, characters_min, characters_max, "characters"));
    }
    return value->text;
}

std::string_view Fields::words_or_empty(std::string_view name, std::size_t characters_max) {
    return has(name) ? words(name, 0, characters_max) : std::string_view{};
}

std::uint64_t Fields::unsigned_integer(std::string_view name) {
    constexpr std::string_view what = "a whole number of 64 bits without a sign";
    const Value* value = expect(name, Value::Type::number, what);
    if (value == nullptr) return 0;
    std::uint64_t number = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [stop, error] = std::from_chars(value->text.data(), end, number);
    if (error != std::errc{} || stop != end)
        mistake(std::string(name) + " must be " + std::string(what));
    return number;
}

std::int64_t Fields::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const Value* value = expect(name, Value::Type::number, "a whole number");
    if (value == nullptr) return min;
    const std::optional<std::int64_t> number = parse_integer(value->text, min, max);
    if (!number) {
        mistake(std::string(name) + " must be a whole number from " + std::to_string(min) + " to " +
                std::to_string(max));
    }
    return number.value_or(min);
}

bool Fields::boolean(std::string_view name) {
    const Value* value = expect(name, Value::Type::boolean, "true or false");
    return value != nullptr && value->boolean;
}

namespace {

std::string amount_words(std::string_view name, std::string_view type_name, int scale) {
    return std::string(name) + " must be " + std::string(type_name) + " with at most " +
           std::to_string(scale) + " decimals and " + std::to_string(amount_digits_max) + " digits";
}

}  // namespace

bool Fields::fits(std::initializer_list<std::string_view> names, int scale) const {
    return std::ranges::all_of(names, [&](std::string_view name) {
        const Value* value = body_.find(name);
        return value == nullptr || parse_amount(value->text, scale);
    });
}

int Fields::finest_scale(std::initializer_list<std::string_view> names) const {
    for (int scale = scale_max; scale >= 0; --scale) {
        if (fits(names, scale)) return scale;
    }
    return scale_max;
}

Amount Fields::amount(std::string_view name, int scale) {
    const Value* value = expect(name, Value::Type::number, "a number");
    if (value == nullptr) return {};
    const Result<Amount> amount = parse_amount(value->text, scale);
    if (!amount) mistake(amount_words(name, "a number", scale));
    return amount.value_or(Amount{});
}

Amount Fields::amount_text(std::string_view name, int scale) {
    const Value* value = expect(name, Value::Type::string, "a string that holds a decimal number");
    if (value == nullptr) return {};
    const Result<Amount> amount = parse_amount(value->text, scale);
    if (!amount) mistake(amount_words(name, "a decimal number in a string", scale));
    return amount.value_or(Amount{});
}

std::string_view Fields::raw_object_or_empty(std::string_view name) {
    if (!has(name)) return {};
    const Value* value = expect(name, Value::Type::object, "an object");
    return value != nullptr ? value->text : std::string_view{};
}

void Fields::mistake(std::string message) {
    if (mistake_.empty()) mistake_ = std::move(message);
}

}  // namespace coffer
