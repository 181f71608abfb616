#pragma once
// One HTTP/2 request while it comes in and one answer while it goes out.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/call.h"
#include "http/limits.h"
#include "http/request_rules.h"
#include "http/session.h"

namespace coffer {

struct Http2Stream {
    std::int32_t id = 0;
    bool is_open = false;  // false: lies in the pool
    bool is_head = false;
    bool has_bad_target = false;
    bool is_over_header_limit = false;
    bool expects_continue = false;
    bool has_headers = false;    // all of them
    bool is_dispatched = false;  // to the desk, or refused: nothing more is collected
    bool is_ended = false;       // by the peer
    bool is_answered = false;
    bool is_sent = false;
    std::size_t header_bytes = 0;
    std::size_t body_bytes = 0;
    std::size_t body_bytes_announced = 0;
    std::size_t sent_bytes = 0;
    Time deadline = 0;  // of receiving, of the peer's taking the answer, or of reading on; 0: none
    Moment arrived;
    std::string method;
    // What the answer's headers point to until they are sent.
    std::string request_id;
    std::array<char, 3> status_text{};
    std::array<char, 20> length_text{};
    Call call;
    Reply reply;
    MemoryBudget::Share request_memory;
    MemoryBudget::Share answer_memory;

    // One header or pseudo header as nghttp2 gives it, names lower-case.
    void take_header(std::string_view name, std::string_view value, const HttpLimits& limits);
};

// The streams of one session; reused, because making one anew costs a few hundred bytes of clearing
// and several allocations per call.
class Http2Streams {
public:
    Http2Stream& open(std::int32_t id, Moment now);
    void close(Http2Stream& stream);
    std::size_t open_count() const { return all_.size() - free_.size(); }

    template <class Visit>
    void each_open(const Visit& visit) {
        for (const auto& stream : all_) {
            if (stream->is_open) visit(*stream);
        }
    }

private:
    std::vector<std::unique_ptr<Http2Stream>> all_;
    std::vector<Http2Stream*> free_;
};

}  // namespace coffer
