#include "ledger/watcher.h"

#include <pthread.h>

#include <chrono>
#include <memory>
#include <utility>

namespace coffer {

namespace {

// A revoked credential must be refused everywhere within a second: four looks.
constexpr std::chrono::milliseconds look_every{250};

}  // namespace

Watcher::Watcher(const Store& store, Log& log, SharedDirectory& directory)
    : store_(store), log_(log), directory_(directory), thread_([this] {
          ::pthread_setname_np(::pthread_self(), "coffer-watcher");
          run();
      }) {}

Watcher::~Watcher() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_.notify_one();
    thread_.join();
}

void Watcher::run() {
    std::unique_lock lock(mutex_);
    while (!stop_.wait_for(lock, look_every, [this] { return stopping_; })) {
        lock.unlock();
        const auto looked = look();
        if (reaches_.exchange(looked.has_value()) != looked.has_value()) {
            if (looked) {
                log_.info("the store can be reached again");
            } else {
                log_.error("the store cannot be reached", {{"detail", looked.error().detail}});
            }
        }
        lock.lock();
    }
}

Result<void> Watcher::look() {
    const auto end = store_.poll();
    if (!end) return std::unexpected(end.error());
    if (end->directory <= directory_.get()->as_of()) return {};
    auto directory = Directory::load(store_);
    if (!directory) return std::unexpected(directory.error());
    directory_.set(std::make_shared<const Directory>(std::move(*directory)));
    return {};
}

}  // namespace coffer
