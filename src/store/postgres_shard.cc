#include "store/postgres_shard.h"

#include <algorithm>

#include "base/check.h"
#include "store/directory_kinds.h"
#include "store/lookup.h"

namespace coffer {

LinkLimits limits_of(const PostgresOptions& options, std::int64_t trip_ms) {
    return {.connect = options.connect_ms * millisecond_us, .statements = trip_ms * millisecond_us};
}

PostgresShard::PostgresShard(const PostgresOptions& options,
                             std::shared_ptr<const PostgresCommon> common, Shard shard,
                             std::unique_ptr<PostgresLink> link)
    : options_(options),
      common_(std::move(common)),
      shard_(shard),
      aside_maker_(common_->place, limits_of(options, options.statement_ms)),
      copies_(common_->books.of(shard), {.rows = options.cache_rows,
                                         .rounds = options.cache_rounds,
                                         .name_bytes = options.name_bytes_max}),
      writer_(common_->place, limits_of(options, options.statement_ms), keys(), shard,
              std::move(link)) {
    cached_to_.sequence = before_first(shard);
}

// ---- what the lane keeps ------------------------------------------------------------------------

// Whether the copies are of such records: of this shard's, and of those kinds that are put by its
// own journal alone.
bool PostgresShard::keeps(const RecordKey& key) const {
    return key.shard == shard_ && (keys().shards() == 1 || !may_be_guest(key.kind));
}

// Fills in what is known; the rest is asked for.
void PostgresShard::split(std::span<const RecordKey> wanted, std::span<Record> found) {
    CHECK(wanted.size() == found.size());
    groups_asked_ = 0;
    std::size_t missing = 0;
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const bool kept = keeps(wanted[at]);
        if (kept && copies_.find(wanted, at, found[at])) {
            if (std::holds_alternative<std::monostate>(found[at])) free_.push_back(wanted[at].hash);
            continue;
        }
        ++missing;
        found[at] = Record{};
        Group& group = group_of(wanted[at].shard);
        group.keys.push_back(&wanted[at]);
        group.into.push_back(&found[at]);
    }
    hits_.fetch_add(wanted.size() - missing, std::memory_order_relaxed);
    misses_.fetch_add(missing, std::memory_order_relaxed);
}

PostgresShard::Group& PostgresShard::group_of(Shard shard) {
    // Who holds another shard than the first has no business but there and in the first.
    CHECK(shard_ == first_shard || shard == shard_ || shard == first_shard);
    for (Group& group : std::span(groups_).first(groups_asked_)) {
        if (group.shard == shard) return group;
    }
    if (groups_asked_ == groups_.size()) groups_.emplace_back();
    Group& group = groups_[groups_asked_++];
    group.shard = shard;
    group.keys.clear();
    group.into.clear();
    return group;
}

std::span<const PostgresWriter::Question> PostgresShard::questions() {
    questions_.clear();
    for (Group& group : std::span(groups_).first(groups_asked_)) {
        group.wanted.clear();
        group.wanted.add_small(group.shard);
        group.wanted.begin_array(sql::type_uuid);
        for (const RecordKey* key : group.keys) group.wanted.item_uuid(key->hash);
        group.wanted.end_array();
        questions_.push_back({group.shard, &group.wanted});
    }
    return questions_;
}

Result<void> PostgresShard::take(PostgresLink& link, std::span<const PostgresRows> rows) {
    for (std::size_t at = 0; at < groups_asked_; ++at) TRY(take(link, groups_[at], rows[at]));
    return {};
}

// What the first shard's own journal does not hold, another's may.
Result<void> PostgresShard::take_guests(PostgresLink& link, const Group& group) {
    std::vector<const RecordKey*> wanted;
    std::vector<Record*> into;
    for (std::size_t at = 0; at < group.keys.size(); ++at) {
        if (!may_be_guest(group.keys[at]->kind)) continue;
        wanted.push_back(group.keys[at]);
        into.push_back(group.into[at]);
    }
    return wanted.empty() ? Result<void>{} : ask_guests(link, keys(), wanted, into);
}

Result<void> PostgresShard::take(PostgresLink& link, const Group& group, const PostgresRows& rows) {
    TRY(take_records(link, rows, keys(), group.keys, group.into));
    if (keys().shards() > 1) TRY(take_guests(link, group));
    for (std::size_t at = 0; at < group.keys.size(); ++at) {
        if (!keeps(*group.keys[at])) continue;
        copies_.learn(*group.keys[at], *group.into[at]);
        if (std::holds_alternative<std::monostate>(*group.into[at]))
            free_.push_back(group.keys[at]->hash);
    }
    return {};
}

// Brings the copies to where the journal now ends, which must be a continuation of the journal that
// this process knows: a standby that was promoted without all of it is not.
Result<void> PostgresShard::follow(const JournalEnd& end) {
    const auto other_history = [&](Sequence sequence) {
        const std::string& place = common_->place.text();
        return fail(ErrorCode::corrupt, "the journal in " + place + ", which ends at " +
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
    values.add_small(shard_);
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
        make_names(*change, keys(), scratch_);
        copies_.follow(*change);
    }
    followed_.fetch_add(rows.size(), std::memory_order_relaxed);
    cached_to_ = end;
    return {};
}

// ---- a batch ------------------------------------------------------------------------------------

void PostgresShard::note(bool others_wrote) {
    alone_ = others_wrote ? 0 : std::min(alone_ + 1, alone_batches);
}

Result<JournalEnd> PostgresShard::begin(std::span<const RecordKey> wanted,
                                        std::span<Record> found) {
    CHECK(!begun_);
    free_.clear();
    split(wanted, found);
    const auto rows = writer_.begin(questions());
    if (!rows) return std::unexpected(rows.error());
    begun_ = true;
    const JournalEnd end = writer_.end();
    const bool others_wrote = end.sequence != cached_to_.sequence;
    note(others_wrote);
    const auto ready = [&]() -> Result<void> {
        TRY(follow(end));
        TRY(take(writer_.link(), *rows));
        if (!others_wrote) return {};
        // What was known before may have been replaced by others.
        free_.clear();
        return read(wanted, found);
    }();
    if (!ready) return std::unexpected(begun_ ? give_up(ready.error()) : ready.error());
    directory_ = writer_.first_end().directory;
    JournalEnd seen = end;
    seen.directory = directory_;
    seen.time = std::max(end.time, writer_.first_end().time);
    return seen;
}

// There is no batch any more, whatever begin() or read() was about.
Error PostgresShard::give_up(const Error& error) {
    begun_ = false;
    return writer_.give_up(error);
}

Result<void> PostgresShard::read(std::span<const RecordKey> wanted, std::span<Record> found) {
    split(wanted, found);
    if (groups_asked_ == 0) return {};
    if (!begun_) return read_aside();
    const auto rows = writer_.ask(questions());
    if (!rows) return std::unexpected(give_up(rows.error()));
    const auto taken = take(writer_.link(), *rows);
    if (!taken) return std::unexpected(give_up(taken.error()));
    return {};
}

// Has a link to read over, or one made beside.
Result<void> PostgresShard::need_aside() {
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
Result<void> PostgresShard::read_aside() {
    const auto taken = [this]() -> Result<void> {
        TRY(need_aside());
        for (const auto& question : questions()) {
            aside_->queue(sql::find_records, *question.wanted);
        }
        PostgresValues shard;
        shard.add_small(shard_);
        aside_->queue(sql::read_head, shard);
        const auto answers = aside_->ask();
        if (!answers) return std::unexpected(answers.error());
        const auto end = end_in(answers->back());
        if (!end) return std::unexpected(end.error());
        if (end->hash != cached_to_.hash && end->hash != writer_.coming_end().hash)
            return fail(ErrorCode::aborted, "another process has written");
        return take(*aside_, *answers);
    }();
    if (taken) return {};
    alone_ = 0;
    return fail(ErrorCode::aborted, "reading ahead: " + taken.error().detail);
}

void PostgresShard::stage(std::span<Change> so_far) {
    if (!begun_) return;
    writer_.saw_free(free_);
    writer_.stage(so_far);
}

// ---- its commit ---------------------------------------------------------------------------------

Result<void> PostgresShard::commit(std::span<Change> changes) {
    if (!begun_) return fail(ErrorCode::io, "there is no batch to commit");
    committing_ = changes;
    is_ahead_ = begun_ = false;
    writer_.saw_free(free_);
    write();
    return finish_commit();
}

void PostgresShard::start_commit(std::span<Change> changes, const std::function<void()>& done) {
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

void PostgresShard::write() {
    written_ = is_ahead_ ? writer_.commit_ahead(cached_to_, directory_, committing_)
                         : writer_.commit(committing_);
}

Result<void> PostgresShard::finish_commit() {
    thread_.wait();
    if (written_) {
        if (is_ahead_) {
            note(false);
            ahead_.fetch_add(1, std::memory_order_relaxed);
        }
        for (const Change& change : committing_) {
            if (shard_of(change.sequence) == shard_) copies_.follow(change);
        }
        cached_to_ = writer_.end();
        if (shard_ == first_shard) directory_ = cached_to_.directory;
    } else if (written_.error().code == ErrorCode::aborted) {
        note(true);
    }
    committing_ = {};
    return std::move(written_);
}

// A commit on its way when the connection was lost holds the head's lock until it is done or given
// up, so the end that is read under the lock is the truth.
Result<JournalEnd> PostgresShard::recover() {
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

PostgresStats PostgresShard::stats() const {
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

}  // namespace coffer
