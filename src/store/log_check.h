#pragma once
// Tells an unsynced tail of the write-ahead log, which may be dropped, from damage, which may not.
//
// RocksDB's recovery stops at the first record that it cannot read and forgets what follows. A
// batch is only written after the one before it was synced, so a good record further on proves that
// the bad one was durable: then something damaged the log, and the store must not open.

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include "store/store.h"

namespace coffer {

// What the logs themselves show, without RocksDB.
struct LogScan {
    std::string damage;    // where the first unreadable record lies, in words; empty if none
    Sequence durable = 0;  // journal records up to this one were durable ...
    std::string evidence;  // ... as this record shows
};
Result<LogScan> scan_logs(rocksdb::FileSystem& files, const std::string& directory);

// Nothing if RocksDB may open the directory without losing what was durable; corrupt, with the
// place, if not. Reads the logs once; where one is damaged or torn, also opens the database for
// reading.
Result<void> check_logs(rocksdb::FileSystem& files, const rocksdb::DBOptions& options,
                        const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                        const std::string& directory);

}  // namespace coffer
