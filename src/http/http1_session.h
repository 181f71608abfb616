#pragma once
// HTTP/1.0 and 1.1 on one connection: keep-alive, pipelining, answers in the order of the requests.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/http1_parser.h"
#include "http/session.h"
#include "http/switchboard.h"

namespace coffer {

class Http1Session final : public Session {
public:
    Http1Session(Switchboard& switchboard, LineId line, const Peer& peer, Moment now);

    void receive(std::string_view bytes, Moment now) override;
    void input_ended(Moment now) override;
    void answer(std::uint32_t stream, Answer&& answer) override;
    void take_output(std::string& out) override;
    void resume(Moment now) override;
    bool wants_input() const override;
    SessionEnd end() const override;
    void tick(Moment now) override;
    void drain(Moment now) override;

private:
    // A request that was accepted or refused and whose answer is not yet in output_.
    struct Exchange {
        bool is_head = false;
        bool is_http10 = false;
        bool keeps_alive = true;
        bool is_answered = false;
        std::string answer;  // waits here for the answers before it
    };
    // Where the request that is coming in has got to.
    enum class Phase { between, headers, body, reading_on, ended };

    std::size_t consume(std::string_view bytes, Moment now);
    bool has_room() const;
    void begin_request(Moment now);
    void take_headers(Moment now);
    void dispatch();
    void finish_request(Moment now);
    // `unread` is what has come of the request's headers and was not taken.
    void refuse(const Refusal& refusal, Moment now, std::string_view unread = {});
    void give_up_body();
    void write_answer(std::string& out, const Exchange& exchange, std::string_view request_id,
                      const Reply& reply, Moment now);
    void send_ready_answers(Moment now);
    bool keeps_alive_after(const Exchange& exchange) const;
    void set_phase(Phase phase, Moment now, std::int64_t timeout_ms);

    Switchboard& switchboard_;
    const HttpLimits& limits_;
    const Peer& peer_;
    LineId line_;
    Http1Parser parser_;
    std::string input_;              // bytes that could not be used yet
    std::size_t stalled_bytes_ = 0;  // of input_: of no use until more come
    std::string output_;
    std::vector<Exchange> exchanges_;  // from exchanges_begin_ on; numbered from first_stream_
    std::size_t exchanges_begin_ = 0;
    std::uint32_t first_stream_ = 0;
    Phase phase_ = Phase::between;
    Moment arrived_;
    Time deadline_ = 0;  // of the phase
    MemoryBudget::Share request_memory_;
    MemoryBudget::Share output_memory_;  // of answers in output_, or waiting for those before them
    MemoryBudget::Share taken_memory_;   // of answers that are on their way
    bool is_dispatched_ = false;
    bool owes_continue_ = false;
    bool is_draining_ = false;
    SessionEnd end_ = SessionEnd::open;
};

}  // namespace coffer
