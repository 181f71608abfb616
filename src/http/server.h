#pragma once
// The door of http: listen there, stop now.
//
// A Server owns its io threads. Each has its own event loop, its own listening sockets
// (SO_REUSEPORT) and its own Desk, made and destroyed on that thread; HTTP/1.1, HTTP/2 with TLS
// (ALPN) and HTTP/2 without TLS (prior knowledge) share every port. What goes into DeskMaker's
// `wake` may be called from any thread, never blocks, and stays callable after the Server is gone.
//
// The desk's poll() is called after each wake, and once after each burst of reads in which a call
// was accepted and not answered at once, so that a desk can hand over what it gathered as one
// batch.
//
// start, stop and reload_certificates are for one controlling thread. The Clock, Log and Metrics
// must outlive the Server.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "dialect/desk.h"
#include "http/limits.h"

namespace coffer {

struct ListenOptions {
    std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6
    std::uint16_t port = 0;             // 0: any free one, see Server::bound()
    std::string certificate_path;       // PEM chain; both paths empty: cleartext
    std::string key_path;
    std::uint32_t dialects = ~0u;  // bit per DialectId, handed on in Call::dialects
    // Cleartext on an address that is not loopback is refused unless this is insecure_allowed.
    enum class Transport {
        secure_or_loopback,
        insecure_allowed
    } transport = Transport::secure_or_loopback;
};

struct ServerOptions {
    std::vector<ListenOptions> listen;
    int io_threads = 1;
    HttpLimits limits;
    std::int64_t drain_ms = 10'000;
    // CIDR blocks or addresses of proxies whose X-Forwarded-For is believed (its last address that
    // is not itself such a proxy becomes Call::peer_address).
    std::vector<std::string> trusted_proxies;
    enum class CallLines { on, off } call_lines = CallLines::on;  // one log line a call
};

struct BoundAddress {
    std::string address;
    std::uint16_t port = 0;
};

class Server {
public:
    // Errors: invalid (an option, a certificate, cleartext off loopback), io (the socket said no).
    static Result<std::unique_ptr<Server>> start(ServerOptions options, const DeskMaker& make_desk,
                                                 const Clock& clock, Log* log, Metrics& metrics);
    ~Server();  // stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // In the order of ServerOptions::listen.
    const std::vector<BoundAddress>& bound() const;

    // New handshakes use the files as they are now; on an error the old certificates stay.
    Result<void> reload_certificates();

    // Takes no new connections, tells the peers (GOAWAY, `Connection: close`), lets the calls
    // inside finish, and returns when all threads are joined, at the latest after drain_ms. May be
    // repeated.
    void stop();

private:
    struct Rooms;
    explicit Server(std::unique_ptr<Rooms> rooms);
    std::unique_ptr<Rooms> rooms_;
};

}  // namespace coffer
