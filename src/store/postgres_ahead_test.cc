// Batches that are decided while the one before them is committed, and what becomes of them when
// somebody else comes between.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/history_sample.h"
#include "store/postgres_server_fixture.h"
#include "store/postgres_store.h"

namespace coffer {
namespace {

PostgresServer& server() { return PostgresServer::shared(); }

class DecidedAhead : public testing::Test {
protected:
    std::unique_ptr<PostgresStore> open(std::size_t name_bytes_max = 256 << 20) {
        if (uri_.empty()) {
            uri_ = server().new_place();
            EXPECT_TRUE(migrate_postgres({.uri = uri_}));
        }
        auto store =
            PostgresStore::open({.uri = uri_, .cache_rows = 64, .name_bytes_max = name_bytes_max});
        EXPECT_TRUE(store) << store.error().detail;
        return store ? std::move(*store) : nullptr;
    }
    static std::vector<Change> named(Sequence sequence, const std::string& name, TenantId id = 9) {
        auto tenant = std::make_shared<Tenant>();
        tenant->id = id;
        tenant->name = name;
        return {{.sequence = sequence, .puts = {Ptr<Tenant>(tenant)}}};
    }
    // Without begin(), as a lane does when the batch follows on the one before.
    static Result<void> commit_ahead(Store& store, std::vector<Change> changes) {
        store.start_commit(changes, [] {});
        return store.finish_commit();
    }
    static Result<void> commit(Store& store, std::vector<Change> changes) {
        const auto begun = store.begin({}, {});
        return begun ? store.commit(changes) : std::unexpected(begun.error());
    }
    static ErrorCode failure(const Result<void>& done) {
        EXPECT_FALSE(done);
        return done ? ErrorCode::invalid : done.error().code;
    }
    static std::string name_of(Store& store, TenantId id = 9) {
        const auto found = store.find(store.keys().tenant(id));
        const auto* tenant = found ? std::get_if<Ptr<Tenant>>(&*found) : nullptr;
        return tenant == nullptr ? "" : (*tenant)->name;
    }

    std::string uri_;
    std::unique_ptr<PostgresStore> one_ = open(), two_ = open();
};

TEST_F(DecidedAhead, FollowsOnTheOneBefore) {
    ASSERT_TRUE(commit(*one_, named(1, "first")));
    ASSERT_TRUE(commit_ahead(*one_, named(2, "second")));
    ASSERT_TRUE(commit_ahead(*one_, {}));
    ASSERT_TRUE(commit_ahead(*one_, named(3, "third")));
    EXPECT_EQ(name_of(*two_), "third");
    EXPECT_EQ(one_->stats().ahead, 3U);
    EXPECT_EQ(one_->stats().aborted, 0U);
    EXPECT_EQ(disagreement(*two_), "");
}

TEST_F(DecidedAhead, IsThrownAwayWhenAnotherHasWrittenBetween) {
    ASSERT_TRUE(commit(*one_, named(1, "one")));
    ASSERT_TRUE(commit(*two_, named(2, "two")));
    EXPECT_EQ(failure(commit_ahead(*one_, named(2, "ahead"))), ErrorCode::aborted);
    EXPECT_EQ(one_->stats().aborted, 1U);
    EXPECT_EQ(two_->end().sequence, 2U);
    EXPECT_EQ(name_of(*two_), "two");
    // Under the lock it goes on from what the other wrote, and the lock is free for that.
    const auto end = one_->begin({}, {});
    ASSERT_TRUE(end);
    EXPECT_EQ(end->sequence, 2U);
    std::vector<Change> again = named(3, "again");
    ASSERT_TRUE(one_->commit(again));
    EXPECT_EQ(name_of(*two_), "again");
    EXPECT_EQ(disagreement(*two_), "");
}

// What it answers may be old.
TEST_F(DecidedAhead, IsThrownAwayEvenIfItOnlyAsked) {
    ASSERT_TRUE(commit(*one_, named(1, "one")));
    ASSERT_TRUE(commit(*two_, named(2, "two")));
    EXPECT_EQ(failure(commit_ahead(*one_, {})), ErrorCode::aborted);
    ASSERT_TRUE(commit(*one_, {}));
    ASSERT_TRUE(commit_ahead(*one_, {}));
}

TEST_F(DecidedAhead, WaitsForABatchThatAnotherHasBegun) {
    ASSERT_TRUE(commit(*one_, named(1, "one")));
    ASSERT_TRUE(two_->begin({}, {}));
    std::vector<Change> ahead = named(2, "ahead");
    std::atomic<bool> done = false;
    one_->start_commit(ahead, [&] { done = true; });
    const std::string waits =
        "select count(*) from pg_locks where not granted and locktype = 'transactionid'";
    while (server().sql(uri_, waits) == "0\n") std::this_thread::yield();
    EXPECT_FALSE(done);
    std::vector<Change> other = named(2, "other");
    ASSERT_TRUE(two_->commit(other));
    EXPECT_EQ(failure(one_->finish_commit()), ErrorCode::aborted);
    EXPECT_TRUE(done);
    EXPECT_EQ(name_of(*two_), "other");
    EXPECT_EQ(disagreement(*two_), "");
}

TEST_F(DecidedAhead, ANameThatWasFreeAndIsTakenByAnotherIsNotTakenForFree) {
    ASSERT_TRUE(commit(*one_, named(1, "one", 1)));
    const RecordKey key = one_->keys().tenant(9);
    Record found;
    ASSERT_TRUE(one_->read({&key, 1}, {&found, 1}));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(found));
    ASSERT_TRUE(commit(*two_, named(2, "two")));
    EXPECT_EQ(failure(commit_ahead(*one_, named(2, "ahead"))), ErrorCode::aborted);
    ASSERT_TRUE(one_->begin({&key, 1}, {&found, 1}));
    ASSERT_TRUE(std::holds_alternative<Ptr<Tenant>>(found));
    EXPECT_EQ(std::get<Ptr<Tenant>>(found)->name, "two");
    std::vector<Change> again = named(3, "again");
    ASSERT_TRUE(one_->commit(again));
    EXPECT_EQ(disagreement(*two_), "");
}

// Each batch would be decided twice.
TEST_F(DecidedAhead, IsNotTriedForAWhileWhereAnotherWrites) {
    EXPECT_TRUE(one_->commits_aside());
    ASSERT_TRUE(commit(*one_, named(1, "one")));
    ASSERT_TRUE(commit(*two_, named(2, "two")));
    EXPECT_FALSE(two_->commits_aside());
    ASSERT_TRUE(commit(*one_, named(3, "one")));
    EXPECT_FALSE(one_->commits_aside());
    for (Sequence sequence = 4; !one_->commits_aside(); ++sequence) {
        ASSERT_LT(sequence, 20U);
        ASSERT_TRUE(commit(*one_, named(sequence, "one")));
    }
}

TEST_F(DecidedAhead, ALinkThatDiedBetweenIsNotTheEndOfIt) {
    ASSERT_TRUE(commit(*one_, named(1, "one")));
    server().sql(uri_,
                 "select pg_terminate_backend(pid) from pg_stat_activity where application_name = "
                 "'coffer'");
    EXPECT_EQ(failure(commit_ahead(*one_, named(2, "ahead"))), ErrorCode::aborted);
    ASSERT_TRUE(commit(*one_, named(2, "again")));
    ASSERT_TRUE(commit_ahead(*one_, named(3, "ahead")));
    EXPECT_EQ(one_->stats().unknown, 0U);
    EXPECT_EQ(disagreement(*two_), "");
}

TEST_F(DecidedAhead, WhatItCannotReadAsideItIsToReadUnderTheLock) {
    one_ = open(0);
    ASSERT_TRUE(commit(*one_, named(1, "one", 1)));
    const RecordKey key = one_->keys().tenant(9);
    Record found;
    const auto read = [&] { return one_->read({&key, 1}, {&found, 1}); };
    EXPECT_EQ(failure(read()), ErrorCode::aborted);  // there is no link for that yet
    EXPECT_FALSE(one_->commits_aside());
    ASSERT_TRUE(one_->begin({&key, 1}, {&found, 1}));
    ASSERT_TRUE(one_->commit({}));
    while (!read()) std::this_thread::yield();
    EXPECT_TRUE(std::holds_alternative<std::monostate>(found));
    ASSERT_TRUE(commit_ahead(*one_, named(2, "ahead")));
    EXPECT_EQ(name_of(*two_), "ahead");
    EXPECT_EQ(disagreement(*two_), "");
}

// Else it would be decided on records of different moments.
TEST_F(DecidedAhead, WhatAnotherHasWrittenIsSeenWhenItReads) {
    one_ = open(0);
    const std::vector<RecordKey> keys{one_->keys().tenant(7), one_->keys().tenant(8)};
    std::vector<Record> found(2);
    ASSERT_TRUE(commit(*one_, named(1, "one", 1)));
    const auto read = [&](std::size_t at) {
        return one_->read(std::span(keys).subspan(at, 1), std::span(found).subspan(at, 1));
    };
    while (!read(0)) std::this_thread::yield();
    ASSERT_TRUE(commit(*two_, named(2, "two", 8)));
    EXPECT_EQ(failure(read(1)), ErrorCode::aborted);
    ASSERT_TRUE(one_->begin(keys, found));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(found[0]));
    EXPECT_TRUE(std::holds_alternative<Ptr<Tenant>>(found[1]));
    EXPECT_TRUE(one_->commit({}));
}

}  // namespace
}  // namespace coffer
