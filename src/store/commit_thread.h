#pragma once
// A thread that does the same work whenever it is asked to, while who asked does something else.

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "base/thread.h"

namespace coffer {

// For one asking thread. The thread is made when it is asked for the first time.
class CommitThread {
public:
    explicit CommitThread(std::function<void()> work) : work_(std::move(work)) {}
    ~CommitThread() {
        if (!thread_.joinable()) return;
        wait();
        stopping_ = true;
        ask();
        thread_.join();
    }
    CommitThread(const CommitThread&) = delete;
    CommitThread& operator=(const CommitThread&) = delete;

    // Not while the work is under way. `done` is called on the thread, when wait() would not wait;
    // who asked may have gone on by then, so it must own what it uses.
    void start(std::function<void()> done) {
        done_ = std::move(done);
        busy_.store(true, std::memory_order_relaxed);
        ask();
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    }
    void wait() const { busy_.wait(true, std::memory_order_acquire); }

private:
    void ask() {
        asked_.fetch_add(1, std::memory_order_release);
        asked_.notify_one();
    }
    void run() {
        ::pthread_setname_np(::pthread_self(), "coffer-commit");
        take_short_turns();
        for (std::uint32_t answered = 0;; ++answered) {
            asked_.wait(answered, std::memory_order_acquire);
            if (stopping_) return;
            work_();
            const std::function<void()> done = std::move(done_);
            busy_.store(false, std::memory_order_release);
            busy_.notify_one();
            done();
        }
    }

    const std::function<void()> work_;
    std::function<void()> done_;
    bool stopping_ = false;
    std::atomic<std::uint32_t> asked_{0};
    std::atomic<bool> busy_{false};
    std::thread thread_;
};

}  // namespace coffer
