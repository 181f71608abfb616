#include "bench/load.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace coffer {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t silence_max_ns = 30 * second_ns;
constexpr std::int64_t progress_every_ns = 5 * second_ns;
constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t failure_words_max = 50;

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * second_ns + now.tv_nsec;
}

// What a failed answer says, so that it can be counted with its like: the first field that vendors
// put their word in, or how the body begins.
std::string word_in(const std::string& body) {
    for (const std::string_view name :
         {"\"error_code\"", "\"code\"", "\"message\"", "\"msg\"", "\"title\"", "\"error\""}) {
        std::size_t at = body.find(name);
        if (at == std::string::npos) continue;
        at = body.find_first_not_of(": ", at + name.size());
        const std::size_t end = body.find_first_of(",}", std::min(at, body.size()));
        if (at == std::string::npos || end == std::string::npos) continue;
        return body.substr(at, end - at);
    }
    return body.substr(0, 60);
}

class Socket {
public:
    explicit Socket(std::unique_ptr<Line> line) : line_(std::move(line)) {}
    ~Socket() { close(); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    Result<void> connect(const LoadOptions& options);
    void close() {
        if (file_ >= 0) ::close(file_);
        file_ = -1;
    }
    bool is_open() const { return file_ >= 0; }
    int file() const { return file_; }
    Line& line() { return *line_; }
    // Sends what there is to send. False when the connection is broken.
    bool flush();
    bool has_unsent() const { return sent_ < output_.size(); }

    std::size_t under_way = 0;
    bool is_dirty = false;  // calls were submitted since the last flush
    bool waits_to_write = false;

private:
    std::unique_ptr<Line> line_;
    int file_ = -1;
    std::string output_;
    std::size_t sent_ = 0;
};

Result<void> Socket::connect(const LoadOptions& options) {
    sockaddr_storage address{};
    socklen_t size = 0;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    if (::inet_pton(AF_INET, options.host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(options.port);
        size = sizeof(sockaddr_in);
    } else if (::inet_pton(AF_INET6, options.host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(options.port);
        size = sizeof(sockaddr_in6);
    } else {
        return fail(ErrorCode::invalid, options.host + " is not a numeric address");
    }
    file_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file_ < 0 || ::connect(file_, reinterpret_cast<sockaddr*>(&address), size) != 0) {
        return fail(ErrorCode::io, fmt::format("cannot connect to {} port {}: {}", options.host,
                                               options.port, std::strerror(errno)));
    }
    const int on = 1;
    ::setsockopt(file_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {};
}

bool Socket::flush() {
    is_dirty = false;
    if (!has_unsent()) {
        output_.clear();
        sent_ = 0;
        line_->take_output(output_);
    }
    while (has_unsent()) {
        const ssize_t sent = ::send(file_, output_.data() + sent_, output_.size() - sent_,
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        sent_ += static_cast<std::size_t>(sent);
        if (has_unsent()) continue;
        output_.clear();
        sent_ = 0;
        line_->take_output(output_);
    }
    return true;
}

class Load {
public:
    Load(const LoadOptions& options, CallMaker& maker, const Hear& hear)
        : options_(options), maker_(maker), hear_(hear), input_(read_bytes) {}
    ~Load() {
        if (epoll_ >= 0) ::close(epoll_);
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    Result<void> open();
    LoadReport run();

private:
    bool may_issue(std::int64_t now) const;
    void issue(std::int64_t now);
    void issue_on(Socket& socket, std::int64_t begun_ns);
    void wait(std::int64_t now);
    void read(Socket& socket);
    void hear_answers();
    void flush(Socket& socket);
    void lose(Socket& socket);
    void tell_progress(std::int64_t now);
    std::int64_t due_ns(std::uint64_t number) const {
        constexpr auto second = static_cast<std::uint64_t>(second_ns);
        const std::uint64_t rest = number % options_.rate * second / options_.rate;
        return start_ns_ + static_cast<std::int64_t>(number / options_.rate * second + rest);
    }

    const LoadOptions& options_;
    CallMaker& maker_;
    const Hear& hear_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    std::vector<Socket*> dirty_;
    int epoll_ = -1;
    std::size_t next_socket_ = 0;
    std::uint64_t under_way_ = 0;
    std::int64_t start_ns_ = 0, end_ns_ = 0, heard_ns_ = 0, told_ns_ = 0;
    std::uint64_t told_calls_ = 0;
    std::vector<char> input_;
    std::vector<Answer> answers_;
    LoadReport report_;
};

Result<void> Load::open() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) return fail(ErrorCode::io, "no epoll");
    for (std::size_t i = 0; i < options_.connections; ++i) {
        auto line = options_.protocol == LoadProtocol::h1
                        ? make_http1_line(maker_, options_.bodies)
                        : make_http2_line(maker_, options_.bodies);
        Socket& socket = *sockets_.emplace_back(std::make_unique<Socket>(std::move(line)));
        TRY(socket.connect(options_));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &socket;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.file(), &event) != 0) {
            return fail(ErrorCode::io, "epoll_ctl");
        }
    }
    // Without this the kernel may oversleep by 50 us, which an open loop would show as latency.
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    return {};
}

bool Load::may_issue(std::int64_t now) const {
    return (options_.calls == 0 || report_.issued < options_.calls) &&
           (end_ns_ == 0 || now < end_ns_);
}

void Load::issue_on(Socket& socket, std::int64_t begun_ns) {
    socket.line().submit(options_.first_number + report_.issued++, begun_ns);
    ++socket.under_way;
    ++under_way_;
    if (!std::exchange(socket.is_dirty, true)) dirty_.push_back(&socket);
}

// Round and round the connections, until none has room or nothing is due.
void Load::issue(std::int64_t now) {
    std::size_t full = 0;
    while (full < sockets_.size() && may_issue(now)) {
        if (options_.rate != 0 && due_ns(report_.issued) > now) return;
        Socket& socket = *sockets_[next_socket_];
        next_socket_ = next_socket_ + 1 == sockets_.size() ? 0 : next_socket_ + 1;
        if (!socket.is_open() || socket.under_way >= options_.streams) {
            ++full;
            continue;
        }
        full = 0;
        issue_on(socket, options_.rate != 0 ? due_ns(report_.issued) : now);
    }
}

void Load::wait(std::int64_t now) {
    std::int64_t timeout = second_ns / 10;
    if (options_.rate != 0 && may_issue(now)) {
        timeout = std::clamp<std::int64_t>(due_ns(report_.issued) - now, 0, timeout);
    }
    const timespec limit{.tv_sec = 0, .tv_nsec = timeout};
    std::array<epoll_event, 256> events;
    const int count =
        ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &limit, nullptr);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        Socket& socket = *static_cast<Socket*>(event.data.ptr);
        if (socket.is_open() && (event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0)
            read(socket);
        if (socket.is_open() && (event.events & EPOLLOUT) != 0) flush(socket);
    }
    hear_answers();
}

void Load::read(Socket& socket) {
    const ssize_t size = ::recv(socket.file(), input_.data(), input_.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const std::size_t before = answers_.size();
    const bool is_usable =
        size > 0 &&
        socket.line().receive({input_.data(), static_cast<std::size_t>(size)}, answers_);
    const std::size_t answered = answers_.size() - before;
    socket.under_way -= answered;
    under_way_ -= answered;
    if (!is_usable) return lose(socket);
    // Acknowledgements of the protocol's own want to be sent, too.
    if (!std::exchange(socket.is_dirty, true)) dirty_.push_back(&socket);
}

void Load::hear_answers() {
    if (answers_.empty()) return;
    const std::int64_t now = now_ns();
    heard_ns_ = now;
    for (const Answer& answer : answers_) {
        if (hear_) hear_(answer);
        if (answer.is_success()) {
            ++report_.acknowledged;
            report_.latency.add(now - answer.begun_ns);
            if (report_.is_acknowledged.size() <= answer.number) {
                report_.is_acknowledged.resize((answer.number + 1) * 2);
            }
            report_.is_acknowledged[answer.number] = true;
        } else if (answer.status == 0) {
            ++report_.unanswered;
        } else if (report_.failures.size() < failure_words_max) {
            ++report_.failures[fmt::format("{} {}", answer.status, word_in(answer.body))];
        } else {
            ++report_.failures["others"];
        }
    }
    answers_.clear();
}

void Load::flush(Socket& socket) {
    if (!socket.is_open()) return;
    if (!socket.flush()) return lose(socket);
    if (socket.has_unsent() == socket.waits_to_write) return;
    socket.waits_to_write = socket.has_unsent();
    epoll_event event{};
    event.events = EPOLLIN;
    if (socket.waits_to_write) event.events |= EPOLLOUT;
    event.data.ptr = &socket;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket.file(), &event);
}

void Load::lose(Socket& socket) {
    const std::size_t before = answers_.size();
    socket.line().give_up(answers_);
    under_way_ -= answers_.size() - before;
    socket.under_way = 0;
    socket.close();
}

void Load::tell_progress(std::int64_t now) {
    if (!options_.progress || now - told_ns_ < progress_every_ns) return;
    options_.progress((now - start_ns_) / 1'000'000, report_.acknowledged - told_calls_);
    told_ns_ = now;
    told_calls_ = report_.acknowledged;
}

LoadReport Load::run() {
    start_ns_ = heard_ns_ = told_ns_ = now_ns();
    if (options_.seconds != 0) end_ns_ = start_ns_ + options_.seconds * second_ns;
    report_.is_acknowledged.resize(options_.first_number + options_.calls);
    for (;;) {
        const std::int64_t now = now_ns();
        tell_progress(now);
        issue(now);
        for (std::size_t i = 0; i < dirty_.size(); ++i) flush(*dirty_[i]);
        dirty_.clear();
        if (under_way_ == 0) {
            hear_answers();
            heard_ns_ = std::max(heard_ns_, now);
            if (!may_issue(now)) break;
        }
        if (std::ranges::none_of(sockets_, [](const auto& each) { return each->is_open(); })) {
            report_.is_cut_short = true;
            break;
        }
        if (under_way_ > 0 && now - heard_ns_ > silence_max_ns) {
            for (const auto& socket : sockets_) lose(*socket);
            hear_answers();
            report_.is_cut_short = true;
            break;
        }
        wait(now);
    }
    report_.elapsed_ns = heard_ns_ - start_ns_;
    report_.is_acknowledged.resize(options_.first_number + report_.issued);
    return std::move(report_);
}

}  // namespace

Result<LoadReport> run_load(const LoadOptions& options, CallMaker& maker, const Hear& hear) {
    Load load(options, maker, hear);
    TRY(load.open());
    return load.run();
}

}  // namespace coffer
