#pragma once
// One accepted socket: moves bytes between it, TLS if there is any, and the session.
//
// Belongs to one io thread. It is destroyed by its owner after hooks.gone, never before its last
// asynchronous operation has come back.

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/session.h"
#include "http/switchboard.h"
#include "http/tls.h"

namespace coffer {

// What a connection tells its io thread.
struct ConnectionHooks {
    std::function<void()> calls_came;              // some may not be answered yet
    std::function<void(std::uint32_t line)> gone;  // may be destroyed, but not inside this call
};

class Connection {
public:
    using Socket = boost::asio::ip::tcp::socket;

    // identity: nullptr for cleartext.
    Connection(Socket socket, Peer peer, const TlsIdentity* identity, Switchboard& switchboard,
               const ConnectionHooks& hooks);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    LineId line() const { return line_; }
    void start(Moment now);
    void flush(Moment now);  // sends what the session has
    void tick(Moment now);
    void drain(Moment now);
    void close();

private:
    void read();
    void read_done(const boost::system::error_code& error, std::size_t bytes);
    void deliver(std::string_view bytes, Moment now);
    void choose_session(Moment now);
    void input_ended(Moment now);
    void take_output();
    bool write(Moment now);
    void write_rest();
    void write_done(const boost::system::error_code& error, std::size_t bytes);
    void end_if_session_ended(Moment now);
    void linger(Moment now);
    bool has_expired(Moment now) const;
    void tell_if_gone();

    Socket socket_;
    Peer peer_;
    Switchboard& switchboard_;
    const HttpLimits& limits_;
    const ConnectionHooks& hooks_;
    LineId line_;
    std::unique_ptr<TlsChannel> tls_;
    std::unique_ptr<Session> session_;  // chosen when the first bytes say which
    std::vector<char> read_buffer_;
    std::string plain_in_;   // TLS only
    std::string plain_out_;  // TLS only
    std::string prelude_;    // what came before the session was chosen
    std::string output_;
    std::size_t output_sent_ = 0;
    std::size_t lingered_bytes_ = 0;
    Time deadline_ = 0;  // of the handshake and the preface, of a write, or of lingering
    bool is_reading_ = false;
    bool is_writing_ = false;
    bool is_lingering_ = false;
    bool has_input_ended_ = false;
    bool is_closed_ = false;
    bool is_gone_ = false;
};

}  // namespace coffer
