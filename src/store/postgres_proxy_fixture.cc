#include "store/postgres_proxy_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace coffer {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t ssl_request = 80877103, gss_request = 80877104;

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t index = at; index < at + 4; ++index)
        value = value << 8 | static_cast<unsigned char>(bytes[index]);
    return value;
}

std::string number(std::size_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
}

void make_prompt(int file) {
    const int on = 1;
    ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(file, F_SETFL, O_NONBLOCK);
}

}  // namespace

// What comes from one end, and what is to go there.
struct PostgresProxy::Side {
    int file = -1;
    std::string heard;  // that is not forwarded yet
    bool has_ended = false;
    bool is_swallowed = false;
    struct Piece {
        Clock::time_point due;
        std::string bytes;
    };
    std::deque<Piece> unsent;
};

struct PostgresProxy::Connection {
    Side sides[2];
    bool has_begun = false;  // the message without a type is through
    bool is_stalled = false;
    bool is_over = false;
    bool refuses = false;       // what the client says, until its Sync
    bool owes_refusal = false;  // before the server's next ReadyForQuery
    std::string state;

    Side& side(From from) { return sides[static_cast<std::size_t>(from)]; }
};

namespace {

PostgresProxy::From other(PostgresProxy::From from) {
    return from == PostgresProxy::From::client ? PostgresProxy::From::server
                                               : PostgresProxy::From::client;
}

}  // namespace

PostgresProxy::PostgresProxy(int server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::listen(listener_, 64) == 0);
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    ::fcntl(listener_, F_SETFL, O_NONBLOCK);
    CHECK(::pipe2(bell_, O_NONBLOCK | O_CLOEXEC) == 0);
    thread_ = std::thread([this] { run(); });
}

PostgresProxy::~PostgresProxy() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake();
    thread_.join();
    for (const auto& connection : connections_) end(*connection);
    for (const int file : {listener_, bell_[0], bell_[1]}) ::close(file);
}

void PostgresProxy::wake() const { static_cast<void>(!::write(bell_[1], "x", 1)); }

std::string PostgresProxy::through(std::string uri) const {
    const std::string was = ":" + std::to_string(server_port_) + "/";
    const std::size_t at = uri.find(was);
    CHECK(at != std::string::npos);
    return uri.replace(at, was.size(), ":" + std::to_string(port_) + "/");
}

void PostgresProxy::arm(const Plan& plan) {
    const std::lock_guard lock(mutex_);
    plan_ = plan;
    passed_ = 0;
    fired_ = false;
}

bool PostgresProxy::fired() const {
    const std::lock_guard lock(mutex_);
    return fired_;
}

void PostgresProxy::release() {
    {
        const std::lock_guard lock(mutex_);
        plan_ = {};
        for (const auto& connection : connections_) {
            if (!connection->is_stalled) continue;
            connection->is_stalled = false;
            for (const From from : {From::client, From::server}) forward(*connection, from);
        }
    }
    wake();
}

void PostgresProxy::cut_all() {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& connection : connections_) end(*connection);
    }
    wake();
}

void PostgresProxy::delay(int milliseconds) {
    const std::lock_guard lock(mutex_);
    delay_ms_ = milliseconds;
}

std::vector<PostgresProxy::Message> PostgresProxy::take_seen() {
    const std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
}

// ---- the thread ---------------------------------------------------------------------------------

void PostgresProxy::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        std::vector<pollfd> files{{listener_, POLLIN, 0}, {bell_[0], POLLIN, 0}};
        const std::size_t known = connections_.size();
        for (const auto& connection : connections_) {
            for (Side& side : connection->sides) {
                const bool has_due = !side.unsent.empty() && side.unsent[0].due <= Clock::now();
                const bool listens = !side.has_ended && !connection->is_stalled;
                const short events =
                    static_cast<short>((listens ? POLLIN : 0) | (has_due ? POLLOUT : 0));
                files.push_back({events == 0 ? -1 : side.file, events, 0});
            }
        }
        const int patience = wait_ms();
        lock.unlock();
        ::poll(files.data(), files.size(), patience);
        lock.lock();
        char rung[64];
        while (::read(bell_[0], rung, sizeof rung) > 0) continue;
        for (std::size_t at = 0; at < known; ++at) {
            Connection& connection = *connections_[at];
            for (const From from : {From::client, From::server}) {
                const short events = files[2 + 2 * at + static_cast<std::size_t>(from)].revents;
                if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) hear(connection, from);
                write(connection, from);
            }
        }
        std::erase_if(connections_, [](const auto& connection) { return connection->is_over; });
        if ((files[0].revents & POLLIN) != 0) accept_one();
    }
}

// Until the next piece is due.
int PostgresProxy::wait_ms() const {
    auto next = Clock::now() + std::chrono::hours(1);
    for (const auto& connection : connections_) {
        for (const Side& side : connection->sides) {
            if (!side.unsent.empty()) next = std::min(next, side.unsent[0].due);
        }
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

void PostgresProxy::accept_one() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(server_port_);
    if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(client);
        ::close(server);
        return;
    }
    make_prompt(client);
    make_prompt(server);
    auto connection = std::make_unique<Connection>();
    connection->side(From::client).file = client;
    connection->side(From::server).file = server;
    connections_.push_back(std::move(connection));
}

void PostgresProxy::hear(Connection& connection, From from) {
    Side& side = connection.side(from);
    if (connection.is_over || connection.is_stalled || side.has_ended) return;
    char bytes[65536];
    const ssize_t count = ::recv(side.file, bytes, sizeof bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) {
        side.heard.append(bytes, static_cast<std::size_t>(count));
    } else {
        side.has_ended = true;
    }
    forward(connection, from);
}

// Message by message, as far as they are whole.
void PostgresProxy::forward(Connection& connection, From from) {
    Side& side = connection.side(from);
    while (!connection.is_stalled && !connection.is_over) {
        const bool is_first = from == From::client && !connection.has_begun;
        const std::size_t typed = is_first ? 0 : 1;
        if (side.heard.size() < typed + 4) break;
        const std::size_t size = typed + number_at(side.heard, typed);
        if (side.heard.size() < size) break;
        // Before anything else may fail it must not yet have begun: without TLS all can be read.
        if (is_first && size == 8 &&
            (number_at(side.heard, 4) == ssl_request || number_at(side.heard, 4) == gss_request)) {
            side.heard.erase(0, size);
            pass(connection, From::client, "N");
            continue;
        }
        if (is_hit(from)) {  // with none to pass
            take_plan(connection, from);
            if (connection.is_stalled || connection.is_over) break;
        }
        std::string message = side.heard.substr(0, size);
        side.heard.erase(0, size);
        if (is_first) connection.has_begun = true;
        take(connection, from, std::move(message));
    }
    if (side.has_ended && !connection.is_stalled && !connection.is_over) {
        for (const From to : {From::client, From::server}) {  // what is on its way arrives first
            for (Side::Piece& piece : connection.side(to).unsent) piece.due = Clock::now();
            write(connection, to);
        }
        end(connection);
    }
}

bool PostgresProxy::is_hit(From from) const {
    return plan_.fault != Fault::none && plan_.fault != Fault::spoil && plan_.from == from &&
           passed_ == plan_.after;
}

void PostgresProxy::take(Connection& connection, From from, std::string message) {
    const char type =
        from == From::client && number_at(message, 0) == message.size() ? '\0' : message[0];
    const bool commits = from == From::server && type == 'C' && message.find("COMMIT") == 5;
    seen_.push_back({from, type, commits});
    Side& side = connection.side(from);
    if (plan_.from == from) ++passed_;
    if (from == From::client && connection.refuses) {
        if (type == 'S') {  // Sync: the server answers what came before
            connection.refuses = false;
            connection.owes_refusal = true;
            pass(connection, other(from), std::move(message));
        }
    } else if (from == From::server && connection.owes_refusal && type == 'Z') {
        connection.owes_refusal = false;
        if (message[5] == 'T') message[5] = 'E';
        pass(connection, other(from), error_response(connection.state) + message);
    } else if (commits && from == From::server && plan_.fault == Fault::spoil) {
        pass(connection, other(from), error_response(plan_.state));
        plan_ = {};
        fired_ = true;
    } else if (!side.is_swallowed) {
        pass(connection, other(from), std::move(message));
    }
    if (plan_.after > 0 && is_hit(from)) take_plan(connection, from);
}

void PostgresProxy::take_plan(Connection& connection, From from) {
    const Plan plan = std::exchange(plan_, {});
    fired_ = true;
    switch (plan.fault) {
        case Fault::none:
        case Fault::spoil: break;
        case Fault::cut:
            for (const From to : {From::client, From::server}) write(connection, to);
            end(connection);
            break;
        case Fault::stall: connection.is_stalled = true; break;
        case Fault::swallow: connection.side(from).is_swallowed = true; break;
        case Fault::refuse:
            connection.refuses = true;
            connection.state = plan.state;
            break;
    }
}

void PostgresProxy::pass(Connection& connection, From to, std::string bytes) {
    connection.side(to).unsent.push_back(
        {Clock::now() + std::chrono::milliseconds(delay_ms_), std::move(bytes)});
    if (delay_ms_ == 0) write(connection, to);
}

void PostgresProxy::write(Connection& connection, From to) {
    Side& side = connection.side(to);
    while (!connection.is_over && !side.unsent.empty() && side.unsent[0].due <= Clock::now()) {
        std::string& bytes = side.unsent[0].bytes;
        const ssize_t sent = ::send(side.file, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return;
        if (sent < 0) return end(connection);
        bytes.erase(0, static_cast<std::size_t>(sent));
        if (bytes.empty()) side.unsent.pop_front();
    }
}

void PostgresProxy::end(Connection& connection) {
    if (connection.is_over) return;
    connection.is_over = true;
    for (Side& side : connection.sides) {
        ::shutdown(side.file, SHUT_RDWR);
        ::close(side.file);
    }
}

std::string PostgresProxy::error_response(const std::string& state) {
    std::string fields;
    const auto add = [&](char type, const std::string& text) { (fields += type) += text + '\0'; };
    add('S', "ERROR");
    add('V', "ERROR");
    add('C', state);
    add('M', "told to fail");
    fields += '\0';
    return "E" + number(fields.size() + 4) + fields;
}

}  // namespace coffer
