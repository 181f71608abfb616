// Two ledgers over one store, as two processes over one database would be: whoever decides sees
// what the other did, and what the store says of a batch is what its callers hear.

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "ledger/world_fixture.h"
#include "store/commit_thread.h"
#include "store/wrapped_store_fixture.h"

namespace coffer {
namespace {

// Books that several views share. Who has begun a batch has them to itself.
struct SharedBooks {
    MemoryStore memory;
    std::mutex mutex;  // guards taken
    std::condition_variable freed;
    bool taken = false;
    std::atomic<const void*> begun_last{nullptr};  // who
};

// Whether the lane decides a batch while the one before it is committed.
enum class Ahead : bool { no, yes };

class SharedView final : public WrappedStore {
public:
    SharedView(const std::shared_ptr<SharedBooks>& books, Ahead ahead)
        : WrappedStore({books, &books->memory}), books_(books), ahead_(ahead) {}
    ~SharedView() override { release(); }

    // The next batches fail so, one each: at their beginning, or at their commit.
    void fail_next(ErrorCode code) { push(begin_failures_, code); }
    void fail_next_commit(ErrorCode code) { push(commit_failures_, code); }
    void go_away() { away_ = true; }
    void come_back() { away_ = false; }

    bool is_shared() const override { return true; }
    Result<JournalEnd> poll() const override {
        if (away_) return fail(ErrorCode::unavailable, "away");
        return end();
    }

    Result<JournalEnd> begin(std::span<const RecordKey> wanted, std::span<Record> found) override {
        if (away_) return fail(ErrorCode::unavailable, "away");
        if (const auto code = pop(begin_failures_)) return fail(*code, "told to fail");
        take();
        TRY(read(wanted, found));
        return end();
    }
    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) override {
        EXPECT_TRUE(ahead_ == Ahead::yes || begun_);
        TRY(books_->memory.read(wanted, found));
        if (books_->begun_last == this) return {};
        return fail(ErrorCode::aborted, "another may have written");
    }
    bool commits_aside() const override { return ahead_ == Ahead::yes; }
    void start_commit(std::span<Change> changes, const std::function<void()>& done) override {
        if (ahead_ == Ahead::no) return Store::start_commit(changes, done);
        committing_ = changes;
        thread_.start(done);
    }
    Result<void> finish_commit() override {
        if (ahead_ == Ahead::no) return Store::finish_commit();
        thread_.wait();
        return std::move(written_);
    }
    Result<void> commit(std::span<Change> changes) override {
        EXPECT_TRUE(begun_);
        const auto code = changes.empty() ? std::nullopt : pop(commit_failures_);
        // An unknown outcome may as well be that it happened.
        auto done =
            code && *code != ErrorCode::io ? Result<void>{} : books_->memory.commit(changes);
        known_end_ = end().sequence;
        release();
        if (code) return fail(*code, "told to fail");
        return done;
    }
    Result<JournalEnd> recover() override {
        release();
        if (away_) return fail(ErrorCode::unavailable, "away");
        return end();
    }

    // Batches that were decided ahead, and those of them that came to nothing.
    std::atomic<int> decided_ahead{0}, thrown_away{0};

private:
    // On a thread of its own.
    Result<void> write() {
        if (begun_) return commit(committing_);
        ++decided_ahead;
        if (away_) return fail(ErrorCode::unavailable, "away");
        take();
        if (end().sequence == known_end_) return commit(committing_);
        ++thrown_away;
        release();
        return fail(ErrorCode::aborted, "another has written in between");
    }
    void push(std::deque<ErrorCode>& failures, ErrorCode code) {
        const std::lock_guard lock(mutex_);
        failures.push_back(code);
    }
    std::optional<ErrorCode> pop(std::deque<ErrorCode>& failures) {
        const std::lock_guard lock(mutex_);
        if (failures.empty()) return std::nullopt;
        const ErrorCode code = failures.front();
        failures.pop_front();
        return code;
    }
    void take() {
        std::unique_lock lock(books_->mutex);
        books_->freed.wait(lock, [this] { return !books_->taken; });
        books_->taken = true;
        books_->begun_last = this;
        begun_ = true;
    }
    void release() {
        if (!begun_) return;
        begun_ = false;
        const std::lock_guard lock(books_->mutex);
        books_->taken = false;
        books_->freed.notify_one();
    }

    std::shared_ptr<SharedBooks> books_;
    const Ahead ahead_;
    bool begun_ = false;
    std::span<Change> committing_;
    Sequence known_end_ = 0;
    std::atomic<bool> away_{false};
    std::mutex mutex_;  // guards the failures
    std::deque<ErrorCode> begin_failures_, commit_failures_;
    Result<void> written_;
    CommitThread thread_{[this] { written_ = write(); }};
};

class TwoLedgers : public World, public testing::WithParamInterface<Ahead> {
protected:
    TwoLedgers() : TwoLedgers(std::make_shared<SharedBooks>()) {}
    explicit TwoLedgers(std::shared_ptr<SharedBooks> books)
        : World(std::make_unique<SharedView>(books, GetParam())), other_view_(books, GetParam()) {
        other_ = std::move(*Ledger::open(other_view_, LedgerOptions{}, clock_, *log_, metrics_));
    }
    ~TwoLedgers() override { other_.reset(); }

    SharedView& view() { return static_cast<SharedView&>(*store_); }
    Outcome perform_there(Intent intent) { return other_->perform(std::move(intent)); }
    // Waits for what a watcher will bring; false if it does not in time.
    template <class Question>
    bool within_a_second(const Question& question) {
        const Time start = clock_.monotonic();
        while (!question()) {
            if (clock_.monotonic() - start > second_us) return false;
            std::this_thread::yield();
        }
        return true;
    }

    SharedView other_view_;
    std::unique_ptr<Ledger> other_;
};

TEST_P(TwoLedgers, twins_at_both_move_once) {
    deposit("alice", 1000);
    EXPECT_TRUE(perform(wager("alice", "w1", "r1", 50)).done());
    const Outcome twin = perform_there(wager("alice", "w1", "r1", 50));
    EXPECT_TRUE(twin.done());
    EXPECT_TRUE(twin.replay);
    EXPECT_EQ(balance("alice"), 950);
    expect_clean();
}

TEST_P(TwoLedgers, many_at_once_at_both_take_no_more_than_there_is) {
    deposit("alice", 1000);
    int done = 0;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (Ledger* ledger : {ledger_.get(), other_.get()}) {
        for (int client = 0; client < 4; ++client) {
            threads.emplace_back([&, ledger, client] {
                for (int turn = 0; turn < 40; ++turn) {
                    const std::string id =
                        std::to_string(reinterpret_cast<std::uintptr_t>(ledger)) + "-" +
                        std::to_string(client) + "-" + std::to_string(turn);
                    const Outcome outcome = ledger->perform(wager("alice", id, id, 7));
                    const std::lock_guard lock(mutex);
                    if (outcome.done()) ++done;
                }
            });
        }
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(done, 142);
    EXPECT_EQ(balance("alice"), 1000 - 142 * 7);
    expect_clean();
}

// Each has a batch under way while the next is decided, and the other's comes between.
TEST_P(TwoLedgers, batches_at_both_take_no_more_than_there_is) {
    constexpr long each = 7;
    long left = 0, done = 0;
    int rounds = 0;
    const auto is_enough = [&] {
        return GetParam() == Ahead::no || (view().decided_ahead > 5 && view().thrown_away > 0);
    };
    do {
        ASSERT_LT(++rounds, 1000);
        deposit("alice", 1000);
        left += 1000;
        std::atomic<bool> over{false};
        long done_there = 0;
        std::thread there([&] {
            for (int turn = 0; !over; ++turn) {
                const std::string id = std::to_string(rounds) + "there" + std::to_string(turn);
                if (perform_there(wager("alice", id, id, each)).done()) ++done_there;
            }
        });
        std::vector<Move> moves;
        for (int turn = 0; turn < 200; ++turn) {
            const std::string id = std::to_string(rounds) + "here" + std::to_string(turn);
            moves.push_back(wager("alice", id, id, each));
        }
        for (const Outcome& outcome : perform_at_once(moves)) done += outcome.done() ? 1 : 0;
        over = true;
        there.join();
        done += done_there;
    } while (!is_enough());
    EXPECT_EQ(done, left / each);
    EXPECT_EQ(balance("alice"), left % each);
    expect_clean();
}

TEST_P(TwoLedgers, what_one_adds_to_the_directory_the_other_uses_at_once) {
    EXPECT_TRUE(perform(CreateTenant{"t-2", "second"}).done());
    EXPECT_TRUE(perform_there(CreateTenant{"t-3", "third"}).done());
    EXPECT_TRUE(perform(CreateTenant{"t-4", "fourth"}).done());
    const auto directory = ledger_->directory();
    for (const char* uid : {"t-1", "t-2", "t-3", "t-4"}) EXPECT_TRUE(directory->tenant(uid)) << uid;
    EXPECT_EQ(directory->last_tenant(), 4U);
    EXPECT_TRUE(within_a_second([&] { return other_->directory()->tenant("t-4") != nullptr; }));
    expect_clean();
}

TEST_P(TwoLedgers, a_credential_revoked_at_one_is_known_to_the_other_within_a_second) {
    CreateCredential create;
    create.credential.uid = "c-1";
    create.credential.tenant = tenant;
    create.credential.digest = sha256("secret");
    EXPECT_TRUE(perform(create).done());
    const auto is_live_there = [&] {
        return other_->directory()->by_secret(CredentialKind::native_key, DialectId::native,
                                              sha256("secret"), clock_.wall()) != nullptr;
    };
    EXPECT_TRUE(within_a_second(is_live_there));
    EXPECT_TRUE(perform(RevokeCredential{tenant, 0, "c-1"}).done());
    EXPECT_TRUE(within_a_second([&] { return !is_live_there(); }));
}

TEST_P(TwoLedgers, a_player_blocked_at_one_is_refused_by_the_other_at_once) {
    deposit("alice", 1000);
    EXPECT_TRUE(perform_there(wager("alice", "w1", "r1", 50)).done());
    ChangePlayer block;
    block.tenant = tenant;
    block.player = "alice";
    block.blocked = true;
    EXPECT_TRUE(perform(block).done());
    EXPECT_EQ(perform_there(wager("alice", "w2", "r2", 50)).decline, Decline::player_blocked);
}

TEST_P(TwoLedgers, an_aborted_batch_is_decided_once_more_and_its_callers_hear_nothing_of_it) {
    deposit("alice", 1000);
    view().fail_next(ErrorCode::aborted);
    view().fail_next_commit(ErrorCode::aborted);
    view().fail_next_commit(ErrorCode::aborted);
    EXPECT_TRUE(perform(wager("alice", "w1", "r1", 50)).done());
    view().fail_next_commit(ErrorCode::aborted);
    EXPECT_TRUE(perform(CreateTenant{"t-2", "second"}).done());
    EXPECT_EQ(ledger_->directory()->last_tenant(), 2U);
    EXPECT_TRUE(ledger_->ready());
    EXPECT_EQ(balance("alice"), 950);
    expect_clean();
}

TEST_P(TwoLedgers, a_batch_that_is_aborted_again_and_again_is_not_now) {
    deposit("alice", 1000);
    for (int count = 0; count < 9; ++count) view().fail_next_commit(ErrorCode::aborted);
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 50)).fault, Fault::not_now);
    EXPECT_TRUE(perform(wager("alice", "w1", "r1", 50)).done());
    EXPECT_EQ(balance("alice"), 950);
    expect_clean();
}

// The answer of a commit did not come, though it happened: the same again is a replay.
TEST_P(TwoLedgers, after_an_unknown_outcome_the_same_call_hears_the_truth) {
    deposit("alice", 1000);
    view().fail_next_commit(ErrorCode::io);
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 50)).fault, Fault::not_now);
    const Outcome again = perform(wager("alice", "w1", "r1", 50));
    EXPECT_TRUE(again.done());
    EXPECT_TRUE(again.replay);
    view().fail_next_commit(ErrorCode::io);
    EXPECT_EQ(perform(CreateTenant{"t-2", "second"}).fault, Fault::not_now);
    EXPECT_TRUE(within_a_second([&] { return ledger_->directory()->tenant("t-2") != nullptr; }));
    EXPECT_EQ(balance("alice"), 950);
    expect_clean();
}

TEST_P(TwoLedgers, while_the_store_is_away_calls_are_refused_and_readiness_says_so) {
    deposit("alice", 1000);
    view().go_away();
    // The watcher notices though nobody calls.
    EXPECT_TRUE(within_a_second([&] { return !ledger_->ready(); }));
    EXPECT_TRUE(other_->ready());
    EXPECT_EQ(perform(wager("alice", "w1", "r1", 50)).fault, Fault::not_now);
    EXPECT_EQ(perform(CreateTenant{"t-2", "second"}).fault, Fault::not_now);
    view().come_back();
    EXPECT_TRUE(within_a_second([&] { return ledger_->ready(); }));
    EXPECT_TRUE(perform(wager("alice", "w1", "r1", 50)).done());
    EXPECT_EQ(ledger_->directory()->tenant("t-2"), nullptr);
    expect_clean();
}

INSTANTIATE_TEST_SUITE_P(Deciding, TwoLedgers, testing::Values(Ahead::no, Ahead::yes),
                         [](const auto& of) {
                             return of.param == Ahead::yes ? "ahead" : "under_the_lock";
                         });

}  // namespace
}  // namespace coffer
