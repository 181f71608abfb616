#pragma once
// The lane: one thread that owns every wallet, and with it every decision. In books of several
// shards each has a lane, which owns the wallets of the players who are at home there; the first
// shard's owns all else besides, and may lock the others' shards to write there.
//
// It gathers what has come in into a batch, reads what the batch needs, decides intent by intent,
// makes all changes last in one commit and only then hands the outcomes back. There is no timer:
// while one batch is being synced the next one is gathered and decided, over what the first will
// have made. If the first fails, so does the second.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/batch.h"
#include "ledger/port.h"
#include "ledger/queued.h"

namespace coffer {

// The directory as all threads see it; replaced by whoever has a newer one.
class SharedDirectory {
public:
    explicit SharedDirectory(Directory directory)
        : directory_(std::make_shared<const Directory>(std::move(directory))) {}
    std::shared_ptr<const Directory> get() const;
    void set(std::shared_ptr<const Directory> directory);  // unless it is older than what is there
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Directory> directory_;
    std::atomic<std::uint64_t> version_{1};
};

class Lane {
public:
    // Of that shard. What is not its own it hands over, to the first shard's lane.
    using HandOver = std::function<void(Job*)>;
    Lane(Store& store, Shard shard, const LedgerOptions& options, const Clock& clock, Log& log,
         Metrics& metrics, SharedDirectory& directory, HandOver hand_over);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    void start();
    void stop();  // finishes what has come in
    void add(std::shared_ptr<LedgerPort> port);
    // From other threads of the ledger: a job that they have prepared.
    void forward(Job* job);
    void ring();  // something has been submitted
    QueuedWithdrawals& queued() { return queued_; }
    bool ready() const { return ready_.load(std::memory_order_relaxed); }

private:
    struct Figures;
    // What wakes the lane. Shared with the store, which may ring it a moment after it is needed.
    struct Bell {
        std::atomic<std::uint32_t> rung{0};
        std::atomic<bool> committed{false};  // the commit under way need not be waited for
        void ring();
    };

    void run();
    bool turn();  // whether there was anything to do
    bool gather();
    void decide();
    void start_commit();
    void finish_commit();
    void undo();
    void forget();
    bool try_again(const Error& error);
    void settle_failure(const Error& error);
    void recover(const Error& error);
    void takes_writes();  // from now on, if it did not
    void hand_back(std::span<Job* const> jobs);

    Store& store_;
    const Shard shard_;
    const LedgerOptions options_;
    const Clock& clock_;
    Log& log_;
    SharedDirectory& shared_directory_;
    const HandOver hand_over_;
    std::unique_ptr<Figures> figures_;

    std::thread thread_;
    const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
    std::atomic<bool> stopping_{false};
    std::atomic<bool> ready_{true};
    std::mutex mutex_;  // guards ports_in_ and forwarded_
    std::vector<std::shared_ptr<LedgerPort>> ports_in_;
    std::vector<Job*> forwarded_;
    std::atomic<bool> has_news_{false};
    QueuedWithdrawals queued_;

    // The lane thread's own.
    std::vector<std::shared_ptr<LedgerPort>> ports_;
    Tip tip_;
    Batch batches_[2];
    Batch* open_ = &batches_[0];  // that is being decided
    Batch* committing_ = nullptr;
    Time commit_began_ = 0;
    std::vector<Job*> gulp_;
    std::vector<Job*> postponed_;  // to the next gulp
    std::vector<Job*> elsewhere_;  // to be handed over
    int retries_ = 0;              // of what the store aborted, without a success since
    Time retrying_since_ = 0;
};

}  // namespace coffer
