// What a tenant allows of withdrawals to a chain: refused, held for a person, or paid; and what
// verify says of books in which somebody did otherwise.

#include "ledger/settle_fixture.h"
#include "ledger/verify_fixture.h"

namespace coffer {
namespace {

using enum WithdrawalState;

template <class Base>
class WithPolicy : public SettlingWorld<Base> {
protected:
    void allow(WithdrawalPolicy policy) {
        policy.tenant = Base::tenant;
        policy.currency = 3;
        EXPECT_TRUE(this->perform(PutWithdrawalPolicy{std::move(policy)}).done());
    }
    void earn(long units) {
        EXPECT_TRUE(this->perform(this->cash_of(TransactionKind::prize, units)).done());
    }
    Outcome ask(long units, std::string id = {}, std::string player = "alice") {
        Move move = this->cash_of(TransactionKind::withdraw, units);
        move.caller.player.id = std::move(player);
        if (!id.empty()) {
            move.group = KeyGroup::native_withdrawal;
            move.external_id = std::move(id);
        }
        return this->perform(move);
    }
};

class Policy : public WithPolicy<World> {
protected:
    Policy() {
        open_currency();
        earn(1'000);
    }
    void give_bob(long units) {
        Move prize = cash_of(TransactionKind::prize, units);
        prize.caller.player.id = "bob";
        EXPECT_TRUE(perform(prize).done());
        ChangePlayer change{.tenant = tenant, .player = "bob"};
        change.payout_address = "0x00000000000000000000000000000000000000bb";
        EXPECT_TRUE(perform(change).done());
    }
};

TEST_F(Policy, ALargerOneThanAllowedIsRefusedForGood) {
    allow({.largest = Amount{100}});
    EXPECT_EQ(ask(101, "w1").decline, Decline::limit_reached);
    EXPECT_TRUE(ask(100, "w2").done());
    allow({});
    EXPECT_EQ(ask(101, "w1").decline, Decline::limit_reached) << "under its id";
    EXPECT_TRUE(ask(101, "w3").done());
    EXPECT_EQ(in(AccountCode::held), Amount{201});
    expect_clean();
}

TEST_F(Policy, LimitsComeBeforeFunds) {
    allow({.largest = Amount{100}});
    EXPECT_EQ(ask(5'000).decline, Decline::limit_reached);
    allow({.largest = Amount{9'000}});
    EXPECT_EQ(ask(5'000).decline, Decline::insufficient_funds);
}

TEST_F(Policy, APlayersDayIsCountedAndEnds) {
    allow({.player_day = Amount{150}});
    EXPECT_TRUE(ask(100).done());
    EXPECT_EQ(ask(51).decline, Decline::limit_reached);
    EXPECT_TRUE(ask(50).done());
    EXPECT_EQ(ask(1).decline, Decline::limit_reached);
    clock_.advance(day_us);
    EXPECT_TRUE(ask(150).done());
    EXPECT_EQ(ask(1).decline, Decline::limit_reached);
    expect_clean();
}

TEST_F(Policy, ATenantsDayIsThatOfAllItsPlayers) {
    give_bob(500);
    allow({.tenant_day = Amount{150}});
    EXPECT_TRUE(ask(100).done());
    EXPECT_EQ(ask(51, {}, "bob").decline, Decline::limit_reached);
    EXPECT_TRUE(ask(50, {}, "bob").done());
    EXPECT_EQ(ask(1).decline, Decline::limit_reached);
    expect_clean();
}

TEST_F(Policy, TwoOfOneMomentAreCountedTogether) {
    allow({.player_day = Amount{150}, .tenant_day = Amount{1'000}});
    std::vector<Move> moves(3, cash_of(TransactionKind::withdraw, 70));
    const auto outcomes = perform_at_once(std::move(moves));
    EXPECT_TRUE(outcomes[0].done());
    EXPECT_TRUE(outcomes[1].done());
    EXPECT_EQ(outcomes[2].decline, Decline::limit_reached);
    expect_clean();
}

TEST_F(Policy, OnlyListedDestinationsArePaid) {
    allow({.destinations = {"0x00000000000000000000000000000000000000cc"}});
    EXPECT_EQ(ask(10).decline, Decline::not_permitted);
    allow({.destinations = {"0x00000000000000000000000000000000000000cc", payout_address}});
    EXPECT_TRUE(ask(10).done());
    expect_clean();
}

TEST_F(Policy, AboveTheThresholdAPersonDecides) {
    allow({.approval_above = Amount{100}});
    EXPECT_EQ(ask(100).withdrawal->state, queued);
    const Ptr<Withdrawal> one = ask(101).withdrawal;
    const Ptr<Withdrawal> two = ask(200).withdrawal;
    EXPECT_EQ(one->state, approval);
    ASSERT_TRUE(perform(hold("one")).done());
    Reports reported = reports(one);
    EXPECT_EQ(reported.perform(reported.sign(5, attempt("a"))).decline, Decline::invalid);
    JudgeWithdrawal judge{.tenant = tenant,
                          .requested_by = one->requested_by,
                          .created = one->created,
                          .verdict = Verdict::approve};
    EXPECT_EQ(perform(judge).withdrawal->state, queued);
    EXPECT_EQ(perform(judge).decline, Decline::not_permitted) << "it is approved already";
    EXPECT_TRUE(reported.perform(reported.sign(5, attempt("a"))).done());
    judge.requested_by = two->requested_by;
    judge.created = two->created;
    judge.verdict = Verdict::cancel;
    judge.reason = "not him";
    EXPECT_EQ(perform(judge).withdrawal->state, released);
    EXPECT_EQ(in(AccountCode::earned), Amount{1'000 - 100 - 101});
    expect_clean();
}

TEST_F(Policy, IsOfACurrencyOfTheTenant) {
    WithdrawalPolicy foreign{.tenant = 2, .currency = chain_currency};
    EXPECT_EQ(perform(PutWithdrawalPolicy{foreign}).decline, Decline::not_found);
    foreign = {.tenant = tenant, .currency = 99};
    EXPECT_EQ(perform(PutWithdrawalPolicy{foreign}).decline, Decline::not_found);
}

// ---- forgeries ----------------------------------------------------------------------------------

class VerifyPolicy : public WithPolicy<Verify> {
protected:
    void SetUp() override {
        WithPolicy<Verify>::SetUp();
        allow({.largest = Amount{100},
               .player_day = Amount{150},
               .tenant_day = Amount{150},
               .approval_above = Amount{50},
               .destinations = {payout_address}});
        policy_ = latest();
        earn(1'000);
        earned_ = latest();
        EXPECT_TRUE(ask(40).done());
        small_ = latest();
        EXPECT_TRUE(ask(100).done());
        large_ = latest();
        ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    }
    void expect_policy_found(std::string_view words,
                             const std::function<void(WithdrawalPolicy&)>& forge) {
        const std::string said = heard_with_chain([&](ForgedBooks& books) {
            forge_put<WithdrawalPolicy>(books.changes()[policy_ - 1], forge);
        });
        EXPECT_NE(said.find("record " + std::to_string(large_) + ": " + std::string(words)),
                  std::string::npos)
            << said;
    }
    Sequence policy_ = 0, earned_ = 0, small_ = 0, large_ = 0;
};

TEST_F(VerifyPolicy, AWithdrawalKeepsThePolicyOfItsMoment) {
    expect_policy_found("a withdrawal is larger than its policy allows",
                        [](WithdrawalPolicy& one) { one.largest = Amount{99}; });
    expect_policy_found("a withdrawal to where its policy does not allow",
                        [](WithdrawalPolicy& one) { one.destinations = {hot_address}; });
    expect_policy_found("more was asked for on a day than its policy allows",
                        [](WithdrawalPolicy& one) { one.player_day = Amount{139}; });
    expect_policy_found("more was asked for on a day than its policy allows",
                        [](WithdrawalPolicy& one) { one.tenant_day = Amount{139}; });
    expect_policy_found("a day's withdrawals are counted for no bound",
                        [](WithdrawalPolicy& one) { one.player_day = Amount{-1}; });
    expect_policy_found("a withdrawal waits for approval, or does not, against its policy",
                        [](WithdrawalPolicy& one) { one.approval_above = Amount{100}; });
    expect_put_found<Withdrawal>(small_,
                                 "a withdrawal waits for approval, or does not, against its policy",
                                 [](Withdrawal& one) { one.state = approval; });
}

TEST_F(VerifyPolicy, ADayIsTheSumOfItsWithdrawals) {
    const std::string_view sum = "what was asked for on a day is not the sum of its withdrawals";
    expect_put_found<WithdrawalDay>(large_, sum,
                                    [](WithdrawalDay& one) { one.requested.units -= 1; });
    expect_put_found<WithdrawalDay>(small_, sum, [](WithdrawalDay& one) { one.day -= 1; });
    expect_found(small_, "a withdrawal is not counted for its day", drop_puts<WithdrawalDay>);
    expect_found(earned_, "a day's withdrawals change without one", [](Change& change) {
        change.puts.emplace_back(std::make_shared<const WithdrawalDay>(
            WithdrawalDay{.tenant = 1, .player = "alice", .currency = 3, .day = 1}));
    });
}

}  // namespace
}  // namespace coffer
