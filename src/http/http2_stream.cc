#include "http/http2_stream.h"

#include <charconv>
#include <utility>

namespace coffer {
namespace {

constexpr std::size_t header_overhead_bytes = 32;  // RFC 9113, 6.5.2

std::size_t parse_length(std::string_view text) {
    std::size_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    return length;  // nghttp2 has checked that it is a number
}

}  // namespace

void Http2Stream::take_header(std::string_view name, std::string_view value,
                              const HttpLimits& limits) {
    header_bytes += name.size() + value.size() + header_overhead_bytes;
    if (header_bytes > limits.header_bytes_max || call.headers.size() >= limits.headers_max) {
        is_over_header_limit = true;
    }
    if (is_over_header_limit) {
        // Only for the refusal, which names it.
        const bool is_first_id = name == "x-request-id" && call.header(name).empty();
        if (is_first_id && is_request_id(value)) {
            call.headers.push_back({std::string(name), std::string(value)});
        }
        return;
    }
    if (name.front() == ':') {
        if (name == ":method") {
            method = value;
            call.method = method_of(value);
            is_head = value == "HEAD";
        } else if (name == ":path") {
            // The method may come after the path, so `*` is judged by nghttp2.
            if (value == "*") {
                call.path = value;
            } else if (!take_target(call, value)) {
                has_bad_target = true;
            }
        } else if (name == ":authority") {
            call.headers.push_back({"host", std::string(value)});
        }
        return;
    }
    if (name == "host" && !call.header("host").empty()) return;  // :authority is the same, or wins
    if (name == "content-length") body_bytes_announced = parse_length(value);
    if (name == "expect" && value == "100-continue") expects_continue = true;
    Header& header = call.headers.emplace_back();
    header.name = name;
    header.value = value;
}

Http2Stream& Http2Streams::open(std::int32_t id, Moment now) {
    if (free_.empty()) {
        free_.push_back(all_.emplace_back(std::make_unique<Http2Stream>()).get());
    }
    Http2Stream& stream = *free_.back();
    free_.pop_back();
    stream.id = id;
    stream.is_open = true;
    stream.arrived = now;
    stream.call.headers.reserve(10);
    return stream;
}

void Http2Streams::close(Http2Stream& stream) {
    std::string request_id = std::move(stream.request_id);  // for its memory
    stream = Http2Stream{};
    stream.request_id = std::move(request_id);
    free_.push_back(&stream);
}

}  // namespace coffer
