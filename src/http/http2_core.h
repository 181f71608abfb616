#pragma once
// What an HTTP/2 session does with what nghttp2 tells it: requests in, answers out, abuse counted.
//
// The members are open because nghttp2's callbacks (http2_callbacks.cc) and the session's face
// (http2_session.cc) are parts of the same thing; nobody else includes this.

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/http2_stream.h"
#include "http/request_rules.h"
#include "http/session.h"
#include "http/switchboard.h"

namespace coffer {

struct Http2Core {
    Http2Core(Switchboard& board, LineId line_id, const Peer& from, Moment at);
    ~Http2Core();
    Http2Core(const Http2Core&) = delete;
    Http2Core& operator=(const Http2Core&) = delete;

    Switchboard& switchboard;
    const HttpLimits& limits;
    const Peer& peer;
    LineId line;
    nghttp2_session* session = nullptr;
    Http2Streams streams;
    Http2Stream* in_headers = nullptr;  // header blocks never interleave
    std::vector<nghttp2_nv> fields;
    Moment now;
    Time idle_since;
    std::size_t calls_inside = 0;  // also those whose streams were reset
    Time window_begin = 0;
    std::size_t resets = 0;
    std::size_t control_frames = 0;
    std::size_t calls = 0;
    Time goaway_at = 0;
    bool is_draining = false;
    bool is_broken = false;

    Http2Stream* stream_of(std::int32_t id) {
        return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
    }
    void open_session();
    void begin_headers(std::int32_t id);
    void finish_headers(Http2Stream& stream);
    void take_data(Http2Stream& stream, std::string_view bytes);
    void finish_request(Http2Stream& stream);
    void frame_received(const nghttp2_frame& frame);
    void frame_sent(const nghttp2_frame& frame);
    void stream_closed(Http2Stream& stream);
    void dispatch(Http2Stream& stream);
    void refuse(Http2Stream& stream, const Refusal& refusal);
    void submit(Http2Stream& stream);
    void reset(Http2Stream& stream, std::uint32_t code);
    void terminate(std::uint32_t code, std::string_view reason);
    void count_abuse(std::size_t& counter, std::size_t allowed, std::string_view reason);
    void look_at_deadline(Http2Stream& stream);
    std::size_t copy_body(Http2Stream& stream, std::uint8_t* out, std::size_t size,
                          std::uint32_t& flags);
};

// The table that leads nghttp2 to a Http2Core as its user data; the caller deletes it.
nghttp2_session_callbacks* make_http2_callbacks();

}  // namespace coffer
