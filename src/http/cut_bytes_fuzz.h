#pragma once
// For the fuzz targets of HTTP: one connection's bytes, cut into pieces in one way or another, and
// what came of them. How a network cuts them must make no difference to what is asked.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/session_fixture.h"

namespace coffer {

// Limits so small that a fuzzer reaches them. That of the headers only where the first byte's high
// bit is set: the blanks around a value count towards it only while its line is incomplete.
inline HttpLimits limits_of(std::uint8_t first) {
    HttpLimits limits;
    if (first >= 0x80) limits.header_bytes_max = 512;
    limits.headers_max = 16;
    limits.body_bytes_max = 256;
    limits.read_on_bytes_max = 1024;
    limits.pipeline_max = 4;
    limits.resets_max = 8;
    limits.control_frames_max = 16;
    limits.continuations_max = 2;
    return limits;
}

struct Conversation {
    std::vector<Call> calls;
    std::string answers;
};

// Feeds a session of that kind piece by piece; `preface` comes first and whole.
template <class Kind>
Conversation converse(const HttpLimits& limits, std::string_view preface, std::string_view bytes,
                      std::size_t piece) {
    SessionRoom room;
    room.limits = limits;
    room.open<Kind>();
    Conversation conversation;
    if (!preface.empty()) conversation.answers += room.exchange(preface);
    const auto answer_all = [&] {
        while (!room.desk.held.empty()) {
            room.desk.release(room.desk.held.size() - 1);  // the latest first
            conversation.answers += room.output();
        }
    };
    while (!bytes.empty() && room.session->end() == SessionEnd::open) {
        const std::string_view some = bytes.substr(0, piece);
        bytes.remove_prefix(some.size());
        conversation.answers += room.exchange(some);
        if (!room.session->wants_input()) answer_all();
    }
    answer_all();
    // A peer that falls silent, then hangs up.
    room.pass_ms(30'000);
    room.output();
    room.session->input_ended(room.switchboard.now());
    room.output();
    CHECK(room.desk.calls_inside() == 0);
    conversation.calls = room.desk.calls;
    room.close();
    return conversation;
}

inline bool are_equal(const Header& left, const Header& right) {
    return left.name == right.name && left.value == right.value;
}

// The same call, but for the id that http makes up where the caller gave none.
inline bool are_equal(const Call& left, const Call& right) {
    return left.method == right.method && left.path == right.path && left.query == right.query &&
           left.body == right.body && left.body_too_large == right.body_too_large &&
           std::ranges::equal(left.headers, right.headers,
                              [](const Header& a, const Header& b) { return are_equal(a, b); });
}

inline void examine(const Call& call, const HttpLimits& limits) {
    CHECK(call.path.starts_with('/') || call.path == "*");
    CHECK(call.path.size() + call.query.size() <= limits.header_bytes_max);
    CHECK(call.body.size() <= limits.body_bytes_max);
    CHECK(!call.body_too_large || call.body.empty());
    CHECK(call.headers.size() <= limits.headers_max);
    CHECK(!call.request_id.empty() && call.request_id.size() <= 64);
    for (const Header& header : call.headers) {
        CHECK(!header.name.empty());
        for (const char c : header.name) CHECK(c > ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z'));
        for (const char c : header.value) CHECK(c != '\0' && c != '\r' && c != '\n');
    }
}

inline void examine(const Conversation& conversation, const HttpLimits& limits) {
    for (const Call& call : conversation.calls) examine(call, limits);
}

// Each of the calls of the shorter list is in its place in the longer one.
inline bool begin_alike(const std::vector<Call>& left, const std::vector<Call>& right) {
    const std::size_t count = std::min(left.size(), right.size());
    return std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(count),
                      right.begin(), [](const Call& a, const Call& b) { return are_equal(a, b); });
}

}  // namespace coffer
