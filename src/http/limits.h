#pragma once
// Everything that http bounds, with its default. docs/LIMITS.md gives the reason of each number.

#include <cstddef>
#include <cstdint>

#include "dialect/call.h"

namespace coffer {

struct HttpLimits {
    // One request.
    std::size_t header_bytes_max = 16 * 1024;  // request line and headers together; beyond: 431
    std::size_t headers_max = 128;             // beyond: 431
    std::size_t body_bytes_max = coffer::body_bytes_max;  // beyond: the desk says 413

    // How long and how much a refused request is read on, so that its answer can be read.
    std::size_t read_on_bytes_max = 1024 * 1024;
    std::int64_t read_on_ms = 1'000;

    // One connection.
    std::size_t streams_max = 256;  // HTTP/2: concurrent streams, and calls inside
    std::size_t pipeline_max = 64;  // HTTP/1.1: calls not yet answered; beyond: reading waits
    std::size_t write_buffer_bytes_max = 256 * 1024;  // unsent; beyond: reading waits
    std::int64_t header_timeout_ms = 10'000;  // first byte to last of the headers; TLS handshake
    std::int64_t body_timeout_ms = 20'000;    // last byte of the headers to last of the body
    std::int64_t idle_timeout_ms = 75'000;    // no request begun and none inside
    std::int64_t write_timeout_ms = 30'000;   // an answer handed to the peer and not taken

    // HTTP/2 abuse, counted per connection in windows of this length.
    std::int64_t abuse_window_ms = 10'000;
    std::size_t resets_max = 200;            // streams reset by the peer, or by us for its errors
    std::size_t control_frames_max = 1'000;  // PING, SETTINGS, PRIORITY, empty DATA and the like
    std::size_t continuations_max = 8;       // CONTINUATION frames of one header block

    // The whole server, and one io thread.
    std::size_t connections_max = 8'192;                        // beyond: closed at once
    std::size_t requests_waiting_bytes_max = 64 * 1024 * 1024;  // half received; beyond: 503
    std::size_t answers_waiting_bytes_max = 256 * 1024 * 1024;  // large and untaken; beyond: 503
};

}  // namespace coffer
