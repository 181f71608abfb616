// The parts that every read function of the native API uses.

#include "base/calendar.h"
#include "base/keccak.h"
#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t name_characters_max = 100;
constexpr std::size_t address_characters = 42;  // 0x and 20 bytes in hex

bool is_hex_of(std::string_view text, std::string_view letters) {
    for (const char c : text) {
        if ((c < '0' || c > '9') && letters.find(c) == std::string_view::npos) return false;
    }
    return true;
}

// Whether the case of the letters is the checksum of EIP-55: a letter is a capital where the digest
// of the digits in lower case has a nibble of 8 or more.
bool has_its_checksum(std::string_view digits) {
    const std::string digest = to_hex(view(keccak256(native_lower_case(digits))));
    for (std::size_t at = 0; at < digits.size(); ++at) {
        const char c = digits[at];
        if (c >= '0' && c <= '9') continue;
        const bool capital = c >= 'A' && c <= 'F';
        if (capital != (digest[at] >= '8')) return false;
    }
    return true;
}

}  // namespace

std::unexpected<Refusal> native_malformed(std::string message) {
    return std::unexpected(Refusal{.kind = RefusalKind::malformed, .message = std::move(message)});
}

std::unexpected<Refusal> native_unknown(std::string_view thing) {
    Refusal refusal{.kind = RefusalKind::not_found};
    if (!thing.empty()) refusal.message = "there is no such " + std::string(thing);
    return std::unexpected(std::move(refusal));
}

std::expected<Body, Refusal> native_body(const Request& request) {
    auto body = Body::parse(request.call.body);
    if (!body) return native_malformed(body.error());
    return std::move(*body);
}

Caller native_caller(const Request& request, std::string_view player) {
    Caller caller;
    caller.tenant = request.authority.tenant;
    caller.player.id = player;
    return caller;
}

const Integration* native_integration(const Request& request, std::string_view uid_or_name) {
    return request.directory->integration(request.authority.tenant, uid_or_name);
}

std::optional<Time> native_time(std::string_view text, TimeEdge edge) {
    if (const std::optional<Time> day = parse_date(text)) {
        return edge == TimeEdge::end ? *day + day_us - 1 : *day;
    }
    const std::optional<Time> time = parse_rfc3339(text);
    if (time && edge == TimeEdge::end && *time % millisecond_us == 0) {
        return *time + millisecond_us - 1;
    }
    return time;
}

Time native_expiry(const Request& request, Fields& fields) {
    if (!fields.has("expires_at")) return 0;
    const std::optional<Time> time = parse_rfc3339(fields.text("expires_at", 1, 64));
    if (!time) {
        fields.mistake("expires_at must be an RFC 3339 time");
    } else if (*time <= request.now) {
        fields.mistake("expires_at must lie in the future");
    }
    return time.value_or(0);
}

std::optional<AccountCode> native_bucket(Fields& fields, std::string_view name) {
    if (!fields.has(name)) return {};
    const std::string_view word = fields.text(name, 1, 16);
    for (const auto bucket : {AccountCode::bought, AccountCode::earned, AccountCode::bonus}) {
        if (word == native_account_word(bucket)) return bucket;
    }
    fields.mistake(std::string(name) + " must be bought, earned or bonus");
    return {};
}

// Mixed case is a checksum, and a mistyped address is money lost. One case says that there is none.
std::string native_address_mistake(std::string_view address) {
    if (address.size() != address_characters || !address.starts_with("0x")) {
        return "must be 0x and 40 hexadecimal digits";
    }
    address.remove_prefix(2);
    if (!is_hex_of(address, "abcdefABCDEF")) return "must be 0x and 40 hexadecimal digits";
    if (!is_hex_of(address, "abcdef") && !is_hex_of(address, "ABCDEF")) {
        if (has_its_checksum(address)) return {};
        return "has upper and lower case letters that are not its checksum (EIP-55): a character "
               "is wrong, or write it in lower case";
    }
    return {};
}

std::string native_lower_case(std::string_view address) {
    std::string lower(address);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string native_address(Fields& fields, std::string_view name) {
    const std::string_view address = fields.text_or_empty(name, address_characters);
    if (address.empty()) return {};
    const std::string mistake = native_address_mistake(address);
    if (!mistake.empty()) fields.mistake(std::string(name) + " " + mistake);
    return native_lower_case(address);
}

std::optional<Body> native_array(const Body& body, Fields& fields, std::string_view name,
                                 std::size_t elements_max) {
    const Value* value = fields.has(name) ? body.find(name) : nullptr;
    if (value == nullptr) return {};
    if (value->type != Value::Type::array) {
        fields.mistake(std::string(name) + " must be an array");
        return {};
    }
    auto array = Body::parse_array(value->text);
    if (!array) {
        fields.mistake(std::string(name) + ": " + array.error());
        return {};
    }
    if (array->members().size() > elements_max) {
        fields.mistake(std::string(name) + " may have at most " + std::to_string(elements_max) +
                       " elements");
        return {};
    }
    return std::move(*array);
}

std::vector<std::string> native_texts(const Body& body, Fields& fields, std::string_view name,
                                      std::size_t elements_max, std::size_t bytes_max) {
    std::vector<std::string> texts;
    const std::optional<Body> array = native_array(body, fields, name, elements_max);
    if (!array) return texts;
    for (const Member& element : array->members()) {
        const Value& value = element.value;
        if (value.type != Value::Type::string || value.text.empty() ||
            value.text.size() > bytes_max) {
            fields.mistake(std::string(name) + " must be an array of strings of 1 to " +
                           std::to_string(bytes_max) + " bytes");
            return texts;
        }
        texts.emplace_back(value.text);
    }
    return texts;
}

bool is_plain_text(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
}

std::string native_name(Fields& fields, std::string_view name) {
    const std::string_view text = fields.words(name, 1, name_characters_max);
    if (!is_plain_text(text)) fields.mistake(std::string(name) + " holds a control character");
    return std::string(text);
}

}  // namespace coffer
