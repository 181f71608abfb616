#include "ledger/batch.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/enroll.h"
#include "ledger/history.h"
#include "ledger/sight.h"
#include "store/directory_kinds.h"

namespace coffer {

namespace {

// A database works on so many changes while the next are decided.
constexpr std::size_t stage_every = 128;

}  // namespace

void Batch::clear(const Batch* before, const Tip& start) {
    before_ = before;
    start_ = start;
    begun_ = false;
    jobs_.clear();
    changes_.clear();
    working_set_.clear(before == nullptr ? nullptr : &before->working_set_);
    deadline_ = 0;
    expired_ = 0;
    directory_.reset();
    directories_.clear();
}

Result<void> Batch::add(std::span<Job* const> jobs, Tip& tip, std::vector<Job*>& postponed) {
    gulp_ = jobs;
    jobs_.insert(jobs_.end(), jobs.begin(), jobs.end());
    for (Job* job : jobs) job->outcome = Outcome{};  // that of the call before, or of a try
    TRY(look(tip));
    now_ = std::max(clock_.wall(), tip.time);
    decide_all(tip, postponed);
    return {};
}

Result<void> Batch::look(Tip& tip) {
    const KeyMaker& keys = store_.keys();
    TRY(begin(tip));
    for (Job* job : gulp_) name_bearer(*job, working_set_, keys, *tip.directory);
    TRY(working_set_.fetch());
    for (Job* job : gulp_) name_subject(*job, working_set_, keys, *tip.directory);
    TRY(working_set_.fetch());
    for (Job* job : gulp_) name_spent(*job, working_set_, keys);
    return working_set_.fetch();
}

// The first gulp of a batch that follows on a durable one begins it at the store. From here to the
// commit the journal is this lane's. Another process may have written since the last batch, and
// what it did to the directory is obeyed before anything is decided.
Result<void> Batch::begin(Tip& tip) {
    for (Job* job : gulp_) name_caller(*job, working_set_, store_.keys(), *tip.directory);
    if (begun_ || before_ != nullptr) return working_set_.fetch();
    const auto end = working_set_.begin();
    if (!end) return std::unexpected(end.error());
    begun_ = true;
    tip.next = end->sequence + 1;
    tip.time = std::max(tip.time, end->time);
    if (end->directory <= tip.directory->as_of()) return {};
    auto directory = Directory::load(store_);
    if (!directory) return std::unexpected(directory.error());
    tip.directory = directory_ = std::make_shared<const Directory>(std::move(*directory));
    working_set_.clear(nullptr);
    for (Job* job : gulp_) name_caller(*job, working_set_, store_.keys(), *tip.directory);
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
    Decision operator()(const ListWithdrawals&) const { return misrouted(); }
    Decision operator()(const ListHotWallets&) const { return misrouted(); }
    Decision operator()(const ReadDeposits&) const { return misrouted(); }
    Decision operator()(const ListDeposits&) const { return misrouted(); }
    Decision operator()(const ListTransfers&) const { return misrouted(); }
    Decision operator()(const ListDepositors&) const { return misrouted(); }
    Decision operator()(const ReadPause&) const { return misrouted(); }
    Decision operator()(const ReadRetry&) const { return misrouted(); }
    template <class Change>
    Decision operator()(const Change& change) const {
        return enroll(view, change, extra);
    }
    static Decision misrouted() { CHECK(false && "lists are not the lane's business"); }
};

}  // namespace

void Batch::decide_all(Tip& tip, std::vector<Job*>& postponed) {
    const Time monotonic = clock_.monotonic();
    const std::size_t postponed_before = postponed.size();
    std::vector<Record> extra;
    for (Job* job : gulp_) {
        if (job->deadline != 0 && monotonic > job->deadline) {
            job->outcome.fault = Fault::not_now;
            ++expired_;
            continue;
        }
        if (!names_hold(*job, working_set_)) {
            postponed.push_back(job);
            continue;
        }
        View view = view_of(*job, working_set_, *tip.directory);
        view.now = now_;
        view.next = tip.next;
        extra.clear();
        for (const Seen& seen : job->sight.extra) extra.push_back(working_set_.get(seen));
        apply(*job, std::visit(Decider{view, extra}, job->intent), tip);
        if (begun_ && changes_.size() % stage_every == 0) store_.stage(changes_);
    }
    const auto again = std::span(postponed).subspan(postponed_before);
    if (again.empty()) return;
    std::erase_if(jobs_,
                  [again](Job* job) { return std::ranges::find(again, job) != again.end(); });
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
std::vector<Hash16> Batch::show(const Job& job, const Decision& decision) {
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

void Batch::apply(Job& job, Decision decision, Tip& tip) {
    const Caller* caller = job.sight.caller;
    if (caller != nullptr) {
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
    if (std::ranges::any_of(decision.puts, is_of_directory)) {
        directories_.push_back(tip.directory);
        tip.directory = directory_ =
            std::make_shared<const Directory>(tip.directory->with(decision.puts, tip.next));
    }
    Change& change = changes_.emplace_back();
    change.sequence = tip.next++;
    change.time = tip.time = now_;
    change.transaction = std::move(decision.transaction);
    change.puts = std::move(decision.puts);
    change.names = std::move(names);
    if (job.deadline != 0)
        deadline_ = deadline_ == 0 ? job.deadline : std::min(deadline_, job.deadline);
}

// A journal record that this batch, or the one that is not durable yet, may have made.
Result<Change> Batch::change(Sequence sequence) const {
    for (const Batch* batch : {this, before_}) {
        if (batch == nullptr || batch->changes_.empty()) continue;
        const Sequence first = batch->changes_.front().sequence;
        if (sequence < first || sequence - first >= batch->changes_.size()) continue;
        // Not the rest of it, which the store may be filling in this moment.
        const Change& made = batch->changes_[sequence - first];
        Change copy;
        copy.sequence = made.sequence;
        copy.time = made.time;
        copy.transaction = made.transaction;
        copy.puts = made.puts;
        return copy;
    }
    return store_.change(sequence);
}

// What a replay's answer says of the original beyond the transaction itself. Only where a dialect
// asks for that, because it is one more read from the journal: in sverse, which shows the wallet as
// it was just after it, and where something became of it since.
Result<void> Batch::tell_original(Outcome& outcome) const {
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

}  // namespace coffer
