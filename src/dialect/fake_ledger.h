#pragma once
// For tests: a ledger that keeps what is submitted and answers what it is told, and a desk over it
// with a small world: tenant "acme", an operator integration in CRD with the secret "secret".

#include <deque>
#include <map>
#include <vector>

#include "dialect/desk_of.h"
#include "dialect/text.h"
#include "ledger/ledger.h"

namespace coffer {

class FakeLedger final : public Ledger {
public:
    struct Submitted {
        Tag tag;
        Intent intent;
        Time deadline = 0;
    };

    std::unique_ptr<coffer::Port> open_port(std::function<void()> wake) override;
    std::shared_ptr<const Directory> directory() const override { return directory_; }
    std::uint64_t directory_version() const override { return version_; }
    bool ready() const override { return is_ready; }
    Outcome perform(Intent) override { return {}; }

    void put(const std::vector<Record>& records) {
        directory_ = std::make_shared<const Directory>(directory_->with(records));
        ++version_;
    }
    // The outcome of the oldest intent that has none.
    void answer(Outcome outcome) {
        answered_.push_back({std::move(submitted.front()), std::move(outcome)});
        submitted.pop_front();
    }

    std::deque<Submitted> submitted;
    bool is_full = false;
    bool is_ready = true;

private:
    class OnePort;
    std::deque<std::pair<Submitted, Outcome>> answered_;
    std::shared_ptr<const Directory> directory_ = std::make_shared<const Directory>();
    std::uint64_t version_ = 1;
};

class FakeLedger::OnePort final : public coffer::Port {
public:
    explicit OnePort(FakeLedger& ledger) : ledger_(ledger) {}
    bool submit(Tag tag, Intent& intent, Time deadline) override {
        if (ledger_.is_full) return false;
        ledger_.submitted.push_back({tag, std::move(intent), deadline});
        return true;
    }
    void collect(const Collect& collect) override {
        while (!ledger_.answered_.empty()) {
            auto [asked, outcome] = std::move(ledger_.answered_.front());
            ledger_.answered_.pop_front();
            collect(asked.tag, asked.intent, outcome);
        }
    }

private:
    FakeLedger& ledger_;
};

inline std::unique_ptr<Port> FakeLedger::open_port(std::function<void()>) {
    return std::make_unique<OnePort>(*this);
}

// Integration 1 of the fake world, with settings of one's own.
inline Record operator_integration(IntegrationSettings settings) {
    return std::make_shared<const Integration>(
        Integration{.id = 1,
                    .tenant = 1,
                    .uid = "5f0c2b1e-0000-4000-8000-000000000001",
                    .dialect = DialectId::operator_,
                    .name = "game server",
                    .currencies = {1},
                    .settings = std::move(settings)});
}

// The answer to FindSession: a live session of that integration.
inline Outcome live_session() {
    return {.session = std::make_shared<const Session>(
                Session{.kind = SessionKind::operator_token, .tenant = 1, .integration = 1})};
}

class FakeDesk final : public ReplySink {
public:
    explicit FakeDesk(std::span<const Dialect* const> served)
        : log({.level = LogLevel::error}), clock(1'700'000'000'000'000) {
        ledger.put({std::make_shared<const Tenant>(Tenant{
                        .id = 1, .uid = "5f0c2b1e-0000-4000-8000-00000000000a", .name = "acme"}),
                    std::make_shared<const Currency>(Currency{
                        .id = 1, .tenant = 1, .code = "CRD", .name = "Credits", .scale = 1}),
                    operator_integration({}),
                    std::make_shared<const Credential>(
                        Credential{.uid = "5f0c2b1e-0000-4000-8000-0000000000c1",
                                   .tenant = 1,
                                   .integration = 1,
                                   .kind = CredentialKind::secret,
                                   .digest = sha256("secret"),
                                   .last_used = clock.wall()})});
        desk = make_desk_of(served, ledger, {}, clock, log, metrics, *this, [] {});
    }

    void reply(CallToken token, Reply reply) override { replies[token] = std::move(reply); }

    // A call as http would make it; headers as name and value in turn.
    Call call(Method method, std::string_view target, std::vector<std::string> headers = {},
              std::string body = {}) const {
        Call call{.method = method, .body = std::move(body), .peer_address = "192.0.2.1"};
        const std::size_t end = std::min(target.find('?'), target.size());
        call.path = target.substr(0, end);
        call.query = target.substr(std::min(end + 1, target.size()));
        for (std::size_t i = 0; i + 1 < headers.size(); i += 2) {
            call.headers.push_back({.name = headers[i], .value = headers[i + 1]});
        }
        call.arrived = clock.wall();
        call.arrived_monotonic = clock.monotonic();
        return call;
    }

    CallToken accept(Call call) {
        desk->accept(++last_token, std::move(call));
        return last_token;
    }
    // The answer to a call that must not reach the ledger.
    Reply answer(Call call) { return std::move(replies.at(accept(std::move(call)))); }
    // The answer to the latest call after the ledger has said that.
    Reply answer(Outcome outcome) {
        ledger.answer(std::move(outcome));
        desk->poll();
        return replies.contains(last_token) ? std::move(replies.at(last_token))
                                            : Reply{.status = 0};
    }
    // What the latest call made of itself; its session, if it has one, is found first.
    template <class Wanted>
    const Wanted& intent() {
        if (std::holds_alternative<FindSession>(ledger.submitted.back().intent)) {
            answer(live_session());
        }
        return std::get<Wanted>(ledger.submitted.back().intent);
    }

    Log log;
    Metrics metrics;
    ManualClock clock;
    FakeLedger ledger;
    std::unique_ptr<Desk> desk;
    std::map<CallToken, Reply> replies;
    CallToken last_token = 0;
};

// The value of a reply's header, or "".
inline std::string header_of(const Reply& reply, std::string_view name) {
    for (const Header& header : reply.headers) {
        if (header.name == name) return header.value;
    }
    return {};
}

}  // namespace coffer
