#include "app/story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/demo_steps.h"
#include "dialect/public_id.h"
#include "store/memory_store.h"

namespace coffer {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The demo's world, in which alice plays at rgs.
class StoryTest : public testing::Test {
protected:
    StoryTest() {
        ledger_ = std::move(*Ledger::open(store_, LedgerOptions{}, clock_, log_, metrics_));
        EXPECT_TRUE(fill_demo({store_, *ledger_, key_, [] { return false; }}));
        names_ = demo_names(*ledger_->directory());
    }

    Move rgs(TransactionKind kind, std::int64_t cents, std::string id) const {
        Move move;
        move.caller.tenant = names_.tenant;
        move.caller.integration = names_.rgs;
        move.caller.player.id = demo::alice;
        move.kind = kind;
        move.currency = names_.usd;
        move.amount = {cents};
        move.group = KeyGroup::rgs;
        move.external_id = std::move(id);
        move.round = "round-1";
        move.game = demo::rgs_game;
        return move;
    }
    Move rollback(std::int64_t cents, const std::string& wager) const {
        Move move = rgs(TransactionKind::rollback, cents, "");
        move.group = KeyGroup::self;
        move.reference_group = KeyGroup::rgs;
        move.reference = wager;
        return move;
    }

    Move reverse(const Outcome& made, std::string id) const {
        Move move;
        move.caller.tenant = names_.tenant;
        move.kind = TransactionKind::reversal;
        move.group = KeyGroup::native_reversal;
        move.external_id = std::move(id);
        move.reason = "by mistake";
        move.reverses = made.transaction->sequence;
        move.reverses_time = made.transaction->time;
        return move;
    }

    Result<std::string> story(std::string_view id, std::optional<SecretKey16> id_key) const {
        return tell_story({store_, *ledger_, id_key, [this] { return stop_asked_; }}, id);
    }
    std::string told(std::string_view id) const {
        const auto text = story(id, id_key_of(key_));
        EXPECT_TRUE(text) << text.error().detail;
        return text.value_or("");
    }
    std::string name(const Outcome& outcome) const {
        return public_id(outcome.transaction->sequence, outcome.transaction->time, id_key_of(key_));
    }

    MasterKey key_{1, 2, 3};
    SystemClock clock_;
    Log log_{{.level = LogLevel::error}};
    Metrics metrics_;
    MemoryStore store_;
    std::unique_ptr<Ledger> ledger_;
    DemoNames names_;
    bool stop_asked_ = false;
};

TEST_F(StoryTest, OfAWagerTellsWhoAskedForWhatAndWhatMoved) {
    const Outcome wager = ledger_->perform(rgs(TransactionKind::wager, 250, "w-1"));
    ASSERT_TRUE(wager.done());
    EXPECT_THAT(
        told("w-1"),
        AllOf(StartsWith(name(wager) + " rgs: wager applied\n"), HasSubstr("integration demo-rgs"),
              HasSubstr(std::string(demo::alice)), HasSubstr("known to demo-kgen as alice"),
              HasSubstr("bought           -2.50 USD, then 997.50 USD (entry 2 of the account)"),
              HasSubstr("house stakes     +2.50 USD"), HasSubstr("997.50 USD after it"),
              HasSubstr("round-1, opened"), HasSubstr("still open"), HasSubstr("<- this one")));
}

TEST_F(StoryTest, IsTheSameByEitherId) {
    const Outcome wager = ledger_->perform(rgs(TransactionKind::wager, 250, "w-1"));
    EXPECT_EQ(told("w-1"), told(name(wager)));
}

TEST_F(StoryTest, FollowsTheRoundAndTheRollback) {
    const Outcome first = ledger_->perform(rgs(TransactionKind::wager, 100, "w-1"));
    const Outcome second = ledger_->perform(rgs(TransactionKind::wager, 200, "w-2"));
    const Outcome undone = ledger_->perform(rollback(200, "w-2"));
    ASSERT_TRUE(undone.done());
    const std::string text = told(name(second));
    EXPECT_THAT(
        text, AllOf(HasSubstr("wager applied, and since rolled back"),
                    HasSubstr("taken back  by " + name(undone)), HasSubstr(name(first)),
                    HasSubstr("wagered 3.00 USD in 2, paid 0.00 USD in 0, rolled back 2.00 USD")));
    EXPECT_LT(text.find(name(first)), text.rfind(name(undone))) << "in the order of time";
    EXPECT_THAT(told(name(undone)), HasSubstr("takes back  " + name(second)));
    // By the caller's id the wager and what names it are both told.
    EXPECT_THAT(told("w-2"), AllOf(HasSubstr("rgs: wager"), HasSubstr("rgs: rollback applied")));
}

TEST_F(StoryTest, OfARefusalSaysWhy) {
    const Outcome refused = ledger_->perform(rgs(TransactionKind::wager, 100'001, "w-1"));
    ASSERT_EQ(refused.decline, Decline::insufficient_funds);
    EXPECT_THAT(told("w-1"), AllOf(HasSubstr("wager refused for good: insufficient_funds"),
                                   HasSubstr("moved       nothing"), Not(HasSubstr("balance")),
                                   HasSubstr("round-1, which was never opened")));
}

TEST_F(StoryTest, OfATombstoneSaysThatTheWagerNeverCame) {
    ASSERT_EQ(ledger_->perform(rollback(100, "w-9")).decline, Decline::transaction_unknown);
    EXPECT_THAT(told("w-9"), AllOf(HasSubstr("never came"), HasSubstr("tombstone")));
}

TEST_F(StoryTest, OfARefusalThatWasTakenBackAfterwardsSaysThatItStaysRefused) {
    ASSERT_FALSE(ledger_->perform(rgs(TransactionKind::wager, 100'001, "w-1")).done());
    ASSERT_FALSE(ledger_->perform(rollback(100'001, "w-1")).done());
    EXPECT_THAT(told("w-1"), HasSubstr("wager refused for good: insufficient_funds"));
}

TEST_F(StoryTest, OfAReversalBothSidesAndTheRoundTell) {
    const Outcome wager = ledger_->perform(rgs(TransactionKind::wager, 2'000, "w-1"));
    const Outcome payout = ledger_->perform(rgs(TransactionKind::payout, 5'000, "p-1"));
    const Outcome reversal = ledger_->perform(reverse(payout, "v-1"));
    ASSERT_TRUE(reversal.done());
    EXPECT_THAT(told("p-1"), AllOf(HasSubstr("taken back  by " + name(reversal)),
                                   HasSubstr("paid 0.00 USD in 0")));
    const std::string other = told(name(reversal));
    EXPECT_THAT(other, AllOf(HasSubstr("native: reversal applied"),
                             HasSubstr("takes back  " + name(payout)), HasSubstr("refers to   p-1"),
                             HasSubstr("reason      by mistake")));
    // The bet's round tells all three.
    EXPECT_THAT(told("w-1"), AllOf(HasSubstr(name(wager) + "  <- this one"),
                                   HasSubstr(name(payout)), HasSubstr(name(reversal))));
}

TEST_F(StoryTest, OfARoundClosedByHandSaysWhen) {
    const Outcome wager = ledger_->perform(rgs(TransactionKind::wager, 2'000, "w-1"));
    EXPECT_THAT(told("w-1"), HasSubstr("still open"));
    ASSERT_TRUE(ledger_
                    ->perform(CloseRound{.tenant = names_.tenant,
                                         .opened_by = wager.round->opened_by,
                                         .opened = wager.round->opened})
                    .done());
    EXPECT_THAT(told("w-1"), AllOf(HasSubstr(", closed 20"), Not(HasSubstr("still open"))));
}

TEST_F(StoryTest, OfADepositSaysWhoseItIsAndWhy) {
    Move deposit;
    deposit.caller.tenant = names_.tenant;
    deposit.caller.player.id = demo::alice;
    deposit.kind = TransactionKind::deposit;
    deposit.currency = names_.eur;
    deposit.amount = {500};
    deposit.group = KeyGroup::native_deposit;
    deposit.external_id = "card-1";
    deposit.reason = "card";
    const Outcome made = ledger_->perform(deposit);
    ASSERT_TRUE(made.done());
    ASSERT_TRUE(ledger_->perform(reverse(made, "v-1")).done());
    EXPECT_THAT(told(name(made)),
                AllOf(HasSubstr("native: deposit applied"), HasSubstr(demo::alice),
                      HasSubstr("reason      card"), HasSubstr("taken back  by")));
}

TEST_F(StoryTest, OfAWithdrawalSaysHowFarItIs) {
    Move withdraw;
    withdraw.caller.tenant = names_.tenant;
    withdraw.caller.integration = names_.kgen;
    withdraw.caller.player.id = "dave";
    withdraw.kind = TransactionKind::withdraw;
    withdraw.currency = names_.kgn;
    withdraw.group = KeyGroup::kgen_withdraw;
    withdraw.external_id = "out-1";
    ASSERT_TRUE(ledger_->perform(withdraw).done());
    EXPECT_THAT(
        told("out-1"),
        AllOf(HasSubstr("kgen: withdrawal applied"),
              HasSubstr("40.00 KGN to 0x3c0000000000000000000000000000000000f041, queued")));
}

TEST_F(StoryTest, IntegratorsIdsAreFoundAsTheCallerKnowsThem) {
    Move debit = rgs(TransactionKind::wager, 100, "1:1:d-1");
    debit.caller.integration = names_.integrator;
    debit.caller.player = {"1", 1};
    debit.currency = names_.eur;
    debit.group = KeyGroup::integrator_debit;
    debit.provider = 1;
    ASSERT_TRUE(ledger_->perform(debit).done());
    EXPECT_THAT(told("d-1"), HasSubstr("integrator: wager applied"));
    EXPECT_EQ(story("-1", id_key_of(key_)).error().code, ErrorCode::not_found);
}

TEST_F(StoryTest, WithoutTheMasterKeyRecordsAreNamedByTheirNumber) {
    const Outcome wager = ledger_->perform(rgs(TransactionKind::wager, 250, "w-1"));
    const auto text = story("w-1", std::nullopt);
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, AllOf(StartsWith("(journal record "), Not(HasSubstr(name(wager)))));
    EXPECT_FALSE(story(name(wager), std::nullopt));
}

TEST_F(StoryTest, OfSomethingUnknownIsNone) {
    EXPECT_EQ(story("nothing", id_key_of(key_)).error().code, ErrorCode::not_found);
    EXPECT_EQ(story("00000000-0000-8000-8000-000000000000", id_key_of(key_)).error().code,
              ErrorCode::not_found);
}

TEST_F(StoryTest, LongSearchesStopWhenAsked) {
    stop_asked_ = true;
    EXPECT_EQ(story("nothing", id_key_of(key_)).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace coffer
