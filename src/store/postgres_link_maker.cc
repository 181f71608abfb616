#include "store/postgres_link_maker.h"

#include <chrono>
#include <utility>

namespace coffer {

namespace {

constexpr Duration retry_every = 200 * millisecond_us;

}  // namespace

LinkMaker::LinkMaker(PostgresPlace place, const LinkLimits& limits)
    : place_(std::move(place)), limits_(limits), thread_([this] { run(); }) {}

LinkMaker::~LinkMaker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

Result<std::unique_ptr<PostgresLink>> LinkMaker::take(Duration patience) {
    std::unique_lock lock(mutex_);
    wanted_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::microseconds(patience),
                      [this] { return made_ != nullptr; });
    if (!made_) return std::unexpected(failure_);
    wanted_ = false;
    return std::move(made_);
}

void LinkMaker::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || (wanted_ && !made_); });
        if (stopping_) return;
        lock.unlock();
        auto link = PostgresLink::open(place_, limits_);
        lock.lock();
        if (link) {
            made_ = std::move(*link);
            changed_.notify_all();
            continue;
        }
        failure_ = link.error();
        failure_.code = ErrorCode::unavailable;
        changed_.wait_for(lock, std::chrono::microseconds(retry_every),
                          [this] { return stopping_; });
    }
}

}  // namespace coffer
