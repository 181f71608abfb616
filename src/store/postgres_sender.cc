#include "store/postgres_sender.h"

#include <algorithm>

#include "store/directory_kinds.h"
#include "store/lookup.h"
#include "store/postgres_reader.h"

namespace coffer {

void PostgresSender::clear() {
    free_.clear();
    free_in_order_ = 0;
    prepared_ = 0;
    journals_.clear();
}

void PostgresSender::start_at(Shard shard, const JournalEnd& end) {
    journals_.push_back({shard, end});
}

const PostgresSender::Journal* PostgresSender::journal(Shard shard) const {
    const auto found = std::ranges::find(journals_, shard, &Journal::shard);
    return found == journals_.end() ? nullptr : &*found;
}

PostgresSender::Journal* PostgresSender::own_journal(Shard shard) {
    const auto found = std::ranges::find(journals_, shard, &Journal::shard);
    return found == journals_.end() ? nullptr : &*found;
}

void PostgresSender::saw_free(std::vector<Hash16>& names) {
    for (const Hash16& name : names) free_.push_back({name});
    names.clear();
}

Result<void> PostgresSender::prepare(std::span<Change> changes) {
    piece_ = changes;
    bodies_.resize(std::max(bodies_.size(), changes.size()));
    for (std::size_t at = 0; at < changes.size(); ++at) TRY(prepare(changes[at], bodies_[at]));
    prepared_ += changes.size();
    return {};
}

Result<void> PostgresSender::prepare(Change& change, std::string& body) {
    Journal* const journal = own_journal(shard_of(change.sequence));
    if (journal == nullptr) {
        return fail(ErrorCode::invalid, "change " + std::to_string(change.sequence) +
                                            " is of a shard that the batch does not hold");
    }
    JournalEnd& end = journal->end;
    TRY(check_follows(end, {&change, 1}));
    change.previous_hash = end.hash;
    body.clear();
    encode(change, body);
    end = {change.sequence, change.time, sha256(body),
           touches_directory(change) ? change.sequence : end.directory};
    journal->grows = true;
    make_names(change, keys_, scratch_);
    return {};
}

void PostgresSender::queue(PostgresLink& link) {
    for (const Journal& journal : journals_) queue(link, journal.shard);
}

namespace {

// The shard that a record of a change is kept in; its name begins with its kind.
Shard kept_in(const Hash16& name, Shard of_change) {
    return may_be_guest(static_cast<RecordKind>(name[0])) ? first_shard : of_change;
}

}  // namespace

void PostgresSender::queue(PostgresLink& link, Shard shard) {
    of_shard_.clear();
    placed_.clear();
    for (std::size_t at = 0; at < piece_.size(); ++at) {
        const Change& change = piece_[at];
        const Shard home = shard_of(change.sequence);
        if (home == shard) of_shard_.push_back(at);
        if (home != shard && shard != first_shard) continue;
        for (const Hash16& name : change.names) {
            if (kept_in(name, home) == shard) placed_.emplace_back(name, change.sequence);
        }
    }
    if (!of_shard_.empty()) queue_journal(link, shard);
    if (!placed_.empty()) queue_records(link, shard);
}

void PostgresSender::queue_journal(PostgresLink& link, Shard shard) {
    values_.clear();
    values_.add_small(shard);
    values_.begin_array(sql::type_bigint);
    for (const std::size_t at : of_shard_) values_.item_big(piece_[at].sequence);
    values_.end_array();
    values_.begin_array(sql::type_bigint);
    for (const std::size_t at : of_shard_)
        values_.item_big(static_cast<std::uint64_t>(piece_[at].time));
    values_.end_array();
    values_.begin_array(sql::type_bytea);
    for (const std::size_t at : of_shard_) values_.item_bytes(bodies_[at]);
    values_.end_array();
    link.queue(sql::add_journal, values_);
}

// Each record once, under the latest change that put it; in order, which the index likes. A name
// that this batch has seen to be free is new when it is sent for the first time.
void PostgresSender::queue_records(PostgresLink& link, Shard shard) {
    if (free_.size() != free_in_order_) {
        std::ranges::sort(free_, {}, [](const Free& one) {
            return std::pair<const Hash16&, bool>(one.name, !one.is_taken);
        });
        free_in_order_ = free_.size();
    }
    std::ranges::sort(placed_);
    new_.clear();
    known_.clear();
    for (std::size_t at = 0; at < placed_.size(); ++at) {
        const Placed& one = placed_[at];
        if (at + 1 < placed_.size() && placed_[at + 1].first == one.first) continue;
        const auto free = std::ranges::lower_bound(free_, one.first, {}, &Free::name);
        const bool is_new =
            shard == shard_ && free != free_.end() && free->name == one.first && !free->is_taken;
        if (is_new) free->is_taken = true;
        (is_new ? new_ : known_).push_back(one);
    }
    queue_placed(link, shard, sql::add_records, new_);
    queue_placed(link, shard, sql::put_records, known_);
}

void PostgresSender::queue_placed(PostgresLink& link, Shard shard, const sql::Statement& statement,
                                  std::span<const Placed> placed) {
    if (placed.empty()) return;
    values_.clear();
    values_.add_small(shard);
    values_.begin_array(sql::type_uuid);
    for (const auto& [name, at] : placed) values_.item_uuid(name);
    values_.end_array();
    values_.begin_array(sql::type_bigint);
    for (const auto& [name, at] : placed) values_.item_big(at);
    values_.end_array();
    link.queue(statement, values_);
}

}  // namespace coffer
