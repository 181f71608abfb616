#pragma once
// Where one io thread and the ledger's threads meet.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/ring.h"
#include "ledger/homes.h"
#include "ledger/job.h"

namespace coffer {

// The io thread submits and collects; any thread of the ledger finishes.
class LedgerPort {
public:
    // Takes a job further by its kind of intent: to the lane or to one of the other threads. False
    // when that thread's queue is full.
    using Route = std::function<bool(LedgerPort& port, Job* job)>;

    // With an inbox for the lane of each shard.
    LedgerPort(std::size_t intents_max, const KeyMaker& keys, std::function<void()> wake,
               Route route);

    bool submit(Tag tag, Intent& intent, Time deadline);
    void collect(const Port::Collect& collect);
    void forget_wake();  // the io thread goes away

    Homes& homes() { return homes_; }  // the io thread's

    // The lanes' side.
    Ring<Job*>& inbox(Shard shard) { return lanes_[shard]->inbox; }
    std::vector<Job*>& finished_by_lane(Shard shard) { return lanes_[shard]->finished; }
    // Any thread of the ledger: hands these back and wakes the io thread once.
    void finish(std::vector<Job*>& jobs);

private:
    Job* take();
    void give(Job* job);

    const std::size_t intents_max_;
    std::size_t inside_ = 0;  // io thread
    std::vector<std::unique_ptr<Job>> all_;
    std::vector<Job*> free_;
    std::vector<Job*> collected_;
    Route route_;
    Homes homes_;
    struct LaneSide {
        explicit LaneSide(std::size_t intents_max) : inbox(intents_max) {}
        Ring<Job*> inbox;
        std::vector<Job*> finished;
    };
    std::vector<std::unique_ptr<LaneSide>> lanes_;
    std::mutex mutex_;  // guards done_ and wake_
    std::vector<Job*> done_;
    std::function<void()> wake_;
};

}  // namespace coffer
