#pragma once
// The shared Store: a PostgreSQL database that several processes write to at once.
//
// The same journal as the embedded store's, byte for byte, in a table; a second table says which
// journal record holds the latest version of a record; a third has one row for each shard, its
// head, which says where the shard's journal ends. begin() locks the head, so that one batch at a
// time reads, decides and writes there, whichever process it is of. docs/adr/0005 says why, 0008
// what several shards are, docs/STORE_FORMAT.md what the tables hold.
//
// A batch takes two trips to the database, and one more for each further read() of what is neither
// known nor known to be absent. What the lane has read or written before it keeps, and brings it up
// to date from the journal when begin() shows that somebody else has written since. What is staged
// the database works on while the lane decides the rest.
//
// Every wait has an end (LinkLimits). When the database is away, begin() and recover() say
// `unavailable` at once while a thread of this object's own tries to reach it.

#include <string>
#include <string_view>

#include "store/store.h"

namespace coffer {

struct PostgresOptions {
    std::string uri;  // postgres://user@host:port/database, as libpq reads it; several hosts may be
                      // named, of which the one that takes writes is used
    std::size_t cache_rows = 524'288;        // wallets and directory records; about 700 bytes each
    std::size_t cache_rounds = 65'536;       // about 500 bytes each
    std::size_t name_bytes_max = 256 << 20;  // to know which names are free; four a name and more
    std::size_t follow_records_max = 4096;   // of others, read to keep the cache; beyond: forgotten
    std::size_t reading_links_max = 4;       // besides the lane's own, and the one of poll()
    std::int64_t connect_ms = 1000;          // to each host
    std::int64_t statement_ms = 2000;        // a trip of the lane
    std::int64_t reading_ms = 10'000;        // a trip of everyone else
};

// Figures for metrics.
struct PostgresStats {
    std::uint64_t trips = 0;     // of the lane
    std::uint64_t followed = 0;  // journal records that others wrote
    std::uint64_t ahead = 0;     // batches decided while the one before was being committed
    std::uint64_t aborted = 0;   // batches that were to be tried again
    std::uint64_t unknown = 0;   // commits whose answer did not come
    std::uint64_t cache_hits = 0, cache_misses = 0;
};

class PostgresShard;

class PostgresStore final : public Store {
public:
    // Errors: invalid (no address, or a schema newer than this program, or synchronous_commit
    // off), not_found (no schema: `coffer migrate` makes one), unavailable.
    static Result<std::unique_ptr<PostgresStore>> open(const PostgresOptions& options);
    ~PostgresStore() override;

    const KeyMaker& keys() const override;
    Result<Record> find(const RecordKey& key) const override;
    Result<Change> change(Sequence sequence) const override;
    Result<void> find_all(std::span<const RecordKey> wanted,
                          std::span<Record> found) const override;
    Result<std::vector<Change>> changes_at(std::span<const Sequence> wanted) const override;
    Result<void> upward(Sequence first, const Visit& visit) const override;
    Result<void> downward(Sequence first, const Visit& visit) const override;
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override;
    JournalEnd end() const override;

    Result<JournalEnd> begin(std::span<const RecordKey> wanted, std::span<Record> found) override;
    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) override;
    void stage(std::span<Change> so_far) override;
    Result<void> commit(std::span<Change> changes) override;
    void start_commit(std::span<Change> changes, const std::function<void()>& done) override;
    Result<void> finish_commit() override;
    bool commits_aside() const override;
    Result<JournalEnd> recover() override;
    bool is_shared() const override { return true; }
    Result<JournalEnd> poll() const override;
    JournalEnd end_of(Shard shard) const override;
    Shard shards() const override;
    Store& of_shard(Shard shard) override;
    const JournalEnd* held_end(Shard shard) const override;

    // Everything as of one moment, for proofs and copies while others write. As long as it lives
    // the database cannot clean up what was replaced since.
    Result<std::unique_ptr<Reader>> snapshot() const;
    PostgresStats stats() const;
    // What all processes over these books must agree on: the value under that name, which is this
    // one if there was none yet. Any thread.
    Result<std::string> agree_on(std::string_view name, std::string_view value) const;

private:
    explicit PostgresStore(std::unique_ptr<PostgresShard> shard);
    std::unique_ptr<PostgresShard> shard_;
    std::vector<std::unique_ptr<PostgresStore>> others_;  // of the shards from 1 on
};

// Makes the tables, or brings older ones up to date; may be run again, and by several at once.
struct MigrateOptions {
    std::string uri;
    std::string runtime_role;  // is granted what `serve` needs and no more; empty: nobody
    Shard shards = 0;          // of a store that is made; 0: as many as a new one has by default
    bool distribute_citus = false;
};
inline constexpr Shard shards_default = 1;
// What was done, in words for people. Errors: invalid, unavailable, io.
Result<std::string> migrate_postgres(const MigrateOptions& options);

// user@host:port/database of a URI, without its password; for messages.
std::string postgres_place(const std::string& uri);

}  // namespace coffer
