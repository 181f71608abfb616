#include "store/postgres_store.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "store/commit_thread.h"
#include "store/lookup.h"
#include "store/postgres_copies.h"
#include "store/postgres_reader.h"
#include "store/postgres_schema.h"
#include "store/postgres_writer.h"

namespace coffer {

namespace {

// After so many batches without another process's writes in between the next ones are decided
// ahead; where others do write, each would be decided twice.
constexpr int alone_batches = 8;

LinkLimits limits_of(const PostgresOptions& options, std::int64_t trip_ms) {
    return {.connect = options.connect_ms * millisecond_us, .statements = trip_ms * millisecond_us};
}

}  // namespace

class PostgresStore::Inside {
public:
    Inside(const PostgresOptions& options, const PostgresPlace& place, const KeyMaker& keys,
           std::unique_ptr<PostgresLink> link)
        : options_(options),
          place_(place),
          reader_(std::make_shared<LinkPool>(place, limits_of(options, options.reading_ms),
                                             options.reading_links_max),
                  keys),
          watch_(std::make_shared<LinkPool>(place, limits_of(options, options.statement_ms), 1),
                 keys),
          aside_maker_(place, limits_of(options, options.statement_ms)),
          copies_(reader_, {.rows = options.cache_rows,
                            .rounds = options.cache_rounds,
                            .name_bytes = options.name_bytes_max}),
          writer_(place, limits_of(options, options.statement_ms), keys, std::move(link)) {}

    const PostgresReader& reader() const { return reader_; }
    Result<JournalEnd> poll() const { return watch_.poll(); }
    Result<std::unique_ptr<Reader>> snapshot() const;
    PostgresStats stats() const;
    Result<std::string> agree_on(std::string_view name, std::string_view value) const;

    Result<JournalEnd> begin(std::span<const RecordKey> wanted, std::span<Record> found);
    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found);
    void stage(std::span<Change> so_far);
    Result<void> commit(std::span<Change> changes);
    void start_commit(std::span<Change> changes, const std::function<void()>& done);
    Result<void> finish_commit();
    bool commits_aside() const { return alone_ >= alone_batches; }
    Result<JournalEnd> recover();

private:
    void split(std::span<const RecordKey> wanted, std::span<Record> found);
    const PostgresValues& missing_names();
    Result<void> take_missing(PostgresLink& link, const PostgresRows& rows);
    Result<void> follow(const JournalEnd& end);
    Error give_up(const Error& error);
    Result<void> need_aside();
    Result<void> read_aside();
    void note(bool others_wrote);
    void write();

    const PostgresOptions options_;
    const PostgresPlace place_;
    const PostgresReader reader_;
    const PostgresReader watch_;  // has a link of its own, so that it waits behind no reader
    LinkMaker aside_maker_;

    // The lane's own.
    std::unique_ptr<PostgresLink> aside_;  // to read over while the writer has its own to itself
    bool begun_ = false;                   // the batch that is being decided has the lock
    int alone_ = alone_batches;            // batches since another process wrote
    PostgresCopies copies_;
    JournalEnd cached_to_;  // the copies hold nothing that a record up to here has replaced
    std::vector<const RecordKey*> missing_;
    std::vector<Record*> missing_into_;
    std::vector<Hash16> free_;  // names that the batch has seen to be free
    PostgresValues asked_values_;
    std::string scratch_;
    std::span<Change> committing_;
    bool is_ahead_ = false;  // what is being committed was decided without the lock

    // The lane's own but while a commit is under way: then the thread's.
    PostgresWriter writer_;
    Result<void> written_;

    std::atomic<std::uint64_t> followed_{0}, ahead_{0}, hits_{0}, misses_{0};
    CommitThread thread_{[this] { write(); }};
};

// ---- what the lane keeps ------------------------------------------------------------------------

// Fills in what is known; the rest is missing.
void PostgresStore::Inside::split(std::span<const RecordKey> wanted, std::span<Record> found) {
    CHECK(wanted.size() == found.size());
    missing_.clear();
    missing_into_.clear();
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        if (!copies_.find(wanted, at, found[at])) {
            missing_.push_back(&wanted[at]);
            missing_into_.push_back(&found[at]);
        } else if (std::holds_alternative<std::monostate>(found[at])) {
            free_.push_back(wanted[at].hash);
        }
    }
    hits_.fetch_add(wanted.size() - missing_.size(), std::memory_order_relaxed);
    misses_.fetch_add(missing_.size(), std::memory_order_relaxed);
}

const PostgresValues& PostgresStore::Inside::missing_names() {
    asked_values_.clear();
    asked_values_.add_small(only_shard);
    asked_values_.begin_array(sql::type_uuid);
    for (const RecordKey* key : missing_) asked_values_.item_uuid(key->hash);
    asked_values_.end_array();
    return asked_values_;
}

Result<void> PostgresStore::Inside::take_missing(PostgresLink& link, const PostgresRows& rows) {
    for (Record* into : missing_into_) *into = Record{};
    TRY(take_records(link, rows, reader_.keys(), missing_, missing_into_));
    for (std::size_t at = 0; at < missing_.size(); ++at) {
        copies_.learn(*missing_[at], *missing_into_[at]);
        if (std::holds_alternative<std::monostate>(*missing_into_[at]))
            free_.push_back(missing_[at]->hash);
    }
    return {};
}

// Brings the copies to where the journal now ends, which must be a continuation of the journal that
// this process knows: a standby that was promoted without all of it is not.
Result<void> PostgresStore::Inside::follow(const JournalEnd& end) {
    const auto other_history = [&](Sequence sequence) {
        return fail(ErrorCode::corrupt, "the journal in " + place_.text() + ", which ends at " +
                                            std::to_string(end.sequence) +
                                            ", is not the one this process knew: record " +
                                            std::to_string(sequence) + " was another before");
    };
    if (end.sequence < cached_to_.sequence) return other_history(end.sequence + 1);
    if (end.sequence == cached_to_.sequence) {
        return end.hash == cached_to_.hash ? Result<void>{} : other_history(end.sequence);
    }
    const std::uint64_t behind = end.sequence - cached_to_.sequence;
    const bool too_far = behind > options_.follow_records_max;
    PostgresValues values;
    values.add_small(only_shard);
    values.add_big(cached_to_.sequence + 1);
    values.add_big(too_far ? 1 : behind);
    const auto answer = writer_.ask(sql::journal_upward, values);
    if (!answer) return std::unexpected(answer.error());
    const PostgresRows& rows = *answer;
    if (rows.size() == 0) return other_history(cached_to_.sequence + 1);
    if (too_far) copies_.forget();
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto change = change_in(rows, row, 0);
        if (!change) return std::unexpected(change.error());
        if (row == 0 && change->previous_hash != cached_to_.hash) {
            return other_history(cached_to_.sequence);
        }
        if (too_far) continue;
        make_names(*change, reader_.keys(), scratch_);
        copies_.follow(*change);
    }
    followed_.fetch_add(rows.size(), std::memory_order_relaxed);
    cached_to_ = end;
    return {};
}

// ---- a batch ------------------------------------------------------------------------------------

void PostgresStore::Inside::note(bool others_wrote) {
    alone_ = others_wrote ? 0 : std::min(alone_ + 1, alone_batches);
}

Result<JournalEnd> PostgresStore::Inside::begin(std::span<const RecordKey> wanted,
                                                std::span<Record> found) {
    CHECK(!begun_);
    free_.clear();
    split(wanted, found);
    const auto rows = writer_.begin(missing_.empty() ? nullptr : &missing_names());
    if (!rows) return std::unexpected(rows.error());
    begun_ = true;
    const JournalEnd end = writer_.end();
    const bool others_wrote = end.sequence != cached_to_.sequence;
    note(others_wrote);
    const auto ready = [&]() -> Result<void> {
        TRY(follow(end));
        if (*rows) TRY(take_missing(writer_.link(), **rows));
        if (!others_wrote) return {};
        // What was known before may have been replaced by others.
        free_.clear();
        return read(wanted, found);
    }();
    if (ready) return end;
    return std::unexpected(begun_ ? give_up(ready.error()) : ready.error());
}

// There is no batch any more, whatever begin() or read() was about.
Error PostgresStore::Inside::give_up(const Error& error) {
    begun_ = false;
    return writer_.give_up(error);
}

Result<void> PostgresStore::Inside::read(std::span<const RecordKey> wanted,
                                         std::span<Record> found) {
    split(wanted, found);
    if (missing_.empty()) return {};
    if (!begun_) return read_aside();
    const auto rows = writer_.ask(sql::find_records, missing_names());
    if (!rows) return std::unexpected(give_up(rows.error()));
    const auto taken = take_missing(writer_.link(), *rows);
    if (!taken) return std::unexpected(give_up(taken.error()));
    return {};
}

// Has a link to read over, or one made beside.
Result<void> PostgresStore::Inside::need_aside() {
    if (aside_ && !aside_->broken()) return {};
    aside_.reset();
    auto link = aside_maker_.take(0);
    if (!link) return std::unexpected(std::move(link).error());
    aside_ = std::move(*link);
    return {};
}

// For a batch that is decided while another is committed. The head, read behind the records, says
// whether they are of the journal that the copies are of, with that commit or without: decisions
// are never made on records of different moments. Whatever goes wrong, the batch may be decided
// once more, under the lock.
Result<void> PostgresStore::Inside::read_aside() {
    const auto taken = [this]() -> Result<void> {
        TRY(need_aside());
        aside_->queue(sql::find_records, missing_names());
        PostgresValues shard;
        shard.add_small(only_shard);
        aside_->queue(sql::read_head, shard);
        const auto answers = aside_->ask();
        if (!answers) return std::unexpected(answers.error());
        const auto end = end_in(answers->back());
        if (!end) return std::unexpected(end.error());
        if (end->hash != cached_to_.hash && end->hash != writer_.coming_end().hash)
            return fail(ErrorCode::aborted, "another process has written");
        return take_missing(*aside_, answers->front());
    }();
    if (taken) return {};
    alone_ = 0;
    return fail(ErrorCode::aborted, "reading ahead: " + taken.error().detail);
}

void PostgresStore::Inside::stage(std::span<Change> so_far) {
    if (!begun_) return;
    writer_.saw_free(free_);
    writer_.stage(so_far);
}

// ---- its commit ---------------------------------------------------------------------------------

Result<void> PostgresStore::Inside::commit(std::span<Change> changes) {
    if (!begun_) return fail(ErrorCode::io, "there is no batch to commit");
    committing_ = changes;
    is_ahead_ = begun_ = false;
    writer_.saw_free(free_);
    write();
    return finish_commit();
}

void PostgresStore::Inside::start_commit(std::span<Change> changes,
                                         const std::function<void()>& done) {
    committing_ = changes;
    is_ahead_ = !begun_;
    begun_ = false;
    if (is_ahead_) {
        writer_.decided_ahead(free_);
    } else {
        writer_.saw_free(free_);
    }
    if (!commits_aside()) {
        write();
        return done();
    }
    static_cast<void>(need_aside());  // so that it is there when it is needed
    thread_.start(done);
}

void PostgresStore::Inside::write() {
    written_ =
        is_ahead_ ? writer_.commit_ahead(cached_to_, committing_) : writer_.commit(committing_);
}

Result<void> PostgresStore::Inside::finish_commit() {
    thread_.wait();
    if (written_) {
        if (is_ahead_) {
            note(false);
            ahead_.fetch_add(1, std::memory_order_relaxed);
        }
        for (const Change& change : committing_) copies_.follow(change);
        cached_to_ = writer_.end();
    } else if (written_.error().code == ErrorCode::aborted) {
        note(true);
    }
    committing_ = {};
    return std::move(written_);
}

// A commit on its way when the connection was lost holds the head's lock until it is done or given
// up, so the end that is read under the lock is the truth.
Result<JournalEnd> PostgresStore::Inside::recover() {
    writer_.leave();
    begun_ = false;
    const auto begun = begin({}, {});
    if (begun && writer_.was_full()) {
        begun_ = false;
        const auto room = writer_.try_room();
        if (room) return recover();
        const bool is_full = room.error().code == ErrorCode::full;
        return fail(is_full ? ErrorCode::full : ErrorCode::unavailable, room.error().detail);
    }
    if (begun) {
        const auto ended = commit({});
        if (ended) return begun;
        return fail(ErrorCode::unavailable, ended.error().detail);
    }
    // The journal going backwards is for good; everything else may pass.
    if (begun.error().code == ErrorCode::corrupt) return begun;
    return fail(ErrorCode::unavailable, begun.error().detail);
}

// ---- the door -----------------------------------------------------------------------------------

Result<std::unique_ptr<Reader>> PostgresStore::Inside::snapshot() const {
    auto lender = SnapshotLender::begin(place_, limits_of(options_, options_.reading_ms));
    if (!lender) return std::unexpected(lender.error());
    return std::make_unique<PostgresReader>(std::move(*lender), reader_.keys());
}

// Whoever may run on the books without having made them may add a value and never change one.
Result<std::string> PostgresStore::Inside::agree_on(std::string_view name,
                                                    std::string_view value) const {
    const auto link = PostgresLink::open(place_, limits_of(options_, options_.reading_ms));
    if (!link) return std::unexpected(link.error());
    auto agreed = read_meta(**link, name);
    if (agreed && agreed->empty()) {
        TRY(add_meta(**link, name, value));
        agreed = read_meta(**link, name);
    }
    return agreed;
}

PostgresStats PostgresStore::Inside::stats() const {
    const auto read = [](const std::atomic<std::uint64_t>& figure) {
        return figure.load(std::memory_order_relaxed);
    };
    return {.trips = read(writer_.stats().trips),
            .followed = read(followed_),
            .ahead = read(ahead_),
            .aborted = read(writer_.stats().aborted),
            .unknown = read(writer_.stats().unknown),
            .cache_hits = read(hits_),
            .cache_misses = read(misses_)};
}

PostgresStore::PostgresStore(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
PostgresStore::~PostgresStore() = default;

Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const PostgresOptions& options) {
    const auto place = PostgresPlace::parse(options.uri);
    if (!place) return std::unexpected(place.error());
    auto link = PostgresLink::open(*place, limits_of(options, options.statement_ms));
    if (!link) return std::unexpected(link.error());
    const auto schema = read_schema(**link, *place);
    if (!schema) return std::unexpected(schema.error());
    return std::unique_ptr<PostgresStore>(new PostgresStore(
        std::make_unique<Inside>(options, *place, KeyMaker(schema->secret), std::move(*link))));
}

const KeyMaker& PostgresStore::keys() const { return inside_->reader().keys(); }
Result<Record> PostgresStore::find(const RecordKey& key) const {
    return inside_->reader().find(key);
}
Result<Change> PostgresStore::change(Sequence sequence) const {
    return inside_->reader().change(sequence);
}
Result<void> PostgresStore::find_all(std::span<const RecordKey> wanted,
                                     std::span<Record> found) const {
    return inside_->reader().find_all(wanted, found);
}
Result<std::vector<Change>> PostgresStore::changes_at(std::span<const Sequence> wanted) const {
    return inside_->reader().changes_at(wanted);
}
Result<void> PostgresStore::upward(Sequence first, const Visit& visit) const {
    return inside_->reader().upward(first, visit);
}
Result<void> PostgresStore::downward(Sequence first, const Visit& visit) const {
    return inside_->reader().downward(first, visit);
}
Result<void> PostgresStore::each(RecordKind kind, const VisitRecord& visit) const {
    return inside_->reader().each(kind, visit);
}
JournalEnd PostgresStore::end() const { return inside_->reader().end(); }
Result<JournalEnd> PostgresStore::begin(std::span<const RecordKey> wanted,
                                        std::span<Record> found) {
    return inside_->begin(wanted, found);
}
Result<void> PostgresStore::read(std::span<const RecordKey> wanted, std::span<Record> found) {
    return inside_->read(wanted, found);
}
void PostgresStore::stage(std::span<Change> so_far) { inside_->stage(so_far); }
Result<void> PostgresStore::commit(std::span<Change> changes) { return inside_->commit(changes); }
void PostgresStore::start_commit(std::span<Change> changes, const std::function<void()>& done) {
    inside_->start_commit(changes, done);
}
Result<void> PostgresStore::finish_commit() { return inside_->finish_commit(); }
bool PostgresStore::commits_aside() const { return inside_->commits_aside(); }
Result<JournalEnd> PostgresStore::recover() { return inside_->recover(); }
Result<JournalEnd> PostgresStore::poll() const { return inside_->poll(); }
Result<std::unique_ptr<Reader>> PostgresStore::snapshot() const { return inside_->snapshot(); }
PostgresStats PostgresStore::stats() const { return inside_->stats(); }
Result<std::string> PostgresStore::agree_on(std::string_view name, std::string_view value) const {
    return inside_->agree_on(name, value);
}

}  // namespace coffer
