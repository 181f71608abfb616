#include "store/postgres_lender.h"

#include <chrono>
#include <utility>

namespace coffer {

namespace {

// How long nobody tries to reach a database that could not be reached.
constexpr Duration retry_every = 200 * millisecond_us;

}  // namespace

LinkPool::LinkPool(PostgresPlace place, const LinkLimits& limits, std::size_t links_max)
    : place_(std::move(place)), limits_(limits), links_max_(links_max) {}

Result<std::unique_ptr<PostgresLink>> LinkPool::take() {
    std::unique_lock lock(mutex_);
    const auto patience = std::chrono::microseconds(limits_.statements);
    const auto is_free = [&] { return !idle_.empty() || lent_ < links_max_; };
    if (!returned_.wait_for(lock, patience, is_free)) {
        return fail(ErrorCode::unavailable, "every connection to PostgreSQL is in use");
    }
    if (!idle_.empty()) {
        auto link = std::move(idle_.back());
        idle_.pop_back();
        ++lent_;
        return link;
    }
    const Time now = SystemClock().monotonic();
    if (failed_ != 0 && (opening_ || now - failed_ < retry_every)) return std::unexpected(failure_);
    ++lent_;
    opening_ = true;
    lock.unlock();
    auto link = PostgresLink::open(place_, limits_);
    lock.lock();
    opening_ = false;
    failed_ = link ? 0 : SystemClock().monotonic();
    if (!link) {
        failure_ = link.error();
        --lent_;
        returned_.notify_one();
    }
    return link;
}

void LinkPool::give_back(std::unique_ptr<PostgresLink> link) {
    link->leave_transaction();
    const std::lock_guard lock(mutex_);
    --lent_;
    if (link->broken()) {
        idle_.clear();  // the others are of the same time and most likely of the same fate
    } else {
        idle_.push_back(std::move(link));
    }
    returned_.notify_one();
}

Result<void> LinkPool::lend(const Use& use) {
    for (int attempt = 0;; ++attempt) {
        auto link = take();
        if (!link) return std::unexpected(std::move(link).error());
        auto used = use(**link);
        const bool again = !used && (*link)->broken() && attempt == 0;
        give_back(std::move(*link));
        if (!again) return used;
    }
}

Result<std::unique_ptr<SnapshotLender>> SnapshotLender::begin(const PostgresPlace& place,
                                                              const LinkLimits& limits) {
    auto link = PostgresLink::open(place, limits);
    if (!link) return std::unexpected(std::move(link).error());
    (*link)->queue(sql::think_long);
    (*link)->queue(sql::begin_snapshot);
    const auto begun = (*link)->ask();
    if (!begun) return std::unexpected(begun.error());
    return std::unique_ptr<SnapshotLender>(new SnapshotLender(std::move(*link)));
}

Result<void> SnapshotLender::lend(const Use& use) {
    const std::lock_guard lock(mutex_);
    return use(*link_);
}

}  // namespace coffer
