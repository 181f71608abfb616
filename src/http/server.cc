#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "http/address.h"
#include "http/io_thread.h"
#include "http/tls.h"

namespace coffer {
namespace {

constexpr int backlog = 1024;

std::unexpected<Error> system_failure(const ListenOptions& options, std::string_view what) {
    const std::error_code code(errno, std::generic_category());
    return fail(ErrorCode::io, options.address + ":" + std::to_string(options.port) + ": " +
                                   std::string(what) + ": " + code.message());
}

// A socket that closes itself unless it is released.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&&) = delete;
    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }

private:
    int number_;
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    bool is_ipv6 = false;
    sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress socket_address(const Address& address, const ListenOptions& options) {
    SocketAddress result;
    result.is_ipv6 = options.address.find(':') != std::string::npos;
    if (result.is_ipv6) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(options.port);
        std::memcpy(&six.sin6_addr, address.bytes.data(), 16);
        std::memcpy(&result.storage, &six, sizeof six);
        result.size = sizeof six;
    } else {
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_port = htons(options.port);
        std::memcpy(&four.sin_addr, address.bytes.data() + 12, 4);
        std::memcpy(&result.storage, &four, sizeof four);
        result.size = sizeof four;
    }
    return result;
}

enum class Sharing { alone, among_threads };

Result<Descriptor> bind_socket(const ListenOptions& options, SocketAddress address,
                               Sharing sharing) {
    Descriptor socket(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.number() < 0) return system_failure(options, "socket");
    const int one = 1;
    ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (sharing == Sharing::among_threads) {
        ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    }
    // `::` and `0.0.0.0` are listed apart, so that neither takes the other's port.
    if (address.is_ipv6) {
        ::setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    }
    if (::bind(socket.number(), address.raw(), address.size) != 0) {
        return system_failure(options, "bind");
    }
    return socket;
}

Result<std::uint16_t> port_of(const ListenOptions& options, int descriptor) {
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    if (::getsockname(descriptor, bound.raw(), &bound.size) != 0) {
        return system_failure(options, "getsockname");
    }
    // The port lies at the same place in both families.
    sockaddr_in four;
    std::memcpy(&four, &bound.storage, sizeof four);
    return ntohs(four.sin_port);
}

// Tried without SO_REUSEPORT: with it, a second server on this port would be let in and silently
// take half of the connections.
Result<std::uint16_t> free_port(const ListenOptions& options, const SocketAddress& address) {
    const Result<Descriptor> socket = bind_socket(options, address, Sharing::alone);
    if (!socket) return std::unexpected(socket.error());
    return port_of(options, socket->number());
}

Result<Address> checked_address(const ListenOptions& options) {
    const std::optional<Address> address = parse_address(options.address);
    if (!address) {
        return fail(ErrorCode::invalid, "not a numeric address to listen on: " + options.address);
    }
    if (options.certificate_path.empty() != options.key_path.empty()) {
        return fail(ErrorCode::invalid, options.address + ": a certificate needs its key");
    }
    const bool is_insecure = options.certificate_path.empty() && !is_loopback(*address);
    if (is_insecure && options.transport != ListenOptions::Transport::insecure_allowed) {
        return fail(ErrorCode::invalid, options.address +
                                            ": listening without TLS off loopback needs the word "
                                            "insecure_transport");
    }
    return *address;
}

}  // namespace

struct Server::Rooms {
    ServerCommons commons;
    std::vector<BoundAddress> bound;
    std::vector<std::unique_ptr<TlsIdentity>> identities;
    std::vector<std::unique_ptr<IoThread>> threads;

    Result<void> listen(ListenOptions options);
};

Result<void> Server::Rooms::listen(ListenOptions options) {
    const Result<Address> address = checked_address(options);
    if (!address) return std::unexpected(address.error());
    const TlsIdentity* identity = nullptr;
    if (!options.certificate_path.empty()) {
        auto loaded = TlsIdentity::load(
            {.certificate_path = options.certificate_path, .key_path = options.key_path});
        if (!loaded) return std::unexpected(std::move(loaded).error());
        identity = identities.emplace_back(std::move(*loaded)).get();
    }
    const SocketAddress wanted = socket_address(*address, options);
    Sharing sharing = Sharing::alone;
    if (threads.size() > 1) {
        const Result<std::uint16_t> port = free_port(options, wanted);
        if (!port) return std::unexpected(port.error());
        options.port = *port;
        sharing = Sharing::among_threads;
    }
    for (const std::unique_ptr<IoThread>& thread : threads) {
        Result<Descriptor> socket =
            bind_socket(options, socket_address(*address, options), sharing);
        if (!socket) return std::unexpected(std::move(socket).error());
        if (::listen(socket->number(), backlog) != 0) return system_failure(options, "listen");
        const Result<std::uint16_t> port = port_of(options, socket->number());
        if (!port) return std::unexpected(port.error());
        options.port = *port;
        thread->listen({.descriptor = socket->release(),
                        .is_ipv6 = wanted.is_ipv6,
                        .identity = identity,
                        .dialects = options.dialects});
    }
    bound.push_back({.address = options.address, .port = options.port});
    return {};
}

Server::Server(std::unique_ptr<Rooms> rooms) : rooms_(std::move(rooms)) {}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, const DeskMaker& make_desk,
                                              const Clock& clock, Log* log, Metrics& metrics) {
    if (options.listen.empty() || options.io_threads < 1) {
        return fail(ErrorCode::invalid, "a server needs an address and a thread");
    }
    Result<ProxyList> proxies = ProxyList::parse(options.trusted_proxies);
    if (!proxies) return std::unexpected(std::move(proxies).error());
    const int io_threads = options.io_threads;
    std::unique_ptr<Rooms> rooms(new Rooms{.commons = {.options = std::move(options),
                                                       .proxies = std::move(*proxies),
                                                       .clock = clock,
                                                       .log = log,
                                                       .metrics = metrics}});
    for (int count = 0; count < io_threads; ++count) {
        rooms->threads.push_back(std::make_unique<IoThread>(rooms->commons));
    }
    for (const ListenOptions& wanted : rooms->commons.options.listen) {
        TRY(rooms->listen(wanted));
    }
    for (const std::unique_ptr<IoThread>& thread : rooms->threads) thread->start(make_desk);
    return std::unique_ptr<Server>(new Server(std::move(rooms)));
}

Server::~Server() { stop(); }

const std::vector<BoundAddress>& Server::bound() const { return rooms_->bound; }

Result<void> Server::reload_certificates() {
    for (const std::unique_ptr<TlsIdentity>& identity : rooms_->identities) {
        TRY(identity->reload());
    }
    return {};
}

void Server::stop() {
    for (const std::unique_ptr<IoThread>& thread : rooms_->threads) thread->drain();
    for (const std::unique_ptr<IoThread>& thread : rooms_->threads) thread->join();
}

}  // namespace coffer
