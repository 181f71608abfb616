// nghttp2 calls C functions with a void pointer; this is where they become calls of a Http2Core.

#include "base/check.h"
#include "http/http2_core.h"

namespace coffer {
namespace {

std::string_view view_of(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

nghttp2_session_callbacks* make_http2_callbacks() {
    nghttp2_session_callbacks* table = nullptr;
    CHECK(nghttp2_session_callbacks_new(&table) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, void* core) {
            if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
                static_cast<Http2Core*>(core)->begin_headers(frame->hd.stream_id);
            }
            return 0;
        });
    nghttp2_session_callbacks_set_on_header_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                  std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                  std::uint8_t, void* user) {
            auto* core = static_cast<Http2Core*>(user);
            if (frame->headers.cat == NGHTTP2_HCAT_REQUEST && core->in_headers != nullptr) {
                core->in_headers->take_header(view_of(name, name_size), view_of(value, value_size),
                                              core->limits);
            }
            return 0;
        });
    // Without this nghttp2 would leave malformed headers out in silence.
    nghttp2_session_callbacks_set_on_invalid_header_callback(
        table,
        [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
           const std::uint8_t*, std::size_t, std::uint8_t,
           void*) -> int { return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, void* core) {
            static_cast<Http2Core*>(core)->frame_received(*frame);
            return 0;
        });
    nghttp2_session_callbacks_set_on_frame_send_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, void* core) {
            static_cast<Http2Core*>(core)->frame_sent(*frame);
            return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        table, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
            auto* core = static_cast<Http2Core*>(user);
            Http2Stream* stream = core->stream_of(id);
            if (stream != nullptr) core->take_data(*stream, view_of(bytes, size));
            return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        table, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
            auto* core = static_cast<Http2Core*>(user);
            Http2Stream* stream = core->stream_of(id);
            if (stream != nullptr) core->stream_closed(*stream);
            return 0;
        });
    return table;
}

}  // namespace coffer
