#include "ledger/lane.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/check.h"
#include "ledger/enroll.h"
#include "ledger/history.h"
#include "ledger/sight.h"

namespace coffer {

namespace {

// An aborted batch is tried again so often and no longer than this: its callers wait.
constexpr int batch_retries_max = 8;
constexpr Duration batch_patience = 2 * second_us;

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
    explicit Figures(Metrics& metrics)
        : batch(metrics.histogram("coffer_batch_intents", "Intents decided together", 1)),
          changes(metrics.counter("coffer_changes_total", "Journal records written")),
          commit(metrics.histogram("coffer_commit_seconds", "Time to make a batch durable", 1e-6)),
          expired(metrics.counter(
              "coffer_deadline_dropped_total",
              "Intents dropped before they were written because their deadline had passed")),
          failures(metrics.counter("coffer_commit_failures_total", "Commits that failed")),
          retries(metrics.counter("coffer_batch_retries_total",
                                  "Batches decided once more because the store aborted them")),
          queue(metrics.gauge("coffer_queue_intents", "Intents waiting for the lane")) {}
    Histogram& batch;
    Counter& changes;
    Histogram& commit;
    Counter& expired;
    Counter& failures;
    Counter& retries;
    Gauge& queue;
};

Lane::Lane(Store& store, const LedgerOptions& options, const Clock& clock, Log& log,
           Metrics& metrics, SharedDirectory& directory)
    : store_(store),
      options_(options),
      clock_(clock),
      log_(log),
      shared_directory_(directory),
      figures_(std::make_unique<Figures>(metrics)),
      working_set_(store),
      directory_(directory.get()) {
    const JournalEnd end = store.end();
    next_ = end.sequence + 1;
    last_time_ = end.time;
    batch_.reserve(options.batch_intents_max);
}

Lane::~Lane() { stop(); }

void Lane::start() {
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "coffer-lane");
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

void Lane::ring() {
    bell_.fetch_add(1, std::memory_order_release);
    bell_.notify_one();
}

void Lane::run() {
    for (;;) {
        const std::uint32_t heard = bell_.load(std::memory_order_acquire);
        if (gather()) {
            process();
            continue;
        }
        if (stopping_.load()) return;
        if (!ready_.load(std::memory_order_relaxed)) {
            // Nobody may be calling while /readyz says no, so the store is asked again by itself.
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            recover(Error{ErrorCode::full, "still no space"});
            continue;
        }
        bell_.wait(heard, std::memory_order_acquire);
    }
}

bool Lane::gather() {
    batch_.clear();
    batch_.swap(postponed_);
    if (has_news_.exchange(false, std::memory_order_acquire)) {
        const std::lock_guard lock(mutex_);
        ports_.insert(ports_.end(), ports_in_.begin(), ports_in_.end());
        ports_in_.clear();
        batch_.insert(batch_.end(), forwarded_.begin(), forwarded_.end());
        forwarded_.clear();
    }
    std::size_t waiting = 0;
    for (const auto& port : ports_) {
        Job* job = nullptr;
        while (batch_.size() < options_.batch_intents_max && port->inbox().pop(job))
            batch_.push_back(job);
        waiting += port->inbox().size();
    }
    figures_->queue.set(static_cast<std::int64_t>(waiting));
    return !batch_.empty();
}

void Lane::process() {
    figures_->batch.observe(batch_.size());
    const Time began = clock_.monotonic();
    auto done = carry_out();
    // Of an aborted batch nothing is true, so that it may be decided once more, on newer records.
    for (int again = 0; !done && done.error().code == ErrorCode::aborted &&
                        again < batch_retries_max && clock_.monotonic() - began < batch_patience;
         ++again) {
        forget();
        figures_->retries.add();
        done = carry_out();
    }
    if (!done) settle_failure(done.error());
    hand_back();
}

Result<void> Lane::carry_out() {
    for (Job* job : batch_) job->outcome = Outcome{};  // that of the call before, or of a try
    TRY(look());
    const Time now = std::max(clock_.wall(), last_time_);
    decide_all(now);
    const Time began = clock_.monotonic();
    TRY(store_.commit(changes_));
    if (changes_.empty()) return {};
    figures_->commit.observe(
        static_cast<std::uint64_t>(std::max<Time>(0, clock_.monotonic() - began)));
    // From here on everything that this batch decided is true for good.
    figures_->changes.add(changes_.size());
    last_time_ = now;
    takes_writes();
    publish_directory();
    return {};
}

Result<void> Lane::look() {
    working_set_.clear();
    const KeyMaker& keys = store_.keys();
    directories_.clear();
    TRY(begin());
    for (Job* job : batch_) name_bearer(*job, working_set_, keys, *directory_);
    TRY(working_set_.fetch());
    for (Job* job : batch_) name_subject(*job, working_set_, keys, *directory_);
    TRY(working_set_.fetch());
    for (Job* job : batch_) name_spent(*job, working_set_, keys);
    return working_set_.fetch();
}

// From here to the commit the journal is this lane's. Another process may have written since the
// last batch, and what it did to the directory is obeyed before anything is decided.
Result<void> Lane::begin() {
    for (Job* job : batch_) name_caller(*job, working_set_, store_.keys(), *directory_);
    const auto end = working_set_.begin();
    if (!end) return std::unexpected(end.error());
    next_ = end->sequence + 1;
    last_time_ = std::max(last_time_, end->time);
    if (end->directory <= directory_->as_of()) return {};
    auto directory = Directory::load(store_);
    if (!directory) return std::unexpected(directory.error());
    directory_ = std::make_shared<const Directory>(std::move(*directory));
    shared_directory_.set(directory_);
    working_set_.clear();
    for (Job* job : batch_) name_caller(*job, working_set_, store_.keys(), *directory_);
    return working_set_.fetch();
}

namespace {

struct Decider {
    const View& view;
    Extra extra;

    Decision operator()(const Move& move) const { return decide(view, move); }
    Decision operator()(const AskStatus& ask) const { return decide(view, ask); }
    Decision operator()(const AskBalance& ask) const {
        Decision decision = decide(view, ask);
        if (!ask.every_currency || !decision.outcome.done()) return decision;
        for (const Record& wallet : extra) {
            if (!std::holds_alternative<std::monostate>(wallet))
                decision.outcome.records.push_back(wallet);
        }
        return decision;
    }
    Decision operator()(const ListMovements&) const { return misrouted(); }
    Decision operator()(const FindTransaction&) const { return misrouted(); }
    Decision operator()(const ListWallets&) const { return misrouted(); }
    Decision operator()(const ListRounds&) const { return misrouted(); }
    Decision operator()(const ListRecords&) const { return misrouted(); }
    template <class Change>
    Decision operator()(const Change& change) const {
        return enroll(view, change, extra);
    }
    static Decision misrouted() { CHECK(false && "lists are not the lane's business"); }
};

bool is_directory_record(const Record& record) {
    return std::holds_alternative<Ptr<Tenant>>(record) ||
           std::holds_alternative<Ptr<Currency>>(record) ||
           std::holds_alternative<Ptr<Integration>>(record) ||
           std::holds_alternative<Ptr<Credential>>(record);
}

}  // namespace

void Lane::decide_all(Time now) {
    const Time monotonic = clock_.monotonic();
    std::vector<Record> extra;
    for (Job* job : batch_) {
        const Caller* caller = job->sight.caller;
        if (caller != nullptr && caller->deadline != 0 && monotonic > caller->deadline) {
            job->outcome.fault = Fault::not_now;
            figures_->expired.add();
            continue;
        }
        if (!names_hold(*job, working_set_)) {
            postponed_.push_back(job);
            continue;
        }
        View view = view_of(*job, working_set_, *directory_);
        view.now = now;
        view.next = next_;
        extra.clear();
        for (const Seen& seen : job->sight.extra) extra.push_back(working_set_.get(seen));
        apply(*job, std::visit(Decider{view, extra}, job->intent), now);
    }
    if (postponed_.empty()) return;
    std::erase_if(batch_, [this](Job* job) {
        return std::find(postponed_.begin(), postponed_.end(), job) != postponed_.end();
    });
}

namespace {

// Moves whose records all bear the names that the lane saw them under, which are nearly all. What
// a reversal or a rollback does is done to another's key and round.
bool keeps_its_names(const Move& move) {
    return move.kind != TransactionKind::reversal && move.kind != TransactionKind::rollback;
}

// Where such a move saw the record that it makes, if it did.
const Seen* in_sight(const Job& job, const Record& record) {
    const Move* move = std::get_if<Move>(&job.intent);
    if (move == nullptr || !keeps_its_names(*move)) return nullptr;
    const Seen* seen = nullptr;
    if (std::holds_alternative<Ptr<Wallet>>(record)) seen = &job.sight.wallet;
    if (std::holds_alternative<Ptr<Round>>(record)) seen = &job.sight.round;
    return seen != nullptr && seen->name.kind != RecordKind::none ? seen : nullptr;
}

// Whether the transaction that such a move makes takes the id that the move came with.
bool names_its_transaction(const Job& job) {
    const Move* move = std::get_if<Move>(&job.intent);
    return move != nullptr && keeps_its_names(*move) && job.sight.key.name.kind != RecordKind::none;
}

Ptr<Key> key_of(const std::shared_ptr<Transaction>& transaction) {
    auto key = std::make_shared<Key>();
    key->tenant = transaction->tenant;
    key->integration = transaction->integration;
    key->player = transaction->player;
    key->group = transaction->group;
    key->external_id = transaction->external_id;
    key->state = static_cast<KeyState>(transaction->status);
    key->original = transaction->sequence;
    key->transaction = transaction;
    return key;
}

// The record as a reader of the store would get it: a Key that was made together with a transaction
// points to that.
Record whole(const Record& record, const std::shared_ptr<Transaction>& transaction) {
    const auto* key = std::get_if<Ptr<Key>>(&record);
    if (key == nullptr || (*key)->transaction || !transaction) return record;
    Key filled = **key;
    filled.transaction = transaction;
    return std::make_shared<const Key>(std::move(filled));
}

}  // namespace

// Shows the rest of the batch what was decided, and returns the names of it all as Change::names
// wants them: each name is made once, by whoever needs it first.
std::vector<Hash16> Lane::show(const Job& job, const Decision& decision) {
    const KeyMaker& keys = store_.keys();
    std::vector<Hash16> names;
    names.reserve(decision.puts.size() + 1);
    const auto put_seen = [&](const Seen& seen, Record record) {
        names.push_back(seen.name.hash);
        working_set_.put(seen, std::move(record));
    };
    const auto put = [&](const RecordKey& name, Record record) {
        names.push_back(name.hash);
        working_set_.put(name, std::move(record));
    };
    if (decision.transaction) {
        Ptr<Key> taken = key_of(decision.transaction);
        if (names_its_transaction(job)) {
            put_seen(job.sight.key, std::move(taken));
        } else {
            put(keys.of(*decision.transaction), std::move(taken));
        }
    }
    for (const Record& record : decision.puts) {
        if (const Seen* seen = in_sight(job, record)) {
            put_seen(*seen, record);
        } else {
            put(keys.of(record), whole(record, decision.transaction));
        }
    }
    return names;
}

void Lane::apply(Job& job, Decision decision, Time now) {
    if (const Caller* caller = job.sight.caller; caller != nullptr) {
        decision.outcome.tenant = caller->tenant;
        decision.outcome.integration = caller->integration;
    }
    job.outcome = std::move(decision.outcome);
    if (job.outcome.replay && job.outcome.done()) {
        if (const auto told = tell_original(job.outcome); !told) {
            job.outcome = failed(told.error());
            return;
        }
    }
    if (decision.transaction == nullptr && decision.puts.empty()) return;
    std::vector<Hash16> names = show(job, decision);
    if (std::any_of(decision.puts.begin(), decision.puts.end(), is_directory_record)) {
        directories_.push_back(directory_);
        directory_ = std::make_shared<const Directory>(directory_->with(decision.puts, next_));
        directory_changed_ = true;
    }
    Change change;
    change.sequence = next_++;
    change.time = now;
    change.transaction = std::move(decision.transaction);
    change.puts = std::move(decision.puts);
    change.names = std::move(names);
    changes_.push_back(std::move(change));
}

// A journal record that this batch may have made itself.
Result<Change> Lane::change(Sequence sequence) const {
    if (changes_.empty() || sequence < changes_.front().sequence) return store_.change(sequence);
    return changes_[sequence - changes_.front().sequence];
}

// What a replay's answer says of the original beyond the transaction itself. Only where a dialect
// asks for that, because it is one more read from the journal: in sverse, which shows the wallet as
// it was just after it, and where something became of it since.
Result<void> Lane::tell_original(Outcome& outcome) const {
    const Transaction& original = *outcome.transaction;
    if (original.group == KeyGroup::sverse_transaction) {
        const auto then = change(original.sequence);
        if (!then) return std::unexpected(then.error());
        outcome.wallet_after = wallet_in(*then);
    }
    if (outcome.rollback != 0) {
        const auto rollback = change(outcome.rollback);
        if (!rollback) return std::unexpected(rollback.error());
        outcome.rollback_time = rollback->time;
    }
    if (original.kind != TransactionKind::withdraw) return {};
    const auto found = store_.find(store_.keys().withdrawal(original.sequence));
    if (!found) return std::unexpected(found.error());
    if (const auto* known = std::get_if<Ptr<Withdrawal>>(&*found)) {
        outcome.withdrawal = *known;
        return {};
    }
    const auto then = change(original.sequence);  // perhaps made in this very batch
    if (!then) return std::unexpected(then.error());
    for (const Record& record : then->puts) {
        if (const auto* made = std::get_if<Ptr<Withdrawal>>(&record)) outcome.withdrawal = *made;
    }
    return {};
}

void Lane::publish_directory() {
    if (!directory_changed_) return;
    directory_changed_ = false;
    shared_directory_.set(directory_);
}

// What the batch has decided so far has not happened.
void Lane::forget() {
    changes_.clear();
    directory_changed_ = false;
    directory_ = shared_directory_.get();
}

// Nothing of the batch counts: every caller hears "not now" and finds the truth by asking again
// with the same id. What the store made of it is read back before anything else is decided.
void Lane::settle_failure(const Error& error) {
    figures_->failures.add();
    // Said once: under load a full disk refuses thousands of batches, which the metric counts.
    if (ready_.exchange(false)) {
        log_.error("the batch was not made durable", {{"detail", error.detail}});
    }
    if (!changes_.empty()) next_ = changes_.front().sequence;
    forget();
    for (Job* job : batch_) {
        job->outcome = Outcome{};
        job->outcome.fault = Fault::not_now;
    }
    recover(error);
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
    next_ = end->sequence + 1;
    last_time_ = std::max(last_time_, end->time);
    if (auto directory = Directory::load(store_)) {
        directory_ = std::make_shared<const Directory>(std::move(*directory));
        shared_directory_.set(directory_);
    }
    takes_writes();
}

void Lane::takes_writes() {
    if (ready_.load(std::memory_order_relaxed)) return;
    ready_.store(true);
    log_.info("the store takes writes again");
}

void Lane::hand_back() {
    changes_.clear();
    for (Job* job : batch_) job->port->finished_by_lane().push_back(job);
    for (const auto& port : ports_) port->finish(port->finished_by_lane());
    batch_.clear();
}

}  // namespace coffer
