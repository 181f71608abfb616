#pragma once
// One connection's HTTP, without the connection: bytes in, bytes out, Calls to the switchboard.
//
// A Session knows neither sockets nor TLS and reads no clock, so tests and fuzzers can drive it.
// All of it happens on one thread. answer() may come inside receive() (the desk answered at once)
// or later.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "dialect/call.h"
#include "http/address.h"
#include "http/memory_budget.h"

namespace coffer {

struct Moment {
    Time wall = 0;
    Time monotonic = 0;
};

// Who is at the other end of a connection, and by which door they came.
struct Peer {
    Address address;
    std::string text;    // numeric
    std::string masked;  // for logs
    std::uint32_t dialects = ~0u;
    std::string_view protocol_h1 = "h1";  // the log's words for this transport
    std::string_view protocol_h2 = "h2";
};

struct Answer {
    std::string_view request_id;  // valid during the call it is handed over in
    Reply reply;
    MemoryBudget::Share memory;  // of a large body, until the peer has taken it
    Moment now;
};

enum class SessionEnd {
    open,
    linger,  // what take_output gives is the last; read on a little so that the peer can read it
    close,   // send what take_output gives, if anything, then close
};

class Session {
public:
    virtual ~Session() = default;

    virtual void receive(std::string_view bytes, Moment now) = 0;
    // The peer will send nothing more; it may still be reading.
    virtual void input_ended(Moment now) = 0;
    // The answer to the call that was accepted under this stream; dropped if the stream has gone.
    virtual void answer(std::uint32_t stream, Answer&& answer) = 0;
    // Appends what is to be sent, about write_buffer_bytes_max at most; more may be left.
    virtual void take_output(std::string& out) = 0;
    // Goes on with bytes that receive() left for later; after answers went out.
    virtual void resume(Moment now) = 0;
    // False while too many answers are owed: the peer waits.
    virtual bool wants_input() const = 0;
    virtual SessionEnd end() const = 0;
    // Looks at the deadlines; several times a second.
    virtual void tick(Moment now) = 0;
    // Finish what has begun, begin nothing new, then end.
    virtual void drain(Moment now) = 0;
};

}  // namespace coffer
