#include "store/rocks_database.h"

#include <algorithm>
#include <charconv>

#include <rocksdb/cache.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "base/random.h"
#include "store/log_check.h"

namespace coffer {

namespace {

constexpr std::string_view format_key = "format";
constexpr std::string_view secret_key = "secret";
constexpr int store_format = 2;

rocksdb::CompressionType compression_of(JournalCompression compression) {
    switch (compression) {
        case JournalCompression::none: return rocksdb::kNoCompression;
        case JournalCompression::lz4: return rocksdb::kLZ4Compression;
        case JournalCompression::zstd: return rocksdb::kZSTD;
    }
    return rocksdb::kNoCompression;
}

rocksdb::DBOptions database_options(rocksdb::Env* environment) {
    rocksdb::DBOptions options;
    options.env = environment;
    options.create_missing_column_families = true;
    options.max_open_files = -1;
    options.max_background_jobs = 2;
    options.bytes_per_sync = 1 << 20;  // a flush that dirties 64 MB at once delays the log's syncs
    options.allow_concurrent_memtable_write = false;  // one writer, and the hinted insert needs it
    options.enable_write_thread_adaptive_yield = false;
    options.avoid_unnecessary_blocking_io = true;
    // A log that ends in the middle of a record ends there; log_check.h makes sure that nothing
    // good stands behind such a place.
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options.track_and_verify_wals_in_manifest = true;
    options.max_bgerror_resume_count = 0;  // recover() decides, not RocksDB
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    options.max_log_file_size = 4 << 20;
    options.keep_log_file_num = 4;
    return options;
}

rocksdb::ColumnFamilyOptions journal_options(const RocksOptions& wanted,
                                             const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::ColumnFamilyOptions options;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.block_size = 16 << 10;
    table.format_version = 5;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.compression = compression_of(wanted.compression);
    options.bottommost_compression = options.compression;
    options.write_buffer_size = wanted.memtable_bytes;
    options.max_write_buffer_number = memtables_max;
    // Keys only rise, so the place of the last insert is the place of the next.
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
    // Files of rising keys never overlap: compaction moves them down without reading them. There is
    // nothing to gain from rewriting old ones.
    options.target_file_size_base = wanted.memtable_bytes;
    options.max_bytes_for_level_base = 16 * wanted.memtable_bytes;
    options.level0_file_num_compaction_trigger = 4;
    options.level0_slowdown_writes_trigger = 64;
    options.level0_stop_writes_trigger = 128;
    options.ttl = 0;
    options.periodic_compaction_seconds = 0;
    return options;
}

Error in_directory(Error error, const std::string& directory) {
    error.detail = "the store in " + directory + ": " + error.detail;
    return error;
}

// Two processes must not even look into the logs at once, so the lock is tried before anything is
// read.
Result<void> check_lock(rocksdb::FileSystem& files, const std::string& directory) {
    const std::string name = directory + "/LOCK";
    const rocksdb::IOOptions io;
    rocksdb::FileLock* lock = nullptr;
    if (rocksdb::IOStatus status = files.LockFile(name, io, &lock, nullptr); !status.ok()) {
        return fail(ErrorCode::unavailable, "the store in " + directory +
                                                " is in use by another process, or its LOCK file "
                                                "cannot be taken: " +
                                                status.ToString());
    }
    files.UnlockFile(lock, io, nullptr);
    return {};
}

// The secret and the format's version are written at the first open, and only then.
Result<void> write_meta(RocksDatabase& opened) {
    fill_random(opened.secret);
    rocksdb::WriteBatch batch;
    batch.Put(opened.meta, rocksdb::Slice(format_key), std::to_string(store_format));
    batch.Put(opened.meta, rocksdb::Slice(secret_key),
              rocksdb::Slice(view(opened.secret).data(), opened.secret.size()));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    if (const auto status = opened.database->Write(durable, &batch); !status.ok()) {
        return std::unexpected(error_of(status, "writing its secret"));
    }
    // Left in memory these two would keep every log alive until the store is closed.
    if (const auto status = opened.database->Flush({}, opened.meta); !status.ok()) {
        return std::unexpected(error_of(status, "writing its secret"));
    }
    return {};
}

Result<void> read_meta(RocksDatabase& opened) {
    std::string format;
    std::string secret;
    const auto format_read =
        opened.database->Get({}, opened.meta, rocksdb::Slice(format_key), &format);
    const auto secret_read =
        opened.database->Get({}, opened.meta, rocksdb::Slice(secret_key), &secret);
    if (format_read.IsNotFound() && secret_read.IsNotFound()) {
        const auto end = read_end(*opened.database, opened.journal);
        if (!end) return std::unexpected(end.error());
        if (end->sequence != 0) return fail(ErrorCode::corrupt, "it has a journal but no secret");
        return write_meta(opened);
    }
    if (!format_read.ok() || !secret_read.ok()) {
        return std::unexpected(error_of(format_read.ok() ? secret_read : format_read,
                                        "reading its format and secret"));
    }
    if (format != std::to_string(store_format)) {
        int written = 0;
        std::from_chars(format.data(), format.data() + format.size(), written);
        const bool older = written > 0 && written < store_format;
        return fail(ErrorCode::invalid,
                    "it was written by " + std::string(older ? "an older" : "a newer") +
                        " Coffer, in format " + format + "; this one knows format " +
                        std::to_string(store_format));
    }
    if (secret.size() != opened.secret.size()) {
        return fail(ErrorCode::corrupt, "its secret has the wrong length");
    }
    std::copy(secret.begin(), secret.end(), opened.secret.begin());
    return {};
}

// Names all column families: ours in the order that gives the journal its number, and any that a
// newer format may have added, so that its version can be read and refused.
std::vector<rocksdb::ColumnFamilyDescriptor> families(const RocksOptions& wanted,
                                                      const std::vector<std::string>& present) {
    rocksdb::LRUCacheOptions cache_options;
    cache_options.capacity = wanted.block_cache_bytes;
    const auto cache = rocksdb::NewLRUCache(cache_options);
    std::vector<rocksdb::ColumnFamilyDescriptor> named = {
        {rocksdb::kDefaultColumnFamilyName, {}},
        {"meta", {}},
        {"journal", journal_options(wanted, cache)},
    };
    for (const std::string& name : present) {
        const bool known = std::any_of(named.begin(), named.end(),
                                       [&](const auto& family) { return family.name == name; });
        if (!known) named.emplace_back(name, rocksdb::ColumnFamilyOptions{});
    }
    return named;
}

Result<void> open_families(RocksDatabase& opened, const RocksOptions& wanted, bool exists) {
    rocksdb::DBOptions options = database_options(opened.environment.get());
    options.create_if_missing = wanted.create;
    options.statistics = opened.statistics;
    std::vector<std::string> present;
    if (exists) {
        const auto status = rocksdb::DB::ListColumnFamilies(options, wanted.directory, &present);
        if (!status.ok()) return std::unexpected(error_of(status, "reading its manifest"));
    }
    const auto named = families(wanted, present);
    if (exists) TRY(check_logs(*opened.files, options, named, wanted.directory));

    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* database = nullptr;
    const auto status = rocksdb::DB::Open(options, wanted.directory, named, &handles, &database);
    if (!status.ok()) return std::unexpected(error_of(status, "opening it"));
    opened.database.reset(database);
    opened.usual = handles[0];
    opened.meta = handles[1];
    opened.journal = handles[2];
    for (std::size_t extra = 3; extra < handles.size(); ++extra) {
        database->DestroyColumnFamilyHandle(handles[extra]);
    }
    if (opened.journal->GetID() != journal_family_id) {
        return fail(ErrorCode::corrupt, "its journal is not where this program puts it");
    }
    return {};
}

}  // namespace

RocksDatabase::~RocksDatabase() {
    if (!database) return;
    for (auto* family : {usual, meta, journal}) {
        if (family != nullptr) database->DestroyColumnFamilyHandle(family);
    }
    // Whatever Close finds wrong is found again, and reported, by the next open.
    database->Close().PermitUncheckedError();
}

Result<std::unique_ptr<RocksDatabase>> open_database(const RocksOptions& options) {
    auto opened = std::make_unique<RocksDatabase>();
    opened->directory = options.directory;
    opened->files = std::make_shared<WatchedFiles>(
        options.file_system ? options.file_system : rocksdb::FileSystem::Default());
    opened->environment = rocksdb::NewCompositeEnv(opened->files);
    opened->statistics = rocksdb::CreateDBStatistics();
    // Tickers cost a little on every call and histograms a lot; only stalls are wanted.
    opened->statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);

    const rocksdb::IOOptions io;
    const bool exists = opened->files->FileExists(options.directory + "/CURRENT", io, nullptr).ok();
    if (!exists && !options.create) {
        return fail(ErrorCode::not_found, "there is no store in " + options.directory);
    }
    const auto made = opened->files->CreateDirIfMissing(options.directory, io, nullptr);
    if (!made.ok()) {
        return std::unexpected(in_directory(error_of(made, "making it"), options.directory));
    }
    TRY(check_lock(*opened->files, options.directory));
    auto ready = open_families(*opened, options, exists);
    if (ready) ready = read_meta(*opened);
    if (!ready) return std::unexpected(in_directory(std::move(ready).error(), options.directory));
    return opened;
}

Result<JournalEnd> read_end(rocksdb::DB& database, rocksdb::ColumnFamilyHandle* journal) {
    const std::unique_ptr<rocksdb::Iterator> last(database.NewIterator({}, journal));
    last->SeekToLast();
    if (!last->status().ok())
        return std::unexpected(error_of(last->status(), "finding the journal's end"));
    if (!last->Valid()) return JournalEnd{};
    const Sequence sequence = sequence_of(last->key().ToStringView());
    const Result<Change> change = decode(last->value().ToStringView());
    if (!change) return std::unexpected(change.error());
    if (sequence == 0 || change->sequence != sequence) {
        return fail(ErrorCode::corrupt, "the journal's last record is not where its number says");
    }
    return JournalEnd{sequence, change->time, sha256(last->value().ToStringView())};
}

Error error_of(const rocksdb::Status& status, std::string_view doing) {
    const ErrorCode code = status.IsNoSpace()      ? ErrorCode::full
                           : status.IsCorruption() ? ErrorCode::corrupt
                                                   : ErrorCode::io;
    return {code, std::string(doing) + ": " + status.ToString()};
}

std::array<char, 8> sequence_bytes(Sequence sequence) {
    std::array<char, 8> bytes{};
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        bytes[index] = static_cast<char>(sequence >> (56 - 8 * index));
    }
    return bytes;
}

Sequence sequence_of(std::string_view bytes) {
    if (bytes.size() != 8) return 0;
    Sequence sequence = 0;
    for (const char byte : bytes) sequence = sequence << 8 | static_cast<std::uint8_t>(byte);
    return sequence;
}

}  // namespace coffer
