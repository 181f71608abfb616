// Books of settled withdrawals that were forged in one place.

#include "ledger/settle_fixture.h"
#include "ledger/verify_fixture.h"

namespace coffer {
namespace {

using enum WithdrawalState;

// One withdrawal that was paid at the second attempt, after a reorganisation, and one whose nonce
// was used up by a transfer to self.
class VerifySettlement : public SettlingWorld<Verify> {
protected:
    void SetUp() override {
        SettlingWorld<Verify>::SetUp();
        ASSERT_TRUE(perform(hold("one")).done());
        known_ = latest();
        Reports one = reports(withdraw(400));
        asked_ = latest();
        signed_at_ = after(one.perform(one.sign(5, attempt("a"))));
        sent_ = after(one.perform(broadcast));
        signed_again_ = after(one.perform(one.sign(5, attempt("b"))));
        one.perform(one.mine(attempt("a")));
        back_ = after(one.perform(broadcast));
        mined_ = after(one.perform(one.mine(attempt("b"))));
        final_at_ = after(one.perform(final_));
        completed_ = after(one.perform(completed));
        Reports two = reports(withdraw(70));
        second_ = after(two.perform(two.sign(6, attempt("c"))));
        two.perform(two.sign(6, attempt("d", true)));
        two.perform(two.mine(attempt("d", true)));
        two.perform(final_);
        released_ = after(two.perform(released));
        renewed_ = after(perform(hold("one")));
        ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    }
    Sequence after(const Outcome& outcome) {
        EXPECT_TRUE(outcome.done());
        return latest();
    }
    void expect_settlement_found(Sequence at, std::string_view words,
                                 const std::function<void(Settlement&)>& forge) {
        expect_put_found<Settlement>(at, words, forge);
    }
    Sequence known_ = 0, asked_ = 0, signed_at_ = 0, sent_ = 0, signed_again_ = 0, back_ = 0,
             mined_ = 0, final_at_ = 0, completed_ = 0, second_ = 0, released_ = 0, renewed_ = 0;
};

TEST_F(VerifySettlement, a_step_follows_from_the_one_before) {
    const std::string_view words = "a withdrawal takes a step that does not follow";
    const auto becomes = [](WithdrawalState state) {
        return [state](Withdrawal& one) { one.state = state; };
    };
    expect_put_found<Withdrawal>(signed_at_, words, becomes(mined));
    expect_put_found<Withdrawal>(signed_at_, words, becomes(final_));
    expect_put_found<Withdrawal>(sent_, words, becomes(queued));
    expect_put_found<Withdrawal>(sent_, words, becomes(final_));
    expect_put_found<Withdrawal>(mined_, words, becomes(completed));
    expect_put_found<Withdrawal>(asked_, words, becomes(broadcast));
    expect_put_found<Withdrawal>(final_at_, words, becomes(signed_));
}

TEST_F(VerifySettlement, a_settlement_and_its_withdrawal_go_together) {
    expect_found(sent_, "a withdrawal that is signed goes on without its settlement",
                 drop_puts<Settlement>);
    expect_found(signed_at_, "a withdrawal on its way without a settlement", drop_puts<Settlement>);
    expect_found(sent_, "a settlement without its withdrawal", drop_puts<Withdrawal>);
    expect_settlement_found(sent_, "a settlement without its withdrawal",
                            [](Settlement& one) { one.tenant = 2; });
}

TEST_F(VerifySettlement, a_nonce_is_the_next_and_serves_one) {
    const std::string_view words = "a nonce that is not the hot wallet's next";
    expect_settlement_found(signed_at_, words, [](Settlement& one) { one.nonce = 4; });
    expect_settlement_found(signed_at_, words, [](Settlement& one) { one.chain = 1; });
    expect_found(signed_at_, words, drop_puts<HotWallet>);
    expect_settlement_found(second_, "a nonce serves two withdrawals",
                            [](Settlement& one) { one.nonce = 5; });
    expect_settlement_found(sent_, "a settlement changes its nonce or its hot wallet",
                            [](Settlement& one) { one.nonce = 7; });
    expect_settlement_found(sent_, "a settlement changes its nonce or its hot wallet",
                            [](Settlement& one) { one.hot_wallet = payout_address; });
    expect_settlement_found(sent_, "a settlement's steps have a gap",
                            [](Settlement& one) { one.step += 1; });
}

TEST_F(VerifySettlement, what_was_signed_stays_and_hashes_to_its_name) {
    const std::string_view changes = "what was signed for a withdrawal changes";
    const std::string_view hash = "a signed transaction has another hash than it says";
    expect_settlement_found(signed_at_, hash,
                            [](Settlement& one) { one.attempts[0].raw = "another"; });
    expect_settlement_found(signed_again_, hash,
                            [](Settlement& one) { one.attempts[1].hash[3] ^= 1; });
    expect_settlement_found(sent_, changes, [](Settlement& one) { one.attempts.clear(); });
    expect_settlement_found(back_, changes,
                            [](Settlement& one) { one.attempts[0].cancels = true; });
    expect_settlement_found(mined_, changes,
                            [](Settlement& one) { std::swap(one.attempts[0], one.attempts[1]); });
    expect_settlement_found(sent_, changes, [](Settlement& one) {
        one.attempts.push_back(attempt("x"));
        one.attempts.push_back(attempt("y"));
    });
    expect_settlement_found(signed_at_, "the first that is signed for a withdrawal does not pay it",
                            [](Settlement& one) { one.attempts[0].cancels = true; });
}

TEST_F(VerifySettlement, the_end_is_the_one_that_was_mined) {
    const std::string_view words = "a withdrawal ends otherwise than its transaction did";
    expect_settlement_found(completed_, words, [](Settlement& one) { one.reverted = true; });
    expect_settlement_found(released_, words,
                            [](Settlement& one) { one.mined = attempt("c").hash; });
    expect_put_found<Withdrawal>(completed_, words, [](Withdrawal& one) { one.state = released; });
    const std::string_view mined = "what was mined for a withdrawal is not what was signed for it";
    expect_settlement_found(mined_, mined, [](Settlement& one) { one.mined = sha256("x"); });
    expect_settlement_found(back_, mined, [](Settlement& one) { one.mined = attempt("a").hash; });
}

TEST_F(VerifySettlement, a_hot_wallet_changes_for_a_reason) {
    const std::string_view nonce = "a hot wallet's next nonce changes for no reason";
    const std::string_view holder = "a hot wallet's holder changes without a new epoch";
    expect_put_found<HotWallet>(renewed_, nonce, [](HotWallet& one) { one.next_nonce = 5; });
    expect_put_found<HotWallet>(signed_at_, nonce, [](HotWallet& one) { one.next_nonce = 7; });
    expect_put_found<HotWallet>(renewed_, holder, [](HotWallet& one) { one.holder = "two"; });
    expect_put_found<HotWallet>(renewed_, holder, [](HotWallet& one) { one.epoch = 2; });
    expect_put_found<HotWallet>(signed_at_, holder, [](HotWallet& one) {
        one.holder = "two";
        one.epoch = 2;
    });
}

TEST_F(VerifySettlement, another_nonce_is_taken_by_a_persons_word) {
    const Ptr<Withdrawal> asked = withdraw(30);
    Reports three = reports(asked);
    three.perform(three.sign(7, attempt("e")));
    ASSERT_TRUE(perform(JudgeWithdrawal{.tenant = tenant,
                                        .requested_by = asked->requested_by,
                                        .created = asked->created,
                                        .verdict = Verdict::retry})
                    .done());
    const Sequence word = latest();
    const Sequence anew = after(three.perform(three.sign(8, attempt("f"))));
    ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    const std::string_view allowed = "another nonce is allowed to what is not waiting for one";
    expect_put_found<WithdrawalRetry>(word, allowed, [](auto& one) { one.step = 2; });
    expect_put_found<WithdrawalRetry>(word, allowed,
                                      [&](auto& one) { one.withdrawal = completed_; });
    expect_settlement_found(anew, "a settlement changes its nonce or its hot wallet",
                            [](Settlement& one) { one.attempts.pop_back(); });
    expect_settlement_found(anew, "a nonce that is not the hot wallet's next",
                            [](Settlement& one) { one.nonce = 9; });
    expect_put_found<Withdrawal>(anew, "a withdrawal takes a step that does not follow",
                                 [](Withdrawal& one) { one.state = broadcast; });
}

TEST_F(VerifySettlement, what_is_on_the_chain_is_what_moved_there) {
    expect_put_found<Wallet>(completed_, "the wallet's sum on the chain is wrong",
                             [](Wallet& one) { one.on_chain = Amount{-400}; });
}

}  // namespace
}  // namespace coffer
