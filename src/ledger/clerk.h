#pragma once
// A thread with a bounded queue of jobs, for what must not be done on the lane: lists and
// passwords.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "ledger/job.h"

namespace coffer {

class Clerk {
public:
    using Work = std::function<void(Job* job)>;
    Clerk(std::size_t queue_max, Work work);
    ~Clerk();  // finishes what is queued
    Clerk(const Clerk&) = delete;
    Clerk& operator=(const Clerk&) = delete;

    bool take(Job* job);  // false when the queue is full
    void stop();

private:
    void run();
    const std::size_t queue_max_;
    Work work_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Job*> queue_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace coffer
