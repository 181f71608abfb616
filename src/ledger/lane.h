#pragma once
// The lane: one thread that owns every wallet, and with it every decision.
//
// It gathers what has come in into a batch, reads what the batch needs, decides intent by intent,
// makes all changes last in one commit and only then hands the outcomes back. There is no timer:
// while one batch is being synced the next one gathers.

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/decide.h"
#include "ledger/job.h"
#include "ledger/port.h"
#include "ledger/working_set.h"

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
    Lane(Store& store, const LedgerOptions& options, const Clock& clock, Log& log, Metrics& metrics,
         SharedDirectory& directory);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    void start();
    void stop();  // finishes what has come in
    void add(std::shared_ptr<LedgerPort> port);
    // From other threads of the ledger: a job that they have prepared.
    void forward(Job* job);
    void ring();  // something has been submitted
    bool ready() const { return ready_.load(std::memory_order_relaxed); }

private:
    struct Figures;
    void run();
    bool gather();
    void process();
    Result<void> carry_out();
    Result<void> look();
    Result<void> begin();
    void decide_all(Time now);
    void apply(Job& job, Decision decision, Time now);
    std::vector<Hash16> show(const Job& job, const Decision& decision);
    void forget();
    void settle_failure(const Error& error);
    void recover(const Error& error);
    void takes_writes();  // from now on, if it did not
    Result<Change> change(Sequence sequence) const;
    Result<void> tell_original(Outcome& outcome) const;
    void publish_directory();
    void hand_back();

    Store& store_;
    const LedgerOptions options_;
    const Clock& clock_;
    Log& log_;
    SharedDirectory& shared_directory_;
    std::unique_ptr<Figures> figures_;

    std::thread thread_;
    std::atomic<std::uint32_t> bell_{0};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> ready_{true};
    std::mutex mutex_;  // guards ports_in_ and forwarded_
    std::vector<std::shared_ptr<LedgerPort>> ports_in_;
    std::vector<Job*> forwarded_;
    std::atomic<bool> has_news_{false};

    // The lane thread's own.
    std::vector<std::shared_ptr<LedgerPort>> ports_;
    std::vector<Job*> batch_;
    std::vector<Job*> postponed_;  // to the next batch
    std::vector<Change> changes_;
    WorkingSet working_set_;
    Sequence next_ = 1;
    Time last_time_ = 0;
    bool directory_changed_ = false;
    std::shared_ptr<const Directory> directory_;
    std::vector<std::shared_ptr<const Directory>>
        directories_;  // that views of this batch may hold
};

}  // namespace coffer
