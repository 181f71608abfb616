#include "dialect/text.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace coffer {
namespace {

constexpr bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// A table, because every call of two dialects has such a token to check.
constexpr std::array<bool, 256> token_characters = [] {
    std::array<bool, 256> allowed{};
    for (std::size_t c = 0; c < allowed.size(); ++c) {
        allowed[c] = c < 128 && is_letter_or_digit(static_cast<char>(c));
    }
    for (const char c : std::string_view("-._~+/")) allowed[static_cast<unsigned char>(c)] = true;
    return allowed;
}();

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// What follows `scheme` and its spaces in the only Authorization header.
std::optional<std::string_view> credentials_of(const Call& call, std::string_view scheme) {
    if (call.header_count("authorization") != 1) return {};
    std::string_view value = call.header("authorization");
    if (value.size() <= scheme.size() || value[scheme.size()] != ' ') return {};
    const auto same_letter = [](char left, char right) { return (left | 0x20) == (right | 0x20); };
    if (!std::ranges::equal(value.substr(0, scheme.size()), scheme, same_letter)) return {};
    value.remove_prefix(scheme.size());
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            if (at + 2 >= text.size()) return {};
            const int high = hex_value(text[at + 1]);
            const int low = hex_value(text[at + 2]);
            if (high < 0 || low < 0) return {};
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        if (c == '\0') return {};
        decoded.push_back(c);
    }
    if (!is_utf8(decoded)) return {};
    return decoded;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        if (is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            encoded.push_back(c);
        } else {
            const auto byte = static_cast<unsigned char>(c);
            encoded.push_back('%');
            encoded.push_back(digits[byte >> 4]);
            encoded.push_back(digits[byte & 15]);
        }
    }
    return encoded;
}

std::optional<QueryParameters> parse_query(std::string_view query) {
    QueryParameters parameters;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view part = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (part.empty()) continue;
        const std::size_t equals = std::min(part.find('='), part.size());
        auto name = percent_decode(part.substr(0, equals), true);
        auto value = percent_decode(part.substr(std::min(equals + 1, part.size())), true);
        if (!name || !value || find_parameter(parameters, *name) != nullptr) return {};
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

const std::string* find_parameter(const QueryParameters& parameters, std::string_view name) {
    for (const auto& [key, value] : parameters) {
        if (key == name) return &value;
    }
    return nullptr;
}

std::size_t count_characters(std::string_view utf8) {
    // Every code point has one byte that is not a continuation byte (10xxxxxx).
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes); }

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t min,
                                          std::int64_t max) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || number < min || number > max) return {};
    return number;
}

std::optional<std::string_view> bearer_token(const Call& call) {
    const std::optional<std::string_view> token = credentials_of(call, "bearer");
    if (!token) return {};
    // RFC 6750, section 2.1: b64token.
    const std::size_t padding = std::min(token->find_last_not_of('=') + 1, token->size());
    const std::string_view characters = token->substr(0, padding);
    const auto allowed = [](char c) { return token_characters[static_cast<unsigned char>(c)]; };
    if (characters.empty() || !std::ranges::all_of(characters, allowed)) return {};
    return token;
}

std::optional<std::pair<std::string, std::string>> basic_credentials(const Call& call) {
    const std::optional<std::string_view> encoded = credentials_of(call, "basic");
    if (!encoded) return {};
    const std::optional<std::string> plain = from_base64(*encoded);
    if (!plain) return {};
    const std::size_t colon = plain->find(':');
    if (colon == std::string::npos) return {};
    return std::pair{plain->substr(0, colon), plain->substr(colon + 1)};
}

std::expected<std::string, Refusal> idempotency_key(const Call& call) {
    const std::size_t count = call.header_count("idempotency-key");
    if (count == 0) return std::string();
    const std::string_view key = call.header("idempotency-key");
    if (count > 1 || key.empty() || key.size() > 255 || !is_utf8(key)) {
        return std::unexpected(Refusal{
            .kind = RefusalKind::malformed,
            .message = "Idempotency-Key must be given once and have 1 to 255 bytes of UTF-8"});
    }
    return std::string(key);
}

std::string random_token(const Call& call, std::size_t offset) {
    return to_base64url(view(std::span(call.random).subspan(offset, 32)));
}

std::string_view kind_word(TransactionKind kind) {
    switch (kind) {
        case TransactionKind::wager:
        case TransactionKind::wager_and_payout: return "WAGER";
        case TransactionKind::payout: return "PAYOUT";
        case TransactionKind::rollback: return "ROLLBACK";
        case TransactionKind::prize: return "PRIZE";
        case TransactionKind::grant: return "GRANT";
        case TransactionKind::spend: return "SPEND";
        case TransactionKind::deposit: return "DEPOSIT";
        case TransactionKind::withdraw:
        case TransactionKind::withdraw_settle:
        case TransactionKind::withdraw_release: return "WITHDRAW";
        case TransactionKind::adjust:
        case TransactionKind::reversal: return "ADJUST";
    }
    return "ADJUST";
}

Amount playable_change(const Transaction& transaction) {
    Amount change;
    for (const Entry& entry : transaction.entries) {
        if (!is_bucket(entry.account) || entry.account == AccountCode::held) continue;
        // What is added or taken is the movement's amount, split: it has 38 digits at most.
        change.units += entry.amount.units;
    }
    return change;
}

void add_header(Reply& reply, std::string_view name, std::string value) {
    reply.headers.push_back({.name = std::string(name), .value = std::move(value)});
}

}  // namespace coffer
