#include "store/postgres_reader.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "store/directory_kinds.h"
#include "store/lookup.h"

namespace coffer {

namespace {

// Records of a kind, or found by their names or numbers, that one trip brings.
constexpr std::uint64_t chunk_records = 1000;
// Records of the journal that the first trip of a walk brings, since a list is often content with
// few, and what the later ones come to.
constexpr std::uint64_t walk_records_first = 100, walk_records_max = 2000;
std::uint64_t more_than(std::uint64_t records) { return std::min(records * 4, walk_records_max); }

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
    values.add_small(shard_of(sequence));
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

namespace {

// The journal records of those numbers, in that order, out of rows in any order.
Result<std::vector<Change>> in_order(const PostgresRows& rows, std::span<const Sequence> wanted) {
    std::vector<std::pair<Sequence, std::size_t>> places;
    places.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        places.emplace_back(static_cast<Sequence>(rows.big(row, 0)), row);
    }
    std::ranges::sort(places);
    std::vector<Change> changes;
    changes.reserve(wanted.size());
    for (const Sequence sequence : wanted) {
        const auto place = std::ranges::lower_bound(places, std::pair(sequence, 0UL));
        if (place == places.end() || place->first != sequence) {
            return fail(ErrorCode::not_found, "no journal record " + std::to_string(sequence));
        }
        auto change = change_in(rows, place->second, 0);
        if (!change) return std::unexpected(std::move(change).error());
        changes.push_back(std::move(*change));
    }
    return changes;
}

}  // namespace

Result<std::vector<Change>> ask_changes(PostgresLink& link, std::span<const Sequence> wanted) {
    if (wanted.empty()) return std::vector<Change>();
    PostgresValues values;
    values.add_small(shard_of(wanted.front()));
    values.begin_array(sql::type_bigint);
    for (const Sequence sequence : wanted) values.item_big(std::min(sequence, sequence_max));
    values.end_array();
    link.queue(sql::journal_at, values);
    const auto answers = link.ask();
    if (!answers) return std::unexpected(answers.error());
    return in_order(answers->front(), wanted);
}

// A trip for each shard; nearly always there is one.
Result<std::vector<Change>> ask_changes_anywhere(PostgresLink& link,
                                                 std::span<const Sequence> wanted) {
    std::vector<std::size_t> order(wanted.size());
    for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
    std::ranges::sort(order, {},
                      [&](std::size_t at) { return std::pair(shard_of(wanted[at]), at); });
    std::vector<Change> all(wanted.size());
    std::vector<Sequence> of_one;
    for (std::size_t from = 0; from < order.size();) {
        const Shard shard = shard_of(wanted[order[from]]);
        std::size_t to = from;
        of_one.clear();
        while (to < order.size() && shard_of(wanted[order[to]]) == shard)
            of_one.push_back(wanted[order[to++]]);
        auto changes = ask_changes(link, of_one);
        if (!changes) return changes;
        for (std::size_t at = from; at < to; ++at)
            all[order[at]] = std::move((*changes)[at - from]);
        from = to;
    }
    return all;
}

Result<void> ask_guests(PostgresLink& link, const KeyMaker& keys,
                        std::span<const RecordKey* const> wanted, std::span<Record* const> found) {
    PostgresValues values;
    values.add_small(first_shard);
    values.begin_array(sql::type_uuid);
    for (const RecordKey* key : wanted) values.item_uuid(key->hash);
    values.end_array();
    link.queue(sql::find_places, values);
    const auto answers = link.ask();
    if (!answers) return std::unexpected(answers.error());
    const PostgresRows& rows = answers->front();
    std::vector<Sequence> numbers;
    numbers.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        numbers.push_back(static_cast<Sequence>(rows.big(row, 1)));
    const auto changes = ask_changes_anywhere(link, numbers);
    if (!changes) return std::unexpected(changes.error());
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        *found[at] = Record{};
        for (std::size_t row = 0; row < rows.size(); ++row) {
            if (rows.hash16(row, 0) != wanted[at]->hash) continue;
            auto record = record_in((*changes)[row], *wanted[at], keys);
            if (!record) return std::unexpected(std::move(record).error());
            *found[at] = std::move(*record);
        }
    }
    return {};
}

Result<void> take_records(PostgresLink& link, const PostgresRows& rows, const KeyMaker& keys,
                          std::span<const RecordKey* const> wanted,
                          std::span<Record* const> found) {
    CHECK(wanted.size() == found.size());
    std::vector<std::pair<Hash16, std::size_t>> places;
    places.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        places.emplace_back(rows.hash16(row, 0), row);
    }
    std::ranges::sort(places);
    std::vector<Record*> lacking;
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const auto place = std::ranges::lower_bound(places, std::pair(wanted[at]->hash, 0UL));
        if (place == places.end() || place->first != wanted[at]->hash) continue;
        const auto change = change_in(rows, place->second, 1);
        if (!change) return std::unexpected(change.error());
        auto record = record_in(*change, *wanted[at], keys);
        if (!record) return std::unexpected(std::move(record).error());
        *found[at] = std::move(*record);
        if (lacks(*found[at]) != 0) lacking.push_back(found[at]);
    }
    return complete(
        lacking, [&](std::span<const Sequence> originals) { return ask_changes(link, originals); });
}

// ---- the reader ---------------------------------------------------------------------------------

Result<Record> PostgresReader::find(const RecordKey& key) const {
    Record found;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        const RecordKey* const wanted = &key;
        Record* const into = &found;
        if (keys_.shards() > 1 && may_be_guest(key.kind))
            return ask_guests(link, keys_, {&wanted, 1}, {&into, 1});
        PostgresValues values;
        values.add_small(shard_);
        values.begin_array(sql::type_uuid);
        values.item_uuid(key.hash);
        values.end_array();
        link.queue(sql::find_records, values);
        const auto answers = link.ask();
        if (!answers) return std::unexpected(answers.error());
        found = Record{};
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

Result<std::vector<Change>> PostgresReader::changes_at(std::span<const Sequence> wanted) const {
    std::vector<Change> all;
    all.reserve(wanted.size());
    while (!wanted.empty()) {
        const auto some = wanted.first(std::min(wanted.size(), chunk_records));
        TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
            auto changes = ask_changes_anywhere(link, some);
            if (!changes) return std::unexpected(std::move(changes).error());
            std::ranges::move(*changes, std::back_inserter(all));
            return {};
        }));
        wanted = wanted.subspan(some.size());
    }
    return all;
}

Result<void> PostgresReader::find_all(std::span<const RecordKey> wanted,
                                      std::span<Record> found) const {
    CHECK(wanted.size() == found.size());
    for (std::size_t at = 0; at < wanted.size(); at += chunk_records) {
        const std::size_t count = std::min(wanted.size() - at, chunk_records);
        TRY(find_some(wanted.subspan(at, count), found.subspan(at, count)));
    }
    return {};
}

// First where they are, then the journal records that hold them, each once: a movement's id, wallet
// and round are most often in the same.
Result<void> PostgresReader::find_some(std::span<const RecordKey> wanted,
                                       std::span<Record> found) const {
    std::vector<std::pair<Hash16, Sequence>> places;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        places.clear();
        PostgresValues values;
        values.add_small(shard_);
        values.begin_array(sql::type_uuid);
        for (const RecordKey& key : wanted) values.item_uuid(key.hash);
        values.end_array();
        link.queue(sql::find_places, values);
        const auto answers = link.ask();
        if (!answers) return std::unexpected(answers.error());
        const PostgresRows& rows = answers->front();
        for (std::size_t row = 0; row < rows.size(); ++row) {
            places.emplace_back(rows.hash16(row, 0), static_cast<Sequence>(rows.big(row, 1)));
        }
        return {};
    }));
    std::ranges::sort(places);
    std::vector<Sequence> numbers;
    numbers.reserve(places.size());
    for (const auto& place : places) numbers.push_back(place.second);
    std::ranges::sort(numbers);
    numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
    const auto holders = changes_at(numbers);
    if (!holders) return std::unexpected(holders.error());
    std::vector<Record*> lacking;
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        found[at] = Record{};
        const auto place = std::ranges::lower_bound(places, std::pair(wanted[at].hash, Sequence{}));
        if (place == places.end() || place->first != wanted[at].hash) continue;
        const auto number = std::ranges::lower_bound(numbers, place->second);
        const Change& holder = (*holders)[static_cast<std::size_t>(number - numbers.begin())];
        auto record = record_in(holder, wanted[at], keys_);
        if (!record) return std::unexpected(std::move(record).error());
        found[at] = std::move(*record);
        if (lacks(found[at]) != 0) lacking.push_back(&found[at]);
    }
    return complete(lacking,
                    [this](std::span<const Sequence> originals) { return changes_at(originals); });
}

Result<std::vector<Change>> PostgresReader::chunk(const sql::Statement& statement, Sequence from,
                                                  std::uint64_t records) const {
    std::vector<Change> changes;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        changes.clear();
        PostgresValues values;
        values.add_small(shard_);
        values.add_big(std::min(from, sequence_max));
        values.add_big(records);
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
    Sequence next = std::max<Sequence>(first, before_first(shard_) + 1);
    for (std::uint64_t records = walk_records_first;; records = more_than(records)) {
        const auto changes = chunk(sql::journal_upward, next, records);
        if (!changes) return std::unexpected(changes.error());
        for (const Change& change : *changes) {
            if (change.sequence != next) return std::unexpected(gap(next));
            ++next;
            if (!visit(change)) return {};
        }
        if (changes->size() < records) return {};
    }
}

Result<void> PostgresReader::downward(Sequence first, const Visit& visit) const {
    Sequence next = first;
    bool begun = false;
    for (std::uint64_t records = walk_records_first; next > before_first(shard_);
         records = more_than(records)) {
        const auto changes = chunk(sql::journal_downward, next, records);
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

Result<std::vector<PostgresReader::Place>> PostgresReader::places_between(
    const Hash16& after, const Hash16& beyond) const {
    std::vector<Place> places;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        places.clear();
        PostgresValues values;
        values.add_small(shard_);
        values.add_uuid(after);
        values.add_uuid(beyond);
        values.add_big(chunk_records);
        link.queue(sql::places_between, values);
        const auto answers = link.ask();
        if (!answers) return std::unexpected(answers.error());
        const PostgresRows& rows = answers->front();
        for (std::size_t row = 0; row < rows.size(); ++row) {
            places.emplace_back(rows.hash16(row, 0), static_cast<Sequence>(rows.big(row, 1)));
        }
        return {};
    }));
    return places;
}

Result<void> PostgresReader::each(RecordKind kind, const VisitRecord& visit) const {
    CHECK(kind != RecordKind::wallet && kind != RecordKind::round && kind != RecordKind::key);
    Hash16 after = first_of_kind(static_cast<unsigned>(kind));
    const Hash16 beyond = first_of_kind(static_cast<unsigned>(kind) + 1);
    std::string scratch;
    for (;;) {
        const auto places = places_between(after, beyond);
        if (!places) return std::unexpected(places.error());
        std::vector<Sequence> numbers;
        for (const Place& place : *places) numbers.push_back(place.second);
        const auto changes = changes_at(numbers);
        if (!changes) return std::unexpected(changes.error());
        for (std::size_t at = 0; at < places->size(); ++at) {
            const Change& change = (*changes)[at];
            const auto put =
                std::find_if(change.puts.rbegin(), change.puts.rend(), [&](const Record& record) {
                    return kind_of(record) == kind &&
                           keys_.hash_of(record, scratch) == (*places)[at].first;
                });
            if (put == change.puts.rend()) {
                return fail(ErrorCode::corrupt, "the index names journal record " +
                                                    std::to_string(change.sequence) +
                                                    " for a record that it does not hold");
            }
            if (!visit(*put)) return {};
        }
        if (places->size() < chunk_records) return {};
        after = places->back().first;
    }
}

Result<std::vector<Hash16>> PostgresReader::names_after(const Hash16& after,
                                                        std::size_t count) const {
    std::vector<Hash16> names;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        names.clear();
        PostgresValues values;
        values.add_small(shard_);
        values.add_uuid(after);
        values.add_big(count);
        link.queue(sql::names_after, values);
        const auto answers = link.ask();
        if (!answers) return std::unexpected(answers.error());
        const PostgresRows& rows = answers->front();
        for (std::size_t row = 0; row < rows.size(); ++row) names.push_back(rows.hash16(row, 0));
        return {};
    }));
    return names;
}

Result<JournalEnd> PostgresReader::poll() const {
    Result<JournalEnd> end;
    TRY(lender_->lend([&](PostgresLink& link) -> Result<void> {
        PostgresValues values;
        values.add_small(shard_);
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
