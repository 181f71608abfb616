#pragma once
// Reading a shard of a PostgreSQL store, by any thread: what postgres_store.h promises of a Reader.
//
// A reader borrows a link for each trip and holds none while it calls a visitor, so that a visitor
// may ask the store for more.

#include <mutex>

#include "store/postgres_lender.h"
#include "store/store.h"

namespace coffer {

// ---- rows to records
// ------------------------------------------------------------------------------

// Where what is of no player is kept, and what the store says of itself.
inline constexpr Shard first_shard = 0;

Result<Change> change_in(const PostgresRows& rows, std::size_t row, int sequence_column);
Result<JournalEnd> end_in(const PostgresRows& rows);
// Asks for the journal record of that number over the link; not_found beyond the end.
Result<Change> ask_change(PostgresLink& link, Sequence sequence);
// The same for many of one shard, in their order and in one trip.
Result<std::vector<Change>> ask_changes(PostgresLink& link, std::span<const Sequence> wanted);

// The same for many of any shards, in their order.
Result<std::vector<Change>> ask_changes_anywhere(PostgresLink& link,
                                                 std::span<const Sequence> wanted);

// The records under those names of the first shard, which may be guests there: journal records of
// any shard may hold them. Absent where there are none.
Result<void> ask_guests(PostgresLink& link, const KeyMaker& keys,
                        std::span<const RecordKey* const> wanted, std::span<Record* const> found);

// The records that `rows` (of sql::find_records) hold under `wanted`, whole; those that no row
// names are left as they are.
Result<void> take_records(PostgresLink& link, const PostgresRows& rows, const KeyMaker& keys,
                          std::span<const RecordKey* const> wanted, std::span<Record* const> found);

// Of one shard.
class PostgresReader final : public Reader {
public:
    PostgresReader(std::shared_ptr<LinkLender> lender, const KeyMaker& keys, Shard shard)
        : lender_(std::move(lender)), keys_(keys), shard_(shard) {}

    const KeyMaker& keys() const override { return keys_; }
    Result<Record> find(const RecordKey& key) const override;
    Result<Change> change(Sequence sequence) const override;
    Result<void> find_all(std::span<const RecordKey> wanted,
                          std::span<Record> found) const override;
    Result<std::vector<Change>> changes_at(std::span<const Sequence> wanted) const override;
    Result<void> upward(Sequence first, const Visit& visit) const override;
    Result<void> downward(Sequence first, const Visit& visit) const override;
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override;
    JournalEnd end() const override;
    Result<JournalEnd> poll() const;
    // The next names of whatever there is, in order; fewer than `count` at the end.
    Result<std::vector<Hash16>> names_after(const Hash16& after, std::size_t count) const;

private:
    Result<std::vector<Change>> chunk(const sql::Statement& statement, Sequence from,
                                      std::uint64_t records) const;
    Result<void> find_some(std::span<const RecordKey> wanted, std::span<Record> found) const;
    using Place = std::pair<Hash16, Sequence>;  // a name and the journal record that it leads to
    Result<std::vector<Place>> places_between(const Hash16& after, const Hash16& beyond) const;

    std::shared_ptr<LinkLender> lender_;
    const KeyMaker keys_;
    const Shard shard_;
    mutable std::mutex mutex_;  // guards known_end_
    mutable JournalEnd known_end_;
};

}  // namespace coffer
