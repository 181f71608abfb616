#pragma once
// A switchboard with a desk that echoes and a clock moved by hand, to drive a session without
// sockets. For tests and fuzzers.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "dialect/desk.h"
#include "http/switchboard.h"

namespace coffer {

// Answers at once with what it was sent, except under /hold, where it waits for release().
class EchoDesk final : public Desk {
public:
    explicit EchoDesk(ReplySink& sink) : sink_(sink) {}

    static Reply echo_of(const Call& call) {
        Reply reply;
        reply.status = call.body_too_large ? 413 : 200;
        if (call.path == "/nothing") reply.status = 204;
        if (call.path == "/refused") reply.status = 409;
        if (call.path == "/large") reply.body = std::string(1'000'000, 'x');
        if (call.path == "/injection") reply.headers.push_back({"x-bad", "a\r\nx-worse: b"});
        if (reply.body.empty()) reply.body = call.body_too_large ? "too large" : call.body;
        if (reply.body.empty()) reply.body = call.path;
        reply.headers.push_back({"X-Query", call.query});
        reply.headers.push_back({"X-Peer", call.peer_address});
        reply.headers.push_back({"X-Dialects", std::to_string(call.dialects)});
        reply.note = {.dialect = "echo", .verb = "echo", .outcome = "ok", .tenant = "tenant"};
        return reply;
    }

    void accept(CallToken token, Call call) override {
        calls.push_back(call);
        if (call.path.starts_with("/hold")) {
            held.emplace_back(token, std::move(call));
        } else {
            sink_.reply(token, echo_of(call));
        }
    }
    void release(std::size_t index) {
        const auto [token, call] = std::move(held.at(index));
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
        sink_.reply(token, echo_of(call));
    }
    void poll() override {}
    std::size_t calls_inside() const override { return held.size(); }

    std::vector<Call> calls;
    std::vector<std::pair<CallToken, Call>> held;

private:
    ReplySink& sink_;
};

struct SessionRoom {
    SessionRoom() {
        switchboard.connect(desk);
        line = switchboard.open_line();
    }

    template <class Kind>
    Kind& open() {
        auto made = std::make_unique<Kind>(switchboard, line, peer, switchboard.now());
        Kind& opened = *made;
        session = std::move(made);
        switchboard.set_session(line, session.get());
        return opened;
    }
    void close() {
        switchboard.set_session(line, nullptr);
        session.reset();
    }
    // What came out since the last time.
    std::string output() {
        std::string all;
        for (;;) {
            std::string some;
            session->take_output(some);
            if (some.empty()) return all;
            all += some;
            session->resume(switchboard.now());
        }
    }
    std::string exchange(std::string_view bytes) {
        session->receive(bytes, switchboard.now());
        return output();
    }
    void pass_ms(std::int64_t milliseconds) {
        clock.advance(milliseconds * millisecond_us);
        session->tick(switchboard.now());
    }

    HttpLimits limits;  // may be changed before open()
    ProxyList proxies;
    ManualClock clock{1'700'000'000 * second_us};
    Metrics metrics;
    CallMeter meter{nullptr, metrics};
    Switchboard switchboard{limits, proxies, clock, meter};
    EchoDesk desk{switchboard};
    Peer peer{.address = {}, .text = "192.0.2.7", .masked = "192.0.2.0", .dialects = 5};
    LineId line;
    std::unique_ptr<Session> session;
};

}  // namespace coffer
