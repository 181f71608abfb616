#pragma once
// RocksDB as this store uses it: two column families, their options, and its errors in our words.
// Only sources of this floor include this.

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/statistics.h>

#include "store/rocks_store.h"
#include "store/watched_files.h"

namespace coffer {

// An open database. Closing is destruction.
struct RocksDatabase {
    std::string directory;
    std::shared_ptr<WatchedFiles> files;
    std::unique_ptr<rocksdb::Env> environment;
    std::shared_ptr<rocksdb::Statistics> statistics;
    std::unique_ptr<rocksdb::DB> database;
    rocksdb::ColumnFamilyHandle* usual = nullptr;  // RocksDB's `default`; empty
    rocksdb::ColumnFamilyHandle* meta = nullptr;
    rocksdb::ColumnFamilyHandle* journal = nullptr;
    SecretKey16 secret{};

    RocksDatabase() = default;
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;
    ~RocksDatabase();
};

// Opens or makes the database and checks that it is one of ours. Does not look into the journal.
Result<std::unique_ptr<RocksDatabase>> open_database(const RocksOptions& options);

// Where the journal ends, read from the journal itself.
Result<JournalEnd> read_end(rocksdb::DB& database, rocksdb::ColumnFamilyHandle* journal);

// A status that is not ok, as an Error: NoSpace is full, Corruption is corrupt, the rest io.
Error error_of(const rocksdb::Status& status, std::string_view doing);

// A sequence number as the journal's key: eight bytes, the highest first.
std::array<char, 8> sequence_bytes(Sequence sequence);
Sequence sequence_of(std::string_view bytes);  // 0 if these are not eight bytes
template <std::size_t Size>
rocksdb::Slice slice(const std::array<char, Size>& bytes) {
    return {bytes.data(), bytes.size()};
}

// The number of the journal's column family, which the write-ahead log names it by.
inline constexpr std::uint32_t journal_family_id = 2;
// Of the journal; what they hold must still find room on the disk.
inline constexpr int memtables_max = 4;

}  // namespace coffer
