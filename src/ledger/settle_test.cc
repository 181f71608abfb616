// The way of a withdrawal to its chain: which steps follow from which, whose word counts, and that
// it ends once.

#include "ledger/settle_fixture.h"

namespace coffer {
namespace {

class Settling : public SettlingWorld<World> {
protected:
    Settling() {
        open_currency();
        held_ = perform(hold("one"));
        EXPECT_TRUE(held_.done() && held_.created);
    }
    Ptr<Wallet> wallet() {
        AskBalance ask;
        ask.caller.tenant = tenant;
        ask.caller.player.id = "alice";
        ask.currency = chain_currency;
        return perform(ask).wallet;
    }
    Outcome held_;
    const ChainAttempt pays_ = attempt("pays");
    const ChainAttempt pays_more_ = attempt("pays more");
    const ChainAttempt cancels_ = attempt("cancels", true);
};

using enum WithdrawalState;

TEST_F(Settling, goes_step_by_step_to_its_end) {
    Reports one = reports(withdraw(400));
    EXPECT_EQ(in(AccountCode::held), Amount{400});
    const Outcome signed_first = one.perform(one.sign(5, pays_));
    ASSERT_TRUE(signed_first.done());
    EXPECT_EQ(signed_first.withdrawal->state, signed_);
    EXPECT_EQ(signed_first.hot_wallet->next_nonce, 6U);
    EXPECT_TRUE(one.perform(broadcast).done());
    EXPECT_TRUE(one.perform(one.mine(pays_)).done());
    EXPECT_TRUE(one.perform(final_).done());
    clock_.advance(second_us);
    const Outcome done = one.perform(completed);
    ASSERT_TRUE(done.done());
    EXPECT_EQ(done.withdrawal->state, completed);
    EXPECT_EQ(done.transaction->kind, TransactionKind::withdraw_settle);
    EXPECT_EQ(in(AccountCode::held), Amount{});
    EXPECT_EQ(in(AccountCode::chain), Amount{400});
    EXPECT_EQ(in(AccountCode::earned), Amount{});
    EXPECT_EQ(wallet()->withdrawals_in_flight, 0U);
    EXPECT_EQ(wallet()->on_chain, Amount{}) << "what was won here leaves no debt there";
    EXPECT_FALSE(wallet()->transaction_error);
    for (const WithdrawalState to : {completed, released, broadcast, final_}) {
        EXPECT_EQ(one.perform(to).decline, Decline::invalid);
    }
    expect_clean();
}

TEST_F(Settling, comes_back_when_it_reverted_and_says_so_until_the_next_success) {
    Reports one = reports(withdraw(400));
    one.perform(one.sign(5, pays_));
    one.perform(broadcast);
    one.perform(one.mine(pays_, true));
    one.perform(final_);
    EXPECT_EQ(one.perform(completed).decline, Decline::invalid);
    ASSERT_TRUE(one.perform(released).done());
    EXPECT_EQ(in(AccountCode::earned), Amount{400});
    EXPECT_EQ(in(AccountCode::held), Amount{});
    EXPECT_TRUE(wallet()->transaction_error);
    Reports two = reports(withdraw(100));
    two.perform(two.sign(6, pays_more_));
    two.perform(broadcast);
    two.perform(two.mine(pays_more_));
    two.perform(final_);
    ASSERT_TRUE(two.perform(completed).done());
    EXPECT_FALSE(wallet()->transaction_error);
    expect_clean();
}

TEST_F(Settling, comes_back_when_the_nonce_was_used_up_by_a_transfer_to_self) {
    Reports one = reports(withdraw(400));
    one.perform(one.sign(5, pays_));
    one.perform(broadcast);
    ASSERT_TRUE(one.perform(one.sign(5, cancels_)).done());
    one.perform(one.mine(cancels_));
    one.perform(final_);
    EXPECT_EQ(one.perform(completed).decline, Decline::invalid);
    EXPECT_TRUE(one.perform(released).done());
    EXPECT_EQ(in(AccountCode::earned), Amount{400});
    expect_clean();
}

TEST_F(Settling, is_paid_when_the_payment_was_mined_before_the_transfer_to_self) {
    Reports one = reports(withdraw(400));
    one.perform(one.sign(5, pays_));
    one.perform(one.sign(5, cancels_));
    one.perform(one.mine(pays_));
    one.perform(final_);
    EXPECT_EQ(one.perform(released).decline, Decline::invalid);
    EXPECT_TRUE(one.perform(completed).done());
    expect_clean();
}

TEST_F(Settling, steps_back_with_a_reorganisation_and_keeps_what_was_signed) {
    Reports one = reports(withdraw(400));
    one.perform(one.sign(5, pays_));
    one.perform(broadcast);
    one.perform(one.sign(5, pays_more_));
    one.perform(one.mine(pays_));
    const Outcome back = one.perform(broadcast);
    ASSERT_TRUE(back.done());
    EXPECT_EQ(back.withdrawal->state, broadcast);
    EXPECT_EQ(back.settlement->mined, Digest{});
    EXPECT_EQ(back.settlement->block, 0U);
    EXPECT_EQ(back.settlement->attempts.size(), 2U);
    EXPECT_EQ(one.perform(final_).decline, Decline::invalid);
    EXPECT_TRUE(one.perform(one.mine(pays_more_)).done());
    EXPECT_TRUE(one.perform(one.mine(pays_)).done()) << "in another block";
    expect_clean();
}

TEST_F(Settling, a_nonce_serves_one_withdrawal) {
    Reports one = reports(withdraw(400));
    Reports two = reports(withdraw(300));
    EXPECT_EQ(one.perform(one.sign(6, pays_)).decline, Decline::conflict) << "not the next";
    EXPECT_EQ(one.perform(one.sign(4, pays_)).decline, Decline::conflict) << "not ours to use";
    EXPECT_TRUE(one.perform(one.sign(5, pays_)).done());
    EXPECT_EQ(two.perform(two.sign(5, pays_more_)).decline, Decline::conflict);
    EXPECT_TRUE(two.perform(two.sign(6, pays_more_)).done());
    expect_clean();
}

TEST_F(Settling, two_that_sign_at_once_do_not_both_succeed) {
    Reports one = reports(withdraw(400));
    Reports two = reports(withdraw(300));
    const auto outcomes = perform_at_once(
        std::vector<Intent>{one.sign(5, pays_), two.sign(5, pays_more_), one.sign(6, cancels_)});
    EXPECT_TRUE(outcomes[0].done());
    EXPECT_EQ(outcomes[1].decline, Decline::conflict);
    EXPECT_EQ(outcomes[2].decline, Decline::conflict) << "it is signed by then";
    expect_clean();
}

TEST_F(Settling, who_does_not_know_the_latest_step_is_not_heard) {
    Reports one = reports(withdraw(400));
    Reports stale = one;
    one.perform(one.sign(5, pays_));
    EXPECT_EQ(stale.perform(stale.sign(6, pays_more_)).decline, Decline::conflict);
    EXPECT_EQ(stale.perform(broadcast).decline, Decline::conflict);
    one.perform(broadcast);
    one.perform(one.mine(pays_));
    Reports twice = one;
    EXPECT_TRUE(one.perform(final_).done());
    EXPECT_EQ(twice.perform(final_).decline, Decline::conflict);
    expect_clean();
}

TEST_F(Settling, what_was_not_signed_is_not_mined_and_what_hashes_otherwise_is_not_signed) {
    Reports one = reports(withdraw(400));
    ChainAttempt wrong = pays_;
    wrong.hash[0] ^= 1;
    EXPECT_EQ(one.perform(one.sign(5, wrong)).decline, Decline::invalid);
    wrong.raw.clear();
    EXPECT_EQ(one.perform(one.sign(5, wrong)).decline, Decline::invalid);
    EXPECT_EQ(one.perform(one.sign(5, cancels_)).decline, Decline::invalid);
    EXPECT_TRUE(one.perform(one.sign(5, pays_)).done());
    EXPECT_EQ(one.perform(one.sign(5, pays_)).decline, Decline::invalid) << "signed already";
    EXPECT_EQ(one.perform(one.mine(pays_more_)).decline, Decline::invalid);
    EXPECT_EQ(one.perform(completed).decline, Decline::invalid);
    EXPECT_EQ(one.perform(released).decline, Decline::invalid);
    EXPECT_EQ(one.perform(queued).decline, Decline::invalid);
    expect_clean();
}

TEST_F(Settling, takes_another_nonce_by_a_persons_word_alone_and_once) {
    Reports one = reports(withdraw(400));
    one.perform(one.sign(5, pays_));
    one.perform(broadcast);
    const Ptr<Withdrawal> known =
        perform(ListWithdrawals{}).done()
            ? std::get<Ptr<Withdrawal>>(perform(ListWithdrawals{}).records.at(0))
            : nullptr;
    const JudgeWithdrawal word{.tenant = tenant,
                               .requested_by = known->requested_by,
                               .created = known->created,
                               .verdict = Verdict::retry};
    EXPECT_EQ(one.perform(one.sign(6, pays_more_)).decline, Decline::invalid) << "nobody said so";
    ASSERT_TRUE(perform(word).done());
    EXPECT_EQ(one.perform(one.sign(7, pays_more_)).decline, Decline::conflict) << "not the next";
    EXPECT_EQ(one.perform(one.sign(6, cancels_)).decline, Decline::invalid);
    EXPECT_EQ(one.perform(one.sign(6, pays_)).decline, Decline::invalid) << "signed already";
    const Outcome anew = one.perform(one.sign(6, pays_more_));
    ASSERT_TRUE(anew.done());
    EXPECT_EQ(anew.withdrawal->state, signed_);
    EXPECT_EQ(anew.settlement->nonce, 6U);
    EXPECT_EQ(anew.settlement->attempts.size(), 2U) << "every hash stays linked";
    EXPECT_EQ(anew.hot_wallet->next_nonce, 7U);
    EXPECT_EQ(one.perform(one.sign(7, cancels_)).decline, Decline::invalid) << "good for one step";
    one.perform(broadcast);
    one.perform(one.mine(pays_more_));
    EXPECT_EQ(perform(word).decline, Decline::not_permitted) << "it is mined";
    one.perform(final_);
    EXPECT_TRUE(one.perform(completed).done());
    const Ptr<Withdrawal> queued_one = withdraw(100);
    JudgeWithdrawal early = word;
    early.requested_by = queued_one->requested_by;
    early.created = queued_one->created;
    EXPECT_EQ(perform(early).decline, Decline::not_permitted) << "nothing is signed";
    expect_clean();
}

TEST_F(Settling, is_given_up_by_an_operator_until_something_is_signed) {
    Reports one = reports(withdraw(400));
    AdvanceWithdrawal give_up = one.step(released);
    give_up.hot_wallet.clear();
    give_up.reason = "asked for by phone";
    const Outcome gone = one.perform(give_up);
    ASSERT_TRUE(gone.done());
    EXPECT_EQ(gone.transaction->kind, TransactionKind::withdraw_release);
    EXPECT_EQ(gone.transaction->reason, "asked for by phone");
    EXPECT_EQ(in(AccountCode::earned), Amount{400});
    EXPECT_EQ(one.perform(give_up).decline, Decline::invalid);
    EXPECT_EQ(one.perform(one.sign(5, pays_)).decline, Decline::invalid);
    Reports two = reports(withdraw(100));
    EXPECT_TRUE(two.perform(two.sign(5, pays_)).done());
    give_up = two.step(released);
    give_up.hot_wallet.clear();
    EXPECT_EQ(two.perform(give_up).decline, Decline::conflict);
    expect_clean();
}

TEST_F(Settling, is_cancelled_by_its_name_and_by_its_own_tenant_alone) {
    const Ptr<Withdrawal> one = withdraw(400);
    JudgeWithdrawal cancel{.tenant = tenant,
                           .requested_by = one->requested_by,
                           .created = one->created,
                           .reason = "by phone"};
    JudgeWithdrawal wrong = cancel;
    wrong.tenant = 2;
    EXPECT_EQ(perform(wrong).decline, Decline::not_found);
    wrong = cancel;
    wrong.created += millisecond_us;
    EXPECT_EQ(perform(wrong).decline, Decline::not_found);
    wrong = cancel;
    wrong.requested_by += 1;
    EXPECT_EQ(perform(wrong).decline, Decline::not_found);
    const Outcome gone = perform(cancel);
    ASSERT_TRUE(gone.done());
    EXPECT_EQ(gone.withdrawal->state, released);
    EXPECT_EQ(gone.transaction->reason, "by phone");
    EXPECT_EQ(in(AccountCode::earned), Amount{400});
    EXPECT_EQ(perform(cancel).decline, Decline::not_permitted) << "it is over";
    const Ptr<Withdrawal> two = withdraw(100);
    Reports reported = reports(two);
    reported.perform(reported.sign(5, pays_));
    cancel.requested_by = two->requested_by;
    cancel.created = two->created;
    EXPECT_EQ(perform(cancel).decline, Decline::not_permitted) << "it is signed";
    expect_clean();
}

TEST_F(Settling, a_hot_wallet_is_one_holders_until_his_lease_ends) {
    Reports old = reports(withdraw(400));
    EXPECT_EQ(perform(hold("two")).decline, Decline::withdrawal_in_flight);
    HoldHotWallet another = hold("one");
    another.address = payout_address;
    another.first_nonce.reset();
    EXPECT_EQ(perform(another).decline, Decline::conflict) << "it is not known yet";
    clock_.advance(20 * second_us);
    EXPECT_TRUE(perform(hold("one")).done());
    clock_.advance(20 * second_us);
    EXPECT_EQ(perform(hold("two")).decline, Decline::withdrawal_in_flight) << "it was renewed";
    clock_.advance(10 * second_us);
    const Outcome taken = perform(hold("two", 99));
    ASSERT_TRUE(taken.done());
    EXPECT_EQ(taken.hot_wallet->epoch, 2U);
    EXPECT_EQ(taken.hot_wallet->next_nonce, 5U) << "it is known already";
    EXPECT_EQ(old.perform(old.sign(5, pays_)).decline, Decline::conflict);
    HoldHotWallet alone = hold("three");
    alone.alone = true;
    EXPECT_EQ(perform(alone).hot_wallet->epoch, 3U);
    expect_clean();
}

TEST_F(Settling, withdrawals_are_told_once_and_listed_as_they_stand) {
    std::vector<Sequence> told;
    const Ptr<Withdrawal> first = withdraw(400);
    const Ptr<Withdrawal> second = withdraw(300);
    EXPECT_TRUE(ledger_->take_queued(told));
    EXPECT_EQ(told, (std::vector{first->requested_by, second->requested_by}));
    EXPECT_TRUE(ledger_->take_queued(told));
    EXPECT_TRUE(told.empty());

    Reports one = reports(first);
    one.perform(one.sign(5, pays_));
    const Outcome all = perform(ListWithdrawals{});
    ASSERT_EQ(all.records.size(), 4U);
    EXPECT_EQ(std::get<Ptr<Withdrawal>>(all.records[0])->requested_by, second->requested_by);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(all.records[1]));
    EXPECT_EQ(std::get<Ptr<Settlement>>(all.records[3])->nonce, 5U);
    EXPECT_EQ(perform(ListWithdrawals{.tenant = 2}).records.size(), 0U);
    EXPECT_EQ(perform(ListWithdrawals{.state = signed_}).records.size(), 2U);
    EXPECT_EQ(perform(ListWithdrawals{.only = {second->requested_by, 1}}).records.size(), 2U);
    const Outcome page = perform(ListWithdrawals{.limit = 1});
    EXPECT_EQ(page.records.size(), 2U);
    EXPECT_EQ(perform(ListWithdrawals{.before = page.next}).records.size(), 2U);
    one.perform(broadcast);
    one.perform(one.mine(pays_));
    one.perform(final_);
    one.perform(completed);
    EXPECT_EQ(perform(ListWithdrawals{.open_only = true}).records.size(), 2U);
    EXPECT_EQ(perform(ListHotWallets{}).hot_wallets.size(), 1U);
}

}  // namespace
}  // namespace coffer
