#pragma once
// Which withdrawals to a chain the lane has made durable, for whoever settles them: written by the
// lane once a batch, taken from any thread. Nobody may be asking, so that there is an end to what
// is kept; beyond it the asker is told to list them instead.

#include <mutex>
#include <utility>
#include <vector>

#include "ledger/job.h"

namespace coffer {

class QueuedWithdrawals {
public:
    static constexpr std::size_t kept_max = 10'000;

    void note(const std::vector<Job*>& batch) {
        for (const Job* job : batch) {
            const Outcome& outcome = job->outcome;
            if (!outcome.withdrawal || outcome.replay || !outcome.transaction ||
                outcome.transaction->kind != TransactionKind::withdraw) {
                continue;
            }
            const std::lock_guard lock(mutex_);
            is_whole_ = is_whole_ && kept_.size() < kept_max;
            if (kept_.size() < kept_max) kept_.push_back(outcome.transaction->sequence);
        }
    }
    // False when some were not kept.
    bool take(std::vector<Sequence>& into) {
        const std::lock_guard lock(mutex_);
        into.swap(kept_);
        kept_.clear();
        return std::exchange(is_whole_, true);
    }

private:
    std::mutex mutex_;
    std::vector<Sequence> kept_;
    bool is_whole_ = true;
};

}  // namespace coffer
