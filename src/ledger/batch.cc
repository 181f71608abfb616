#include "ledger/batch.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/enroll.h"
#include "ledger/history.h"
#include "ledger/parts.h"
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
    others_next_.clear();
    staged_ = 0;
    deadline_ = 0;
    expired_ = 0;
    directory_.reset();
    directories_.clear();
}

Result<void> Batch::add(std::span<Job* const> jobs, Tip& tip, std::vector<Job*>& postponed,
                        std::vector<Job*>& elsewhere) {
    gulp_ = jobs;
    jobs_.insert(jobs_.end(), jobs.begin(), jobs.end());
    for (Job* job : jobs) job->outcome = Outcome{};  // that of the call before, or of a try
    TRY(look(tip));
    pass_time(tip);
    decide_all(tip, postponed, elsewhere);
    return {};
}

Result<void> Batch::look(Tip& tip) {
    TRY(begin(tip));
    const Naming naming = this->naming(tip);
    for (Job* job : gulp_) name_bearer(*job, naming);
    TRY(working_set_.fetch());
    for (Job* job : gulp_) name_subject(*job, naming);
    TRY(working_set_.fetch());
    for (Job* job : gulp_) name_spent(*job, naming);
    TRY(working_set_.fetch());
    for (Job* job : gulp_) leave_unfound(*job, naming);
    return {};
}

// The first step. In the first of several shards there is one before it, and name_callers() is the
// second.
void Batch::name_callers(const Tip& tip) {
    const Naming naming = this->naming(tip);
    for (Job* job : gulp_) name_caller(*job, naming);
}

// The first gulp of a batch that follows on a durable one begins it at the store. From here to the
// commit the journal is this lane's. Another process may have written since the last batch, and
// what it did to the directory is obeyed before anything is decided.
Result<void> Batch::begin(Tip& tip) {
    const auto name_first = [&] {
        if (!holds_all()) return name_callers(tip);
        const Naming naming = this->naming(tip);
        for (Job* job : gulp_) name_locators(*job, naming);
    };
    const auto name_second = [&]() -> Result<void> {
        if (!holds_all()) return {};
        name_callers(tip);
        return working_set_.fetch();
    };
    name_first();
    if (begun_ || before_ != nullptr) {
        TRY(working_set_.fetch());
        return name_second();
    }
    const auto end = working_set_.begin();
    if (!end) return std::unexpected(end.error());
    begun_ = true;
    tip.next = end->sequence + 1;
    tip.time = std::max(tip.time, end->time);
    if (end->directory <= tip.directory->as_of()) return name_second();
    auto directory = Directory::load(store_);
    if (!directory) return std::unexpected(directory.error());
    tip.directory = directory_ = std::make_shared<const Directory>(std::move(*directory));
    working_set_.clear(nullptr);
    name_first();
    TRY(working_set_.fetch());
    return name_second();
}

// Where the batch may write to several shards, each of its changes has a time of its own, later
// than all that their journals hold: so they have one order, in whichever journal each of them is.
void Batch::pass_time(const Tip& tip) {
    now_ = std::max(clock_.wall(), tip.time);
    if (!holds_all()) return;
    now_ = std::max(now_, tip.time + 1);
    for (Shard shard = 1; shard < store_.keys().shards(); ++shard) {
        const JournalEnd* const end = store_.held_end(shard);
        if (end != nullptr) now_ = std::max(now_, end->time + 1);
    }
}

// The number of a shard's next record; null where the batch holds no lock on it.
Sequence* Batch::next_in(Shard shard, Tip& tip) {
    if (shard == shard_) return &tip.next;
    const auto known = std::ranges::find(others_next_, shard, &std::pair<Shard, Sequence>::first);
    if (known != others_next_.end()) return &known->second;
    const JournalEnd* const end = store_.held_end(shard);
    if (end == nullptr) return nullptr;
    return &others_next_.emplace_back(shard, end->sequence + 1).second;
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

void Batch::decide_all(Tip& tip, std::vector<Job*>& postponed, std::vector<Job*>& elsewhere) {
    const Time monotonic = clock_.monotonic();
    const std::size_t postponed_before = postponed.size();
    const std::size_t elsewhere_before = elsewhere.size();
    std::vector<Record> extra;
    for (Job* job : gulp_) {
        if (job->deadline != 0 && monotonic > job->deadline) {
            job->outcome.fault = Fault::not_now;
            ++expired_;
            continue;
        }
        if (job->sight.elsewhere) {
            elsewhere.push_back(job);
            continue;
        }
        if (!names_hold(*job, working_set_)) {
            postponed.push_back(job);
            continue;
        }
        View view = view_of(*job, working_set_, *tip.directory);
        view.now = now_;
        const Sequence* const next = next_in(home_of(*job, store_.keys()), tip);
        view.next = next == nullptr ? 0 : *next;
        extra.clear();
        for (const Seen& seen : job->sight.extra) extra.push_back(working_set_.get(seen));
        apply(*job, std::visit(Decider{view, extra}, job->intent), tip);
        if (begun_ && changes_.size() >= staged_ + stage_every) {
            store_.stage(changes_);
            staged_ = changes_.size();
        }
    }
    std::erase_if(jobs_, [&](Job* job) {
        const auto has = [job](std::span<Job* const> list) {
            return std::ranges::find(list, job) != list.end();
        };
        return has(std::span(postponed).subspan(postponed_before)) ||
               has(std::span(elsewhere).subspan(elsewhere_before));
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
        CHECK(shard_ == 0);
        directories_.push_back(tip.directory);
        tip.directory = directory_ =
            std::make_shared<const Directory>(tip.directory->with(decision.puts, tip.next));
    }
    if (holds_all()) {
        write_parts(job, std::move(decision), tip);
    } else {
        write(std::move(decision), std::move(names), tip);
    }
    if (job.deadline != 0)
        deadline_ = deadline_ == 0 ? job.deadline : std::min(deadline_, job.deadline);
}

void Batch::write(Decision decision, std::vector<Hash16> names, Tip& tip) {
    if (shard_ != 0) {
        for (const Record& put : decision.puts) CHECK(store_.keys().of(put).shard == shard_);
    }
    Change& change = changes_.emplace_back();
    change.sequence = tip.next++;
    change.time = tip.time = now_;
    change.transaction = std::move(decision.transaction);
    change.puts = std::move(decision.puts);
    change.names = std::move(names);
}

// A change for each shard, all of one moment.
void Batch::write_parts(Job& job, Decision decision, Tip& tip) {
    const KeyMaker& keys = store_.keys();
    const Shard home = home_of(job, keys);
    for (Part& part : parts_of(std::move(decision), home, keys, working_set_)) {
        Sequence* const next = next_in(part.shard, tip);
        CHECK(next != nullptr);
        Change& change = changes_.emplace_back();
        change.sequence = (*next)++;
        change.time = now_;
        change.transaction = std::move(part.transaction);
        CHECK(!change.transaction || change.transaction->sequence == change.sequence);
        change.puts = std::move(part.puts);
        for (const Record& put : change.puts) {
            if (std::holds_alternative<Ptr<Locator>>(put)) working_set_.put(keys.of(put), put);
        }
    }
    tip.time = now_++;
}

// A journal record that this batch, or the one that is not durable yet, may have made.
Result<Change> Batch::change(Sequence sequence) const {
    for (const Batch* batch : {this, before_}) {
        if (batch == nullptr) continue;
        const auto found = std::ranges::find(batch->changes_, sequence, &Change::sequence);
        if (found == batch->changes_.end()) continue;
        // Not the rest of it, which the store may be filling in this moment.
        const Change& made = *found;
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
