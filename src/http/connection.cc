#include "http/connection.h"

#include <boost/asio/buffer.hpp>
#include <utility>

#include "http/http1_session.h"
#include "http/http2_session.h"

namespace coffer {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Idle connections are many and busy ones few: a buffer starts small and grows when a read fills
// it.
constexpr std::size_t read_buffer_bytes_first = 4 * 1024;
constexpr std::size_t read_buffer_bytes_last = 64 * 1024;

constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

Connection::Connection(Socket socket, Peer peer, const TlsIdentity* identity,
                       Switchboard& switchboard, const ConnectionHooks& hooks)
    : socket_(std::move(socket)),
      peer_(std::move(peer)),
      switchboard_(switchboard),
      limits_(switchboard.limits()),
      hooks_(hooks),
      line_(switchboard.open_line()),
      tls_(identity == nullptr ? nullptr : std::make_unique<TlsChannel>(*identity)),
      read_buffer_(read_buffer_bytes_first) {
    switchboard_.meter().connections_open.add(1);
}

Connection::~Connection() {
    close();
    switchboard_.close_line(line_);
    switchboard_.meter().connections_open.add(-1);
}

void Connection::start(Moment now) {
    error_code ignored;  // a socket that refuses these will refuse to be read, too
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    deadline_ = now.monotonic + limits_.header_timeout_ms * millisecond_us;
    read();
}

// ---- bytes in

void Connection::read() {
    if (is_reading_ || is_writing_ || is_closed_ || has_input_ended_) return;
    if (session_ != nullptr && !is_lingering_ && !session_->wants_input()) return;
    is_reading_ = true;
    socket_.async_read_some(asio::buffer(read_buffer_),
                            [this](const error_code& error, std::size_t bytes) {
                                is_reading_ = false;
                                read_done(error, bytes);
                                tell_if_gone();
                            });
}

void Connection::read_done(const error_code& error, std::size_t bytes) {
    if (is_closed_) return;
    const Moment now = switchboard_.now();
    if (error == asio::error::eof) {
        input_ended(now);
        flush(now);
        return;
    }
    if (error) return close();
    switchboard_.meter().bytes_received.add(bytes);
    deliver({read_buffer_.data(), bytes}, now);
    if (bytes == read_buffer_.size() && bytes < read_buffer_bytes_last) {
        read_buffer_.resize(bytes * 4);
    }
    flush(now);
}

void Connection::deliver(std::string_view bytes, Moment now) {
    if (is_lingering_) {
        lingered_bytes_ += bytes.size();
        if (lingered_bytes_ > limits_.read_on_bytes_max) close();
        return;
    }
    bool has_ended = false;
    if (tls_ != nullptr) {
        plain_in_.clear();
        has_ended = !tls_->receive(bytes, plain_in_);
        bytes = plain_in_;
    }
    if (session_ != nullptr) {
        session_->receive(bytes, now);
    } else {
        prelude_ += bytes;
        choose_session(now);
    }
    if (has_ended) input_ended(now);
}

void Connection::choose_session(Moment now) {
    std::string_view protocol;
    if (tls_ != nullptr) {
        if (!tls_->is_established()) return;
        protocol = tls_->protocol();
    }
    if (protocol.empty()) {
        if (prelude_.empty()) return;
        const bool may_be_http2 =
            http2_preface.starts_with(std::string_view(prelude_).substr(0, http2_preface.size()));
        if (may_be_http2 && prelude_.size() < http2_preface.size()) return;
        if (may_be_http2) protocol = "h2";
    }
    if (protocol == "h2") {
        session_ = std::make_unique<Http2Session>(switchboard_, line_, peer_, now);
    } else {
        session_ = std::make_unique<Http1Session>(switchboard_, line_, peer_, now);
    }
    switchboard_.set_session(line_, session_.get());
    session_->receive(prelude_, now);
    prelude_ = std::string();
}

void Connection::input_ended(Moment now) {
    has_input_ended_ = true;
    if (is_lingering_ || session_ == nullptr) {
        // A failed handshake's alert is worth sending, but not worth waiting for.
        take_output();
        error_code ignored;
        if (!output_.empty() && !is_writing_) socket_.write_some(asio::buffer(output_), ignored);
        return close();
    }
    session_->input_ended(now);
}

// ---- bytes out

void Connection::flush(Moment now) {
    while (!is_writing_ && !is_closed_) {
        take_output();
        if (output_.empty()) break;
        if (!write(now)) break;
        if (session_ != nullptr) session_->resume(now);
    }
    if (!is_writing_ && !is_closed_) end_if_session_ended(now);
    read();
    if (switchboard_.has_new_calls()) hooks_.calls_came();
}

void Connection::take_output() {
    if (is_writing_) return;
    if (tls_ == nullptr) {
        if (session_ != nullptr) session_->take_output(output_);
        return;
    }
    if (session_ != nullptr) session_->take_output(plain_out_);
    tls_->send(plain_out_);
    plain_out_.clear();
    tls_->take_output(output_);
}

// True when all of the output was taken at once, which is the rule; one system call.
bool Connection::write(Moment now) {
    error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(output_), error);
    switchboard_.meter().bytes_sent.add(sent);
    if (error && error != asio::error::would_block) {
        close();
        return false;
    }
    if (sent == output_.size()) {
        output_.clear();
        return true;
    }
    output_sent_ = sent;
    is_writing_ = true;
    deadline_ = now.monotonic + limits_.write_timeout_ms * millisecond_us;
    write_rest();
    return false;
}

void Connection::write_rest() {
    socket_.async_write_some(
        asio::buffer(output_.data() + output_sent_, output_.size() - output_sent_),
        [this](const error_code& error, std::size_t bytes) {
            write_done(error, bytes);
            tell_if_gone();
        });
}

void Connection::write_done(const error_code& error, std::size_t bytes) {
    if (!is_closed_ && !error) {
        switchboard_.meter().bytes_sent.add(bytes);
        output_sent_ += bytes;
        if (output_sent_ < output_.size()) return write_rest();
    }
    is_writing_ = false;
    output_.clear();
    if (is_closed_) return;
    if (error) return close();
    const Moment now = switchboard_.now();
    if (session_ != nullptr) session_->resume(now);
    flush(now);
}

// ---- the end

void Connection::end_if_session_ended(Moment now) {
    if (session_ == nullptr || is_lingering_) return;
    switch (session_->end()) {
        case SessionEnd::open: return;
        case SessionEnd::linger: return has_input_ended_ ? close() : linger(now);
        case SessionEnd::close: return close();
    }
}

// Closing a socket with unread input resets it, and the reset can overtake the answer.
void Connection::linger(Moment now) {
    is_lingering_ = true;
    error_code ignored;
    if (tls_ != nullptr) {
        tls_->close();
        tls_->take_output(output_);
        if (!output_.empty()) socket_.write_some(asio::buffer(output_), ignored);
        output_.clear();
    }
    socket_.shutdown(Socket::shutdown_send, ignored);
    deadline_ = now.monotonic + limits_.read_on_ms * millisecond_us;
    read();
}

void Connection::close() {
    if (is_closed_) return;
    is_closed_ = true;
    switchboard_.set_session(line_, nullptr);
    session_.reset();
    error_code ignored;
    socket_.close(ignored);
    tell_if_gone();
}

void Connection::tell_if_gone() {
    if (!is_closed_ || is_reading_ || is_writing_ || is_gone_) return;
    is_gone_ = true;
    hooks_.gone(line_.index);
}

bool Connection::has_expired(Moment now) const {
    const bool has_deadline = session_ == nullptr || is_writing_ || is_lingering_;
    return has_deadline && now.monotonic >= deadline_;
}

void Connection::tick(Moment now) {
    if (is_closed_) return;
    if (has_expired(now)) {
        if (is_writing_) switchboard_.meter().refused("tcp", "slow_reader");
        if (session_ == nullptr) switchboard_.meter().refused("tcp", "slow_handshake");
        return close();
    }
    if (session_ == nullptr) return;
    session_->tick(now);
    flush(now);
}

void Connection::drain(Moment now) {
    if (is_closed_) return;
    if (session_ == nullptr) return close();
    session_->drain(now);
    flush(now);
}

}  // namespace coffer
