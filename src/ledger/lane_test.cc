// The lane and a store that fails for a while: callers hear "not now", nothing of a failed batch is
// left behind, and it goes on as soon as the store does.

#include "ledger/lane.h"

#include <gtest/gtest.h>

#include <atomic>

#include "ledger/world_fixture.h"
#include "store/wrapped_store_fixture.h"

namespace coffer {
namespace {

// A store without space, for as long as it is told. Its commits either leave nothing in doubt, or
// want recover() first, like those of a write that failed half-way.
class FullStore final : public WrappedStore {
public:
    std::atomic<bool> full{false}, in_doubt{false};

    FullStore() : WrappedStore(std::make_shared<MemoryStore>()) {}

    Result<void> commit(std::span<Change> changes) override {
        if (unknown_) return fail(ErrorCode::io, "not recovered from");
        if (!full) return inner().commit(changes);
        unknown_ = in_doubt;
        return fail(ErrorCode::full, "no space");
    }
    Result<JournalEnd> recover() override {
        if (full) return fail(ErrorCode::full, "no space");
        unknown_ = false;
        return inner().end();
    }

private:
    bool unknown_ = false;  // the lane's
};

class LaneTest : public testing::TestWithParam<bool> {
protected:
    LaneTest() {
        Log::Options quiet;
        quiet.path = "/dev/null";
        log_ = std::make_unique<Log>(quiet);
        ledger_ = std::move(*Ledger::open(store_, LedgerOptions{}, clock_, *log_, metrics_));
        store_.in_doubt = GetParam();
    }

    FullStore store_;
    SystemClock clock_;
    std::unique_ptr<Log> log_;
    Metrics metrics_;
    std::unique_ptr<Ledger> ledger_;
};

TEST_P(LaneTest, a_full_store_is_not_now_and_leaves_nothing_behind) {
    ASSERT_TRUE(ledger_->perform(CreateTenant{"t-1", "first"}).done());
    store_.full = true;
    // The second is decided over what the first left behind, which must be nothing.
    for (int turn = 0; turn < 2; ++turn) {
        EXPECT_EQ(ledger_->perform(CreateTenant{"t-2", "lost"}).fault, Fault::not_now);
        EXPECT_FALSE(ledger_->ready());
    }
    EXPECT_EQ(ledger_->directory()->last_tenant(), 1U);
    store_.full = false;
    Outcome outcome;
    while (!outcome.created) outcome = ledger_->perform(CreateTenant{"t-3", "second"});
    EXPECT_EQ(std::get<Ptr<Tenant>>(outcome.records.front())->id, 2U);
    EXPECT_TRUE(ledger_->ready());
    EXPECT_EQ(ledger_->directory()->tenant("t-2"), nullptr);
    EXPECT_EQ(store_.end().sequence, 2U);
    EXPECT_TRUE(verify_books(store_)->clean());
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutDoubt, LaneTest, testing::Bool());

}  // namespace
}  // namespace coffer
