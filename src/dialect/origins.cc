#include "dialect/origins.h"

#include <algorithm>

#include "dialect/text.h"

namespace coffer {
namespace {

constexpr std::string_view exposed_headers =
    "X-Transaction-Id, X-Balance, Link, Retry-After, X-Error-Detail, X-Request-Id";
constexpr std::size_t requested_headers_max = 1024;
constexpr std::string_view preflight_age_s = "7200";  // the longest that Chromium keeps

// A list of header names; anything else is not sent back.
bool is_header_list(std::string_view text) {
    return text.size() <= requested_headers_max && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == ',' || c == ' ';
           });
}

}  // namespace

std::string_view allowed_origin(const Call& call, const std::vector<std::string>& origins) {
    if (origins.empty() || call.header_count("origin") != 1) return {};
    const std::string_view origin = call.header("origin");
    const bool allowed = std::ranges::any_of(
        origins, [origin](const std::string& entry) { return entry == "*" || entry == origin; });
    return allowed ? origin : std::string_view{};
}

Reply preflight_reply(const Call& call, std::string_view origin, std::string_view methods) {
    Reply reply{.status = 204, .content_type = {}};
    add_header(reply, "access-control-allow-origin", std::string(origin));
    add_header(reply, "access-control-allow-methods", std::string(methods));
    const std::string_view requested = call.header("access-control-request-headers");
    if (!requested.empty() && is_header_list(requested)) {
        add_header(reply, "access-control-allow-headers", std::string(requested));
    }
    add_header(reply, "access-control-max-age", std::string(preflight_age_s));
    add_header(reply, "vary", "Origin, Access-Control-Request-Headers");
    return reply;
}

void open_to_origin(Reply& reply, std::string_view origin) {
    add_header(reply, "access-control-allow-origin", std::string(origin));
    add_header(reply, "access-control-expose-headers", std::string(exposed_headers));
    add_header(reply, "vary", "Origin");
}

}  // namespace coffer
