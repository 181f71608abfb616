#include "http/http2_session.h"

#include <utility>

#include "http/http2_core.h"

namespace coffer {
namespace {

// Between the GOAWAY that announces and the one that counts, for requests that are on their way.
constexpr Duration goaway_notice_us = 50 * millisecond_us;

}  // namespace

Http2Session::Http2Session(Switchboard& switchboard, LineId line, const Peer& peer, Moment now)
    : core_(std::make_unique<Http2Core>(switchboard, line, peer, now)) {}

Http2Session::~Http2Session() = default;

void Http2Session::receive(std::string_view bytes, Moment now) {
    core_->now = now;
    const auto used = nghttp2_session_mem_recv(
        core_->session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (used >= 0) return;
    core_->switchboard.meter().refused(core_->peer.protocol_h2,
                                       used == NGHTTP2_ERR_FLOODED ? "flood" : "broken");
    core_->is_broken = true;
}

// A client that has stopped sending cannot acknowledge or widen windows: nothing more to be had
// here.
void Http2Session::input_ended(Moment) { core_->is_broken = true; }

void Http2Session::answer(std::uint32_t stream_id, Answer&& answer) {
    core_->now = answer.now;
    --core_->calls_inside;
    Http2Stream* stream = core_->stream_of(static_cast<std::int32_t>(stream_id));
    if (stream == nullptr || stream->is_answered) return;
    stream->request_id = answer.request_id;
    stream->reply = std::move(answer.reply);
    stream->answer_memory = std::move(answer.memory);
    core_->submit(*stream);
}

void Http2Session::take_output(std::string& out) {
    while (!core_->is_broken && out.size() < core_->limits.write_buffer_bytes_max) {
        const std::uint8_t* bytes = nullptr;
        const auto size = nghttp2_session_mem_send(core_->session, &bytes);
        if (size < 0) core_->is_broken = true;
        if (size <= 0) return;
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
}

void Http2Session::resume(Moment) {}

bool Http2Session::wants_input() const {
    return !core_->is_broken && nghttp2_session_want_read(core_->session) != 0;
}

SessionEnd Http2Session::end() const {
    if (core_->is_broken) return SessionEnd::close;
    const bool lives = nghttp2_session_want_read(core_->session) != 0 ||
                       nghttp2_session_want_write(core_->session) != 0;
    return lives ? SessionEnd::open : SessionEnd::linger;
}

void Http2Session::tick(Moment now) {
    core_->now = now;
    core_->streams.each_open([this](Http2Stream& stream) { core_->look_at_deadline(stream); });
    if (core_->goaway_at != 0 && now.monotonic >= core_->goaway_at) {
        core_->goaway_at = 0;
        nghttp2_submit_goaway(core_->session, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(core_->session),
                              NGHTTP2_NO_ERROR, nullptr, 0);
    }
    if (core_->streams.open_count() > 0) return;
    if (now.monotonic - core_->idle_since > core_->limits.idle_timeout_ms * millisecond_us) {
        core_->terminate(NGHTTP2_NO_ERROR, "idle");
    }
}

void Http2Session::drain(Moment now) {
    if (std::exchange(core_->is_draining, true)) return;
    nghttp2_submit_shutdown_notice(core_->session);
    core_->goaway_at = now.monotonic + goaway_notice_us;
}

}  // namespace coffer
