#include "http/http2_core.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"

namespace coffer {
namespace {

// Larger than any body that we take, so that only refused bodies ever need an update of it.
constexpr std::uint32_t stream_window_bytes = 256 * 1024;
// All streams' bodies at once: an honest peer must never be left waiting for this window.
constexpr std::int32_t connection_window_bytes = 64 * 1024 * 1024;
// Each call brings frames that are not the call's own (WINDOW_UPDATE, PING); so many are free.
constexpr std::size_t control_frames_per_call = 4;

nghttp2_nv field(std::string_view name, std::string_view value, unsigned flags) {
    // nghttp2 takes mutable pointers for C's sake and does not write through them.
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
            value.size(), static_cast<std::uint8_t>(flags)};
}

constexpr unsigned keep_name = NGHTTP2_NV_FLAG_NO_COPY_NAME;
constexpr unsigned keep_both = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

}  // namespace

Http2Core::Http2Core(Switchboard& board, LineId line_id, const Peer& from, Moment at)
    : switchboard(board),
      limits(board.limits()),
      peer(from),
      line(line_id),
      now(at),
      idle_since(at.monotonic),
      window_begin(at.monotonic) {
    open_session();
    const std::array settings{
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                               static_cast<std::uint32_t>(limits.streams_max)},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window_bytes},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                               static_cast<std::uint32_t>(limits.header_bytes_max)},
        // Our answers are small and sent as they come; this also spares the dependency tree.
        nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
          0);
    CHECK(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                                connection_window_bytes) == 0);
}

void Http2Core::open_session() {
    nghttp2_session_callbacks* callbacks = make_http2_callbacks();
    nghttp2_option* option = nullptr;
    CHECK(nghttp2_option_new(&option) == 0);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_settings(option, 32);
    nghttp2_option_set_max_outbound_ack(option, limits.control_frames_max);
    nghttp2_option_set_max_continuations(option, limits.continuations_max);
    // Ours (count_abuse) is stricter and also sees the resets that a peer provokes; nghttp2's own
    // is kept as a second wall.
    nghttp2_option_set_stream_reset_rate_limit(option, limits.resets_max * 2, limits.resets_max);
    CHECK(nghttp2_session_server_new2(&session, callbacks, this, option) == 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
}

Http2Core::~Http2Core() { nghttp2_session_del(session); }

// ---- what comes in

void Http2Core::begin_headers(std::int32_t id) {
    Http2Stream& stream = streams.open(id, now);
    stream.deadline = now.monotonic + limits.header_timeout_ms * millisecond_us;
    nghttp2_session_set_stream_user_data(session, id, &stream);
    in_headers = &stream;
}

void Http2Core::finish_headers(Http2Stream& stream) {
    stream.has_headers = true;
    in_headers = nullptr;
    if (stream.is_over_header_limit) return refuse(stream, refused_headers);
    if (stream.has_bad_target || stream.call.path.empty()) return refuse(stream, refused_malformed);
    if (stream.is_ended) return;
    stream.deadline = now.monotonic + limits.body_timeout_ms * millisecond_us;
    if (stream.body_bytes_announced > limits.body_bytes_max) {
        stream.call.body_too_large = true;
        return dispatch(stream);
    }
    const std::size_t body =
        stream.body_bytes_announced > 0 ? stream.body_bytes_announced : limits.body_bytes_max;
    const std::size_t wanted = stream.header_bytes + body;
    std::optional<MemoryBudget::Share> memory = switchboard.request_memory().take(wanted);
    if (!memory) return refuse(stream, refused_busy);
    stream.request_memory = std::move(*memory);
    if (stream.expects_continue) {
        const nghttp2_nv status = field(":status", "100", keep_both);
        nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, stream.id, nullptr, &status, 1, nullptr);
    }
}

void Http2Core::take_data(Http2Stream& stream, std::string_view bytes) {
    stream.body_bytes += bytes.size();
    if (stream.is_dispatched) {
        if (stream.body_bytes > limits.read_on_bytes_max) reset(stream, NGHTTP2_NO_ERROR);
        return;
    }
    if (stream.body_bytes > limits.body_bytes_max) {
        stream.call.body = std::string();
        stream.call.body_too_large = true;
        return dispatch(stream);
    }
    if (stream.call.body.empty()) {
        stream.call.body.reserve(std::max(bytes.size(), stream.body_bytes_announced));
    }
    stream.call.body.append(bytes);
}

void Http2Core::finish_request(Http2Stream& stream) {
    stream.is_ended = true;
    if (!stream.is_dispatched) return dispatch(stream);
    if (stream.is_sent) stream.deadline = 0;
}

void Http2Core::frame_received(const nghttp2_frame& frame) {
    const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame.hd.type) {
        case NGHTTP2_HEADERS:
            if (frame.headers.cat == NGHTTP2_HCAT_REQUEST && in_headers != nullptr) {
                Http2Stream& stream = *in_headers;
                stream.is_ended = ends;
                finish_headers(stream);
                if (ends && !stream.is_dispatched) dispatch(stream);
                return;
            }
            break;  // trailers, whose content nobody asks for
        case NGHTTP2_DATA:
            if (!ends && frame.hd.length == frame.data.padlen) {
                count_abuse(control_frames, limits.control_frames_max, "control_frames");
            }
            break;
        case NGHTTP2_RST_STREAM: return count_abuse(resets, limits.resets_max, "resets");
        default: return count_abuse(control_frames, limits.control_frames_max, "control_frames");
    }
    if (!ends) return;
    Http2Stream* stream = stream_of(frame.hd.stream_id);
    if (stream != nullptr) finish_request(*stream);
}

void Http2Core::frame_sent(const nghttp2_frame& frame) {
    // A peer can also provoke resets by errors of its own, which costs us as much as its own
    // resets.
    if (frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code != NGHTTP2_NO_ERROR) {
        count_abuse(resets, limits.resets_max, "resets");
    }
    if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR) {
        switchboard.meter().refused(peer.protocol_h2, "goaway");
    }
}

void Http2Core::stream_closed(Http2Stream& stream) {
    if (in_headers == &stream) in_headers = nullptr;
    nghttp2_session_set_stream_user_data(session, stream.id, nullptr);
    streams.close(stream);
    if (streams.open_count() == 0) idle_since = now.monotonic;
}

void Http2Core::count_abuse(std::size_t& counter, std::size_t allowed, std::string_view reason) {
    if (now.monotonic - window_begin > limits.abuse_window_ms * millisecond_us) {
        window_begin = now.monotonic;
        resets = 0;
        control_frames = 0;
        calls = 0;
    }
    if (&counter == &control_frames) allowed += calls * control_frames_per_call;
    if (++counter > allowed) terminate(NGHTTP2_ENHANCE_YOUR_CALM, reason);
}

void Http2Core::terminate(std::uint32_t code, std::string_view reason) {
    if (nghttp2_session_want_read(session) == 0) return;  // already on its way out
    if (code != NGHTTP2_NO_ERROR) switchboard.meter().refused(peer.protocol_h2, reason);
    nghttp2_session_terminate_session(session, code);
}

void Http2Core::reset(Http2Stream& stream, std::uint32_t code) {
    stream.deadline = 0;
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream.id, code);
}

// ---- what goes in and out

void Http2Core::dispatch(Http2Stream& stream) {
    stream.is_dispatched = true;
    stream.deadline = 0;
    stream.request_memory.release();
    // A peer that resets its streams and opens new ones must not fill the desk either.
    if (calls_inside >= limits.streams_max) return reset(stream, NGHTTP2_REFUSED_STREAM);
    ++calls_inside;
    ++calls;
    switchboard.accept({.line = line,
                        .stream = static_cast<std::uint32_t>(stream.id),
                        .peer = peer,
                        .protocol = peer.protocol_h2,
                        .method = stream.method},
                       std::move(stream.call), stream.arrived);
}

void Http2Core::refuse(Http2Stream& stream, const Refusal& refusal) {
    switchboard.meter().refused(peer.protocol_h2, refusal.error);
    stream.is_dispatched = true;
    stream.request_memory.release();
    stream.reply = reply_of(refusal);
    stream.request_id = request_id_of(stream.call, {});
    submit(stream);
}

void Http2Core::submit(Http2Stream& stream) {
    Reply& reply = stream.reply;
    if (reply.status < 200 || reply.status > 999) reply.status = 500;
    std::to_chars(stream.status_text.begin(), stream.status_text.end(), reply.status);
    fields.clear();
    fields.push_back(
        field(":status", {stream.status_text.data(), stream.status_text.size()}, keep_both));
    if (has_body(reply.status)) {
        if (!reply.content_type.empty()) {
            fields.push_back(field("content-type", reply.content_type, keep_name));
        }
        const char* const end =
            std::to_chars(stream.length_text.begin(), stream.length_text.end(), reply.body.size())
                .ptr;
        fields.push_back(field(
            "content-length",
            {stream.length_text.data(), static_cast<std::size_t>(end - stream.length_text.data())},
            keep_both));
    }
    // Different each time, so it would only push useful entries out of the peer's table.
    fields.push_back(
        field("x-request-id", stream.request_id, keep_both | NGHTTP2_NV_FLAG_NO_INDEX));
    fields.push_back(field("date", switchboard.date(now.wall), keep_name));
    for (const Header& header : reply.headers) {
        if (is_sendable_name(header.name) && is_sendable_value(header.value)) {
            // The name is copied because nghttp2 then makes it lower case.
            fields.push_back(field(header.name, header.value, NGHTTP2_NV_FLAG_NO_COPY_VALUE));
        }
    }
    stream.is_answered = true;
    const bool sends_body = has_body(reply.status) && !stream.is_head && !reply.body.empty();
    stream.is_sent = !sends_body;
    if (sends_body) {
        stream.deadline = now.monotonic + limits.write_timeout_ms * millisecond_us;
    } else {
        stream.deadline = stream.is_ended ? 0 : now.monotonic + limits.read_on_ms * millisecond_us;
    }
    nghttp2_data_provider provider{};
    provider.source.ptr = &stream;
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source* source, void* core) {
        return static_cast<ssize_t>(static_cast<Http2Core*>(core)->copy_body(
            *static_cast<Http2Stream*>(source->ptr), out, size, *flags));
    };
    nghttp2_submit_response(session, stream.id, fields.data(), fields.size(),
                            sends_body ? &provider : nullptr);
}

std::size_t Http2Core::copy_body(Http2Stream& stream, std::uint8_t* out, std::size_t size,
                                 std::uint32_t& flags) {
    const std::string& body = stream.reply.body;
    const std::size_t count = std::min(size, body.size() - stream.sent_bytes);
    std::memcpy(out, body.data() + stream.sent_bytes, count);
    stream.sent_bytes += count;
    if (stream.sent_bytes == body.size()) {
        flags |= NGHTTP2_DATA_FLAG_EOF;
        stream.is_sent = true;
        stream.deadline = stream.is_ended ? 0 : now.monotonic + limits.read_on_ms * millisecond_us;
    }
    return count;
}

void Http2Core::look_at_deadline(Http2Stream& stream) {
    if (stream.deadline == 0 || now.monotonic < stream.deadline) return;
    if (!stream.has_headers) return terminate(NGHTTP2_ENHANCE_YOUR_CALM, "slow_headers");
    if (!stream.is_dispatched) return refuse(stream, refused_slow);
    if (stream.is_sent) return reset(stream, NGHTTP2_NO_ERROR);
    switchboard.meter().refused(peer.protocol_h2, "slow_reader");
    reset(stream, NGHTTP2_CANCEL);
}

}  // namespace coffer
