// The suite over PostgreSQL, and what only a store that several processes share must do.

#include "store/postgres_store.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include <chrono>
#include <thread>

#include "store/postgres_reader.h"
#include "store/postgres_schema.h"
#include "store/postgres_server_fixture.h"
#include "store/store_suite_fixture.h"

namespace coffer {
namespace {

PostgresServer& server() { return PostgresServer::shared(); }

std::string migrated_place() {
    const std::string uri = server().new_place();
    const auto done = migrate_postgres({.uri = uri});
    EXPECT_TRUE(done) << done.error().detail;
    return uri;
}

struct PostgresKind {
    PostgresOptions options{.uri = migrated_place(), .cache_rows = 64, .cache_rounds = 8};
    std::unique_ptr<Store> open() {
        auto store = PostgresStore::open(options);
        EXPECT_TRUE(store) << store.error().detail;
        return store ? std::move(*store) : nullptr;
    }
    static constexpr bool lasts = true;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, StoreSuite, PostgresKind);

TEST(PostgresModel, RandomHistoriesAgreeWithTheModel) {
    const std::string uri = migrated_place();
    rc::check([&](std::uint64_t seed, std::uint8_t rows, std::uint8_t batches) {
        // One database for all of them: a new one takes longer than what is asked of it.
        server().sql(uri,
                     "truncate coffer_journal, coffer_record; update coffer_head set "
                     "sequence = 0, time = 0, directory = 0, hash = "
                     "decode(repeat('00', 32), 'hex')");
        const auto store = PostgresStore::open(
            {.uri = uri, .cache_rows = std::size_t{1} + rows % 16, .cache_rounds = 1});
        RC_ASSERT(store.has_value());
        expect_like_model(**store, seed, batches % 20);
    });
}

class TwoProcesses : public testing::Test {
protected:
    std::unique_ptr<PostgresStore> open() {
        auto store = PostgresStore::open(options_);
        EXPECT_TRUE(store) << store.error().detail;
        return store ? std::move(*store) : nullptr;
    }
    static Result<void> write(Store& store, std::vector<Change> changes) {
        const auto begun = store.begin({}, {});
        return begun ? store.commit(changes) : std::unexpected(begun.error());
    }
    static Record lane_reads(Store& store, const RecordKey& key) {
        Record found;
        EXPECT_TRUE(store.begin({&key, 1}, {&found, 1}));
        EXPECT_TRUE(store.commit({}));
        return found;
    }
    static std::string tenant_name(const Record& record) {
        const auto* tenant = std::get_if<Ptr<Tenant>>(&record);
        return tenant == nullptr ? "" : (*tenant)->name;
    }
    static Change named(Sequence sequence, const char* name) {
        auto tenant = std::make_shared<Tenant>();
        tenant->id = 9;
        tenant->name = name;
        return {.sequence = sequence, .puts = {Ptr<Tenant>(tenant)}};
    }

    PostgresOptions options_{.uri = migrated_place(), .cache_rows = 64, .follow_records_max = 8};
    std::unique_ptr<PostgresStore> one_ = open(), two_ = open();
};

TEST_F(TwoProcesses, WhatOneWroteTheOtherSeesThoughItHadReadItBefore) {
    const RecordKey key = one_->keys().tenant(9);
    EXPECT_EQ(tenant_name(lane_reads(*two_, key)), "");
    ASSERT_TRUE(write(*one_, {named(1, "first")}));
    EXPECT_EQ(tenant_name(lane_reads(*two_, key)), "first");
    ASSERT_TRUE(write(*one_, {named(2, "second")}));
    EXPECT_EQ(tenant_name(lane_reads(*two_, key)), "second");
    EXPECT_EQ(two_->stats().followed, 2U);
    // The other way, and farther than the caches follow.
    std::vector<Change> many;
    for (Sequence sequence = 3; sequence <= 20; ++sequence) many.push_back(named(sequence, "many"));
    ASSERT_TRUE(write(*two_, many));
    EXPECT_EQ(tenant_name(lane_reads(*one_, key)), "many");
}

TEST_F(TwoProcesses, WhatIsNotThereIsKnownWithoutAskingEvenAfterOthersWroteMuch) {
    HistorySample history({.directory_percent = 0}, {});
    ASSERT_TRUE(write(*one_, history.next(50)));
    const KeyMaker& keys = two_->keys();
    TenantId stranger = 100;
    const auto asks_the_database = [&] {
        const std::uint64_t before = two_->stats().cache_misses;
        EXPECT_EQ(tenant_name(lane_reads(*two_, keys.tenant(stranger++))), "");
        return two_->stats().cache_misses != before;
    };
    // Fifty records are more than it follows, so it reads the names anew, beside its work.
    const Time start = SystemClock().monotonic();
    while (asks_the_database()) ASSERT_LT(SystemClock().monotonic() - start, 20 * second_us);
    std::vector<Change> changes = history.next(5);
    ASSERT_TRUE(write(*one_, changes));
    EXPECT_FALSE(asks_the_database()) << "five records are followed";
    for (const Change& change : changes) {
        const Record found = lane_reads(*two_, keys.of(*change.transaction));
        ASSERT_TRUE(std::holds_alternative<Ptr<Key>>(found));
        EXPECT_EQ(std::get<Ptr<Key>>(found)->original, change.sequence);
    }
    EXPECT_EQ(disagreement(*two_), "");
}

TEST_F(TwoProcesses, ANameThatWasFreeAndIsTakenByAnotherIsNotTakenForFree) {
    const RecordKey key = one_->keys().tenant(9);
    EXPECT_EQ(tenant_name(lane_reads(*two_, key)), "");
    ASSERT_TRUE(write(*one_, {named(1, "one")}));
    Record found;
    ASSERT_TRUE(two_->begin({&key, 1}, {&found, 1}));
    EXPECT_EQ(tenant_name(found), "one");
    std::vector<Change> changes{named(2, "two")};
    EXPECT_TRUE(two_->commit(changes));
    EXPECT_EQ(disagreement(*one_), "");
}

TEST_F(TwoProcesses, WithoutRoomForNamesTheDatabaseIsAsked) {
    options_.name_bytes_max = 0;
    two_ = open();
    HistorySample history({}, {});
    for (int batch = 0; batch < 20; ++batch) ASSERT_TRUE(write(*two_, history.next(7)));
    const std::uint64_t before = two_->stats().cache_misses;
    EXPECT_EQ(tenant_name(lane_reads(*two_, two_->keys().tenant(999))), "");
    EXPECT_GT(two_->stats().cache_misses, before);
    EXPECT_EQ(disagreement(*two_), "");
}

TEST_F(TwoProcesses, TheFirstToSayItSaysItForAll) {
    EXPECT_EQ(*one_->agree_on("colour", "red"), "red");
    EXPECT_EQ(*two_->agree_on("colour", "blue"), "red");
    EXPECT_EQ(*two_->agree_on("shape", "round"), "round");
}

TEST_F(TwoProcesses, BothHaveTheSameSecretAndTheSameEnd) {
    EXPECT_EQ(one_->keys().tenant(1).hash, two_->keys().tenant(1).hash);
    HistorySample history({}, {});
    ASSERT_TRUE(write(*one_, history.next(5)));
    const auto begun = two_->begin({}, {});
    ASSERT_TRUE(begun);
    EXPECT_EQ(begun->sequence, 5U);
    EXPECT_EQ(begun->hash, one_->end().hash);
    EXPECT_EQ(begun->time, one_->end().time);
    EXPECT_TRUE(two_->commit({}));
}

TEST_F(TwoProcesses, TheEndNamesTheLatestRowOfTheDirectory) {
    HistorySample movements({.directory_percent = 0}, {});
    ASSERT_TRUE(write(*one_, movements.next(3)));
    EXPECT_EQ(two_->poll()->directory, 0U);
    Change change = named(4, "tenant");
    change.time = one_->end().time;
    ASSERT_TRUE(write(*one_, {change}));
    EXPECT_EQ(two_->poll()->directory, 4U);
    EXPECT_EQ(two_->begin({}, {})->directory, 4U);
    EXPECT_TRUE(two_->commit({}));
}

TEST_F(TwoProcesses, OneBatchWaitsForTheOtherAndGoesOnFromItsEnd) {
    ASSERT_TRUE(one_->begin({}, {}));
    std::atomic<bool> began = false;
    std::thread other([&] {
        const auto end = two_->begin({}, {});
        began = true;
        EXPECT_TRUE(end);
        EXPECT_EQ(end->sequence, 1U);
        std::vector<Change> changes{named(2, "two")};
        EXPECT_TRUE(two_->commit(changes));
    });
    // The server itself says when the other waits.
    const std::string waits =
        "select count(*) from pg_locks where not granted and locktype = 'transactionid'";
    while (server().sql(options_.uri, waits) == "0\n") std::this_thread::yield();
    EXPECT_FALSE(began);
    std::vector<Change> changes{named(1, "one")};
    EXPECT_TRUE(one_->commit(changes));
    other.join();
    EXPECT_EQ(one_->end().sequence, 2U);
    EXPECT_EQ(disagreement(*one_), "");
}

TEST_F(TwoProcesses, WhoWaitsTooLongIsToTryAgain) {
    ASSERT_TRUE(one_->begin({}, {}));
    const auto waited = two_->begin({}, {});
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().code, ErrorCode::aborted) << waited.error().detail;
    EXPECT_EQ(two_->stats().aborted, 1U);
    EXPECT_TRUE(one_->commit({}));
    EXPECT_TRUE(two_->begin({}, {}));
    EXPECT_TRUE(two_->commit({}));
}

TEST_F(TwoProcesses, AProcessFrozenInsideABatchHoldsNobodyUpForLong) {
    ASSERT_TRUE(one_->begin({}, {}));
    // Its server's patience is 5 s; the others try again and again.
    const Time start = SystemClock().monotonic();
    while (!write(*two_, {named(1, "two")}))
        ASSERT_LT(SystemClock().monotonic() - start, 20 * second_us);
    std::vector<Change> changes{named(1, "one")};
    const auto late = one_->commit(changes);
    EXPECT_FALSE(late);
    const auto end = one_->recover();
    ASSERT_TRUE(end) << end.error().detail;
    EXPECT_EQ(end->sequence, 1U);
    EXPECT_EQ(tenant_name(lane_reads(*one_, one_->keys().tenant(9))), "two");
}

TEST_F(TwoProcesses, ASnapshotStaysAsItWasWhileOthersWrite) {
    HistorySample history({}, {});
    ASSERT_TRUE(write(*one_, history.next(700)));
    const auto snapshot = two_->snapshot();
    ASSERT_TRUE(snapshot);
    EXPECT_EQ((*snapshot)->end().sequence, 700U);
    ASSERT_TRUE(write(*one_, history.next(700)));
    EXPECT_EQ((*snapshot)->end().sequence, 700U);
    EXPECT_EQ(disagreement(**snapshot), "");
    EXPECT_EQ(disagreement(*two_), "");
    EXPECT_EQ(two_->end().sequence, 1400U);
}

TEST_F(TwoProcesses, AJournalThatWentBackIsRefused) {
    ASSERT_TRUE(write(*one_, {named(1, "one"), named(2, "two")}));
    server().sql(
        options_.uri,
        "delete from coffer_journal where sequence = 2; update coffer_head set sequence = 1");
    const auto begun = one_->begin({}, {});
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, ErrorCode::corrupt);
    EXPECT_EQ(one_->recover().error().code, ErrorCode::corrupt);
}

TEST_F(TwoProcesses, AnotherJournalOfTheSameLengthIsRefused) {
    ASSERT_TRUE(write(*one_, {named(1, "one")}));
    server().sql(options_.uri, "update coffer_head set hash = decode(repeat('11', 32), 'hex')");
    EXPECT_EQ(one_->begin({}, {}).error().code, ErrorCode::corrupt);
}

TEST_F(TwoProcesses, AServerThatWasRestartedIsFoundAgainByItself) {
    ASSERT_TRUE(write(*one_, {named(1, "one")}));
    server().kill();
    EXPECT_EQ(one_->begin({}, {}).error().code, ErrorCode::unavailable);
    EXPECT_EQ(one_->recover().error().code, ErrorCode::unavailable);
    EXPECT_FALSE(one_->poll());
    EXPECT_FALSE(one_->find(one_->keys().tenant(9)));
    // While it is away nobody waits for it.
    const Time start = SystemClock().monotonic();
    for (int count = 0; count < 100; ++count) EXPECT_FALSE(one_->begin({}, {}));
    EXPECT_LT(SystemClock().monotonic() - start, second_us);
    server().start();
    const Time restarted = SystemClock().monotonic();
    Result<JournalEnd> end = one_->recover();
    while (!end && SystemClock().monotonic() - restarted < 10 * second_us) {
        EXPECT_EQ(end.error().code, ErrorCode::unavailable);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        end = one_->recover();
    }
    ASSERT_TRUE(end) << end.error().detail;
    EXPECT_EQ(end->sequence, 1U);
    ASSERT_TRUE(write(*one_, {named(2, "two")}));
    EXPECT_EQ(disagreement(*one_), "");
    // The other process asked for nothing meanwhile, and does not hear of it.
    EXPECT_TRUE(write(*two_, {named(3, "three")}));
}

TEST_F(TwoProcesses, ALinkThatDiedWhileNobodyUsedItIsReplacedUnnoticed) {
    ASSERT_TRUE(write(*one_, {named(1, "one")}));
    server().sql(options_.uri,
                 "select pg_terminate_backend(pid) from pg_stat_activity where application_name = "
                 "'coffer'");
    EXPECT_TRUE(write(*one_, {named(2, "two")}));
    EXPECT_EQ(two_->end().sequence, 2U);
    EXPECT_EQ(one_->stats().unknown, 0U);
}

// ---- the schema
// -----------------------------------------------------------------------------------

TEST(PostgresSchema, AnEmptyDatabaseIsRefusedWithTheWayOut) {
    const auto store = PostgresStore::open({.uri = server().new_place()});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::not_found);
    EXPECT_NE(store.error().detail.find("coffer migrate"), std::string::npos);
}

TEST(PostgresSchema, ANewerOneIsRefused) {
    const std::string uri = migrated_place();
    server().sql(uri, "update coffer_meta set value = '99' where name = 'schema'");
    for (const auto& refused :
         {PostgresStore::open({.uri = uri}).error(), migrate_postgres({.uri = uri}).error()}) {
        EXPECT_EQ(refused.code, ErrorCode::invalid);
        EXPECT_NE(refused.detail.find("newer Coffer"), std::string::npos) << refused.detail;
    }
}

TEST(PostgresSchema, MigratingTwiceAtOnceMakesOne) {
    const std::string uri = server().new_place();
    std::vector<std::thread> threads;
    for (int count = 0; count < 6; ++count) {
        threads.emplace_back([&] {
            const auto done = migrate_postgres({.uri = uri});
            EXPECT_TRUE(done) << done.error().detail;
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(server().sql(uri, "select count(*) from coffer_head"), "1\n");
    EXPECT_EQ(server().sql(uri, "select count(*) from coffer_meta"), "3\n");
}

TEST(PostgresSchema, TheRuntimeRoleRunsAndCannotTakeAnythingAway) {
    const std::string uri = server().new_place();
    server().sql(uri, "create role runs login password 'p@ss/word'");
    const auto done = migrate_postgres({.uri = uri, .runtime_role = "runs"});
    ASSERT_TRUE(done) << done.error().detail;
    std::string as_runs = uri;
    as_runs.replace(as_runs.find("owner"), 5, "runs");
    auto store = PostgresStore::open({.uri = as_runs});
    ASSERT_TRUE(store) << store.error().detail;
    HistorySample history({}, {});
    for (int batch = 0; batch < 3; ++batch) {
        ASSERT_TRUE((*store)->begin({}, {}));
        std::vector<Change> changes = history.next(5);
        ASSERT_TRUE((*store)->commit(changes));
    }
    EXPECT_EQ(disagreement(**store), "");
    EXPECT_EQ(*(*store)->agree_on("colour", "red"), "red");
    const auto may = [&](const char* table, const char* what) {
        return server().sql(uri, std::string("select has_table_privilege('runs', '") + table +
                                     "', '" + what + "')");
    };
    for (const char* table : {"coffer_meta", "coffer_head", "coffer_journal", "coffer_record"}) {
        EXPECT_EQ(may(table, "delete"), "f\n") << table;
        EXPECT_EQ(may(table, "truncate"), "f\n") << table;
    }
    EXPECT_EQ(may("coffer_journal", "update"), "f\n");
    EXPECT_EQ(may("coffer_meta", "update"), "f\n");
}

TEST(PostgresSchema, ADatabaseThatDoesNotSyncIsRefused) {
    const auto store =
        PostgresStore::open({.uri = migrated_place() + "%20-csynchronous_commit%3Doff"});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::invalid);
    EXPECT_NE(store.error().detail.find("synchronous_commit"), std::string::npos);
}

// A plan that was made on an empty table must not be kept when the table has grown.
TEST(PostgresPlans, NoStatementOfABatchEverReadsAWholeTable) {
    const std::string uri = migrated_place();
    const auto place = PostgresPlace::parse(uri);
    auto link = PostgresLink::open(*place, {});
    ASSERT_TRUE(link);
    server().sql(uri, "analyze coffer_journal, coffer_record");
    HistorySample history({.players = 200, .rounds_kept = 2}, {});
    PostgresValues values;
    values.add_small(first_shard);
    values.begin_array(sql::type_uuid);
    values.end_array();
    (*link)->queue(sql::find_records, values);  // prepared, planned and kept on the empty table
    ASSERT_TRUE((*link)->ask());
    const auto store = PostgresStore::open({.uri = uri});
    for (int batch = 0; batch < 20; ++batch) {
        ASSERT_TRUE((*store)->begin({}, {}));
        std::vector<Change> changes = history.next(500);
        ASSERT_TRUE((*store)->commit(changes));
    }
    (*link)->queue("explain execute coffer_find_records (0::smallint, '{}'::uuid[])");
    const auto plan = (*link)->ask();
    ASSERT_TRUE(plan) << plan.error().detail;
    std::string words;
    for (std::size_t row = 0; row < plan->front().size(); ++row) {
        words += std::string(plan->front().bytes(row, 0)) + "\n";
    }
    EXPECT_EQ(words.find("Seq Scan"), std::string::npos) << words;
    EXPECT_NE(words.find("Index"), std::string::npos) << words;
}

// ---- the address
// ----------------------------------------------------------------------------------

TEST(PostgresAddress, ItsTextHasNoPassword) {
    EXPECT_EQ(postgres_place("postgres://me:secret@db.example:5433/books"),
              "me@db.example:5433/books");
    EXPECT_EQ(postgres_place("postgres://me:secret@a,b:5433/books"), "me@a,b:5433/books");
    for (const char* broken :
         {"postgres://me:sec/ret@db.example/books", "postgres://me:secret@[::1/",
          "postgres://me@db/books?secret", "secret"}) {
        const auto store = PostgresStore::open({.uri = broken});
        ASSERT_FALSE(store);
        EXPECT_EQ(store.error().detail.find("ret"), std::string::npos) << store.error().detail;
    }
}

TEST(PostgresAddress, AWrongPasswordIsNotRepeated) {
    std::string uri = migrated_place();
    uri.replace(uri.find("p%40ss"), 6, "wrong%40");
    const auto store = PostgresStore::open({.uri = uri});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::unavailable);
    EXPECT_EQ(store.error().detail.find("wrong"), std::string::npos) << store.error().detail;
}

// Of several hosts the one that answers, even if another swallows what is sent to it.
TEST(PostgresAddress, AHostThatIsSilentOrGoneIsPassedOver) {
    const std::string uri = migrated_place();
    const std::size_t at = uri.find("127.0.0.1:");
    const std::string port = uri.substr(at + 10, uri.find('/', at) - at - 10);
    const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(silent, 8), 0);
    ASSERT_EQ(::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size), 0);
    std::string three = uri;
    three.replace(
        at, 10 + port.size(),
        "127.0.0.1:1,127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + ",127.0.0.1:" + port);
    const auto store = PostgresStore::open({.uri = three, .connect_ms = 200});
    EXPECT_TRUE(store) << store.error().detail;
    ::close(silent);
}

}  // namespace
}  // namespace coffer
