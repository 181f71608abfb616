#include "store/postgres_reader.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/check.h"
#include "store/lookup.h"

namespace coffer {

namespace {

// Records of the journal or of a kind that one trip brings.
constexpr std::uint64_t chunk_records = 500;
// How long nobody tries to reach a database that could not be reached.
constexpr Duration retry_every = 200 * millisecond_us;

constexpr Sequence sequence_max = std::numeric_limits<std::int64_t>::max();

Error gap(Sequence expected) {
    return {ErrorCode::corrupt, "journal record " + std::to_string(expected) + " is missing"};
}

Hash16 first_of_kind(unsigned kind) {
    Hash16 hash{};
    hash[0] = static_cast<std::uint8_t>(kind);
    return hash;
}

}  // namespace

// ---- links --------------------------------------------------------------------------------------

LinkPool::LinkPool(PostgresPlace place, const LinkLimits& limits, std::size_t links_max)
    : place_(std::move(place)), limits_(limits), links_max_(links_max) {}

Result<std::unique_ptr<PostgresLink>> LinkPool::take() {
    std::unique_lock lock(mutex_);
    const auto patience = std::chrono::microseconds(limits_.statements);
    const auto is_free = [&] { return !idle_.empty() || lent_ < links_max_; };
    if (!returned_.wait_for(lock, patience, is_free)) {
        return fail(ErrorCode::unavailable, "every connection to PostgreSQL is in use");
    }
    if (!idle_.empty()) {
        auto link = std::move(idle_.back());
        idle_.pop_back();
        ++lent_;
        return link;
    }
    const Time now = SystemClock().monotonic();
    if (failed_ != 0 && (opening_ || now - failed_ < retry_every)) return std::unexpected(failure_);
    ++lent_;
    opening_ = true;
    lock.unlock();
    auto link = PostgresLink::open(place_, limits_);
    lock.lock();
    opening_ = false;
    failed_ = link ? 0 : SystemClock().monotonic();
    if (!link) {
        failure_ = link.error();
        --lent_;
        returned_.notify_one();
    }
    return link;
}

void LinkPool::give_back(std::unique_ptr<PostgresLink> link) {
    link->leave_transaction();
    const std::lock_guard lock(mutex_);
    --lent_;
    if (link->broken()) {
        idle_.clear();  // the others are of the same time and most likely of the same fate
    } else {
        idle_.push_back(std::move(link));
    }
    returned_.notify_one();
}

Result<void> LinkPool::lend(const Use& use) {
    for (int attempt = 0;; ++attempt) {
        auto link = take();
        if (!link) return std::unexpected(std::move(link).error());
        auto used = use(**link);
        const bool again = !used && (*link)->broken() && attempt == 0;
        give_back(std::move(*link));
        if (!again) return used;
    }
}

Result<std::unique_ptr<SnapshotLender>> SnapshotLender::begin(const PostgresPlace& place,
                                                              const LinkLimits& limits) {
    auto link = PostgresLink::open(place, limits);
    if (!link) return std::unexpected(std::move(link).error());
    (*link)->queue(sql::think_long);
    (*link)->queue(sql::begin_snapshot);
    const auto begun = (*link)->ask();
    if (!begun) return std::unexpected(begun.error());
    return std::unique_ptr<SnapshotLender>(new SnapshotLender(std::move(*link)));
}

Result<void> SnapshotLender::lend(const Use& use) {
    const std::lock_guard lock(mutex_);
    return use(*link_);
}

// ---- rows to records
// ------------------------------------------------------------------------------

Result<Change> change_in(const PostgresRows& rows, std::size_t row, int sequence_column) {
    const auto sequence = static_cast<Sequence>(rows.big(row, sequence_column));
    Result<Change> change = decode(rows.bytes(row, sequence_column + 1));
    if (!change || change->sequence != sequence) {
        return fail(ErrorCode::corrupt,
                    "journal record " + std::to_string(sequence) + ": " +
                        (change ? "it bears another number" : change.error().detail));
    }
    return change;
}

Result<JournalEnd> end_in(const PostgresRows& rows) {
    JournalEnd end;
    const std::string_view hash = rows.size() == 1 ? rows.bytes(0, 2) : std::string_view{};
    if (hash.size() != end.hash.size()) {
        return fail(ErrorCode::corrupt, "coffer_head has no row of this shard");
    }
    end.sequence = static_cast<Sequence>(rows.big(0, 0));
    end.time = rows.big(0, 1);
    std::copy(hash.begin(), hash.end(), end.hash.begin());
    end.directory = static_cast<Sequence>(rows.big(0, 3));
    return end;
}

Result<Change> ask_change(PostgresLink& link, Sequence sequence) {
    PostgresValues values;
    values.add_small(only_shard);
    values.add_big(std::min(sequence, sequence_max));
    values.add_big(1);
    link.queue(sql::journal_upward, values);
    const auto answers = link.ask();
    if (!answers) return std::unexpected(answers.error());
    const PostgresRows& rows = answers->front();
    if (rows.size() == 0)
        return fail(ErrorCode::not_found, "no journal record " + std::to_string(sequence));
    if (static_cast<Sequence>(rows.big(0, 0)) != sequence) return std::unexpected(gap(sequence));
    return change_in(rows, 0, 0);
}

Result<void> take_records(PostgresLink& link, const PostgresRows& rows, const KeyMaker& keys,
                          std::span<const RecordKey* const> wanted,
                          std::span<Record* const> found) {
    CHECK(wanted.size() == found.size());
    std::vector<std::pair<Hash16, std::size_t>> places;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        places.emplace_back(rows.hash16(row, 0), row);
    }
    std::ranges::sort(places);
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const auto place = std::ranges::lower_bound(places, std::pair(wanted[at]->hash, 0UL));
        if (place == places.end() || place->first != wanted[at]->hash) continue;
        const auto change = change_in(rows, place->second, 1);
        if (!change) return std::unexpected(change.error());
        auto record = found_record(*change, *wanted[at], keys,
                                   [&](Sequence original) { return ask_change(link, original); });
        if (!record) return std::unexpected(std::move(record).error());
        *found[at] = std::move(*record);
    }
    return {};
}

// ---- the reader ---------------------------------------------------------------------------------

Result<Record> PostgresReader::find(const RecordKey& key) const {
    Record found;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        PostgresValues values;
        values.add_small(only_shard);
        values.begin_array(sql::type_uuid);
        values.item_uuid(key.hash);
        values.end_array();
        link.queue(sql::find_records, values);
        const auto answers = link.ask();
        if (!answers) return std::unexpected(answers.error());
        const RecordKey* const wanted = &key;
        Record* const into = &found;
        return take_records(link, answers->front(), keys_, {&wanted, 1}, {&into, 1});
    }));
    return found;
}

Result<Change> PostgresReader::change(Sequence sequence) const {
    if (sequence == 0) return fail(ErrorCode::not_found, "no journal record 0");
    Result<Change> change;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        change = ask_change(link, sequence);
        return change ? Result<void>{} : std::unexpected(change.error());
    }));
    return change;
}

Result<std::vector<Change>> PostgresReader::chunk(const sql::Statement& statement,
                                                  Sequence from) const {
    std::vector<Change> changes;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        changes.clear();
        PostgresValues values;
        values.add_small(only_shard);
        values.add_big(std::min(from, sequence_max));
        values.add_big(chunk_records);
        link.queue(statement, values);
        const auto answers = link.ask();
        if (!answers) return std::unexpected(answers.error());
        const PostgresRows& rows = answers->front();
        for (std::size_t row = 0; row < rows.size(); ++row) {
            auto change = change_in(rows, row, 0);
            if (!change) return std::unexpected(std::move(change).error());
            changes.push_back(std::move(*change));
        }
        return {};
    }));
    return changes;
}

Result<void> PostgresReader::upward(Sequence first, const Visit& visit) const {
    Sequence next = std::max<Sequence>(first, 1);
    for (;;) {
        const auto changes = chunk(sql::journal_upward, next);
        if (!changes) return std::unexpected(changes.error());
        for (const Change& change : *changes) {
            if (change.sequence != next) return std::unexpected(gap(next));
            ++next;
            if (!visit(change)) return {};
        }
        if (changes->size() < chunk_records) return {};
    }
}

Result<void> PostgresReader::downward(Sequence first, const Visit& visit) const {
    Sequence next = first;
    bool begun = false;
    while (next > 0) {
        const auto changes = chunk(sql::journal_downward, next);
        if (!changes) return std::unexpected(changes.error());
        for (const Change& change : *changes) {
            // The journal may end before the number that was named, but it has no holes.
            if (begun && change.sequence != next) return std::unexpected(gap(next));
            begun = true;
            next = change.sequence - 1;
            if (!visit(change)) return {};
        }
        if (changes->empty()) return begun ? std::unexpected(gap(next)) : Result<void>{};
    }
    return {};
}

Result<void> PostgresReader::each(RecordKind kind, const VisitRecord& visit) const {
    CHECK(kind != RecordKind::wallet && kind != RecordKind::round && kind != RecordKind::key);
    Hash16 after = first_of_kind(static_cast<unsigned>(kind));
    const Hash16 beyond = first_of_kind(static_cast<unsigned>(kind) + 1);
    for (;;) {
        std::vector<Record> records;
        std::size_t count = 0;
        TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
            records.clear();
            PostgresValues values;
            values.add_small(only_shard);
            values.add_uuid(after);
            values.add_uuid(beyond);
            values.add_big(chunk_records);
            link.queue(sql::records_between, values);
            const auto answers = link.ask();
            if (!answers) return std::unexpected(answers.error());
            const PostgresRows& rows = answers->front();
            count = rows.size();
            std::string scratch;
            for (std::size_t row = 0; row < count; ++row) {
                const auto change = change_in(rows, row, 1);
                if (!change) return std::unexpected(change.error());
                const Hash16 hash = rows.hash16(row, 0);
                const auto put = std::find_if(
                    change->puts.rbegin(), change->puts.rend(), [&](const Record& record) {
                        return static_cast<RecordKind>(record.index()) == kind &&
                               keys_.hash_of(record, scratch) == hash;
                    });
                if (put == change->puts.rend()) {
                    return fail(ErrorCode::corrupt, "the index names journal record " +
                                                        std::to_string(change->sequence) +
                                                        " for a record that it does not hold");
                }
                records.push_back(*put);
                after = hash;
            }
            return {};
        }));
        for (const Record& record : records) {
            if (!visit(record)) return {};
        }
        if (count < chunk_records) return {};
    }
}

Result<JournalEnd> PostgresReader::poll() const {
    Result<JournalEnd> end;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        PostgresValues values;
        values.add_small(only_shard);
        link.queue(sql::read_head, values);
        const auto answers = link.ask();
        if (!answers) return std::unexpected(answers.error());
        end = end_in(answers->front());
        return end ? Result<void>{} : std::unexpected(end.error());
    }));
    const std::lock_guard lock(mutex_);
    known_end_ = *end;
    return end;
}

JournalEnd PostgresReader::end() const {
    if (const auto asked = poll()) return *asked;
    const std::lock_guard lock(mutex_);
    return known_end_;
}

}  // namespace coffer
