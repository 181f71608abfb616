#include "ledger/clerk.h"

#include <utility>

namespace coffer {

Clerk::Clerk(std::size_t queue_max, Work work)
    : queue_max_(queue_max), work_(std::move(work)), thread_([this] { run(); }) {}

Clerk::~Clerk() { stop(); }

bool Clerk::take(Job* job) {
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() >= queue_max_ || stopping_) return false;
        queue_.push_back(job);
    }
    arrived_.notify_one();
    return true;
}

void Clerk::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    arrived_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Clerk::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        Job* job = queue_.front();
        queue_.pop_front();
        lock.unlock();
        work_(job);
        lock.lock();
    }
}

}  // namespace coffer
