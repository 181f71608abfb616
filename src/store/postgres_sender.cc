#include "store/postgres_sender.h"

#include <algorithm>

#include "store/lookup.h"
#include "store/postgres_reader.h"

namespace coffer {

void PostgresSender::clear() {
    free_.clear();
    free_in_order_ = 0;
    prepared_ = 0;
}

void PostgresSender::saw_free(std::vector<Hash16>& names) {
    for (const Hash16& name : names) free_.push_back({name});
    names.clear();
}

Result<void> PostgresSender::prepare(std::span<Change> changes) {
    TRY(check_follows(end_, changes));
    piece_ = changes;
    placed_.clear();
    bodies_.resize(std::max(bodies_.size(), changes.size()));
    for (std::size_t at = 0; at < changes.size(); ++at) {
        Change& change = changes[at];
        change.previous_hash = end_.hash;
        std::string& body = bodies_[at];
        body.clear();
        encode(change, body);
        end_ = {change.sequence, change.time, sha256(body),
                touches_directory(change) ? change.sequence : end_.directory};
        make_names(change, keys_, scratch_);
        for (const Hash16& name : change.names) placed_.emplace_back(name, change.sequence);
    }
    prepared_ += changes.size();
    return {};
}

void PostgresSender::queue(PostgresLink& link) {
    queue_journal(link);
    queue_records(link);
}

void PostgresSender::queue_journal(PostgresLink& link) {
    values_.clear();
    values_.add_small(only_shard);
    values_.begin_array(sql::type_bigint);
    for (const Change& change : piece_) values_.item_big(change.sequence);
    values_.end_array();
    values_.begin_array(sql::type_bigint);
    for (const Change& change : piece_) values_.item_big(static_cast<std::uint64_t>(change.time));
    values_.end_array();
    values_.begin_array(sql::type_bytea);
    for (std::size_t at = 0; at < piece_.size(); ++at) values_.item_bytes(bodies_[at]);
    values_.end_array();
    link.queue(sql::add_journal, values_);
}

// Each record once, under the latest change that put it; in order, which the index likes. A name
// that this batch has seen to be free is new when it is sent for the first time.
void PostgresSender::queue_records(PostgresLink& link) {
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
        const bool is_new = free != free_.end() && free->name == one.first && !free->is_taken;
        if (is_new) free->is_taken = true;
        (is_new ? new_ : known_).push_back(one);
    }
    queue_placed(link, sql::add_records, new_);
    queue_placed(link, sql::put_records, known_);
}

void PostgresSender::queue_placed(PostgresLink& link, const sql::Statement& statement,
                                  std::span<const Placed> placed) {
    if (placed.empty()) return;
    values_.clear();
    values_.add_small(only_shard);
    values_.begin_array(sql::type_uuid);
    for (const auto& [name, at] : placed) values_.item_uuid(name);
    values_.end_array();
    values_.begin_array(sql::type_bigint);
    for (const auto& [name, at] : placed) values_.item_big(at);
    values_.end_array();
    link.queue(statement, values_);
}

}  // namespace coffer
