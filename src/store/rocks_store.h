#pragma once
// The embedded Store: RocksDB in one directory, owned by one process.
//
// The journal is a column family under rising sequence numbers, written with one sync a batch: from
// the moment commit() returns a batch is durable. The index (hash of a record's key -> the journal
// record that holds its latest version) is kept in memory and written behind the lane's back as
// sorted files; what of it was lost is made again from the journal when the store is opened.
// docs/STORE_FORMAT.md says what lies on disk.
//
// Lane thread only: read, commit, recover. Any thread: everything else. A sync that failed is
// fatal: this object takes no more writes and says so.

#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace coffer {

enum class JournalCompression : std::uint8_t { none, lz4, zstd };

struct RocksOptions {
    std::string directory;
    bool create = false;                // make a new store where there is none
    std::size_t cache_rows = 1 << 20;   // wallets and directory records; about 700 bytes each
    std::size_t cache_rounds = 65'536;  // about 500 bytes each
    std::size_t index_generation_entries = 1 << 20;  // 48 bytes each, two to four generations
    std::size_t index_generations_waiting_max = 2;   // beyond these commit() waits
    std::size_t block_cache_bytes = 128 << 20;
    std::size_t memtable_bytes = 64 << 20;  // of the journal; up to four of them
    JournalCompression compression = JournalCompression::lz4;
    // For tests: the files to live in instead of the machine's, and a store that lies about
    // durability, to prove that the crash test would notice.
    std::shared_ptr<rocksdb::FileSystem> file_system;
    bool answers_before_sync = false;
};

// Figures for metrics; each may be from a slightly different moment.
struct RocksStats {
    std::uint64_t syncs = 0;
    std::uint64_t sync_us = 0;  // all together
    std::uint64_t sync_latest_us = 0;
    std::uint64_t batch_bytes_latest = 0;
    std::uint64_t index_entries_active = 0;       // in the generation that is being filled
    std::uint64_t index_generations_waiting = 0;  // to be written as files
    std::uint64_t index_files_written = 0;        // of generations, not of merges
    std::uint64_t index_files = 0;                // that a look-up passes now
    std::uint64_t index_waits = 0;                // commits that had to wait for that
    std::uint64_t write_stalls_us = 0;            // time that RocksDB held writes back
    std::uint64_t cache_hits = 0, cache_misses = 0, cache_rows = 0;
};

class RocksStore final : public Store {
public:
    // Errors: not_found (no store there and create not set), unavailable (another process has it),
    // invalid (written by a newer Coffer), corrupt (and where), io, full.
    static Result<std::unique_ptr<RocksStore>> open(const RocksOptions& options);
    // Throws the index away and makes it again from the journal; nothing else may have the store
    // open.
    static Result<void> reindex(const RocksOptions& options);
    ~RocksStore() override;  // writes the index out, so that the next open is quick

    const KeyMaker& keys() const override;
    Result<Record> find(const RecordKey& key) const override;
    Result<Change> change(Sequence sequence) const override;
    Result<void> upward(Sequence first, const Visit& visit) const override;
    Result<void> downward(Sequence first, const Visit& visit) const override;
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override;
    JournalEnd end() const override;

    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) override;
    Result<void> commit(std::span<Change> changes) override;
    // On a thread of its own.
    void start_commit(std::span<Change> changes, const std::function<void()>& done) override;
    Result<void> finish_commit() override;
    bool commits_aside() const override { return true; }
    // Closes the database and opens it again. `full` while there is still too little space, with
    // reading unharmed; `io` for good after a failed sync.
    Result<JournalEnd> recover() override;

    // A consistent copy of everything durable in a new directory on the same file system, mostly
    // links.
    Result<void> checkpoint(const std::string& directory) const;
    RocksStats stats() const;

private:
    class Inside;
    explicit RocksStore(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace coffer
