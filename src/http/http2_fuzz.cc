// Can any bytes break the HTTP/2 session? However they are cut, the same calls come of them for as
// long as the connection lasts (a second HEADERS on a stream is its end before the answer and
// ignored after it), and what goes out are well-formed frames: headers before data, one end for
// each stream, nothing after it. The preface and SETTINGS are given, so that the fuzzer's own bytes
// begin where requests do; the first byte says how long the pieces are.

#include <cstddef>
#include <cstdint>
#include <map>

#include "http/cut_bytes_fuzz.h"
#include "http/http2_session.h"

namespace {

using namespace coffer;

enum FrameType : std::uint8_t { data_frame = 0, headers_frame = 1, reset_frame = 3 };
constexpr std::uint8_t end_stream = 1;

struct Stream {
    bool has_headers = false;
    bool has_ended = false;
};

std::uint32_t number_at(std::string_view text, std::size_t at, std::size_t bytes) {
    std::uint32_t number = 0;
    for (const char c : text.substr(at, bytes)) number = number << 8 | static_cast<std::uint8_t>(c);
    return number;
}

void examine_frames(std::string_view rest) {
    std::map<std::uint32_t, Stream> streams;
    while (!rest.empty()) {
        constexpr std::size_t header_bytes = 9;
        CHECK(rest.size() >= header_bytes);
        const std::size_t length = number_at(rest, 0, 3);
        const std::uint32_t type = number_at(rest, 3, 1);
        const std::uint32_t flags = number_at(rest, 4, 1);
        const std::uint32_t id = number_at(rest, 5, 4);
        CHECK(length <= 16384 && rest.size() >= header_bytes + length);
        rest.remove_prefix(header_bytes + length);
        if (type != data_frame && type != headers_frame) continue;
        CHECK(id % 2 == 1);
        Stream& stream = streams[id];
        CHECK(!stream.has_ended && stream.has_headers == (type == data_frame));
        stream.has_headers = true;
        stream.has_ended = (flags & end_stream) != 0;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view settings("\0\0\0\4\0\0\0\0\0", 9);
    const std::string preface = std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").append(settings);
    const HttpLimits limits = limits_of(data[0]);
    const std::size_t piece = std::size_t{data[0]} % 0x80 + 1;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Conversation whole = converse<Http2Session>(limits, preface, bytes, bytes.size());
    const Conversation pieces = converse<Http2Session>(limits, preface, bytes, piece);
    examine(whole, limits);
    examine(pieces, limits);
    CHECK(begin_alike(whole.calls, pieces.calls));
    examine_frames(whole.answers);
    examine_frames(pieces.answers);
    return 0;
}
