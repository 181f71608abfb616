#include "http/request_rules.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/json_writer.h"
#include "base/random.h"

namespace coffer {
namespace {

bool is_letter_or_digit(char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z');
}

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_all_zero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

// Printable US-ASCII without space; `#` never reaches a server in a well-formed target.
bool is_target_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
}

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with_lowered(std::string_view text, std::string_view start) {
    return text.size() >= start.size() &&
           std::equal(start.begin(), start.end(), text.begin(),
                      [](char left, char right) { return left == lowered(right); });
}

constexpr std::string_view request_id_name = "x-request-id";

// What whole lines of headers, up to the empty one, say first.
std::string_view find_request_id(std::string_view lines) {
    for (;;) {
        const std::size_t end = lines.find('\n');
        if (end == std::string_view::npos) return {};
        std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) return {};
        if (!starts_with_lowered(line, request_id_name)) continue;
        line.remove_prefix(request_id_name.size());
        if (!line.starts_with(':')) continue;
        line.remove_prefix(std::min(line.find_first_not_of(" \t", 1), line.size()));
        return line.substr(0, line.find_last_not_of(" \t") + 1);
    }
}

}  // namespace

Method method_of(std::string_view name) {
    if (name == "POST") return Method::post;
    if (name == "GET") return Method::get;
    if (name == "HEAD") return Method::head;
    if (name == "PUT") return Method::put;
    if (name == "PATCH") return Method::patch;
    if (name == "DELETE") return Method::del;
    if (name == "OPTIONS") return Method::options;
    return Method::other;
}

bool take_target(Call& call, std::string_view target) {
    if (!is_target_text(target)) return false;
    if (target == "*") {
        call.path = "*";
        return call.method == Method::options;
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!starts_with_lowered(target, scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        if (end == 0) return false;
        target.remove_prefix(end);
        if (target.empty() || target.front() == '?') call.path = "/";
        break;
    }
    if (call.path.empty() && (target.empty() || target.front() != '/')) return false;
    const std::size_t mark = std::min(target.find('?'), target.size());
    if (mark > 0) call.path.assign(target.substr(0, mark));
    if (mark < target.size()) call.query.assign(target.substr(mark + 1));
    return true;
}

bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return is_letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-';
    });
}

bool is_traceparent(std::string_view text) {
    if (text.size() != 55 || !text.starts_with("00-")) return false;
    if (text[35] != '-' || text[52] != '-') return false;
    const std::string_view trace = text.substr(3, 32);
    const std::string_view parent = text.substr(36, 16);
    return is_lower_hex(trace) && is_lower_hex(parent) && is_lower_hex(text.substr(53)) &&
           !is_all_zero(trace) && !is_all_zero(parent);
}

bool is_sendable_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= ' ' && byte != 0x7f);
    });
}

bool is_sendable_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '_';
    });
}

Reply reply_of(const Refusal& refusal) {
    Reply reply;
    reply.status = refusal.status;
    JsonWriter(reply.body)
        .open_object()
        .key("error")
        .string(refusal.error)
        .key("message")
        .string(refusal.message)
        .close_object();
    if (refusal.status == 503) reply.headers.push_back({"retry-after", "1"});
    return reply;
}

std::string request_id_of(const Call& call, std::string_view unread) {
    const std::string_view taken = call.header(request_id_name);
    if (is_request_id(taken)) return std::string(taken);
    const std::string_view found = find_request_id(unread);
    if (is_request_id(found)) return std::string(found);
    std::array<std::uint8_t, 16> random{};
    fill_random(random);
    return uuid_v4(random);
}

bool has_body(int status) { return status != 204 && status != 304; }

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 402: return "Payment Required";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Status";
    }
}

std::string_view DateText::at(Time wall) {
    const std::int64_t second = wall / second_us;
    if (second == second_) return text_;
    second_ = second;
    const std::time_t time = static_cast<std::time_t>(second);
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 40> text{};
    // The C locale's English names are wanted, and the process never sets another.
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    text_.assign(text.data(), size);
    return text_;
}

}  // namespace coffer
