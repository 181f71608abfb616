#pragma once
// One HTTP call as the dialects see it, and the answer they give: no sockets, no protocol version.
//
// http makes the Call and owns the connection; the desk answers with exactly one Reply per Call.
// Both are plain values that may move between threads.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace coffer {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };

struct Header {
    std::string name;  // lower case
    std::string value;
};

struct Call {
    Method method = Method::other;
    std::string path;   // as sent, percent-encoded, without the query
    std::string query;  // as sent, without the question mark; never logged
    std::vector<Header> headers;
    std::string body;
    bool body_too_large = false;   // more than body_bytes_max came; `body` is then empty
    std::string request_id;        // the caller's if well-formed, else a new UUID
    std::string peer_address;      // numeric, without the port
    std::uint32_t dialects = ~0u;  // bit per DialectId: which of them the listening socket serves
    Time arrived = 0;              // wall time of the first byte
    Time arrived_monotonic = 0;    // monotonic time of the first byte
    std::array<std::uint8_t, 64> random{};  // fresh for this call: ids, tokens, secrets

    // The first header of that (lower-case) name, or empty; and how often the name came.
    std::string_view header(std::string_view name) const;
    std::size_t header_count(std::string_view name) const;
};

// What the log line and the metrics say of a call; literals or bounded texts, never secrets.
struct CallNote {
    std::string_view dialect = "none";
    std::string_view verb = "none";
    std::string_view outcome = "none";
    std::string tenant;
};

struct Reply {
    int status = 500;
    std::vector<Header> headers;  // beyond content-length, content-type, x-request-id, date
    std::string_view content_type = "application/json";
    std::string body;
    CallNote note;
};

inline constexpr std::size_t body_bytes_max = 64 * 1024;

}  // namespace coffer
