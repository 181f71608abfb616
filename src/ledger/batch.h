#pragma once
// What is decided together and made durable together.
//
// A batch grows by gulps: while the one before it is being synced, whatever comes in is decided
// over what that one and this one have made so far. Nothing of it has happened until the store says
// that it is durable, and then nothing may be added any more.

#include <memory>
#include <span>
#include <vector>

#include "ledger/decide.h"
#include "ledger/job.h"
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
    Batch(Store& store, const Clock& clock) : store_(store), clock_(clock), working_set_(store) {}

    // Empty again, to be decided where the books stand at `start`, after `before`, which is not
    // durable yet; null: the batch begins where the store ends.
    void clear(const Batch* before, const Tip& start);

    // Reads what the jobs look at, decides them and moves the tip on. Those that must be looked at
    // anew, because of what was decided before them, are added to `postponed`. After an error the
    // batch is good for clear() only.
    Result<void> add(std::span<Job* const> jobs, Tip& tip, std::vector<Job*>& postponed);

    const Tip& start() const { return start_; }
    const std::vector<Job*>& jobs() const { return jobs_; }
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
    void decide_all(Tip& tip, std::vector<Job*>& postponed);
    void apply(Job& job, Decision decision, Tip& tip);
    std::vector<Hash16> show(const Job& job, const Decision& decision);
    Result<Change> change(Sequence sequence) const;
    Result<void> tell_original(Outcome& outcome) const;

    Store& store_;
    const Clock& clock_;
    const Batch* before_ = nullptr;
    Tip start_;
    bool begun_ = false;
    std::span<Job* const> gulp_;
    Time now_ = 0;  // of the gulp
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
