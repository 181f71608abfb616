#include "http/io_thread.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread.h"
#include "http/call_meter.h"
#include "http/connection.h"
#include "http/switchboard.h"

namespace coffer {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// How often deadlines are looked at: a quarter of the shortest, so that none is overrun by more.
std::chrono::milliseconds tick_interval(const HttpLimits& limits) {
    const std::int64_t shortest =
        std::min({limits.header_timeout_ms, limits.body_timeout_ms, limits.idle_timeout_ms,
                  limits.write_timeout_ms, limits.read_on_ms});
    return std::chrono::milliseconds(std::clamp<std::int64_t>(shortest / 4, 5, 100));
}

// After accept() failed for want of descriptors or memory.
constexpr std::chrono::milliseconds accept_pause{100};

Peer peer_of(const tcp::endpoint& endpoint, const IoThread::Listening& listening) {
    Peer peer;
    peer.address = parse_address(endpoint.address().to_string()).value_or(Address{});
    peer.text = address_text(peer.address);
    peer.masked = masked_address(peer.address);
    peer.dialects = listening.dialects;
    if (listening.identity != nullptr) {
        peer.protocol_h1 = "h1-tls";
        peer.protocol_h2 = "h2-tls";
    }
    return peer;
}

}  // namespace

struct IoThread::Loop {
    explicit Loop(ServerCommons& shared)
        : commons(shared),
          meter(shared.options.call_lines == ServerOptions::CallLines::on ? shared.log : nullptr,
                shared.metrics),
          switchboard(shared.options.limits, shared.proxies, shared.clock, meter),
          ticker(context) {}

    struct Door {
        Door(asio::io_context& context, const Listening& socket)
            : listening(socket),
              acceptor(context, socket.is_ipv6 ? tcp::v6() : tcp::v4(), socket.descriptor),
              pause(context) {}
        Listening listening;
        tcp::acceptor acceptor;
        tcp::endpoint endpoint;  // of the connection being accepted
        asio::steady_timer pause;
    };

    // Sockets and timers are used by one thread only; posting to it stays safe from all.
    asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    ServerCommons& commons;  // not touched once the thread has ended
    CallMeter meter;
    Switchboard switchboard;
    ConnectionHooks hooks;
    std::unique_ptr<Desk> desk;
    std::deque<Door> doors;
    std::vector<std::unique_ptr<Connection>> connections;  // by line
    std::size_t connection_count = 0;
    std::vector<std::uint32_t> gone;
    std::vector<std::uint32_t> answered;
    asio::steady_timer ticker;
    Time drain_deadline = 0;  // 0: not draining
    bool is_poll_posted = false;
    bool is_burial_posted = false;
    std::atomic<bool> is_wake_posted{false};
    std::thread thread;

    void run(const DeskMaker& make_desk, std::weak_ptr<Loop> self);
    void accept(Door& door);
    void welcome(Door& door, tcp::socket socket);
    void poll_desk();
    void bury();
    void tick();
    void begin_drain();
    void stop_if_drained(Moment now);
};

void IoThread::Loop::run(const DeskMaker& make_desk, std::weak_ptr<Loop> self) {
    hooks.calls_came = [this] {
        if (std::exchange(is_poll_posted, true)) return;
        asio::post(context, [this] {
            is_poll_posted = false;
            poll_desk();
        });
    };
    hooks.gone = [this](std::uint32_t line) {
        gone.push_back(line);
        if (std::exchange(is_burial_posted, true)) return;
        asio::post(context, [this] { bury(); });
    };
    // One post for each burst of wakes, however many threads they come from.
    desk = make_desk(switchboard, [self = std::move(self)] {
        const std::shared_ptr<Loop> loop = self.lock();
        if (loop == nullptr || loop->is_wake_posted.exchange(true)) return;
        asio::post(loop->context, [raw = loop.get()] {
            raw->is_wake_posted.store(false);
            raw->poll_desk();
        });
    });
    switchboard.connect(*desk);
    for (Door& door : doors) accept(door);
    tick();
    context.run();
    connections.clear();
    desk.reset();
    doors.clear();
}

void IoThread::Loop::accept(Door& door) {
    door.acceptor.async_accept(
        door.endpoint, [this, &door](const error_code& error, tcp::socket socket) {
            if (drain_deadline != 0 || error == asio::error::operation_aborted) return;
            if (!error) {
                welcome(door, std::move(socket));
                return accept(door);
            }
            if (error == asio::error::connection_aborted) return accept(door);
            meter.refused("tcp", "accept");
            door.pause.expires_after(accept_pause);
            door.pause.async_wait([this, &door](const error_code& stopped) {
                if (!stopped && drain_deadline == 0) accept(door);
            });
        });
}

void IoThread::Loop::welcome(Door& door, tcp::socket socket) {
    meter.connections_accepted.add();
    if (commons.connections.fetch_add(1) >= commons.options.limits.connections_max) {
        commons.connections.fetch_sub(1);
        meter.connections_refused.add();
        return;  // the socket closes itself
    }
    ++connection_count;
    auto connection =
        std::make_unique<Connection>(std::move(socket), peer_of(door.endpoint, door.listening),
                                     door.listening.identity, switchboard, hooks);
    const std::uint32_t line = connection->line().index;
    if (connections.size() <= line) connections.resize(line + 1);
    connections[line] = std::move(connection);
    connections[line]->start(switchboard.now());
}

void IoThread::Loop::poll_desk() {
    if (desk == nullptr) return;
    switchboard.take_new_calls();
    desk->poll();
    switchboard.take_answered(answered);
    if (answered.empty()) return;
    const Moment now = switchboard.now();
    for (const std::uint32_t line : answered) {
        if (connections[line] != nullptr) connections[line]->flush(now);
    }
}

void IoThread::Loop::bury() {
    is_burial_posted = false;
    std::vector<std::uint32_t> lines;
    lines.swap(gone);
    for (const std::uint32_t line : lines) {
        connections[line].reset();
        --connection_count;
        commons.connections.fetch_sub(1);
    }
    if (drain_deadline != 0) stop_if_drained(switchboard.now());
}

void IoThread::Loop::tick() {
    const Moment now = switchboard.now();
    for (const std::unique_ptr<Connection>& connection : connections) {
        if (connection != nullptr) connection->tick(now);
    }
    if (drain_deadline != 0) stop_if_drained(now);
    ticker.expires_after(tick_interval(commons.options.limits));
    ticker.async_wait([this](const error_code& error) {
        if (!error) tick();
    });
}

void IoThread::Loop::begin_drain() {
    const Moment now = switchboard.now();
    drain_deadline = now.monotonic + commons.options.drain_ms * millisecond_us;
    for (Door& door : doors) {
        error_code ignored;
        door.acceptor.close(ignored);
        door.pause.cancel();
    }
    for (const std::unique_ptr<Connection>& connection : connections) {
        if (connection != nullptr) connection->drain(now);
    }
    stop_if_drained(now);
}

void IoThread::Loop::stop_if_drained(Moment now) {
    const bool is_done = connection_count == 0 && desk->calls_inside() == 0;
    if (is_done || now.monotonic >= drain_deadline) context.stop();
}

IoThread::IoThread(ServerCommons& commons) : loop_(std::make_shared<Loop>(commons)) {}

IoThread::~IoThread() = default;

void IoThread::listen(const Listening& socket) {
    loop_->doors.emplace_back(loop_->context, socket);
}

void IoThread::start(const DeskMaker& make_desk) {
    // The maker is copied: the thread outlives the caller's.
    loop_->thread = std::thread([loop = loop_.get(), make_desk, self = std::weak_ptr(loop_)] {
        ::pthread_setname_np(::pthread_self(), "coffer-io");
        take_short_turns();
        loop->run(make_desk, self);
    });
}

void IoThread::drain() {
    asio::post(loop_->context, [loop = loop_.get()] { loop->begin_drain(); });
}

void IoThread::join() {
    if (loop_->thread.joinable()) loop_->thread.join();
}

}  // namespace coffer
