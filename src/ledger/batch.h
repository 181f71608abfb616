#pragma once
// What is decided together and made durable together.
//
// A batch grows by gulps: while the one before it is being synced, whatever comes in is decided
// over what that one and this one have made so far. Nothing of it has happened until the store says
// that it is durable, and then nothing may be added any more.

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ledger/decide.h"
#include "ledger/job.h"
#include "ledger/sight.h"
#include "ledger/working_set.h"

namespace coffer {

// Where the books stand with everything that was decided, be it durable yet or not.
struct Tip {
    Sequence next = 1;
    Time time = 0;
    std::shared_ptr<const Directory> directory;
};

class Batch {
public:
    Batch(Store& store, Shard shard, const Clock& clock)
        : store_(store), shard_(shard), clock_(clock), working_set_(store) {}

    // Empty again, to be decided where the books stand at `start`, after `before`, which is not
    // durable yet; null: the batch begins where the store ends.
    void clear(const Batch* before, const Tip& start);

    // Reads what the jobs look at, decides them and moves the tip on. Those that must be looked at
    // anew, because of what was decided before them, are added to `postponed`, and those that are
    // the first shard's lane's to `elsewhere`. After an error the batch is good for clear() only.
    Result<void> add(std::span<Job* const> jobs, Tip& tip, std::vector<Job*>& postponed,
                     std::vector<Job*>& elsewhere);

    const Tip& start() const { return start_; }
    const std::vector<Job*>& jobs() const { return jobs_; }
    // Whether it has to be ended: it holds the store's lock, or somebody waits for it.
    bool is_open() const { return begun_ || !jobs_.empty(); }
    std::span<Change> changes() { return changes_; }
    // Of the jobs that wait for their changes to be written.
    bool is_late(Time monotonic) const { return deadline_ != 0 && monotonic > deadline_; }
    // The directory with what the batch did to it; null if that is nothing.
    const std::shared_ptr<const Directory>& directory() const { return directory_; }
    // How many jobs were dropped because their deadline had passed.
    std::size_t expired() const { return expired_; }

private:
    Result<void> look(Tip& tip);
    Result<void> begin(Tip& tip);
    Naming naming(const Tip& tip) { return {working_set_, store_.keys(), *tip.directory, shard_}; }
    bool holds_all() const { return shard_ == 0 && store_.keys().shards() > 1; }
    void name_callers(const Tip& tip);
    void pass_time(const Tip& tip);
    Sequence* next_in(Shard shard, Tip& tip);
    void decide_all(Tip& tip, std::vector<Job*>& postponed, std::vector<Job*>& elsewhere);
    void apply(Job& job, Decision decision, Tip& tip);
    void write(Decision decision, std::vector<Hash16> names, Tip& tip);
    void write_parts(Job& job, Decision decision, Tip& tip);
    std::vector<Hash16> show(const Job& job, const Decision& decision);
    Result<Change> change(Sequence sequence) const;
    Result<void> tell_original(Outcome& outcome) const;

    Store& store_;
    const Shard shard_;
    const Clock& clock_;
    const Batch* before_ = nullptr;
    Tip start_;
    bool begun_ = false;
    std::span<Job* const> gulp_;
    Time now_ = 0;  // of the gulp; in the first of several shards, of the next change
    // In the first of several shards: what the others' next records are, as far as they are held.
    std::vector<std::pair<Shard, Sequence>> others_next_;
    std::size_t staged_ = 0;  // changes that the store was shown
    std::vector<Job*> jobs_;
    std::vector<Change> changes_;
    WorkingSet working_set_;
    Time deadline_ = 0;
    std::size_t expired_ = 0;
    std::shared_ptr<const Directory> directory_;
    // That sights of this batch may point into.
    std::vector<std::shared_ptr<const Directory>> directories_;
};

}  // namespace coffer
