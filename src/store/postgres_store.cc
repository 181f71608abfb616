#include "store/postgres_store.h"

#include <algorithm>

#include "base/check.h"
#include "store/postgres_schema.h"
#include "store/postgres_shard.h"

namespace coffer {

namespace {

// What one shard's lane may keep of what all may.
PostgresOptions share_of(PostgresOptions options, Shard shards) {
    options.cache_rows = std::max<std::size_t>(options.cache_rows / shards, 1);
    options.cache_rounds = std::max<std::size_t>(options.cache_rounds / shards, 1);
    options.name_bytes_max /= shards;
    return options;
}

}  // namespace

PostgresStore::PostgresStore(std::unique_ptr<PostgresShard> shard) : shard_(std::move(shard)) {}
PostgresStore::~PostgresStore() = default;

Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const PostgresOptions& options) {
    const auto place = PostgresPlace::parse(options.uri);
    if (!place) return std::unexpected(place.error());
    auto link = PostgresLink::open(*place, limits_of(options, options.statement_ms));
    if (!link) return std::unexpected(link.error());
    const auto schema = read_schema(**link, *place);
    if (!schema) return std::unexpected(schema.error());
    const KeyMaker keys(schema->secret, schema->shards);
    const auto common = std::make_shared<const PostgresCommon>(options, *place, keys);
    const auto make = [&](Shard shard, std::unique_ptr<PostgresLink> with) {
        return std::unique_ptr<PostgresStore>(new PostgresStore(std::make_unique<PostgresShard>(
            share_of(options, schema->shards), common, shard, std::move(with))));
    };
    auto store = make(first_shard, std::move(*link));
    for (Shard shard = 1; shard < schema->shards; ++shard)
        store->others_.push_back(make(shard, nullptr));
    return store;
}

Shard PostgresStore::shards() const { return keys().shards(); }
Store& PostgresStore::of_shard(Shard shard) {
    if (shard == first_shard) return *this;
    CHECK(shard <= others_.size());
    return *others_[shard - 1];
}

const KeyMaker& PostgresStore::keys() const { return shard_->keys(); }
Result<Record> PostgresStore::find(const RecordKey& key) const {
    return shard_->common().books.find(key);
}
Result<Change> PostgresStore::change(Sequence sequence) const {
    return shard_->common().books.change(sequence);
}
Result<void> PostgresStore::find_all(std::span<const RecordKey> wanted,
                                     std::span<Record> found) const {
    return shard_->common().books.find_all(wanted, found);
}
Result<std::vector<Change>> PostgresStore::changes_at(std::span<const Sequence> wanted) const {
    return shard_->common().books.changes_at(wanted);
}
Result<void> PostgresStore::upward(Sequence first, const Visit& visit) const {
    return shard_->common().books.upward(first, visit);
}
Result<void> PostgresStore::downward(Sequence first, const Visit& visit) const {
    return shard_->common().books.downward(first, visit);
}
Result<void> PostgresStore::each(RecordKind kind, const VisitRecord& visit) const {
    return shard_->common().books.each(kind, visit);
}
JournalEnd PostgresStore::end() const { return shard_->end(); }
JournalEnd PostgresStore::end_of(Shard shard) const { return shard_->common().books.end_of(shard); }
Result<JournalEnd> PostgresStore::begin(std::span<const RecordKey> wanted,
                                        std::span<Record> found) {
    return shard_->begin(wanted, found);
}
Result<void> PostgresStore::read(std::span<const RecordKey> wanted, std::span<Record> found) {
    return shard_->read(wanted, found);
}
const JournalEnd* PostgresStore::held_end(Shard shard) const { return shard_->held_end(shard); }
void PostgresStore::stage(std::span<Change> so_far) { shard_->stage(so_far); }
Result<void> PostgresStore::commit(std::span<Change> changes) { return shard_->commit(changes); }
void PostgresStore::start_commit(std::span<Change> changes, const std::function<void()>& done) {
    shard_->start_commit(changes, done);
}
Result<void> PostgresStore::finish_commit() { return shard_->finish_commit(); }
bool PostgresStore::commits_aside() const { return shard_->commits_aside(); }
Result<JournalEnd> PostgresStore::recover() { return shard_->recover(); }
Result<JournalEnd> PostgresStore::poll() const { return shard_->common().watch.poll(); }

Result<std::unique_ptr<Reader>> PostgresStore::snapshot() const {
    const PostgresCommon& common = shard_->common();
    auto lender = SnapshotLender::begin(common.place, common.reading);
    if (!lender) return std::unexpected(lender.error());
    return std::make_unique<PostgresBooks>(std::move(*lender), keys());
}

PostgresStats PostgresStore::stats() const {
    PostgresStats all = shard_->stats();
    for (const auto& other : others_) {
        const PostgresStats its = other->shard_->stats();
        all.trips += its.trips;
        all.followed += its.followed;
        all.ahead += its.ahead;
        all.aborted += its.aborted;
        all.unknown += its.unknown;
        all.cache_hits += its.cache_hits;
        all.cache_misses += its.cache_misses;
    }
    return all;
}

// Whoever may run on the books without having made them may add a value and never change one.
Result<std::string> PostgresStore::agree_on(std::string_view name, std::string_view value) const {
    const PostgresCommon& common = shard_->common();
    const auto link = PostgresLink::open(common.place, common.reading);
    if (!link) return std::unexpected(link.error());
    auto agreed = read_meta(**link, name);
    if (agreed && agreed->empty()) {
        TRY(add_meta(**link, name, value));
        agreed = read_meta(**link, name);
    }
    return agreed;
}

}  // namespace coffer
