#pragma once
// Reading a shard of a PostgreSQL store, by any thread: what postgres_store.h promises of a Reader.
//
// A reader borrows a link for each trip and holds none while it calls a visitor, so that a visitor
// may ask the store for more.

#include <condition_variable>
#include <functional>
#include <mutex>

#include "store/postgres_link.h"
#include "store/store.h"

namespace coffer {

// How a reader comes by a link.
class LinkLender {
public:
    virtual ~LinkLender() = default;
    using Use = std::function<Result<void>(PostgresLink&)>;
    // Calls `use` with a link; again with a new one if the first turned out to be broken.
    virtual Result<void> lend(const Use& use) = 0;
};

// A few links that are opened when they are needed. Any thread. While the database is away only one
// thread at a time tries to reach it, and only so often; the others hear so at once.
class LinkPool final : public LinkLender {
public:
    LinkPool(PostgresPlace place, const LinkLimits& limits, std::size_t links_max);
    Result<void> lend(const Use& use) override;

private:
    Result<std::unique_ptr<PostgresLink>> take();
    void give_back(std::unique_ptr<PostgresLink> link);

    const PostgresPlace place_;
    const LinkLimits limits_;
    const std::size_t links_max_;
    std::mutex mutex_;  // guards all below
    std::condition_variable returned_;
    std::vector<std::unique_ptr<PostgresLink>> idle_;
    std::size_t lent_ = 0;
    bool opening_ = false;
    Time failed_ = 0;  // when opening failed last; 0: it did not
    Error failure_;
};

// One link inside one transaction, so that everything read through it is as of one moment.
class SnapshotLender final : public LinkLender {
public:
    static Result<std::unique_ptr<SnapshotLender>> begin(const PostgresPlace& place,
                                                         const LinkLimits& limits);
    Result<void> lend(const Use& use) override;

private:
    explicit SnapshotLender(std::unique_ptr<PostgresLink> link) : link_(std::move(link)) {}
    std::mutex mutex_;
    std::unique_ptr<PostgresLink> link_;
};

// ---- rows to records
// ------------------------------------------------------------------------------

inline constexpr std::int16_t only_shard = 0;

Result<Change> change_in(const PostgresRows& rows, std::size_t row, int sequence_column);
Result<JournalEnd> end_in(const PostgresRows& rows);
// Asks for the journal record of that number over the link; not_found beyond the end.
Result<Change> ask_change(PostgresLink& link, Sequence sequence);
// The same for many, in their order and in one trip.
Result<std::vector<Change>> ask_changes(PostgresLink& link, std::span<const Sequence> wanted);

// The records that `rows` (of sql::find_records) hold under `wanted`, whole; those that no row
// names are left as they are.
Result<void> take_records(PostgresLink& link, const PostgresRows& rows, const KeyMaker& keys,
                          std::span<const RecordKey* const> wanted, std::span<Record* const> found);

class PostgresReader final : public Reader {
public:
    PostgresReader(std::shared_ptr<LinkLender> lender, const KeyMaker& keys)
        : lender_(std::move(lender)), keys_(keys) {}

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

    std::shared_ptr<LinkLender> lender_;
    const KeyMaker keys_;
    mutable std::mutex mutex_;  // guards known_end_
    mutable JournalEnd known_end_;
};

}  // namespace coffer
