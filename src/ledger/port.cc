#include "ledger/port.h"

#include <utility>

namespace coffer {

LedgerPort::LedgerPort(std::size_t intents_max, const KeyMaker& keys, std::function<void()> wake,
                       Route route)
    : intents_max_(intents_max), route_(std::move(route)), homes_(keys), wake_(std::move(wake)) {
    for (Shard shard = 0; shard < keys.shards(); ++shard)
        lanes_.push_back(std::make_unique<LaneSide>(intents_max));
}

Job* LedgerPort::take() {
    if (inside_ == intents_max_) return nullptr;
    ++inside_;
    if (free_.empty()) {
        all_.push_back(std::make_unique<Job>());
        return all_.back().get();
    }
    Job* job = free_.back();
    free_.pop_back();
    return job;
}

void LedgerPort::give(Job* job) {
    job->intent = RevokeSession{};  // the smallest one: what the intent held is let go
    // A list may be long. What else the outcome holds is let go where it was made, when the ledger
    // takes this job up again: records that one thread makes and another frees cost both of them
    // waits for each other's cache lines.
    job->outcome.movements = {};
    job->outcome.records = {};
    job->list_until = 0;
    --inside_;
    free_.push_back(job);
}

bool LedgerPort::submit(Tag tag, Intent& intent, Time deadline) {
    Job* job = take();
    if (job == nullptr) return false;
    job->tag = tag;
    job->port = this;
    job->deadline = deadline;
    job->known_player.clear();
    job->intent = std::move(intent);
    if (route_(*this, job)) return true;
    intent = std::move(job->intent);
    give(job);
    return false;
}

void LedgerPort::collect(const Port::Collect& collect) {
    {
        const std::lock_guard lock(mutex_);
        collected_.swap(done_);
    }
    for (Job* job : collected_) {
        homes_.learn(job->intent, job->outcome);
        collect(job->tag, job->intent, job->outcome);
        give(job);
    }
    collected_.clear();
}

void LedgerPort::forget_wake() {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
}

void LedgerPort::finish(std::vector<Job*>& jobs) {
    if (jobs.empty()) return;
    // The wake function is called under the lock so that it is not called once forget_wake() is
    // back.
    const std::lock_guard lock(mutex_);
    const bool was_empty = done_.empty();
    done_.insert(done_.end(), jobs.begin(), jobs.end());
    jobs.clear();
    if (was_empty && wake_) wake_();
}

}  // namespace coffer
