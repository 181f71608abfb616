// One suite over the stores that need no server: are they the same thing?

#include <gtest/gtest.h>

#include <filesystem>

#include "store/history_sample.h"
#include "store/memory_store.h"
#include "store/rocks_store.h"

namespace coffer {
namespace {

std::string fresh_directory() {
    const std::string name =
        testing::TempDir() + "store-" +
        testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() + "-" +
        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::string path = name;
    std::replace(path.begin() + static_cast<std::ptrdiff_t>(testing::TempDir().size()), path.end(),
                 '/', '-');
    std::filesystem::remove_all(path);
    return path;
}

// How a store is made, and made again over the same records.
struct MemoryKind {
    std::unique_ptr<Store> open() { return std::make_unique<MemoryStore>(); }
    static constexpr bool lasts = false;
};
struct RocksKind {
    RocksOptions options{.directory = fresh_directory(),
                         .create = true,
                         .cache_rows = 64,
                         .cache_rounds = 8,
                         .index_generation_entries = 50};
    std::unique_ptr<Store> open() {
        auto store = RocksStore::open(options);
        EXPECT_TRUE(store) << store.error().detail;
        return store ? std::move(*store) : nullptr;
    }
    static constexpr bool lasts = true;
};

template <class Kind>
class StoreSuite : public testing::Test {
protected:
    Kind kind_;
    std::unique_ptr<Store> store_ = kind_.open();

    Record find(const RecordKey& key) {
        const Result<Record> found = store_->find(key);
        EXPECT_TRUE(found) << found.error().detail;
        Record read;
        EXPECT_TRUE(store_->read({&key, 1}, {&read, 1}));
        EXPECT_EQ(describe(read), describe(*found));
        return found ? *found : Record{};
    }
    void commit(std::vector<Change> changes) {
        const Result<void> done = store_->commit(changes);
        ASSERT_TRUE(done) << done.error().detail;
    }
};

using Kinds = testing::Types<MemoryKind, RocksKind>;
TYPED_TEST_SUITE(StoreSuite, Kinds);

TYPED_TEST(StoreSuite, AnEmptyStoreHasNothing) {
    EXPECT_EQ(this->store_->end().sequence, 0U);
    EXPECT_EQ(describe(this->find(this->store_->keys().tenant(1))), "absent");
    EXPECT_EQ(this->store_->change(1).error().code, ErrorCode::not_found);
    EXPECT_TRUE(this->store_->upward(1, [](const Change&) { return ADD_FAILURE(), true; }));
    EXPECT_TRUE(this->store_->downward(9, [](const Change&) { return ADD_FAILURE(), true; }));
}

TYPED_TEST(StoreSuite, EveryRecordIsFoundAsItWasPutLast) {
    HistorySample history({.seed = 3}, this->store_->end());
    std::map<std::string, std::pair<RecordKey, std::string>> latest;
    for (int batch = 0; batch < 60; ++batch) {
        std::vector<Change> changes = history.next(1 + static_cast<std::size_t>(batch) % 9);
        for (const Change& change : changes) {
            for (const Record& put : change.puts) {
                if (std::holds_alternative<Ptr<Key>>(put)) continue;
                const RecordKey key = this->store_->keys().of(put);
                latest[key.text] = {key, describe(put)};
            }
        }
        this->commit(changes);
    }
    EXPECT_GT(latest.size(), 50U);
    for (const auto& [text, known] : latest)
        EXPECT_EQ(describe(this->find(known.first)), known.second);
}

}  // namespace
}  // namespace coffer
