// The suite over the stores that need no server; postgres_store_test.cc has the other.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "store/crash_disk.h"
#include "store/memory_store.h"
#include "store/rocks_store.h"
#include "store/store_suite_fixture.h"

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

using Kinds = testing::Types<MemoryKind, RocksKind>;
INSTANTIATE_TYPED_TEST_SUITE_P(Embedded, StoreSuite, Kinds);

// Any history, cut into any batches, over any size of generation.
TEST(StoreModel, RandomHistoriesAgreeWithTheModel) {
    rc::check([](std::uint64_t seed, std::uint8_t generation, std::uint8_t batches) {
        // In memory, since a hundred stores on a busy disk take a minute.
        const CrashDisk disk;
        RocksKind kind;
        kind.options.file_system = disk.files();
        kind.options.index_generation_entries = 1 + generation;
        kind.options.cache_rows = 1 + generation % 16;
        expect_like_model(*kind.open(), seed, batches % 40);
    });
}

// Not of a store behind a connection, which would be shared with the process that dies.
template <class Kind>
class EmbeddedStore : public testing::Test {};
TYPED_TEST_SUITE(EmbeddedStore, Kinds);

TYPED_TEST(EmbeddedStore, AChangeThatLacksOneOfItsNamesStopsTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // the store has threads
    TypeParam kind;
    const std::unique_ptr<Store> store = kind.open();
    HistorySample history({.seed = 5}, store->end());
    std::vector<Change> changes = history.next(1);
    changes[0].names.resize(changes[0].puts.size() + 2);
    EXPECT_DEATH(static_cast<void>(store->commit(changes)), "names");
}

}  // namespace
}  // namespace coffer
