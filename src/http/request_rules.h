#pragma once
// What both versions of HTTP ask of a request, and what http itself answers when it is not met.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/call.h"

namespace coffer {

Method method_of(std::string_view name);  // the body of a HEAD's answer is left out by http

// Puts a request target into path and query; absolute form loses scheme and authority. False when
// it is none of `/path?query`, `http(s)://host/path?query`, and `*` for OPTIONS.
bool take_target(Call& call, std::string_view target);

// [A-Za-z0-9._:-]{1,64}
bool is_request_id(std::string_view text);
// W3C Trace Context, version 00: `00-<32 hex>-<16 hex>-<2 hex>`, ids not all zero.
bool is_traceparent(std::string_view text);
// Header values that we send: no control characters but the tab.
bool is_sendable_value(std::string_view text);
bool is_sendable_name(std::string_view text);

// An answer that needs no desk.
struct Refusal {
    int status;
    std::string_view error;
    std::string_view message;
};
inline constexpr Refusal refused_malformed{400, "BAD_REQUEST", "The request is malformed."};
inline constexpr Refusal refused_slow{408, "REQUEST_TIMEOUT", "The request took too long."};
inline constexpr Refusal refused_expectation{417, "EXPECTATION_FAILED",
                                             "Only 100-continue can be expected."};
inline constexpr Refusal refused_headers{431, "HEADERS_TOO_LARGE",
                                         "The headers are larger than this server takes."};
inline constexpr Refusal refused_busy{503, "UNAVAILABLE", "Too many requests are half received."};
inline constexpr Refusal refused_untaken{503, "UNAVAILABLE", "Too many large answers are untaken."};

Reply reply_of(const Refusal& refusal);

// For an answer to a request that never became a Call: the caller's id, if one is among the headers
// that were taken or stands well-formed in `unread`, the lines of the headers that were not; else a
// new UUID.
std::string request_id_of(const Call& call, std::string_view unread);

bool has_body(int status);  // false for 204 and 304
std::string_view reason_phrase(int status);

// IMF-fixdate of RFC 9110, cached for the second it is asked for.
class DateText {
public:
    std::string_view at(Time wall);

private:
    std::int64_t second_ = -1;
    std::string text_;
};

}  // namespace coffer
