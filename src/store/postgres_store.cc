#include "store/postgres_store.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "base/random.h"
#include "store/lookup.h"
#include "store/postgres_copies.h"
#include "store/postgres_link_maker.h"
#include "store/postgres_reader.h"
#include "store/postgres_schema.h"
#include "store/postgres_sender.h"

namespace coffer {

namespace {

// How long the lane waits for a link that broke this moment: a server that was only restarted is
// there again in time, and nobody hears of it.
constexpr Duration brief = 300 * millisecond_us;

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
          maker_(place, limits_of(options, options.statement_ms)),
          link_(std::move(link)),
          copies_(reader_, {.rows = options.cache_rows,
                            .rounds = options.cache_rounds,
                            .name_bytes = options.name_bytes_max}),
          sender_(keys) {
        values_.add_small(only_shard);
    }

    const PostgresReader& reader() const { return reader_; }
    Result<JournalEnd> poll() const { return watch_.poll(); }
    Result<std::unique_ptr<Reader>> snapshot() const;
    PostgresStats stats() const;
    Result<std::string> agree_on(std::string_view name, std::string_view value) const;

    Result<JournalEnd> begin(std::span<const RecordKey> wanted, std::span<Record> found);
    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found);
    void stage(std::span<Change> so_far);
    Result<void> commit(std::span<Change> changes);
    Result<JournalEnd> recover();

private:
    Result<void> need_link();
    std::expected<std::vector<PostgresRows>, TripError> trip();
    std::expected<std::vector<PostgresRows>, TripError> ask_to_begin();
    Error gave_up(const TripError& error);
    Result<void> try_room();

    void split(std::span<const RecordKey> wanted, std::span<Record> found);
    void queue_missing();
    Result<void> take_missing(const PostgresRows& rows);
    Result<void> follow(const JournalEnd& end);

    const PostgresOptions options_;
    const PostgresPlace place_;
    const PostgresReader reader_;
    const PostgresReader watch_;  // has a link of its own, so that it waits behind no reader
    LinkMaker maker_;

    // The lane's own.
    std::unique_ptr<PostgresLink> link_;
    bool was_away_ = false;
    bool was_full_ = false;
    bool begun_ = false;
    JournalEnd end_;
    PostgresCopies copies_;
    JournalEnd cached_to_;  // the copies hold nothing that a record up to here has replaced
    std::vector<const RecordKey*> missing_;
    std::vector<Record*> missing_into_;
    PostgresSender sender_;
    Result<void> sending_;
    PostgresValues values_, asked_values_;
    std::string scratch_;

    std::atomic<std::uint64_t> trips_{0}, followed_{0}, aborted_{0}, unknown_{0}, hits_{0},
        misses_{0};
};

// ---- links --------------------------------------------------------------------------------------

Result<void> PostgresStore::Inside::need_link() {
    if (link_ && !link_->broken()) return {};
    link_.reset();
    begun_ = false;
    auto link = maker_.take(was_away_ ? 0 : brief);
    was_away_ = !link;
    if (!link) return std::unexpected(std::move(link).error());
    link_ = std::move(*link);
    return {};
}

std::expected<std::vector<PostgresRows>, TripError> PostgresStore::Inside::trip() {
    trips_.fetch_add(1, std::memory_order_relaxed);
    return link_->run();
}

// The batch is over: whatever is known of it, the link is left as if there had been none.
Error PostgresStore::Inside::gave_up(const TripError& error) {
    begun_ = false;
    if (link_) {
        link_->leave_transaction();
        // A server that has become a standby stays one: the primary is somewhere else now.
        if (link_->broken() || error.error.code == ErrorCode::unavailable) link_.reset();
    }
    if (error.error.code == ErrorCode::full) was_full_ = true;
    if (error.error.code == ErrorCode::aborted) aborted_.fetch_add(1, std::memory_order_relaxed);
    return error.error;
}

// ---- what the lane keeps ------------------------------------------------------------------------

// Fills in what is known; the rest is missing.
void PostgresStore::Inside::split(std::span<const RecordKey> wanted, std::span<Record> found) {
    CHECK(wanted.size() == found.size());
    missing_.clear();
    missing_into_.clear();
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        copies_.foresee(wanted, at);
        if (!copies_.find(wanted[at], found[at])) {
            missing_.push_back(&wanted[at]);
            missing_into_.push_back(&found[at]);
        } else if (std::holds_alternative<std::monostate>(found[at])) {
            sender_.saw_free(wanted[at].hash);
        }
    }
    hits_.fetch_add(wanted.size() - missing_.size(), std::memory_order_relaxed);
    misses_.fetch_add(missing_.size(), std::memory_order_relaxed);
}

void PostgresStore::Inside::queue_missing() {
    asked_values_.clear();
    asked_values_.add_small(only_shard);
    asked_values_.begin_array(sql::type_uuid);
    for (const RecordKey* key : missing_) asked_values_.item_uuid(key->hash);
    asked_values_.end_array();
    link_->queue(sql::find_records, asked_values_);
}

Result<void> PostgresStore::Inside::take_missing(const PostgresRows& rows) {
    for (Record* into : missing_into_) *into = Record{};
    TRY(take_records(*link_, rows, reader_.keys(), missing_, missing_into_));
    for (std::size_t at = 0; at < missing_.size(); ++at) {
        copies_.learn(*missing_[at], *missing_into_[at]);
        if (std::holds_alternative<std::monostate>(*missing_into_[at]))
            sender_.saw_free(missing_[at]->hash);
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
    link_->queue(sql::journal_upward, values);
    const auto answers = trip();
    if (!answers) return std::unexpected(answers.error().error);
    const PostgresRows& rows = answers->front();
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

std::expected<std::vector<PostgresRows>, TripError> PostgresStore::Inside::ask_to_begin() {
    link_->queue(sql::begin);
    link_->queue(sql::lock_head, values_);
    if (!missing_.empty()) queue_missing();
    return trip();
}

Result<JournalEnd> PostgresStore::Inside::begin(std::span<const RecordKey> wanted,
                                                std::span<Record> found) {
    CHECK(!begun_);
    TRY(need_link());
    sender_.clear();
    sending_ = {};
    split(wanted, found);
    const Time asked = SystemClock().monotonic();
    auto answers = ask_to_begin();
    // A link may have died since the last batch. Nothing has been asked of it yet that would
    // matter; but a database that was only slow is not given twice the time.
    if (!answers && link_->broken() && SystemClock().monotonic() - asked < brief) {
        TRY(need_link());
        answers = ask_to_begin();
    }
    if (!answers) return std::unexpected(gave_up(answers.error()));
    begun_ = true;

    const auto ready = [&]() -> Result<void> {
        const auto end = end_in((*answers)[1]);
        if (!end) return std::unexpected(end.error());
        end_ = *end;
        sender_.start_at(end_);
        const bool others_wrote = end_.sequence != cached_to_.sequence;
        TRY(follow(end_));
        if (!missing_.empty()) TRY(take_missing((*answers)[2]));
        if (!others_wrote) return {};
        // What was known before may have been replaced by others.
        sender_.forget_free();
        return read(wanted, found);
    }();
    if (!ready) return std::unexpected(gave_up({ready.error()}));
    return end_;
}

Result<void> PostgresStore::Inside::read(std::span<const RecordKey> wanted,
                                         std::span<Record> found) {
    if (!begun_) return fail(ErrorCode::invalid, "there is no batch to read for");
    split(wanted, found);
    if (missing_.empty()) return {};
    queue_missing();
    const auto answers = trip();
    if (!answers) return std::unexpected(gave_up(answers.error()));
    return take_missing(answers->back());  // behind what was staged
}

void PostgresStore::Inside::stage(std::span<Change> so_far) {
    if (!begun_ || !sending_ || so_far.size() <= sender_.sent()) return;
    sending_ = sender_.send(*link_, so_far.subspan(sender_.sent()));
    if (sending_) link_->push();
}

Result<void> PostgresStore::Inside::commit(std::span<Change> changes) {
    if (!begun_) return fail(ErrorCode::io, "there is no batch to commit");
    stage(changes);
    if (!sending_) return std::unexpected(gave_up({sending_.error(), true}));
    const JournalEnd end = sender_.end();
    if (!changes.empty()) {
        PostgresValues head;
        head.add_small(only_shard);
        head.add_big(end.sequence);
        head.add_big(static_cast<std::uint64_t>(end.time));
        head.add_bytes({reinterpret_cast<const char*>(end.hash.data()), end.hash.size()});
        head.add_big(end.directory);
        link_->queue(sql::move_head, head);
    }
    link_->queue(sql::commit);
    const auto answers = trip();
    begun_ = false;
    if (!answers) {
        Error error = gave_up(answers.error());
        if (answers.error().definite || changes.empty()) return std::unexpected(std::move(error));
        // Whether the server has it is known when the head can be locked again: recover().
        link_.reset();
        unknown_.fetch_add(1, std::memory_order_relaxed);
        error.code = ErrorCode::io;
        return std::unexpected(std::move(error));
    }
    // Somebody cancelled the wait for the standby: the primary has the batch, or has what it saw,
    // and nobody knows who else does. A new link waits again.
    if (link_->warned()) {
        link_.reset();
        unknown_.fetch_add(1, std::memory_order_relaxed);
        return fail(ErrorCode::io, "the commit did not wait for the standby");
    }
    // A transaction that has failed answers COMMIT with ROLLBACK and no error.
    if (answers->back().done() != "COMMIT") {
        return fail(ErrorCode::io, "PostgreSQL rolled the batch back without saying why");
    }
    // From here on the batch is durable, and may be seen.
    for (const Change& change : changes) copies_.follow(change);
    end_ = end;
    cached_to_ = end;
    return {};
}

// There is room again when something larger than what is left on any page can be written; it is
// taken back. Without that /readyz would say yes between two batches that fail. Ends the batch.
Result<void> PostgresStore::Inside::try_room() {
    constexpr std::size_t some_pages = 65'536;
    std::vector<std::uint8_t> bytes(some_pages);
    fill_random(bytes);  // so that it is as large on the disk as here
    PostgresValues values;
    values.add_small(only_shard);
    values.begin_array(sql::type_bigint);
    values.item_big(end_.sequence + 1);
    values.end_array();
    values.begin_array(sql::type_bigint);
    values.item_big(0);
    values.end_array();
    values.begin_array(sql::type_bytea);
    values.item_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    values.end_array();
    link_->queue(sql::add_journal, values);
    const auto written = trip();
    if (!written) return std::unexpected(gave_up(written.error()));
    link_->leave_transaction();
    begun_ = false;
    return {};
}

// A commit on its way when the connection was lost holds the head's lock until it is done or given
// up, so the end that is read under the lock is the truth.
Result<JournalEnd> PostgresStore::Inside::recover() {
    if (link_) link_->leave_transaction();
    begun_ = false;
    const auto begun = begin({}, {});
    if (begun && was_full_) {
        const auto room = try_room();
        was_full_ = !room;
        if (room) return recover();
        const bool is_full = room.error().code == ErrorCode::full;
        return fail(is_full ? ErrorCode::full : ErrorCode::unavailable, room.error().detail);
    }
    if (begun) {
        const auto ended = commit({});
        if (ended) return end_;
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
    return {.trips = read(trips_),
            .followed = read(followed_),
            .aborted = read(aborted_),
            .unknown = read(unknown_),
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
Result<JournalEnd> PostgresStore::recover() { return inside_->recover(); }
Result<JournalEnd> PostgresStore::poll() const { return inside_->poll(); }
Result<std::unique_ptr<Reader>> PostgresStore::snapshot() const { return inside_->snapshot(); }
PostgresStats PostgresStore::stats() const { return inside_->stats(); }
Result<std::string> PostgresStore::agree_on(std::string_view name, std::string_view value) const {
    return inside_->agree_on(name, value);
}

}  // namespace coffer
