// Can any bytes break the HTTP/1.1 session? They arrive cut into pieces, as the first byte says.

#include <cstddef>
#include <cstdint>

#include "http/http1_session.h"
#include "http/session_fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer;
    if (size == 0) return 0;
    SessionRoom room;
    room.limits.header_bytes_max = 512;
    room.limits.body_bytes_max = 256;
    room.limits.read_on_bytes_max = 1024;
    room.limits.pipeline_max = 4;
    room.open<Http1Session>();
    const std::size_t piece = std::size_t{data[0]} + 1;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    while (!bytes.empty() && room.session->end() == SessionEnd::open) {
        const std::string_view some = bytes.substr(0, piece);
        bytes.remove_prefix(some.size());
        room.exchange(some);
        if (!room.session->wants_input() && !room.desk.held.empty()) {
            room.desk.release(room.desk.held.size() - 1);
            room.output();
        }
    }
    room.pass_ms(5'000);
    while (!room.desk.held.empty()) room.desk.release(0);
    room.session->input_ended(room.switchboard.now());
    room.output();
    return 0;
}
