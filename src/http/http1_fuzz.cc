// Can any bytes break the HTTP/1.1 session? However they are cut, the same calls come of them, each
// is answered once and in order, and what goes out are well-formed answers and nothing else. The
// first byte says how long the pieces are.

#include <charconv>
#include <cstddef>
#include <cstdint>

#include "http/cut_bytes_fuzz.h"
#include "http/http1_session.h"

namespace {

using namespace coffer;

std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find("\r\n");
    CHECK(end != std::string_view::npos);
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
}

struct Answered {
    std::vector<std::string> by_desk;  // but for the request id, which may be new each time
    std::size_t refusals = 0;
};

// Takes the answers apart as a client would; the methods say which have no body.
Answered take_answers(const Conversation& conversation) {
    Answered answered;
    std::string_view rest = conversation.answers;
    while (!rest.empty()) {
        const std::string_view status = take_line(rest);
        CHECK(status.size() > 12 && status.starts_with("HTTP/1.1 ") && status[12] == ' ');
        if (status.starts_with("HTTP/1.1 100 ")) {
            CHECK(take_line(rest).empty());
            continue;
        }
        std::string answer(status);
        std::size_t length = 0;
        bool from_desk = false;
        for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
            CHECK(line.find(": ") != std::string_view::npos && line.find('\n') == line.npos);
            from_desk = from_desk || line.starts_with("X-Peer: ");
            if (line.starts_with("Content-Length: ")) {
                line.remove_prefix(16);
                std::from_chars(line.data(), line.data() + line.size(), length);
            } else if (!line.starts_with("X-Request-Id: ")) {
                answer.append("\n").append(line);
            }
        }
        // The answer to HEAD has none; no other body begins like an answer, see below.
        if (length != 0 && !rest.empty() && !rest.starts_with("HTTP/1.1 ")) {
            CHECK(rest.size() >= length);
            answer.append("\n").append(rest.substr(0, length));
            rest.remove_prefix(length);
        }
        if (from_desk) {
            answered.by_desk.push_back(std::move(answer));
        } else {
            ++answered.refusals;
        }
    }
    return answered;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const HttpLimits limits = limits_of(data[0]);
    const std::size_t piece = std::size_t{data[0]} % 0x80 + 1;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Conversation whole = converse<Http1Session>(limits, {}, bytes, bytes.size());
    const Conversation pieces = converse<Http1Session>(limits, {}, bytes, piece);
    examine(whole, limits);
    examine(pieces, limits);
    const bool headers_fit = bytes.size() < limits.header_bytes_max;
    if (headers_fit) {
        CHECK(whole.calls.size() == pieces.calls.size());
        CHECK(begin_alike(whole.calls, pieces.calls));
    }
    // An echo that looks like an answer would lead take_answers() astray.
    for (const Call& call : whole.calls) {
        if (call.body.starts_with("HTTP/1.1 ")) return 0;
    }
    const Answered answered = take_answers(whole);
    const Answered again = take_answers(pieces);
    CHECK(answered.by_desk.size() == whole.calls.size());
    CHECK(again.by_desk.size() == pieces.calls.size());
    CHECK(!headers_fit || answered.by_desk == again.by_desk);
    // Whether, and with which of its faults, a request that breaks off is refused depends on how
    // much of it the pieces show.
    CHECK(answered.refusals <= 1 && again.refusals <= 1);
    return 0;
}
