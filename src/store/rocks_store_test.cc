// What only the embedded store promises: its index can be lost, its files are checked, its failures
// are told apart.

#include "store/rocks_store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <atomic>
#include <thread>

#include "store/crash_disk.h"
#include "store/history_sample.h"

namespace coffer {
namespace {

const std::string directory = "/store";

class RocksStoreTest : public testing::Test {
protected:
    CrashDisk disk_;
    RocksOptions options_{.directory = directory,
                          .create = true,
                          .cache_rows = 64,
                          .cache_rounds = 8,
                          .index_generation_entries = 40,
                          .memtable_bytes = 1 << 20,
                          .file_system = disk_.files()};
    std::unique_ptr<RocksStore> store_;

    void open() {
        store_.reset();
        auto opened = RocksStore::open(options_);
        ASSERT_TRUE(opened) << opened.error().detail;
        store_ = std::move(*opened);
    }
    Error refused() {
        store_.reset();
        const auto opened = RocksStore::open(options_);
        EXPECT_FALSE(opened);
        return opened ? Error{} : opened.error();
    }
    void commit(std::size_t batches, std::size_t size = 5) {
        HistorySample history({.seed = store_->end().sequence}, store_->end());
        for (std::size_t batch = 0; batch < batches; ++batch) {
            std::vector<Change> changes = history.next(size);
            const auto done = store_->commit(changes);
            ASSERT_TRUE(done) << done.error().detail;
        }
    }
    Error failed_commit() {
        HistorySample history({}, store_->end());
        std::vector<Change> changes = history.next(3);
        const auto done = store_->commit(changes);
        EXPECT_FALSE(done);
        return done ? Error{} : done.error();
    }
    void write_books_of_format(const std::string& format);
    // The process dies: nothing more is written, what was synced stays.
    void die() {
        disk_.cut_power();
        store_.reset();
        disk_.restore_power(1);
    }
    std::vector<std::string> files(std::string_view ending) {
        std::vector<std::string> found;
        for (const std::string& name : disk_.names(directory)) {
            if (name.ends_with(ending)) found.push_back(directory + "/" + name);
        }
        return found;
    }
    void flip(const std::string& name, std::size_t at) {
        std::string bytes = disk_.read(name);
        ASSERT_LT(at, bytes.size());
        bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
        disk_.overwrite(name, bytes);
    }
};

TEST_F(RocksStoreTest, NothingIsMadeWhereNobodyAskedForIt) {
    options_.create = false;
    EXPECT_EQ(refused().code, ErrorCode::not_found);
    EXPECT_TRUE(disk_.names(directory).empty());
}

TEST_F(RocksStoreTest, ASecondOpenIsToldWhoHasTheDirectory) {
    open();
    const auto second = RocksStore::open(options_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);
    EXPECT_NE(second.error().detail.find(directory), std::string::npos);
    EXPECT_NE(second.error().detail.find("another process"), std::string::npos);
}

TEST_F(RocksStoreTest, TheSecretStaysTheSame) {
    open();
    const RecordKey first = store_->keys().tenant(1);
    open();
    EXPECT_EQ(store_->keys().tenant(1), first);
    CrashDisk other;
    options_.file_system = other.files();
    open();
    EXPECT_NE(store_->keys().tenant(1).hash, first.hash);
}

// Books that say they are of that format, with a family of records that this program does not
// know, which must not keep it from saying so.
void RocksStoreTest::write_books_of_format(const std::string& format) {
    open();
    commit(3);
    store_.reset();
    const auto environment = rocksdb::NewCompositeEnv(disk_.files());
    rocksdb::DBOptions database;
    database.env = environment.get();
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(database, directory,
                                  {{"default", {}}, {"meta", {}}, {"journal", {}}}, &handles, &raw)
                    .ok());
    rocksdb::ColumnFamilyHandle* unknown = nullptr;
    EXPECT_TRUE(raw->CreateColumnFamily({}, "novelty", &unknown).ok());
    EXPECT_TRUE(raw->Put({}, handles[1], "format", format).ok());
    handles.push_back(unknown);
    for (auto* handle : handles) EXPECT_TRUE(raw->DestroyColumnFamilyHandle(handle).ok());
    delete raw;
}

TEST_F(RocksStoreTest, AStoreOfANewerFormatIsRefusedAndLeftAlone) {
    write_books_of_format("3");
    const Error error = refused();
    EXPECT_EQ(error.code, ErrorCode::invalid);
    EXPECT_NE(error.detail.find("a newer Coffer, in format 3"), std::string::npos) << error.detail;
}

TEST_F(RocksStoreTest, AStoreOfAnOlderFormatIsRefusedAndLeftAlone) {
    write_books_of_format("1");
    const Error error = refused();
    EXPECT_EQ(error.code, ErrorCode::invalid);
    EXPECT_NE(error.detail.find("an older Coffer, in format 1"), std::string::npos) << error.detail;
}

// ---- the index is lost, and comes back ----------------------------------------------------------

TEST_F(RocksStoreTest, TheIndexIsMadeAgainFromNothing) {
    open();
    commit(50);
    const JournalEnd end = store_->end();
    store_.reset();
    ASSERT_TRUE(RocksStore::reindex(options_));
    open();
    EXPECT_EQ(store_->end().hash, end.hash);
    EXPECT_EQ(disagreement(*store_), "");
    commit(5);
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, ReindexingOverATailThatWasNeverIndexedFindsAll) {
    open();
    commit(50);
    die();
    ASSERT_TRUE(RocksStore::reindex(options_));
    open();
    EXPECT_EQ(store_->end().sequence, 250U);
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, TheTailThatOnlyMemoryKnewIsFoundAfterAKill) {
    options_.index_generation_entries = 100'000;
    open();
    commit(50);
    EXPECT_EQ(store_->stats().index_files_written, 0U);
    die();
    open();
    EXPECT_EQ(store_->end().sequence, 250U);
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, AKillWhileAGenerationIsWrittenLosesNothing) {
    for (std::uint64_t after = 1; after < 60; after += 3) {
        open();
        const Sequence before = store_->end().sequence;
        // Enough for several generations; most of the disk's work is then theirs.
        commit(1, 100);
        disk_.cut_power_after(after);
        HistorySample history({.seed = after}, store_->end());
        std::vector<Change> changes = history.next(100);
        const bool acknowledged = store_->commit(changes).has_value();
        store_.reset();
        disk_.restore_power(after);
        open();
        EXPECT_GE(store_->end().sequence, before + 100 + (acknowledged ? 100 : 0));
        EXPECT_EQ(disagreement(*store_), "");
    }
}

TEST_F(RocksStoreTest, ClosingLeavesNothingToCatchUpWith) {
    options_.index_generation_entries = 100'000;
    open();
    commit(10);
    open();
    EXPECT_EQ(store_->stats().index_entries_active, 0U);
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, ASmallIndexKeepsUpByWaiting) {
    options_.index_generation_entries = 1;
    options_.index_generations_waiting_max = 0;
    open();
    commit(60);
    EXPECT_GT(store_->stats().index_waits, 0U);
    EXPECT_EQ(disagreement(*store_), "");
}

// ---- damage -------------------------------------------------------------------------------------

TEST_F(RocksStoreTest, ATornTailIsDropped) {
    open();
    commit(20);
    die();
    const std::string log = files(".log").back();
    std::string bytes = disk_.read(log);
    disk_.overwrite(log, bytes.substr(0, bytes.size() - 10));
    open();
    EXPECT_EQ(store_->end().sequence, 95U);
    EXPECT_EQ(disagreement(*store_), "");
    commit(3);
    EXPECT_EQ(disagreement(*store_), "");
}

// Every byte of the log but those of the last batch is durable: a flip of any must be refused and
// not silently cost what follows.
TEST_F(RocksStoreTest, ADamagedLogWithGoodRecordsBehindIsRefusedWithThePlace) {
    open();
    commit(30);
    die();
    const std::string log = files(".log").back();
    const std::string sound = disk_.read(log);
    const std::size_t last_batch = sound.size() / 30;
    for (std::size_t at = 3; at + 2 * last_batch < sound.size(); at += sound.size() / 40) {
        flip(log, at);
        const Error error = refused();
        EXPECT_EQ(error.code, ErrorCode::corrupt) << "byte " << at;
        EXPECT_NE(error.detail.find(log.substr(directory.size() + 1)), std::string::npos);
        EXPECT_NE(error.detail.find(" at byte "), std::string::npos);
        disk_.overwrite(log, sound);
    }
    // Being refused changed nothing.
    open();
    EXPECT_EQ(store_->end().sequence, 150U);
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, APageOfZerosInTheLogIsDamageToo) {
    open();
    commit(200);
    die();
    const std::string log = files(".log").back();
    std::string bytes = disk_.read(log);
    ASSERT_GT(bytes.size(), 100'000U);
    disk_.overwrite(log, bytes.replace(40'960, 4096, 4096, '\0'));
    EXPECT_EQ(refused().code, ErrorCode::corrupt);
}

TEST_F(RocksStoreTest, ALogThatIsGoneIsNoticed) {
    options_.memtable_bytes = 64 << 10;
    open();
    commit(200);
    die();
    for (const std::string& log : files(".log")) disk_.remove(log);
    const auto opened = RocksStore::open(options_);
    // Either RocksDB misses the log, or the index knows of records that the journal lacks.
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
}

TEST_F(RocksStoreTest, DamageInASortedFileIsNeverReadAsARecord) {
    options_.block_cache_bytes = 0;
    open();
    commit(200);
    store_.reset();
    open();  // which moved the log into files
    store_.reset();
    std::size_t noticed = 0;
    for (const std::string& file : files(".sst")) {
        const std::string sound = disk_.read(file);
        for (std::size_t at = 1; at < sound.size(); at += sound.size() / 7 + 1) {
            flip(file, at);
            const auto opened = RocksStore::open(options_);
            if (!opened) {
                EXPECT_NE(opened.error().detail, "");
                ++noticed;
            } else if (const std::string trouble = disagreement(**opened); !trouble.empty()) {
                EXPECT_EQ(trouble.find("differs"), std::string::npos) << trouble;
                ++noticed;
            }
            disk_.overwrite(file, sound);
        }
    }
    EXPECT_GT(noticed, 0U);
    open();
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, DamageInARunIsNoticedOrMadeGood) {
    open();
    commit(200);
    store_.reset();
    std::size_t noticed = 0;
    for (const std::string& name : disk_.names(directory + "/index")) {
        const std::string file = directory + "/index/" + name;
        const std::string sound = disk_.read(file);
        for (std::size_t at = 1; at < sound.size(); at += sound.size() / 5 + 1) {
            flip(file, at);
            {
                const auto opened = RocksStore::open(options_);
                ASSERT_TRUE(opened) << opened.error().detail;
                const std::string trouble = disagreement(**opened);
                if (!trouble.empty()) {
                    EXPECT_NE(trouble.find("make the index again"), std::string::npos) << trouble;
                    ++noticed;
                }
            }
            // If the damaged run ended the chain another has taken its place.
            if (disk_.read(file) != sound) disk_.overwrite(file, sound);
        }
    }
    EXPECT_GT(noticed, 0U);
    ASSERT_TRUE(RocksStore::reindex(options_));
    open();
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, ARunThatIsGoneIsMadeAgain) {
    open();
    commit(200);
    store_.reset();
    const auto runs = disk_.names(directory + "/index");
    ASSERT_FALSE(runs.empty());
    disk_.remove(directory + "/index/" + runs.front());
    open();
    EXPECT_EQ(store_->end().sequence, 1000U);
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, ManyRunsBecomeFew) {
    options_.index_generation_entries = 10;
    open();
    commit(400);
    // The merging thread is on its way; opening again and again lets it finish.
    for (int pause = 0; pause < 2000 && disk_.names(directory + "/index").size() > 15; ++pause)
        open();
    EXPECT_LE(disk_.names(directory + "/index").size(), 15U);
    EXPECT_EQ(disagreement(*store_), "");
}

// ---- failures -----------------------------------------------------------------------------------

TEST_F(RocksStoreTest, ADiskThatFillsUpIsSaidBeforeItIsFull) {
    open();
    commit(10);
    const JournalEnd end = store_->end();
    disk_.set_capacity(disk_.used() + 4 * options_.memtable_bytes - 1);
    // Of the log alone: meanwhile another thread may still write a generation of the index.
    const std::string log = files(".log").back();
    const std::string written = disk_.read(log);
    EXPECT_EQ(failed_commit().code, ErrorCode::full);
    EXPECT_EQ(store_->recover().error().code, ErrorCode::full);
    EXPECT_EQ(disk_.read(log), written) << "nothing was written";
    EXPECT_EQ(files(".log").back(), log);
    EXPECT_EQ(store_->end().hash, end.hash);
    disk_.set_capacity(disk_.used() + 5 * options_.memtable_bytes);
    commit(1);  // without recover(): nothing is in doubt
    EXPECT_TRUE(store_->recover());
    EXPECT_EQ(disagreement(*store_), "");
}

// Somebody else took the space between the look and the write.
TEST_F(RocksStoreTest, AFullDiskIsSaidAndRecoveredFrom) {
    options_.memtable_bytes = 70;
    open();
    commit(10);
    const JournalEnd end = store_->end();
    disk_.set_capacity(disk_.used() + 300);
    EXPECT_EQ(failed_commit().code, ErrorCode::full);
    EXPECT_EQ(failed_commit().code, ErrorCode::full) << "no writes until recover()";
    disk_.set_capacity(disk_.used() + 279);
    EXPECT_EQ(store_->recover().error().code, ErrorCode::full);
    // Reading goes on meanwhile, and sees nothing of the failed batch.
    EXPECT_EQ(store_->end().hash, end.hash);
    EXPECT_EQ(disagreement(*store_), "");

    disk_.set_capacity(1 << 30);
    const auto recovered = store_->recover();
    ASSERT_TRUE(recovered) << recovered.error().detail;
    EXPECT_EQ(recovered->sequence, store_->end().sequence);
    EXPECT_EQ(disagreement(*store_), "");
    commit(10);
    EXPECT_EQ(disagreement(*store_), "");
    open();
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, AFailedSyncIsFatalForTheObject) {
    open();
    commit(3);
    const JournalEnd end = store_->end();
    disk_.set_syncs(CrashDisk::Syncs::fail);
    const Error first = failed_commit();
    EXPECT_EQ(first.code, ErrorCode::io);
    EXPECT_NE(first.detail.find("sync"), std::string::npos);
    disk_.set_syncs(CrashDisk::Syncs::work);
    EXPECT_EQ(failed_commit().code, ErrorCode::io);
    EXPECT_EQ(store_->recover().error().code, ErrorCode::io);
    EXPECT_EQ(store_->end().hash, end.hash);
    EXPECT_EQ(disagreement(*store_), "");
    // A new process looks what is really there.
    die();
    open();
    EXPECT_GE(store_->end().sequence, end.sequence);
    EXPECT_EQ(disagreement(*store_), "");
    commit(3);
}

// ---- readers ------------------------------------------------------------------------------------

TEST_F(RocksStoreTest, ReadersSeeOnlyWhatIsDurableAndNeverGoBack) {
    open();
    commit(1);
    std::atomic<bool> stop{false};
    std::atomic<Sequence> acknowledged{store_->end().sequence};
    std::thread reader([&] {
        Sequence seen = 0;
        while (!stop) {
            const Sequence durable = acknowledged;
            const JournalEnd end = store_->end();
            EXPECT_GE(end.sequence, durable);
            EXPECT_GE(end.sequence, seen);
            seen = end.sequence;
            const auto last = store_->change(end.sequence);
            ASSERT_TRUE(last) << last.error().detail;
            EXPECT_EQ(sha256(describe(*last)), end.hash);
            if (last->transaction) {
                const auto key = store_->find(store_->keys().of(*last->transaction));
                ASSERT_TRUE(key);
                EXPECT_FALSE(std::holds_alternative<std::monostate>(*key));
            }
        }
    });
    HistorySample history({.seed = 9}, store_->end());
    for (int batch = 0; batch < 300; ++batch) {
        std::vector<Change> changes = history.next(5);
        ASSERT_TRUE(store_->commit(changes));
        acknowledged = changes.back().sequence;
    }
    stop = true;
    reader.join();
}

TEST_F(RocksStoreTest, ACheckpointIsAWholeStore) {
    open();
    commit(30);
    const JournalEnd end = store_->end();
    ASSERT_TRUE(store_->checkpoint("/copy"));
    commit(10);
    store_.reset();
    options_.directory = "/copy";
    open();
    EXPECT_EQ(store_->end().hash, end.hash);
    EXPECT_EQ(disagreement(*store_), "");
}

TEST_F(RocksStoreTest, StatsTellWhatTheStoreDoes) {
    open();
    commit(20);
    const RocksStats stats = store_->stats();
    EXPECT_GE(stats.syncs, 20U);
    EXPECT_GT(stats.batch_bytes_latest, 500U);
    EXPECT_GT(stats.cache_rows, 0U);
}

}  // namespace
}  // namespace coffer
