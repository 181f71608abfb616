// What is decided while the batch before it is being made durable: it sees what that one made, is
// answered after it, fails with it, and is dropped when that took too long.

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "ledger/world_fixture.h"
#include "store/wrapped_store_fixture.h"

namespace coffer {
namespace {

// A store whose commits end when the test says so.
class AsideStore final : public WrappedStore {
public:
    AsideStore() : WrappedStore(std::make_shared<MemoryStore>()) {}

    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) override {
        const std::unique_lock lock(mutex_);
        for (const RecordKey& key : wanted) ids_read_ += key.kind == RecordKind::key ? 1 : 0;
        changed_.notify_all();
        return inner().read(wanted, found);
    }
    void start_commit(std::span<Change> changes, const std::function<void()>& done) override {
        const std::unique_lock lock(mutex_);
        changes_ = changes;
        if (!holding_) {
            committed_ = inner().commit(changes);
            return done();
        }
        done_ = done;
        changed_.notify_all();
    }
    Result<void> finish_commit() override {
        const std::unique_lock lock(mutex_);
        return committed_;
    }

    bool commits_aside() const override { return true; }

    void hold() {
        const std::unique_lock lock(mutex_);
        holding_ = true;
    }
    void wait_for_commit() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return done_ != nullptr; });
    }
    std::uint64_t ids_read() {
        const std::unique_lock lock(mutex_);
        return ids_read_;
    }
    void wait_for_ids_read(std::uint64_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ids_read_ >= count; });
    }
    void end_commit(std::optional<ErrorCode> failure = {}) {
        std::unique_lock lock(mutex_);
        holding_ = false;
        committed_ = failure ? fail(*failure, "told to fail") : inner().commit(changes_);
        const auto done = std::exchange(done_, nullptr);
        lock.unlock();
        done();
    }

private:
    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    bool holding_ = false;
    std::uint64_t ids_read_ = 0;
    std::span<Change> changes_;
    std::function<void()> done_;
    Result<void> committed_;
};

class Overlap : public World {
protected:
    Overlap() : World(std::make_unique<AsideStore>()) {
        deposit("alice", 1'000);
        port_ = ledger_->open_port([this] {
            const std::lock_guard lock(mutex_);
            has_news_ = true;
            woken_.notify_one();
        });
    }
    ~Overlap() override { port_.reset(); }

    AsideStore& store() { return static_cast<AsideStore&>(*store_); }

    // Is back when the lane is looking at the move, so that the one before it has been decided.
    void submit(Tag tag, Move move, Time deadline = 0) {
        const std::uint64_t before = store().ids_read();
        Intent intent = std::move(move);
        ASSERT_TRUE(port_->submit(tag, intent, deadline));
        store().wait_for_ids_read(before + 1);
    }
    // The first wager, whose commit is held.
    void submit_and_hold(Move move) {
        store().hold();
        submit(0, std::move(move));
        store().wait_for_commit();
    }
    void collect() {
        port_->collect([this](Tag tag, Intent&, Outcome& outcome) {
            outcomes_.resize(std::max(outcomes_.size(), tag + 1));
            outcomes_[tag] = std::move(outcome);
            ++answered_;
        });
    }
    const std::vector<Outcome>& answers(std::size_t count) {
        while (answered_ < count) {
            {
                std::unique_lock lock(mutex_);
                woken_.wait(lock, [this] { return has_news_; });
                has_news_ = false;
            }
            collect();
        }
        return outcomes_;
    }
    // Submits something more, so that everything before it has been decided, and sees that nobody
    // has been answered.
    void expect_decided_but_not_answered() {
        submit(3, payout("bob", "p-1", "r-9", 1));
        collect();
        EXPECT_EQ(answered_, 0U);
    }

    std::mutex mutex_;  // guards has_news_
    std::condition_variable woken_;
    bool has_news_ = false;
    std::unique_ptr<Port> port_;
    std::vector<Outcome> outcomes_;
    std::size_t answered_ = 0;
};

TEST_F(Overlap, sees_what_is_not_durable_yet_and_waits_for_it) {
    submit_and_hold(wager("alice", "w-1", "r-1", 600));
    submit(1, wager("alice", "w-2", "r-1", 600));
    submit(2, wager("alice", "w-3", "r-1", 300));
    expect_decided_but_not_answered();
    store().end_commit();
    const auto& outcomes = answers(4);
    EXPECT_TRUE(outcomes[0].done());
    EXPECT_EQ(outcomes[1].decline, Decline::insufficient_funds);
    EXPECT_TRUE(outcomes[2].done());
    EXPECT_EQ(balance("alice"), 100);
    expect_clean();
}

TEST_F(Overlap, a_repetition_of_what_is_not_durable_yet_is_a_replay) {
    submit_and_hold(wager("alice", "w-1", "r-1", 600));
    // Its id is known without a look at the store.
    Intent again = wager("alice", "w-1", "r-1", 600);
    ASSERT_TRUE(port_->submit(1, again));
    Intent back = rollback("alice", "w-1", "r-1", 600);
    ASSERT_TRUE(port_->submit(2, back));
    expect_decided_but_not_answered();
    store().end_commit();
    const auto& outcomes = answers(4);
    EXPECT_TRUE(outcomes[1].done() && outcomes[1].replay);
    EXPECT_EQ(outcomes[1].transaction->sequence, outcomes[0].transaction->sequence);
    EXPECT_TRUE(outcomes[2].done());
    EXPECT_EQ(balance("alice"), 1'000);
    expect_clean();
}

TEST_F(Overlap, fails_with_what_it_follows) {
    submit_and_hold(wager("alice", "w-1", "r-1", 600));
    submit(1, wager("alice", "w-2", "r-1", 100));
    submit(2, wager("alice", "w-3", "r-1", 700));
    expect_decided_but_not_answered();
    const Sequence end = store().end().sequence;
    store().end_commit(ErrorCode::io);
    const auto& outcomes = answers(3);
    for (Tag tag = 0; tag < 3; ++tag) EXPECT_EQ(outcomes[tag].fault, Fault::not_now);
    EXPECT_EQ(balance("alice"), 1'000);
    // That the third was refused for want of money has not happened either.
    EXPECT_TRUE(perform(wager("alice", "w-3", "r-1", 700)).done());
    EXPECT_GE(store().end().sequence, end + 1);
    EXPECT_EQ(balance("alice"), 300);
    expect_clean();
}

TEST_F(Overlap, what_is_aborted_is_decided_once_more) {
    submit_and_hold(wager("alice", "w-1", "r-1", 600));
    submit(1, wager("alice", "w-2", "r-1", 600));
    expect_decided_but_not_answered();
    store().end_commit(ErrorCode::aborted);
    const auto& outcomes = answers(3);
    EXPECT_TRUE(outcomes[0].done());
    EXPECT_EQ(outcomes[1].decline, Decline::insufficient_funds);
    EXPECT_EQ(balance("alice"), 400);
    expect_clean();
}

TEST_F(Overlap, what_is_too_late_is_dropped_before_it_is_written) {
    submit_and_hold(wager("alice", "w-1", "r-1", 600));
    const Move hasty = wager("alice", "w-2", "r-1", 300);
    submit(1, hasty, clock_.monotonic() + second_us);
    submit(2, wager("alice", "w-3", "r-1", 200));
    expect_decided_but_not_answered();
    clock_.advance(2 * second_us);
    store().end_commit();
    const auto& outcomes = answers(4);
    EXPECT_TRUE(outcomes[0].done());
    EXPECT_EQ(outcomes[1].fault, Fault::not_now);
    EXPECT_TRUE(outcomes[2].done());
    EXPECT_EQ(balance("alice"), 200);
    expect_clean();
}

}  // namespace
}  // namespace coffer
