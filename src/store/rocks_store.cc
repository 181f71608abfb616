#include "store/rocks_store.h"

#include <atomic>
#include <mutex>

#include <rocksdb/statistics.h>
#include <rocksdb/utilities/checkpoint.h>

#include "base/check.h"
#include "store/commit_thread.h"
#include "store/rocks_journal.h"
#include "store/row_cache.h"

namespace coffer {

namespace {

// No Change comes near this; it bounds what a reader must hold in memory.
constexpr std::size_t record_bytes_max = 8 << 20;

// So few changes are written by the lane itself: deciding meanwhile what comes in during a sync
// would save less than waking another thread and being woken by it costs. Measured at 10,000 calls
// a second: p50 0.61 ms without, 0.44 with, p99 6.9 and 4.4 (on a machine that itself stands still
// for milliseconds, docs/PERFORMANCE.md), 95 and 88 us of processor time a call; with 64 no better.
constexpr std::size_t written_at_once_max = 8;

// What may be done after the last commit.
enum class Health {
    good,
    unknown,  // a write failed: recover() must look what happened
    dead,     // a sync failed: nothing on this object can be believed any more
};

}  // namespace

class RocksStore::Inside {
public:
    Inside(const RocksOptions& options, OpenedStore opened)
        : options_(options),
          keys_(opened.files->secret),
          opened_(std::move(opened)),
          rows_(options.cache_rows, options.cache_rounds),
          end_(opened_.index->end()) {}
    ~Inside();

    // ---- any thread
    const KeyMaker& keys() const { return keys_; }
    Result<Record> find(const RecordKey& key) const;
    Result<Change> change(Sequence sequence) const;
    Result<void> upward(Sequence first, const Visit& visit) const;
    Result<void> downward(Sequence first, const Visit& visit) const;
    Result<void> each(RecordKind kind, const VisitRecord& visit) const;
    JournalEnd end() const;
    Result<void> checkpoint(const std::string& directory) const;
    RocksStats stats() const;

    // ---- lane
    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found);
    Result<void> commit(std::span<Change> changes);
    void start_commit(std::span<Change> changes, const std::function<void()>& done);
    Result<void> finish_commit();
    Result<JournalEnd> recover();

private:
    Result<void> check_open() const;
    Result<void> check_space();
    Result<Record> load(const RecordKey& key, Sequence sequence) const;
    Result<void> write(std::span<Change> changes);
    Result<void> fill_batch(std::span<Change> changes);
    Error after_failure(const rocksdb::Status& status);
    void settle(std::span<const Change> changes);

    const RocksOptions options_;
    const KeyMaker keys_;

    // Held shared by whoever uses the database, alone by recover() while it opens it anew.
    mutable std::shared_mutex gate_;
    OpenedStore opened_;  // empty if it could not be opened again

    // The lane's own.
    RowCaches rows_;
    std::vector<std::size_t> missing_;
    std::vector<const Hash16*> missing_hashes_;
    std::vector<Sequence> missing_at_;
    std::span<Change> committing_;

    // The lane's own but while a commit is under way: then the writer's.
    JournalEnd end_;
    Health health_ = Health::good;
    bool was_full_ = false;
    rocksdb::WriteBatch batch_;
    std::string bytes_;
    std::string scratch_;
    std::vector<IndexEntry> entries_;
    JournalEnd batch_end_;
    Result<void> written_;

    CommitThread writer_{[this] { written_ = write(committing_); }};

    // Written by the lane, read by stats().
    std::atomic<std::uint64_t> batch_bytes_{0}, hits_{0}, misses_{0}, cached_{0};
};

RocksStore::Inside::~Inside() {
    // What cannot be written now is made again from the journal at the next open.
    if (opened_.index && health_ == Health::good) static_cast<void>(opened_.index->flush());
}

// ---- any thread ---------------------------------------------------------------------------------

Result<void> RocksStore::Inside::check_open() const {
    if (opened_.index) return {};
    return fail(ErrorCode::unavailable, "the store in " + options_.directory +
                                            " was closed by a failure and is not open again yet");
}

Result<Record> RocksStore::Inside::find(const RecordKey& key) const {
    const std::shared_lock gate(gate_);
    TRY(check_open());
    const auto sequence = opened_.index->find(key.hash);
    if (!sequence) return std::unexpected(sequence.error());
    return *sequence == 0 ? Record{} : load(key, *sequence);
}

Result<Change> RocksStore::Inside::change(Sequence sequence) const {
    const std::shared_lock gate(gate_);
    TRY(check_open());
    if (sequence == 0 || sequence > opened_.index->end().sequence) {
        return fail(ErrorCode::not_found, "no journal record " + std::to_string(sequence));
    }
    Result<Change> change = read_change(*opened_.files, sequence);
    if (!change && change.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::corrupt, change.error().detail + ", though the journal goes on");
    }
    return change;
}

Result<void> RocksStore::Inside::upward(Sequence first, const Visit& visit) const {
    const std::shared_lock gate(gate_);
    TRY(check_open());
    return walk_upward(*opened_.files, first, opened_.index->end().sequence, visit);
}

Result<void> RocksStore::Inside::downward(Sequence first, const Visit& visit) const {
    const std::shared_lock gate(gate_);
    TRY(check_open());
    return walk_downward(*opened_.files, std::min(first, opened_.index->end().sequence), visit);
}

Result<void> RocksStore::Inside::each(RecordKind kind, const VisitRecord& visit) const {
    CHECK(kind != RecordKind::wallet && kind != RecordKind::round && kind != RecordKind::key);
    const std::shared_lock gate(gate_);
    TRY(check_open());
    const auto places = opened_.index->all(kind);
    if (!places) return std::unexpected(places.error());
    for (const Sequence sequence : *places) {
        const Result<Change> holder = read_change(*opened_.files, sequence);
        if (!holder) return std::unexpected(holder.error());
        // One Change may hold several records of a kind, and later ones may stand elsewhere.
        for (const Record& put : holder->puts) {
            if (static_cast<RecordKind>(put.index()) != kind) continue;
            const RecordKey key = keys_.of(put);
            const auto latest = opened_.index->find(key.hash);
            if (!latest) return std::unexpected(latest.error());
            if (*latest == sequence && find_in(*holder, key, keys_) == put && !visit(put))
                return {};
        }
    }
    return {};
}

JournalEnd RocksStore::Inside::end() const {
    const std::shared_lock gate(gate_);
    return opened_.index ? opened_.index->end() : end_;
}

Result<void> RocksStore::Inside::checkpoint(const std::string& directory) const {
    const std::shared_lock gate(gate_);
    TRY(check_open());
    // The index first and elsewhere, since the copy's folder must not exist yet: what of it is
    // older than the copied journal is made again, but it must not be newer.
    const std::string index_copy = directory + ".index";
    TRY(opened_.index->link_to(index_copy));
    rocksdb::Checkpoint* made = nullptr;
    auto status = rocksdb::Checkpoint::Create(opened_.files->database.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(directory);
    const auto& files = opened_.files->files;
    if (status.ok()) status = files->RenameFile(index_copy, directory + "/index", {}, nullptr);
    if (!status.ok()) {
        return std::unexpected(error_of(status, "copying the store to " + directory));
    }
    return {};
}

RocksStats RocksStore::Inside::stats() const {
    RocksStats stats;
    stats.batch_bytes_latest = batch_bytes_.load(std::memory_order_relaxed);
    stats.cache_hits = hits_.load(std::memory_order_relaxed);
    stats.cache_misses = misses_.load(std::memory_order_relaxed);
    stats.cache_rows = cached_.load(std::memory_order_relaxed);
    const std::shared_lock gate(gate_);
    if (!opened_.index) return stats;
    stats.syncs = opened_.files->files->syncs();
    stats.sync_us = opened_.files->files->sync_us();
    stats.sync_latest_us = opened_.files->files->sync_latest_us();
    stats.write_stalls_us = opened_.files->statistics->getTickerCount(rocksdb::STALL_MICROS);
    opened_.index->stats_to(stats);
    return stats;
}

// ---- lane ---------------------------------------------------------------------------------------

Result<void> RocksStore::Inside::read(std::span<const RecordKey> wanted, std::span<Record> found) {
    CHECK(wanted.size() == found.size());
    TRY(check_open());
    missing_.clear();
    missing_hashes_.clear();
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const Record* row = rows_.find(wanted, at);
        if (row != nullptr) {
            found[at] = *row;
        } else {
            missing_.push_back(at);
            missing_hashes_.push_back(&wanted[at].hash);
        }
    }
    hits_.fetch_add(wanted.size() - missing_.size(), std::memory_order_relaxed);
    misses_.fetch_add(missing_.size(), std::memory_order_relaxed);

    missing_at_.resize(missing_.size());
    TRY(opened_.index->find(missing_hashes_, missing_at_));
    for (std::size_t at = 0; at < missing_.size(); ++at) {
        const RecordKey& key = wanted[missing_[at]];
        Result<Record> record = missing_at_[at] == 0 ? Record{} : load(key, missing_at_[at]);
        if (!record) return std::unexpected(std::move(record).error());
        rows_.learn(key, *record);
        found[missing_[at]] = std::move(*record);
    }
    return {};
}

Result<Record> RocksStore::Inside::load(const RecordKey& key, Sequence sequence) const {
    const Result<Change> holder = read_change(*opened_.files, sequence);
    if (!holder) return std::unexpected(holder.error());
    return found_record(*holder, key, keys_, [this](Sequence original) {
        return read_change(*opened_.files, original);
    });
}

Result<void> RocksStore::Inside::commit(std::span<Change> changes) {
    if (changes.empty()) return {};
    TRY(write(changes));
    settle(changes);
    return {};
}

void RocksStore::Inside::start_commit(std::span<Change> changes,
                                      const std::function<void()>& done) {
    committing_ = changes;
    written_ = {};
    if (changes.empty()) return done();
    if (changes.size() <= written_at_once_max) {
        written_ = write(changes);
        return done();
    }
    writer_.start(done);
}

Result<void> RocksStore::Inside::finish_commit() {
    writer_.wait();
    if (written_ && !committing_.empty()) settle(committing_);
    committing_ = {};
    return std::move(written_);
}

// Puts the changes on stable storage. The lane waits for it or goes on reading.
Result<void> RocksStore::Inside::write(std::span<Change> changes) {
    if (health_ == Health::dead) {
        return fail(ErrorCode::io,
                    "a sync of the journal failed earlier: the process must restart");
    }
    if (health_ == Health::unknown) {
        return fail(was_full_ ? ErrorCode::full : ErrorCode::io,
                    "an earlier commit failed and was not recovered from");
    }
    TRY(check_open());
    TRY(check_space());
    TRY(check_follows(end_, changes));
    TRY(opened_.index->make_room());
    TRY(fill_batch(changes));

    rocksdb::WriteOptions options;
    options.sync = !options_.answers_before_sync;
    const rocksdb::Status status = opened_.files->database->Write(options, &batch_);
    if (!status.ok()) return std::unexpected(after_failure(status));
    return {};
}

// From here on the batch is durable, and may be seen.
void RocksStore::Inside::settle(std::span<const Change> changes) {
    end_ = batch_end_;
    opened_.index->publish(entries_, end_);
    for (const Change& change : changes) rows_.follow(change);
    cached_.store(rows_.size(), std::memory_order_relaxed);
    batch_bytes_.store(batch_.GetDataSize(), std::memory_order_relaxed);
}

// RocksDB must not meet the end of the disk: a write that fails half-way has to be recovered from
// by opening everything anew, which writes what the logs hold once more, and one that fails in a
// flush can end the process. So a commit is refused, with nothing written, while there is still
// room for the memtables and the next log. One statvfs a batch takes 1.4 us, beside a sync.
Result<void> RocksStore::Inside::check_space() {
    std::uint64_t free_bytes = 0;
    const auto files = options_.file_system ? options_.file_system : rocksdb::FileSystem::Default();
    const auto asked =
        files->GetFreeSpace(options_.directory, rocksdb::IOOptions{}, &free_bytes, nullptr);
    const std::uint64_t needed = memtables_max * options_.memtable_bytes;
    was_full_ = asked.ok() && free_bytes < needed;
    if (!was_full_) return {};
    return fail(ErrorCode::full, "no space: " + options_.directory + " has " +
                                     std::to_string(free_bytes) + " bytes free and needs " +
                                     std::to_string(needed));
}

// Chains, encodes and names the changes: batch_, entries_ and batch_end_.
Result<void> RocksStore::Inside::fill_batch(std::span<Change> changes) {
    batch_.Clear();
    entries_.clear();
    batch_end_ = end_;
    for (Change& change : changes) {
        change.previous_hash = batch_end_.hash;
        bytes_.clear();
        encode(change, bytes_);
        if (bytes_.size() > record_bytes_max) {
            return fail(ErrorCode::invalid, "change " + std::to_string(change.sequence) +
                                                " takes " + std::to_string(bytes_.size()) +
                                                " bytes");
        }
        batch_end_ = {change.sequence, change.time, sha256(bytes_)};
        batch_.Put(opened_.files->journal, slice(sequence_bytes(change.sequence)), bytes_);
        append_entries(change, keys_, scratch_, entries_);
    }
    return {};
}

Error RocksStore::Inside::after_failure(const rocksdb::Status& status) {
    Error error = error_of(status, "writing to the journal");
    if (opened_.files->files->sync_failed()) {
        health_ = Health::dead;
        error = {ErrorCode::io,
                 "a sync of the journal failed, so the process must restart: " + status.ToString()};
    } else {
        health_ = Health::unknown;
        was_full_ = error.code == ErrorCode::full;
    }
    return error;
}

Result<JournalEnd> RocksStore::Inside::recover() {
    if (health_ == Health::dead) {
        return fail(ErrorCode::io, "a sync of the journal failed: the process must restart");
    }
    if (was_full_) TRY(check_space());
    if (health_ == Health::good && opened_.index) return end_;
    const std::unique_lock gate(gate_);
    opened_.index.reset();
    opened_.files.reset();
    rows_.clear();
    auto opened = open_store(options_, IndexStart::as_found);
    if (!opened) return std::unexpected(std::move(opened).error());
    opened_ = std::move(*opened);
    end_ = opened_.index->end();
    health_ = Health::good;
    return end_;
}

// ---- the door -----------------------------------------------------------------------------------

RocksStore::RocksStore(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const RocksOptions& options) {
    auto opened = open_store(options, IndexStart::as_found);
    if (!opened) return std::unexpected(std::move(opened).error());
    return std::unique_ptr<RocksStore>(
        new RocksStore(std::make_unique<Inside>(options, std::move(*opened))));
}

Result<void> RocksStore::reindex(const RocksOptions& options) {
    const auto opened = open_store(options, IndexStart::from_nothing);
    if (!opened) return std::unexpected(opened.error());
    return opened->index->flush();
}

const KeyMaker& RocksStore::keys() const { return inside_->keys(); }
Result<Record> RocksStore::find(const RecordKey& key) const { return inside_->find(key); }
Result<Change> RocksStore::change(Sequence sequence) const { return inside_->change(sequence); }
Result<void> RocksStore::upward(Sequence first, const Visit& visit) const {
    return inside_->upward(first, visit);
}
Result<void> RocksStore::downward(Sequence first, const Visit& visit) const {
    return inside_->downward(first, visit);
}
Result<void> RocksStore::each(RecordKind kind, const VisitRecord& visit) const {
    return inside_->each(kind, visit);
}
JournalEnd RocksStore::end() const { return inside_->end(); }
Result<void> RocksStore::read(std::span<const RecordKey> wanted, std::span<Record> found) {
    return inside_->read(wanted, found);
}
Result<void> RocksStore::commit(std::span<Change> changes) { return inside_->commit(changes); }
void RocksStore::start_commit(std::span<Change> changes, const std::function<void()>& done) {
    inside_->start_commit(changes, done);
}
Result<void> RocksStore::finish_commit() { return inside_->finish_commit(); }
Result<JournalEnd> RocksStore::recover() { return inside_->recover(); }
Result<void> RocksStore::checkpoint(const std::string& directory) const {
    return inside_->checkpoint(directory);
}
RocksStats RocksStore::stats() const { return inside_->stats(); }

}  // namespace coffer
