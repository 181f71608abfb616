#pragma once
// Looks into a store that other processes write to as well, a few times a second: for what they did
// to the directory, so that a credential revoked there is refused here though nobody calls; and for
// whether the store can be reached at all, so that /readyz tells the truth though nobody calls.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "ledger/lane.h"
#include "store/store.h"

namespace coffer {

class Watcher {
public:
    // What is passed in must outlive it.
    Watcher(const Store& store, Log& log, SharedDirectory& directory);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    bool reaches_store() const { return reaches_.load(std::memory_order_relaxed); }

private:
    void run();
    Result<void> look();

    const Store& store_;
    Log& log_;
    SharedDirectory& directory_;
    std::atomic<bool> reaches_{true};
    std::mutex mutex_;  // guards stopping_
    std::condition_variable stop_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace coffer
