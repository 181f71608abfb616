#include "http/server_fixture.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

#include "http/session_fixture.h"

namespace coffer {
namespace {

class GatedDesk final : public Desk {
public:
    GatedDesk(ReplySink& sink, std::function<void()> wake, Gate& gate)
        : sink_(sink), wake_(std::move(wake)), gate_(gate), worker_([this] { work(); }) {}

    ~GatedDesk() override {
        {
            const std::lock_guard lock(mutex_);
            is_ending_ = true;
        }
        changed_.notify_all();
        worker_.join();
    }

    void accept(CallToken token, Call call) override {
        gate_.count_accepted();
        if (call.path.starts_with("/hold")) {
            held_.emplace_back(token, std::move(call));
            gate_.hold(wake_);
        } else if (call.path.starts_with("/later")) {
            ++later_;
            const std::lock_guard lock(mutex_);
            asked_.emplace_back(token, std::move(call));
            changed_.notify_all();
        } else {
            answer(token, EchoDesk::echo_of(call));
        }
    }

    void poll() override {
        std::deque<std::pair<CallToken, Reply>> ready;
        {
            const std::lock_guard lock(mutex_);
            ready.swap(ready_);
        }
        later_ -= ready.size();
        for (auto& [token, reply] : ready) answer(token, std::move(reply));
        if (!gate_.is_open()) return;
        for (auto& [token, call] : std::exchange(held_, {})) answer(token, EchoDesk::echo_of(call));
    }

    std::size_t calls_inside() const override { return held_.size() + later_; }

private:
    void answer(CallToken token, Reply reply) {
        gate_.count_answered();
        sink_.reply(token, std::move(reply));
    }

    // Answers in batches and wakes once a batch, as the lane does.
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return is_ending_ || !asked_.empty(); });
            if (is_ending_) return;
            for (auto& [token, call] : asked_) ready_.emplace_back(token, EchoDesk::echo_of(call));
            asked_.clear();
            lock.unlock();
            wake_();
            lock.lock();
        }
    }

    ReplySink& sink_;
    std::function<void()> wake_;
    Gate& gate_;
    std::vector<std::pair<CallToken, Call>> held_;
    std::size_t later_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::pair<CallToken, Call>> asked_;
    std::deque<std::pair<CallToken, Reply>> ready_;
    bool is_ending_ = false;
    std::thread worker_;
};

}  // namespace

void Gate::open() {
    std::vector<std::function<void()>> wakes;
    {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        wakes.swap(wakes_);
    }
    for (const auto& wake : wakes) wake();
}

void Gate::wait_until_held(std::size_t calls) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return wakes_.size() >= calls; });
}

bool Gate::is_open() {
    const std::lock_guard lock(mutex_);
    return is_open_;
}

void Gate::hold(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wakes_.push_back(std::move(wake));
    changed_.notify_all();
}

std::size_t Gate::accepted() {
    const std::lock_guard lock(mutex_);
    return accepted_;
}

std::size_t Gate::answered() {
    const std::lock_guard lock(mutex_);
    return answered_;
}

void Gate::count_accepted() {
    const std::lock_guard lock(mutex_);
    ++accepted_;
}

void Gate::count_answered() {
    const std::lock_guard lock(mutex_);
    ++answered_;
}

TestServer::TestServer() { options.listen.emplace_back(); }

TestServer::~TestServer() { stop(); }

Result<void> TestServer::start() {
    auto started = Server::start(
        options,
        [this](ReplySink& sink, std::function<void()> wake) -> std::unique_ptr<Desk> {
            return std::make_unique<GatedDesk>(sink, std::move(wake), gate);
        },
        clock, log, metrics);
    if (!started) return std::unexpected(std::move(started).error());
    server = std::move(*started);
    return {};
}

void TestServer::stop() {
    if (server != nullptr) server->stop();
}

std::uint16_t TestServer::port(std::size_t listener) const {
    return server->bound().at(listener).port;
}

std::string TestServer::url(std::string_view path, std::string_view scheme) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

std::uint64_t TestServer::refused(std::string_view protocol, std::string_view reason) {
    return metrics
        .counter(
            "coffer_protocol_errors_total", "Requests and connections that http refused by itself.",
            "protocol=\"" + std::string(protocol) + "\",reason=\"" + std::string(reason) + "\"")
        .value();
}

CommandResult run_command(const std::string& command) {
    CommandResult result;
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return result;
    std::array<char, 4096> buffer;
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        result.output.append(buffer.data(), size);
    }
    const int status = ::pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "coffer_http_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string TemporaryFolder::path(std::string_view name) const { return (folder_ / name).string(); }

RawPeer::RawPeer(std::uint16_t port, Reading reading)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (socket_ < 0) throw std::runtime_error("there is no socket");
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (reading == Reading::reluctant) {
        const int smallest = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

RawPeer::~RawPeer() { ::close(socket_); }

bool RawPeer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string RawPeer::receive() {
    std::array<char, 16 * 1024> buffer;
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return size <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::string RawPeer::receive_until(std::string_view text) {
    std::string all;
    while (all.find(text) == std::string::npos) {
        const std::string some = receive();
        if (some.empty()) break;
        all += some;
    }
    return all;
}

std::string RawPeer::receive_all() {
    std::string all;
    for (std::string some = receive(); !some.empty(); some = receive()) all += some;
    return all;
}

}  // namespace coffer
