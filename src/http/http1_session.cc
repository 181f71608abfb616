#include "http/http1_session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "http/request_rules.h"

namespace coffer {
namespace {

// RFC 9110's token characters; what cannot begin a method is answered at once instead of waiting
// for an end of headers that TLS or another protocol's bytes will never bring.
bool is_token_character(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
    return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), result.ptr);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Http1Session::Http1Session(Switchboard& switchboard, LineId line, const Peer& peer, Moment now)
    : switchboard_(switchboard),
      limits_(switchboard.limits()),
      peer_(peer),
      line_(line),
      parser_(switchboard.limits()) {
    set_phase(Phase::between, now, limits_.idle_timeout_ms);
}

void Http1Session::receive(std::string_view bytes, Moment now) {
    if (phase_ == Phase::ended) return;
    if (input_.empty()) {
        const std::size_t used = consume(bytes, now);
        if (phase_ != Phase::ended) input_.assign(bytes.substr(used));
        return;
    }
    input_.append(bytes);
    resume(now);
}

void Http1Session::input_ended(Moment) {
    phase_ = Phase::ended;
    request_memory_.release();
    if (exchanges_begin_ == exchanges_.size()) {
        end_ = SessionEnd::close;
    } else {
        exchanges_.back().keeps_alive = false;
    }
}

void Http1Session::resume(Moment now) {
    if (input_.size() == stalled_bytes_ || !has_room()) return;
    const std::size_t used = consume(input_, now);
    input_.erase(0, phase_ == Phase::ended ? std::string::npos : used);
}

bool Http1Session::has_room() const {
    return exchanges_.size() - exchanges_begin_ < limits_.pipeline_max &&
           output_.size() < limits_.write_buffer_bytes_max;
}

bool Http1Session::wants_input() const { return end_ == SessionEnd::open && has_room(); }

SessionEnd Http1Session::end() const { return end_; }

std::size_t Http1Session::consume(std::string_view bytes, Moment now) {
    std::size_t used = 0;
    stalled_bytes_ = 0;
    while (used < bytes.size() && phase_ != Phase::ended && has_room()) {
        const std::string_view rest = bytes.substr(used);
        if (phase_ == Phase::between) {
            if (rest.front() == '\r' || rest.front() == '\n') {  // RFC 9112, 2.2: tolerate them
                ++used;
                continue;
            }
            begin_request(now);
            if (!is_token_character(rest.front())) {
                refuse(refused_malformed, now);
                break;
            }
        }
        const std::size_t taken = parser_.feed(rest);
        used += taken;
        if (parser_.refused()) {
            refuse(*parser_.refused(), now, parser_.headers_done() ? std::string_view{} : rest);
            break;
        }
        if (phase_ == Phase::headers && parser_.headers_done()) take_headers(now);
        if (parser_.facts().body_too_large && !is_dispatched_ && phase_ != Phase::ended) {
            set_phase(Phase::reading_on, now, limits_.read_on_ms);
            dispatch();
        }
        if (phase_ == Phase::reading_on && parser_.facts().body_bytes > limits_.read_on_bytes_max) {
            give_up_body();
        }
        if (phase_ == Phase::ended) break;
        if (parser_.done()) {
            finish_request(now);
        } else if (taken < rest.size()) {
            stalled_bytes_ = rest.size() - taken;
            break;
        }
    }
    return used;
}

void Http1Session::set_phase(Phase phase, Moment now, std::int64_t timeout_ms) {
    phase_ = phase;
    deadline_ = now.monotonic + timeout_ms * millisecond_us;
}

void Http1Session::begin_request(Moment now) {
    parser_.begin();
    arrived_ = now;
    is_dispatched_ = false;
    owes_continue_ = false;
    set_phase(Phase::headers, now, limits_.header_timeout_ms);
}

void Http1Session::take_headers(Moment now) {
    set_phase(Phase::body, now, limits_.body_timeout_ms);
    const Http1Parser::Facts& facts = parser_.facts();
    if (parser_.done() || facts.body_too_large) return;
    const std::size_t wanted = facts.body_bytes_announced.value_or(limits_.body_bytes_max);
    std::optional<MemoryBudget::Share> memory = switchboard_.request_memory().take(wanted);
    if (!memory) return refuse(refused_busy, now);
    request_memory_ = std::move(*memory);
    if (facts.expects_continue && facts.body_bytes == 0) {
        owes_continue_ = true;
        send_ready_answers(now);
    }
}

void Http1Session::dispatch() {
    const Http1Parser::Facts& facts = parser_.facts();
    Exchange& exchange = exchanges_.emplace_back();
    exchange.is_head = facts.method == "HEAD";
    exchange.is_http10 = facts.is_http10;
    exchange.keeps_alive = facts.keep_alive;
    Call& call = parser_.call();
    if (facts.body_too_large) {
        call.body = std::string();
        call.body_too_large = true;
        // The connection stays of use when the rest of the body will come, and is not too much. Of
        // a chunked one nobody knows: that is seen as it comes.
        if (facts.body_bytes_announced.value_or(0) > limits_.read_on_bytes_max ||
            facts.expects_continue) {
            exchange.keeps_alive = false;
        }
    }
    is_dispatched_ = true;
    request_memory_.release();
    const bool keeps_alive = exchange.keeps_alive;  // the exchange may be gone after accept()
    const auto stream =
        first_stream_ + static_cast<std::uint32_t>(exchanges_.size() - exchanges_begin_ - 1);
    switchboard_.accept({.line = line_,
                         .stream = stream,
                         .peer = peer_,
                         .protocol = peer_.protocol_h1,
                         .method = facts.method},
                        std::move(call), arrived_);
    if (!keeps_alive) phase_ = Phase::ended;
}

void Http1Session::finish_request(Moment now) {
    set_phase(Phase::between, now, limits_.idle_timeout_ms);
    if (!is_dispatched_) dispatch();
    if (is_draining_) drain(now);
}

void Http1Session::refuse(const Refusal& refusal, Moment now, std::string_view unread) {
    phase_ = Phase::ended;
    request_memory_.release();
    switchboard_.meter().refused(peer_.protocol_h1, refusal.error);
    // Its body turned out malformed or slow while it was read on: there is no second answer.
    if (is_dispatched_) return input_ended(now);
    Exchange& exchange = exchanges_.emplace_back();
    exchange.keeps_alive = false;
    exchange.is_answered = true;
    const Reply reply = reply_of(refusal);
    write_answer(exchange.answer, exchange, request_id_of(parser_.call(), unread), reply, now);
    send_ready_answers(now);
}

// Of a chunked body more came than is read on for.
void Http1Session::give_up_body() {
    phase_ = Phase::ended;
    if (exchanges_begin_ == exchanges_.size()) {
        end_ = SessionEnd::linger;
    } else {
        exchanges_.back().keeps_alive = false;
    }
}

bool Http1Session::keeps_alive_after(const Exchange& exchange) const {
    const bool is_last = &exchange == &exchanges_.back() && phase_ == Phase::between;
    return exchange.keeps_alive && !(is_draining_ && is_last);
}

void Http1Session::answer(std::uint32_t stream, Answer&& answer) {
    const std::size_t index = exchanges_begin_ + (stream - first_stream_);
    if (end_ != SessionEnd::open || index >= exchanges_.size()) return;
    Exchange& exchange = exchanges_[index];
    exchange.is_answered = true;
    output_memory_.join(std::move(answer.memory));
    // Most answers come in order and go straight into the output.
    write_answer(index == exchanges_begin_ ? output_ : exchange.answer, exchange, answer.request_id,
                 answer.reply, answer.now);
    if (index == exchanges_begin_) send_ready_answers(answer.now);
}

void Http1Session::write_answer(std::string& out, const Exchange& exchange,
                                std::string_view request_id, const Reply& reply, Moment now) {
    const int status = reply.status >= 200 && reply.status <= 999 ? reply.status : 500;
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status));
    out.append(" ").append(reason_phrase(status)).append("\r\n");
    if (has_body(status)) {
        if (!reply.content_type.empty()) append_header(out, "Content-Type", reply.content_type);
        out += "Content-Length: ";
        append_number(out, reply.body.size());
        out += "\r\n";
    }
    append_header(out, "X-Request-Id", request_id);
    append_header(out, "Date", switchboard_.date(now.wall));
    for (const Header& header : reply.headers) {
        if (is_sendable_name(header.name) && is_sendable_value(header.value)) {
            append_header(out, header.name, header.value);
        }
    }
    if (!keeps_alive_after(exchange)) {
        out += "Connection: close\r\n";
    } else if (exchange.is_http10) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (has_body(status) && !exchange.is_head) out += reply.body;
}

// Moves answers from the front of the queue into the output, as far as they are there.
void Http1Session::send_ready_answers(Moment now) {
    while (exchanges_begin_ < exchanges_.size() && exchanges_[exchanges_begin_].is_answered) {
        Exchange& exchange = exchanges_[exchanges_begin_];
        output_ += exchange.answer;
        const bool keeps_alive = keeps_alive_after(exchange);
        exchange.answer = std::string();
        ++exchanges_begin_;
        ++first_stream_;
        if (!keeps_alive) {
            end_ = SessionEnd::linger;
            phase_ = Phase::ended;
            return;
        }
    }
    if (exchanges_begin_ == exchanges_.size() || exchanges_begin_ > limits_.pipeline_max) {
        exchanges_.erase(exchanges_.begin(),
                         exchanges_.begin() + static_cast<std::ptrdiff_t>(exchanges_begin_));
        exchanges_begin_ = 0;
    }
    if (!exchanges_.empty()) return;
    if (owes_continue_) {
        owes_continue_ = false;
        output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (phase_ == Phase::between) set_phase(Phase::between, now, limits_.idle_timeout_ms);
}

void Http1Session::take_output(std::string& out) {
    // The peer has taken what was given out before, or this would not be asked.
    taken_memory_ = std::move(output_memory_);
    if (out.empty()) {
        out.swap(output_);
    } else {
        out += output_;
        output_.clear();
    }
}

void Http1Session::tick(Moment now) {
    if (now.monotonic < deadline_ || end_ != SessionEnd::open) return;
    switch (phase_) {
        case Phase::between:
            if (exchanges_.empty()) end_ = SessionEnd::close;
            break;
        case Phase::headers: refuse(refused_slow, now, input_); break;
        case Phase::body: refuse(refused_slow, now); break;
        case Phase::reading_on: refuse(refused_slow, now); break;
        case Phase::ended: break;
    }
}

void Http1Session::drain(Moment) {
    is_draining_ = true;
    if (phase_ == Phase::between && exchanges_.empty() && end_ == SessionEnd::open) {
        end_ = SessionEnd::linger;
    }
}

}  // namespace coffer
