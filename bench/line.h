#pragma once
// One connection to the server under load, without its socket: bytes in, answers out.
//
// Two make one: HTTP/1.1 with pipelining (http1_line.cc) and HTTP/2 by nghttp2 (http2_line.cc).
// Used from one thread. The CallMaker must outlive the line.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/pattern.h"

namespace coffer {

struct Answer {
    std::uint64_t number = 0;   // of the call
    std::int64_t begun_ns = 0;  // as submit() was told
    int status = 0;             // 0: it never came
    std::string body;           // only if it was asked for, or the status is not 2xx
    bool is_success() const { return status >= 200 && status < 300; }
};

enum class Bodies { of_failures, of_all };

class Line {
public:
    virtual ~Line() = default;
    // Makes that call and puts it among the bytes to be sent.
    virtual void submit(std::uint64_t number, std::int64_t begun_ns) = 0;
    // Appends what has been answered. False when the connection is of no more use.
    virtual bool receive(std::string_view bytes, std::vector<Answer>& answers) = 0;
    // Appends what is to be sent.
    virtual void take_output(std::string& out) = 0;
    // The connection is gone: appends the calls under way as never answered.
    virtual void give_up(std::vector<Answer>& answers) = 0;
};

std::unique_ptr<Line> make_http1_line(CallMaker& maker, Bodies bodies);
std::unique_ptr<Line> make_http2_line(CallMaker& maker, Bodies bodies);

}  // namespace coffer
