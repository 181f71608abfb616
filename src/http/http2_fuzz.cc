// Can any bytes break the HTTP/2 session? The preface and SETTINGS are given, so that the fuzzer's
// own bytes begin where requests do; the first byte says how they are cut into pieces.

#include <cstddef>
#include <cstdint>

#include "http/http2_session.h"
#include "http/session_fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer;
    if (size == 0) return 0;
    SessionRoom room;
    room.limits.header_bytes_max = 512;
    room.limits.body_bytes_max = 256;
    room.limits.read_on_bytes_max = 1024;
    room.limits.streams_max = 4;
    room.open<Http2Session>();
    const std::string_view settings("\0\0\0\4\0\0\0\0\0", 9);
    room.exchange(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").append(settings));
    const std::size_t piece = std::size_t{data[0]} + 1;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    while (!bytes.empty() && room.session->end() == SessionEnd::open) {
        const std::string_view some = bytes.substr(0, piece);
        bytes.remove_prefix(some.size());
        room.exchange(some);
        if (room.desk.held.size() > 2) room.desk.release(1);
    }
    room.pass_ms(5'000);
    while (!room.desk.held.empty()) room.desk.release(0);
    room.output();
    return 0;
}
