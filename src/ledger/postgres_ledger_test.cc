// The whole floor over PostgreSQL: random histories against the naive model, and two ledgers, as
// two processes would have them, over one database.

#include "store/postgres_store.h"

#include <atomic>
#include <thread>

#include "ledger/deposit_fixture.h"
#include "ledger/model_fixture.h"
#include "store/postgres_server_fixture.h"

namespace coffer {
namespace {

std::unique_ptr<Store> open_at(const std::string& uri) {
    auto store = PostgresStore::open({.uri = uri});
    EXPECT_TRUE(store) << store.error().detail;
    return std::move(*store);
}

std::string new_books(Shard shards = 1) {
    const std::string uri = PostgresServer::shared().new_place();
    EXPECT_TRUE(migrate_postgres({.uri = uri, .shards = shards}));
    return uri;
}

class PostgresWorld : public ModelWorld {
protected:
    PostgresWorld() : PostgresWorld(new_books()) {}
    explicit PostgresWorld(const std::string& uri) : ModelWorld(open_at(uri)), uri_(uri) {}
    std::string uri_;
};

TEST_F(PostgresWorld, random_histories_agree_with_the_naive_model) {
    expect_agreement_with_the_naive_model();
}

TEST_F(PostgresWorld, a_second_ledger_takes_turns_with_the_first) {
    const auto other_store = open_at(uri_);
    const auto other =
        std::move(*Ledger::open(*other_store, LedgerOptions{}, clock_, *log_, metrics_));
    deposit("alice", 1000);
    for (int turn = 0; turn < 50; ++turn) {
        Move move = wager("alice", "w" + std::to_string(turn), "r" + std::to_string(turn), 10);
        Move twin = move;
        EXPECT_TRUE((turn % 2 == 0 ? *ledger_ : *other).perform(std::move(move)).done());
        EXPECT_TRUE((turn % 2 == 0 ? *other : *ledger_).perform(std::move(twin)).replay);
    }
    EXPECT_EQ(balance("alice"), 500);
    expect_clean();
}

// Long enough to be sent in pieces: the same wallets, rounds and ids come in several of them.
TEST_F(PostgresWorld, a_long_batch_is_written_once_and_whole) {
    for (const char* player : {"alice", "bob"}) deposit(player, 10'000);
    std::vector<Move> moves;
    for (int turn = 0; turn < 500; ++turn) {
        const int number = turn % 450;  // the last fifty are repeated calls
        moves.push_back(wager(number % 2 == 0 ? "alice" : "bob", "w" + std::to_string(number),
                              "r" + std::to_string(number % 14), 10));
    }
    std::size_t replays = 0;
    for (const Outcome& outcome : perform_at_once(moves)) {
        EXPECT_TRUE(outcome.done());
        replays += std::size_t{outcome.replay};
    }
    EXPECT_EQ(replays, 50U);
    EXPECT_EQ(balance("alice") + balance("bob"), 20'000 - 450 * 10);
    expect_clean();
}

// Most batches are decided while the one before them is committed, and now and then the other's
// comes between.
TEST_F(PostgresWorld, batches_decided_ahead_obey_what_a_second_ledger_wrote) {
    const auto other_store = open_at(uri_);
    const auto other =
        std::move(*Ledger::open(*other_store, LedgerOptions{}, clock_, *log_, metrics_));
    const auto& store = static_cast<const PostgresStore&>(*store_);
    constexpr long each = 7;
    long left = 0, done = 0;
    for (int round = 0; round < 60 || store.stats().ahead < 5; ++round) {
        ASSERT_LT(round, 500);
        deposit("alice", 1000);
        left += 1000;
        const auto wagers_of = [&](const char* who, int count) {
            std::vector<Move> moves;
            for (int turn = 0; turn < count; ++turn) {
                const std::string id = std::to_string(round) + who + std::to_string(turn);
                moves.push_back(wager("alice", id, id, each));
            }
            return moves;
        };
        long done_there = 0;
        std::thread there([&] {
            for (Move& move : wagers_of("there", round % 20 == 19 ? 2 : 0))
                done_there += other->perform(std::move(move)).done() ? 1 : 0;
        });
        for (const Outcome& outcome : perform_at_once(wagers_of("here", 300)))
            done += outcome.done() ? 1 : 0;
        there.join();
        done += done_there;
    }
    EXPECT_EQ(done, left / each);
    EXPECT_EQ(balance("alice"), left % each);
    expect_clean();
}

TEST_F(PostgresWorld, a_ledger_outlives_its_server) {
    deposit("alice", 1000);
    PostgresServer::shared().kill();
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 10)).fault, Fault::not_now);
    EXPECT_FALSE(ledger_->ready());
    PostgresServer::shared().start();
    Outcome outcome;
    const Time start = clock_.monotonic();
    do {
        outcome = perform(wager("alice", "w1", "r1", 10));
    } while (outcome.fault == Fault::not_now && clock_.monotonic() - start < 20 * second_us);
    EXPECT_TRUE(outcome.done());
    EXPECT_EQ(balance("alice"), 990);
    // The watcher looks four times a second.
    while (!ledger_->ready() && clock_.monotonic() - start < 25 * second_us)
        std::this_thread::yield();
    EXPECT_TRUE(ledger_->ready());
    expect_clean();
}

class PostgresDeposits : public DepositingWorld<PostgresWorld> {};

TEST_F(PostgresDeposits, two_ledgers_give_one_address_and_credit_a_transfer_once) {
    open_deposits();
    const auto other_store = open_at(uri_);
    const auto other =
        std::move(*Ledger::open(*other_store, LedgerOptions{}, clock_, *log_, metrics_));
    const std::string address = address_of_player("alice");
    const auto given = [&](Ledger& ledger, std::string player) {
        const Outcome outcome = ledger.perform(ask(std::move(player)));
        EXPECT_TRUE(outcome.done());
        return std::get<Ptr<DepositAddress>>(outcome.records.at(0))->address;
    };
    EXPECT_EQ(given(*other, "alice"), address);
    EXPECT_NE(given(*other, "bob"), address);
    std::atomic<int> created{0};
    const auto report = [&](Ledger& ledger, std::vector<RecordDeposit> transfers) {
        for (RecordDeposit& one : transfers) {
            const Outcome outcome = ledger.perform(std::move(one));
            EXPECT_TRUE(outcome.done());
            created += outcome.created ? 1 : 0;
        }
    };
    std::vector<RecordDeposit> transfers;
    for (std::uint64_t number = 1; number <= 40; ++number) {
        transfers.push_back(transfer(address, "10000000000000000", number));
    }
    std::thread here([&] { report(*ledger_, transfers); });
    std::thread there([&] { report(*other, transfers); });
    here.join();
    there.join();
    EXPECT_EQ(created, 40);
    EXPECT_EQ(in(AccountCode::bought), Amount{40});
    EXPECT_TRUE(other->perform(MoveWatch{token, 10, 20}).done());
    EXPECT_EQ(perform(MoveWatch{token, 10, 30}).decline, Decline::conflict);
    expect_clean();
}

}  // namespace
}  // namespace coffer
