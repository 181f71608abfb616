// Any bytes either are a Body or are refused; what is taken holds what Body promises, at any depth,
// and reads the same when it is written again.

#include <algorithm>

#include "base/check.h"
#include "base/json_writer.h"
#include "dialect/body.h"
#include "dialect/text.h"

namespace {

using namespace coffer;

void write(JsonWriter& json, const Value& value) {
    switch (value.type) {
        case Value::Type::null: json.null(); return;
        case Value::Type::boolean: json.boolean(value.boolean); return;
        case Value::Type::number: json.number(value.text); return;
        case Value::Type::string: json.string(value.text); return;
        case Value::Type::object:
        case Value::Type::array: json.raw(value.text); return;
    }
}

std::string written(const Body& body) {
    std::string text;
    JsonWriter json(text);
    json.open_object();
    for (const Member& member : body.members()) {
        json.key(member.name);
        write(json, member.value);
    }
    json.close_object();
    return text;
}

bool are_equal(const Member& left, const Member& right) {
    return left.name == right.name && left.value.type == right.value.type &&
           left.value.boolean == right.value.boolean && left.value.text == right.value.text;
}

void examine(const Value& value) {
    CHECK(is_utf8(value.text));
    if (value.type == Value::Type::string) {
        CHECK(value.text.find('\0') == std::string_view::npos);
    } else if (value.type == Value::Type::object) {
        const auto inner = Body::parse(value.text);
        CHECK(inner);
        for (const Member& member : inner->members()) examine(member.value);
    } else if (value.type == Value::Type::array) {
        const auto inner = Body::parse_array(value.text);
        CHECK(inner);
        for (const Member& member : inner->members()) examine(member.value);
    }
}

void examine(const Body& body) {
    for (const Member& member : body.members()) {
        CHECK(is_utf8(member.name) && member.name.find('\0') == std::string_view::npos);
        // A name that is not unique would be found at the first place.
        CHECK(body.find(member.name) == &member.value);
        examine(member.value);
    }
    const auto again = Body::parse(written(body));
    CHECK(again && std::ranges::equal(again->members(), body.members(), are_equal));
}

// However a field is asked for, it is what was asked or a mistake is remembered.
void take(const Body& body) {
    for (const Member& member : body.members()) {
        const bool is_string = member.value.type == Value::Type::string;
        const bool is_number = member.value.type == Value::Type::number;
        Fields text(body);
        const std::string_view taken = text.text(member.name, 1, 36);
        CHECK(text.failed() || (is_string && !taken.empty() && taken.size() <= 36));
        Fields words(body);
        const std::string_view said = words.words(member.name, 1, 8);
        CHECK(words.failed() || (is_string && count_characters(said) <= 8 && !said.empty()));
        Fields whole(body);
        const std::uint64_t number = whole.unsigned_integer(member.name);
        CHECK(whole.failed() || (is_number && std::to_string(number) == member.value.text));
        Fields bounded(body);
        const std::int64_t small = bounded.integer(member.name, -5, 500);
        CHECK(bounded.failed() || (is_number && small >= -5 && small <= 500));
        Fields money(body);
        const Amount amount = money.amount(member.name, 2);
        CHECK(money.failed() || (is_number && parse_amount(member.value.text, 2) == amount));
        Fields quoted(body);
        const Amount written_out = quoted.amount_text(member.name, 2);
        CHECK(quoted.failed() || (is_string && parse_amount(member.value.text, 2) == written_out));
        Fields object(body);
        const std::string_view raw = object.raw_object_or_empty(member.name);
        CHECK(object.failed() || raw.empty() || Body::parse(raw));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text = view({bytes, size});
    if (const auto body = Body::parse(text)) {
        examine(*body);
        take(*body);
    }
    if (const auto body = Body::parse_array(text)) {
        for (const Member& element : body->members()) examine(element.value);
    }
    return 0;
}
