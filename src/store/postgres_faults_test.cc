// A batch over a network that fails at each message of it in turn: what was acknowledged is there
// once, what was not is there at most once, and nobody has to be started again for the next.

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include "store/history_sample.h"
#include "store/postgres_proxy_fixture.h"
#include "store/postgres_server_fixture.h"
#include "store/postgres_store.h"

namespace coffer {
namespace {

using Fault = PostgresProxy::Fault;
using From = PostgresProxy::From;

PostgresServer& server() { return PostgresServer::shared(); }

std::string migrated_place() {
    const std::string uri = server().new_place();
    EXPECT_TRUE(migrate_postgres({.uri = uri}));
    return uri;
}

class PostgresFaults : public testing::Test {
protected:
    using Ids = std::vector<std::string>;

    // Ids that nobody has used yet, for one batch.
    Ids new_ids() {
        Ids ids;
        for (int count = 0; count < 3; ++count) ids.push_back("id-" + std::to_string(++ids_made_));
        return ids;
    }

    static Ptr<Transaction> transaction_of(const std::string& id, Sequence sequence = 0) {
        auto transaction = std::make_shared<Transaction>();
        transaction->sequence = sequence;
        transaction->group = KeyGroup::rgs;
        transaction->external_id = id;
        transaction->status = TransactionStatus::refused;
        return transaction;
    }

    // What a lane does with a batch of calls that bear these ids: looks whether they are there,
    // looks for something else, writes those that are not. True if it wrote. With the head's lock
    // from the beginning, or ahead of it.
    Result<bool> attempt(const Ids& ids) {
        std::vector<RecordKey> wanted;
        for (const std::string& id : ids) wanted.push_back(store_->keys().of(*transaction_of(id)));
        std::vector<Record> found(wanted.size());
        const auto end = is_ahead_ ? judge_->poll() : store_->begin(wanted, found);
        if (!end) return std::unexpected(end.error());
        if (is_ahead_) TRY(store_->read(wanted, found));
        const RecordKey other = store_->keys().tenant(77);
        Record none;
        TRY(store_->read({&other, 1}, {&none, 1}));
        std::vector<Change> changes;
        for (std::size_t at = 0; at < ids.size(); ++at) {
            if (!std::holds_alternative<std::monostate>(found[at])) continue;
            const Sequence sequence = end->sequence + changes.size() + 1;
            changes.push_back({.sequence = sequence,
                               .time = end->time,
                               .transaction = transaction_of(ids[at], sequence)});
        }
        EXPECT_TRUE(changes.empty() || changes.size() == ids.size()) << "half a batch was there";
        if (is_ahead_) {
            store_->start_commit(changes, [] {});
            TRY(store_->finish_commit());
        } else {
            TRY(store_->commit(changes));
        }
        return !changes.empty();
    }

    // As the lane does, until the store takes writes again; where it then says the journal ends.
    JournalEnd recovered() {
        const Time start = SystemClock().monotonic();
        for (;;) {
            const auto end = store_->recover();
            if (end) return *end;
            EXPECT_EQ(end.error().code, ErrorCode::unavailable) << end.error().detail;
            if (SystemClock().monotonic() - start > 30 * second_us) {
                ADD_FAILURE() << "never recovered: " << end.error().detail;
                return {};
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    // How many of the ids the database has, asked without the network that fails.
    std::size_t there(const Ids& ids) {
        std::size_t count = 0;
        for (const std::string& id : ids) {
            const auto found = judge_->find(judge_->keys().of(*transaction_of(id)));
            EXPECT_TRUE(found) << found.error().detail;
            if (found && std::holds_alternative<Ptr<Key>>(*found)) ++count;
        }
        return count;
    }

    // After a failure that nobody asked for, until what was asked is answered.
    void come_through(const Ids& ids) {
        recovered();
        retry(ids, there(ids) == 0);
    }

    // A whole batch without a fault; how many messages each side sends in it. Of a link that is not
    // cold the statements are prepared, which the batch before this one sees to.
    std::map<From, std::size_t> count_messages(bool cold) {
        for (int tries = 0; tries < 20; ++tries) {
            if (cold) {
                proxy_.cut_all();
            } else {
                const Ids ids = new_ids();
                if (!attempt(ids)) come_through(ids);
            }
            proxy_.take_seen();
            const Ids ids = new_ids();
            if (!attempt(ids)) {  // a busy machine, nothing else
                come_through(ids);
                continue;
            }
            std::map<From, std::size_t> counts;
            std::size_t commits = 0;
            for (const auto& message : proxy_.take_seen()) {
                ++counts[message.from];
                if (message.is_commit) ++commits;
            }
            EXPECT_EQ(commits, 1U);
            return counts;
        }
        ADD_FAILURE() << "no batch went through without a fault";
        return {};
    }

    // The last messages of a batch are the Execute of its COMMIT, and Sync: until they have passed
    // the server may still refuse it.
    static constexpr std::size_t uncommitted = 2;

    enum class Late : bool { no, yes };

    // One batch with that fault in it, and what becomes of it. What a stall holds back arrives
    // before the store looks what became of the batch, or after it has begun to look.
    void play(const PostgresProxy::Plan& plan, Late late = Late::no) {
        const Ids ids = new_ids();
        proxy_.arm(plan);
        const auto first = attempt(ids);
        if (proxy_.fired()) ++fired_;
        if (first) {
            ++acknowledged_;
            EXPECT_TRUE(*first);
            EXPECT_EQ(there(ids), ids.size()) << "acknowledged, and not there";
            proxy_.release();
            return;
        }
        const ErrorCode code = first.error().code;
        EXPECT_TRUE(code == ErrorCode::unavailable || code == ErrorCode::io ||
                    code == ErrorCode::aborted)
            << first.error().detail;
        if (late == Late::yes) static_cast<void>(store_->recover());
        proxy_.release();
        const JournalEnd end = recovered();
        const std::size_t landed = there(ids);
        EXPECT_TRUE(landed == 0 || landed == ids.size()) << landed;
        ++(landed == 0 ? absent_ : landed_);
        // The end that recover() gives is for good: nothing of before comes after it.
        const auto known = judge_->poll();
        ASSERT_TRUE(known);
        EXPECT_EQ(known->hash, end.hash);
        retry(ids, landed == 0);
    }

    // The same calls again, until they are answered.
    void retry(const Ids& ids, bool writes) {
        auto again = attempt(ids);
        while (!again && !HasFailure()) {
            recovered();
            writes = there(ids) == 0;
            again = attempt(ids);
        }
        EXPECT_TRUE(again && *again == writes);
        EXPECT_EQ(there(ids), ids.size());
    }

    // Each id that was ever sent is in the journal once, and the books are whole.
    void expect_each_once() {
        std::map<std::string, int> times;
        EXPECT_TRUE(judge_->upward(1, [&](const Change& change) {
            if (change.transaction) ++times[change.transaction->external_id];
            return true;
        }));
        EXPECT_EQ(times.size(), ids_made_);
        for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id;
        EXPECT_EQ(disagreement(*judge_), "");
    }

    std::unique_ptr<PostgresStore> open(const std::string& uri, std::int64_t patience_ms,
                                        std::size_t name_bytes_max = 256 << 20) {
        auto store = PostgresStore::open({.uri = uri,
                                          .name_bytes_max = name_bytes_max,
                                          .connect_ms = patience_ms,
                                          .statement_ms = patience_ms});
        EXPECT_TRUE(store) << store.error().detail;
        return store ? std::move(*store) : nullptr;
    }

    // From now on batches are decided without the lock, and look for each name over a second link.
    void decide_ahead() {
        is_ahead_ = true;
        store_ = open(proxy_.through(uri_), 300, 0);
        EXPECT_TRUE(store_->begin({}, {}) && store_->commit({}));
    }

    void cut_at_each_message() {
        for (const From from : {From::client, From::server}) {
            const std::size_t messages = count_messages(false)[from];
            EXPECT_GT(messages, 20U);
            for (std::size_t after = 0; after <= messages; ++after) {
                SCOPED_TRACE(testing::Message()
                             << "side " << static_cast<int>(from) << ", " << after);
                play({.fault = Fault::cut, .from = from, .after = after});
            }
        }
        // Of those that were not acknowledged some had happened and some had not.
        EXPECT_GT(landed_, 0U);
        EXPECT_GT(absent_, 5U);
        expect_each_once();
    }

    void stall_at_each_message() {
        for (const From from : {From::client, From::server}) {
            const std::size_t messages = count_messages(false)[from];
            for (std::size_t after = 0; after <= messages; ++after) {
                SCOPED_TRACE(testing::Message()
                             << "side " << static_cast<int>(from) << ", " << after);
                play({.fault = Fault::stall, .from = from, .after = after},
                     after % 2 == 0 ? Late::no : Late::yes);
            }
        }
        EXPECT_GT(landed_, 0U);
        EXPECT_GT(absent_, 5U);
        expect_each_once();
    }

    const std::string uri_ = migrated_place();
    PostgresProxy proxy_{server().port()};
    std::unique_ptr<PostgresStore> store_ = open(proxy_.through(uri_), 300);
    std::unique_ptr<PostgresStore> judge_ = open(uri_, 10'000);
    bool is_ahead_ = false;
    std::size_t ids_made_ = 0;
    std::size_t fired_ = 0, acknowledged_ = 0, landed_ = 0, absent_ = 0;
};

TEST_F(PostgresFaults, TheConnectionIsCutAtEachMessageOfABatch) { cut_at_each_message(); }

TEST_F(PostgresFaults, TheConnectionIsCutAtEachMessageOfABatchThatWasDecidedAhead) {
    decide_ahead();
    cut_at_each_message();
}

TEST_F(PostgresFaults, TheConnectionIsCutAtEachMessageOfANewOne) {
    for (const From from : {From::client, From::server}) {
        const std::size_t messages = count_messages(true)[from];
        EXPECT_GT(messages, 60U);
        for (std::size_t after = 0; after <= messages; ++after) {
            SCOPED_TRACE(testing::Message() << "side " << static_cast<int>(from) << ", " << after);
            proxy_.cut_all();
            play({.fault = Fault::cut, .from = from, .after = after});
        }
    }
    EXPECT_GT(fired_, 100U);
    expect_each_once();
}

TEST_F(PostgresFaults, TheNetworkStallsAtEachMessageOfABatch) { stall_at_each_message(); }

TEST_F(PostgresFaults, TheNetworkStallsAtEachMessageOfABatchThatWasDecidedAhead) {
    decide_ahead();
    stall_at_each_message();
}

TEST_F(PostgresFaults, TheServersAnswerIsSwallowedAtEachMessageOfABatch) {
    const std::size_t messages = count_messages(false)[From::server];
    for (std::size_t after = 0; after <= messages; ++after) {
        SCOPED_TRACE(testing::Message() << after);
        play({.fault = Fault::swallow, .from = From::server, .after = after});
    }
    EXPECT_GT(landed_, 3U);
    EXPECT_GT(absent_, 3U);
    expect_each_once();
}

// Whatever the reason why a server gives a transaction up: it has not happened, the link is good
// for the next batch at once, and the lane is told that it may decide again.
TEST_F(PostgresFaults, AnAbortAtEachMessageOfABatchIsDefinite) {
    const std::size_t messages = count_messages(false)[From::client];
    for (const char* state : {"40001", "40P01", "55P03"}) {
        for (std::size_t after = 0; after <= messages - uncommitted; ++after) {
            SCOPED_TRACE(testing::Message() << state << " " << after);
            const Ids ids = new_ids();
            const std::uint64_t aborted = store_->stats().aborted;
            proxy_.arm(
                {.fault = Fault::refuse, .from = From::client, .after = after, .state = state});
            const auto first = attempt(ids);
            ASSERT_TRUE(proxy_.fired());
            ASSERT_FALSE(first);
            EXPECT_EQ(first.error().code, ErrorCode::aborted) << first.error().detail;
            EXPECT_EQ(store_->stats().aborted, aborted + 1);
            EXPECT_EQ(there(ids), 0U);
            retry(ids, true);
        }
    }
    expect_each_once();
}

// The same words at the very end of a batch, once when the server had done it and once when it had
// not: nobody can tell from the words, so the store looks.
TEST_F(PostgresFaults, AServerThatBrokeAtCommitLeavesTheOutcomeOpenUntilItIsLookedAt) {
    const std::size_t messages = count_messages(false)[From::client];
    for (const char* state : {"XX000", "58030", "57014", "57P01", "08006", "40003"}) {
        for (const bool happened : {true, false}) {
            SCOPED_TRACE(testing::Message() << state << (happened ? " done" : " not done"));
            const Ids ids = new_ids();
            const std::uint64_t unknown = store_->stats().unknown;
            if (happened) {
                proxy_.arm({.fault = Fault::spoil, .state = state});
            } else {
                proxy_.arm(
                    {.fault = Fault::refuse, .after = messages - uncommitted, .state = state});
            }
            const auto first = attempt(ids);
            ASSERT_TRUE(proxy_.fired());
            ASSERT_FALSE(first);
            EXPECT_EQ(first.error().code, ErrorCode::io) << first.error().detail;
            EXPECT_EQ(store_->stats().unknown, unknown + 1);
            const JournalEnd end = recovered();
            EXPECT_EQ(judge_->poll()->hash, end.hash);
            EXPECT_EQ(there(ids), happened ? ids.size() : 0);
            retry(ids, !happened);
        }
    }
    expect_each_once();
}

TEST_F(PostgresFaults, RefusalsThatAreDefiniteAreTold) {
    const std::size_t messages = count_messages(false)[From::client];
    const std::pair<const char*, ErrorCode> cases[] = {
        {"53100", ErrorCode::full},         // disk full
        {"53300", ErrorCode::unavailable},  // too many connections
        {"25006", ErrorCode::unavailable},  // read only: a standby now
    };
    for (const auto& [state, code] : cases) {
        SCOPED_TRACE(state);
        const Ids ids = new_ids();
        const std::uint64_t unknown = store_->stats().unknown;
        proxy_.arm({.fault = Fault::refuse, .after = messages - uncommitted, .state = state});
        const auto first = attempt(ids);
        ASSERT_TRUE(proxy_.fired());
        ASSERT_FALSE(first);
        EXPECT_EQ(first.error().code, code) << first.error().detail;
        EXPECT_EQ(store_->stats().unknown, unknown);
        EXPECT_EQ(there(ids), 0U);
        recovered();
        retry(ids, true);
    }
    expect_each_once();
}

// An empty batch goes through on a full disk, so that it is no sign of space.
TEST_F(PostgresFaults, ADiskThatWasFullIsSoUntilSomethingCanBeWritten) {
    const std::size_t messages = count_messages(false)[From::client];
    const Ids ids = new_ids();
    proxy_.arm({.fault = Fault::refuse, .after = messages - uncommitted, .state = "53100"});
    EXPECT_EQ(attempt(ids).error().code, ErrorCode::full);
    constexpr std::size_t locked = 8;  // messages that begin a batch which reads nothing
    proxy_.arm({.fault = Fault::refuse, .after = locked, .state = "53100"});
    const auto still = store_->recover();
    ASSERT_TRUE(proxy_.fired());
    ASSERT_FALSE(still);
    EXPECT_EQ(still.error().code, ErrorCode::full);
    recovered();
    // What was tried was taken back.
    EXPECT_EQ(there(ids), 0U);
    retry(ids, true);
    expect_each_once();
}

// A statement that takes longer than it may: the server's own clock, not ours, ends it.
TEST_F(PostgresFaults, AStatementThatTakesTooLongIsNotNowAndHoldsNobodyUp) {
    const std::string slow = uri_.substr(uri_.rfind("%3D") + 3);
    server().sql(uri_, "create function " + slow +
                           ".wait() returns trigger language plpgsql as "
                           "'begin perform pg_sleep(30); return new; end'; create trigger slow "
                           "before insert on coffer_journal for each row execute function wait()");
    store_ = open(uri_, 1000);
    const Ids ids = new_ids();
    const auto first = attempt(ids);
    ASSERT_FALSE(first);
    EXPECT_NE(first.error().detail.find("57014"), std::string::npos) << first.error().detail;
    server().sql(uri_, "drop trigger slow on coffer_journal");
    EXPECT_EQ(recovered().sequence, 0U);
    EXPECT_EQ(there(ids), 0U);
    retry(ids, true);
    expect_each_once();
}

TEST_F(PostgresFaults, ATableThatIsLockedIsNotWaitedForInVain) {
    store_ = open(uri_, 4000);
    std::thread other([&] {
        server().sql(uri_,
                     "begin; lock table coffer_journal in access exclusive mode; "
                     "select pg_sleep(3); commit");
    });
    const std::string held =
        "select count(*) from pg_locks where granted and mode = 'AccessExclusiveLock' and "
        "relation = 'coffer_journal'::regclass";
    while (server().sql(uri_, held) == "0\n") std::this_thread::yield();
    const Ids ids = new_ids();
    const auto first = attempt(ids);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, ErrorCode::aborted) << first.error().detail;
    EXPECT_NE(first.error().detail.find("55P03"), std::string::npos) << first.error().detail;
    other.join();
    EXPECT_EQ(there(ids), 0U);
    retry(ids, true);
    expect_each_once();
}

// Whether the database can be reached, and what others did to the directory, is known in time
// though everybody else who reads is stuck.
TEST_F(PostgresFaults, PollingWaitsBehindNoReader) {
    const PostgresOptions patient{
        .uri = proxy_.through(uri_), .connect_ms = 60'000, .reading_ms = 60'000};
    const auto store = PostgresStore::open(patient);
    ASSERT_TRUE(store);
    std::vector<std::thread> readers;
    for (std::size_t count = 0; count < patient.reading_links_max; ++count) {
        proxy_.arm({.fault = Fault::stall, .from = From::client});
        readers.emplace_back(
            [&] { EXPECT_EQ((*store)->change(1).error().code, ErrorCode::not_found); });
        while (!proxy_.fired()) std::this_thread::yield();
    }
    const auto end = (*store)->poll();
    EXPECT_TRUE(end) << end.error().detail;
    proxy_.release();
    for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace coffer
