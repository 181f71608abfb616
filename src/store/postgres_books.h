#pragma once
// Reading all shards of a PostgreSQL store as one: what postgres_store.h promises of a Reader where
// there are several.
//
// Records are found where their names say that they are, and a session or a promotion, whose name
// does not say whose it is, by its locator. The journals are read as one by time and, of one
// moment, by number: so is all that a player did in its order, and nothing comes before what it
// follows from (docs/adr/0008).

#include "store/postgres_reader.h"

namespace coffer {

class PostgresBooks final : public Reader {
public:
    PostgresBooks(const std::shared_ptr<LinkLender>& lender, const KeyMaker& keys);

    const PostgresReader& of(Shard shard) const { return *shards_[shard]; }

    const KeyMaker& keys() const override { return keys_; }
    Result<Record> find(const RecordKey& key) const override;
    Result<Change> change(Sequence sequence) const override;
    Result<void> find_all(std::span<const RecordKey> wanted,
                          std::span<Record> found) const override;
    Result<std::vector<Change>> changes_at(std::span<const Sequence> wanted) const override;
    // From the very first record on only: CHECKs.
    Result<void> upward(Sequence first, const Visit& visit) const override;
    // What is older than the record after `first`, or everything where there is none.
    Result<void> downward(Sequence first, const Visit& visit) const override;
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override;
    JournalEnd end() const override { return of(first_shard).end(); }
    JournalEnd end_of(Shard shard) const override { return of(shard).end(); }

private:
    // One shard's journal, some records ahead.
    class Stream;
    using Order = bool (*)(const Change&, const Change&);
    static Result<void> merge(std::span<Stream> streams, Order comes_first, const Visit& visit);
    Result<RecordKey> placed(const RecordKey& key) const;
    Result<Sequence> last_before(Shard shard, Time time, Sequence sequence) const;

    const KeyMaker keys_;
    std::vector<std::unique_ptr<PostgresReader>> shards_;
};

}  // namespace coffer
