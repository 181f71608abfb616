#pragma once
// "Submit this intent, get its outcome when it is durable."
//
// A Ledger owns its threads: a lane for each shard of the store, mostly one, which alone decides
// and writes there; one that reads lists and histories; one that hashes passwords. Each io thread
// has a Port: it submits there and collects there, from its own thread only. An outcome is handed
// out only when everything it shows is on stable storage. Everything is bounded: submit() says no
// when the port is full, and that no is the caller's "not now".

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ledger/directory.h"
#include "ledger/intent.h"
#include "ledger/outcome.h"
#include "store/store.h"

namespace coffer {

using Tag = std::uint64_t;  // the submitter's own name for an intent

class Port {
public:
    virtual ~Port() = default;
    // False when too much is under way here; the intent is then untouched. What is not written by
    // `deadline` (monotonic; 0: none) is dropped, and the fault is not_now.
    virtual bool submit(Tag tag, Intent& intent, Time deadline = 0) = 0;
    // Hands over everything that has become definite since the last call. The intent comes back
    // with its outcome, because the answer may have to echo it.
    using Collect = std::function<void(Tag tag, Intent& intent, Outcome& outcome)>;
    virtual void collect(const Collect& collect) = 0;
};

struct LedgerOptions {
    std::size_t port_intents_max = 8192;   // under way per port
    std::size_t batch_intents_max = 1024;  // decided and committed together
    std::size_t password_queue_max = 64;
    std::size_t history_queue_max = 1024;
};

class Ledger {
public:
    // Reads the directory and starts the threads. Everything passed in must outlive the ledger.
    static Result<std::unique_ptr<Ledger>> open(Store& store, const LedgerOptions& options,
                                                const Clock& clock, Log& log, Metrics& metrics);
    virtual ~Ledger() = default;  // finishes what was submitted, then stops the threads

    // A port for one more io thread. `wake` is called from the ledger's threads, once a batch, when
    // there is something to collect; it must not block. The port must not outlive the ledger.
    virtual std::unique_ptr<Port> open_port(std::function<void()> wake) = 0;

    // The directory as of the last durable change. The version rises with each; it is cheap to ask.
    virtual std::shared_ptr<const Directory> directory() const = 0;
    virtual std::uint64_t directory_version() const = 0;

    // False after a failed commit until the store takes writes again, and while a store that is
    // shared cannot be reached.
    virtual bool ready() const = 0;

    // Hands over the withdrawals to a chain that this process has made durable since the last call,
    // by the numbers of their requests. False when there were too many to keep: list them then.
    virtual bool take_queued(std::vector<Sequence>&) { return true; }

    // What the settler saw of a hot wallet, for whoever lists them.
    virtual void show(HotWalletSight) {}

    // Submits and waits: for start-up, tools and tests. Not from an io thread.
    virtual Outcome perform(Intent intent) = 0;
};

}  // namespace coffer
