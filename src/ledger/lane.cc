#include "ledger/lane.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/thread.h"

namespace coffer {

namespace {

// An aborted batch is tried again so often and no longer than this: its callers wait.
constexpr int batch_retries_max = 8;
constexpr Duration batch_patience = 2 * second_us;

// So many intents are looked at and decided together: enough to hide that nearly every record is a
// cache miss, few enough that they stay in the processor's own cache from the first look to the
// decision. Measured: 9 us an intent by 64, 12 by 512.
constexpr std::size_t gulp_intents_max = 64;

}  // namespace

std::shared_ptr<const Directory> SharedDirectory::get() const {
    const std::lock_guard lock(mutex_);
    return directory_;
}

void SharedDirectory::set(std::shared_ptr<const Directory> directory) {
    const std::lock_guard lock(mutex_);
    if (directory->as_of() < directory_->as_of()) return;
    directory_ = std::move(directory);
    version_.fetch_add(1, std::memory_order_release);
}

struct Lane::Figures {
    Figures(Metrics& metrics, Shard shard)
        : batch(metrics.histogram("coffer_batch_intents", "Intents decided together", 1)),
          changes(metrics.counter("coffer_changes_total", "Journal records written")),
          commit(metrics.histogram("coffer_commit_seconds", "Time to make a batch durable", 1e-6)),
          expired(metrics.counter(
              "coffer_deadline_dropped_total",
              "Intents dropped before they were written because their deadline had passed")),
          failures(metrics.counter("coffer_commit_failures_total", "Commits that failed")),
          retries(metrics.counter("coffer_batch_retries_total",
                                  "Batches decided once more because the store aborted them")),
          queue(metrics.gauge(
              "coffer_queue_intents", "Intents waiting for the lane",
              shard == 0 ? std::string() : "shard=\"" + std::to_string(shard) + "\"")) {}
    Histogram& batch;
    Counter& changes;
    Histogram& commit;
    Counter& expired;
    Counter& failures;
    Counter& retries;
    Gauge& queue;
};

Lane::Lane(Store& store, Shard shard, const LedgerOptions& options, const Clock& clock, Log& log,
           Metrics& metrics, SharedDirectory& directory, HandOver hand_over)
    : store_(store),
      shard_(shard),
      options_(options),
      clock_(clock),
      log_(log),
      shared_directory_(directory),
      hand_over_(std::move(hand_over)),
      figures_(std::make_unique<Figures>(metrics, shard)),
      batches_{Batch(store, shard, clock), Batch(store, shard, clock)} {
    const JournalEnd end = store.end();
    tip_ = {end.sequence + 1, end.time, directory.get()};
    open_->clear(nullptr, tip_);
}

Lane::~Lane() { stop(); }

void Lane::start() {
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "coffer-lane");
        take_short_turns();
        run();
    });
}

void Lane::stop() {
    if (!thread_.joinable()) return;
    stopping_.store(true);
    ring();
    thread_.join();
}

void Lane::add(std::shared_ptr<LedgerPort> port) {
    {
        const std::lock_guard lock(mutex_);
        ports_in_.push_back(std::move(port));
    }
    has_news_.store(true, std::memory_order_release);
    ring();
}

void Lane::forward(Job* job) {
    {
        const std::lock_guard lock(mutex_);
        forwarded_.push_back(job);
    }
    has_news_.store(true, std::memory_order_release);
    ring();
}

void Lane::Bell::ring() {
    rung.fetch_add(1, std::memory_order_release);
    rung.notify_one();
}

void Lane::ring() { bell_->ring(); }

void Lane::run() {
    for (;;) {
        const std::uint32_t heard = bell_->rung.load(std::memory_order_acquire);
        if (turn()) continue;
        if (committing_ == nullptr) {
            if (stopping_.load()) return;
            if (!ready_.load(std::memory_order_relaxed)) {
                // Nobody may be calling while /readyz says no, so the store is asked again by
                // itself.
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
                recover(Error{ErrorCode::full, "still no space"});
                continue;
            }
        }
        bell_->rung.wait(heard, std::memory_order_acquire);
    }
}

bool Lane::turn() {
    bool did = false;
    if (committing_ != nullptr && bell_->committed.load(std::memory_order_acquire)) {
        finish_commit();
        did = true;
    }
    // What was decided meanwhile first, so that the store has something to do.
    start_commit();
    if (gather()) {
        decide();
        did = true;
    }
    start_commit();
    return did;
}

bool Lane::gather() {
    gulp_.clear();
    const std::size_t decided = open_->jobs().size();
    if (decided >= options_.batch_intents_max) return false;
    const std::size_t gulp_max =
        store_.commits_aside() ? gulp_intents_max : options_.batch_intents_max;
    const std::size_t room = std::min(gulp_max, options_.batch_intents_max - decided);
    gulp_.swap(postponed_);
    if (has_news_.exchange(false, std::memory_order_acquire)) {
        const std::lock_guard lock(mutex_);
        ports_.insert(ports_.end(), ports_in_.begin(), ports_in_.end());
        ports_in_.clear();
        gulp_.insert(gulp_.end(), forwarded_.begin(), forwarded_.end());
        forwarded_.clear();
    }
    std::size_t waiting = 0;
    for (const auto& port : ports_) {
        Job* job = nullptr;
        while (gulp_.size() < room && port->inbox(shard_).pop(job)) gulp_.push_back(job);
        waiting += port->inbox(shard_).size();
    }
    figures_->queue.set(static_cast<std::int64_t>(waiting));
    return !gulp_.empty();
}

void Lane::decide() {
    const auto decided = open_->add(gulp_, tip_, postponed_, elsewhere_);
    for (Job* job : std::exchange(elsewhere_, {})) hand_over_(job);
    if (decided) return;
    // What was decided before it, and may yet be true, is seen to first.
    if (committing_ != nullptr) finish_commit();
    if (open_->jobs().empty()) return;  // it has failed with that
    if (!try_again(decided.error())) settle_failure(decided.error());
}

// Of what is decided, if nothing else is being committed. A batch of which all was handed over
// ends, too, because it has the lock.
void Lane::start_commit() {
    if (committing_ != nullptr || !open_->is_open()) return;
    committing_ = std::exchange(open_, open_ == &batches_[0] ? &batches_[1] : &batches_[0]);
    open_->clear(committing_, tip_);
    if (!committing_->jobs().empty()) figures_->batch.observe(committing_->jobs().size());
    figures_->expired.add(committing_->expired());
    commit_began_ = clock_.monotonic();
    bell_->committed.store(false, std::memory_order_relaxed);
    store_.start_commit(committing_->changes(), [bell = bell_] {
        bell->committed.store(true, std::memory_order_release);
        bell->ring();
    });
}

void Lane::finish_commit() {
    const auto committed = store_.finish_commit();
    if (!committed) {
        if (!try_again(committed.error())) settle_failure(committed.error());
        return;
    }
    const Time now = clock_.monotonic();
    retries_ = 0;
    if (!committing_->changes().empty()) {
        figures_->commit.observe(
            static_cast<std::uint64_t>(std::max<Time>(0, now - commit_began_)));
        // From here on everything that the batch decided is true for good.
        figures_->changes.add(committing_->changes().size());
        takes_writes();
        if (committing_->directory()) shared_directory_.set(committing_->directory());
        queued_.note(committing_->jobs());
    }
    hand_back(std::exchange(committing_, nullptr)->jobs());
    // The next batch may have waited for this one for too long: what is too late is dropped before
    // it is written, and the others are decided without it.
    if (open_->is_late(now)) undo();
    if (open_->jobs().empty()) open_->clear(nullptr, tip_);
}

// What these batches decided has not happened; whoever waits for it is decided anew.
void Lane::undo() {
    for (Batch* batch : {committing_, open_}) {
        if (batch == nullptr) continue;
        postponed_.insert(postponed_.end(), batch->jobs().begin(), batch->jobs().end());
    }
    forget();
}

void Lane::forget() {
    tip_ = (committing_ != nullptr ? committing_ : open_)->start();
    tip_.directory = shared_directory_.get();
    committing_ = nullptr;
    open_->clear(nullptr, tip_);
}

// Of what the store has aborted nothing is true, so that it may be decided once more, on newer
// records.
bool Lane::try_again(const Error& error) {
    if (error.code != ErrorCode::aborted) return false;
    const Time now = clock_.monotonic();
    if (retries_ == 0) retrying_since_ = now;
    if (retries_ >= batch_retries_max || now - retrying_since_ >= batch_patience) return false;
    ++retries_;
    figures_->retries.add();
    undo();
    return true;
}

// Nothing of what is undecided counts: every caller hears "not now" and finds the truth by asking
// again with the same id. What the store made of it is read back before anything else is decided.
void Lane::settle_failure(const Error& error) {
    figures_->failures.add();
    retries_ = 0;
    // Said once: under load a full disk refuses thousands of batches, which the metric counts.
    if (ready_.exchange(false)) {
        log_.error("the batch was not made durable", {{"detail", error.detail}});
    }
    std::vector<Job*> jobs;
    for (const Batch* batch : {committing_, open_}) {
        if (batch != nullptr) jobs.insert(jobs.end(), batch->jobs().begin(), batch->jobs().end());
    }
    forget();
    for (Job* job : jobs) {
        job->outcome = Outcome{};
        job->outcome.fault = Fault::not_now;
    }
    recover(error);
    hand_back(jobs);
}

void Lane::recover(const Error& error) {
    const auto end = store_.recover();
    if (!end) {
        // Asked again by run() and by the next batch, whatever began it.
        const ErrorCode code = end.error().code;
        if (code == ErrorCode::full || code == ErrorCode::unavailable) return;
        // A failed sync leaves unknown what is on the disk; only a new start can tell.
        std::fprintf(
            stderr,
            "coffer: the store failed for good: %s; %s. Stopping; start again to recover.\n",
            error.detail.c_str(), end.error().detail.c_str());
        _exit(70);
    }
    tip_.next = end->sequence + 1;
    tip_.time = std::max(tip_.time, end->time);
    if (auto directory = Directory::load(store_)) {
        tip_.directory = std::make_shared<const Directory>(std::move(*directory));
        shared_directory_.set(tip_.directory);
    }
    open_->clear(nullptr, tip_);
    takes_writes();
}

void Lane::takes_writes() {
    if (ready_.load(std::memory_order_relaxed)) return;
    ready_.store(true);
    log_.info("the store takes writes again");
}

void Lane::hand_back(std::span<Job* const> jobs) {
    for (Job* job : jobs) job->port->finished_by_lane(shard_).push_back(job);
    for (const auto& port : ports_) port->finish(port->finished_by_lane(shard_));
}

}  // namespace coffer
