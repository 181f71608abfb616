#pragma once
// Where calls are answered: finds the route, checks the credential, translates, submits, answers.
//
// One Desk per io thread, used by that thread only. It answers each accepted call exactly once
// through its ReplySink, either inside accept() or later inside poll(). When other threads (the
// lane, the history thread, the password thread) have finished something for this desk they call
// the wake function that the io thread gave, once a batch; the io thread then calls poll().

#include <cstdint>
#include <functional>
#include <memory>

#include "base/digest.h"
#include "dialect/call.h"

namespace coffer {

// Names a call between http and the desk; http chooses it and it is unique among calls in flight.
using CallToken = std::uint64_t;

class ReplySink {
public:
    virtual ~ReplySink() = default;
    virtual void reply(CallToken token, Reply reply) = 0;
};

class Desk {
public:
    virtual ~Desk() = default;
    virtual void accept(CallToken token, Call call) = 0;
    virtual void poll() = 0;
    // Calls accepted and not yet answered.
    virtual std::size_t calls_inside() const = 0;
};

class Throttle;
std::shared_ptr<Throttle> make_throttle();

struct DeskOptions {
    MasterKey master_key{};                 // unseals signing keys; ids and cursors derive from it
    std::uint32_t login_failures_max = 10;  // a minute, per (account, address) and per address
    std::string metrics_path = "/metrics";
    // Copies of one DeskOptions count together, so that several io threads are one door.
    std::shared_ptr<Throttle> throttle = make_throttle();
};

class Ledger;
class Metrics;
class Log;

// Makes the desk of one io thread; everything passed in must outlive it. /healthz, /readyz and
// /metrics are answered by it too.
std::unique_ptr<Desk> make_desk(Ledger& ledger, const DeskOptions& options, const Clock& clock,
                                Log& log, Metrics& metrics, ReplySink& sink,
                                std::function<void()> wake);

// Makes the desk of one io thread; `wake` may be called from any thread and must not block.
using DeskMaker = std::function<std::unique_ptr<Desk>(ReplySink& sink, std::function<void()> wake)>;

}  // namespace coffer
