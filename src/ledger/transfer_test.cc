// Transfers between accounts of the house on a chain: their way, their nonces, and books of them
// that were forged.

#include "ledger/deposit_fixture.h"
#include "ledger/verify_fixture.h"

namespace coffer {
namespace {

using enum WithdrawalState;

AdvanceTransfer first_of(std::uint64_t nonce, ChainAttempt made, std::uint64_t epoch = 1) {
    AdvanceTransfer intent;
    intent.chain = test_chain;
    intent.from = hot_address;
    intent.epoch = epoch;
    intent.nonce = nonce;
    intent.purpose = TransferPurpose::top_up;
    intent.receiver = payout_address;
    intent.units = "1000";
    intent.attempt = std::move(made);
    return intent;
}

AdvanceTransfer step_of(std::uint64_t nonce, std::uint64_t step, WithdrawalState to) {
    AdvanceTransfer intent = first_of(nonce, {});
    intent.step = step;
    intent.to = to;
    return intent;
}

AdvanceTransfer mined_of(std::uint64_t nonce, std::uint64_t step, const ChainAttempt& made) {
    AdvanceTransfer intent = step_of(nonce, step, mined);
    intent.mined = made.hash;
    intent.block = 100;
    intent.block_hash = sha256("block 100");
    return intent;
}

class Transferring : public DepositingWorld<World> {
protected:
    Transferring() {
        open_deposits();
        EXPECT_TRUE(perform(hold("one")).done());
    }
    const ChainAttempt pays_ = attempt("pays");
    const ChainAttempt dearer_ = attempt("pays more");
};

TEST_F(Transferring, goes_step_by_step_to_its_end) {
    const Outcome signed_first = perform(first_of(5, pays_));
    ASSERT_TRUE(signed_first.done());
    EXPECT_EQ(signed_first.transfer->state, signed_);
    EXPECT_EQ(signed_first.hot_wallet->next_nonce, 6U);
    EXPECT_TRUE(perform(step_of(5, 1, broadcast)).done());
    AdvanceTransfer again = step_of(5, 2, signed_);
    again.attempt = dearer_;
    const Outcome replaced = perform(again);
    ASSERT_TRUE(replaced.done());
    EXPECT_EQ(replaced.transfer->state, broadcast);
    EXPECT_EQ(replaced.transfer->attempts.size(), 2U);
    EXPECT_TRUE(perform(mined_of(5, 3, pays_)).done());
    EXPECT_TRUE(perform(step_of(5, 4, broadcast)).done()) << "a reorganisation";
    EXPECT_TRUE(perform(mined_of(5, 5, dearer_)).done());
    EXPECT_EQ(perform(ListTransfers{test_chain}).records.size(), 1U);
    EXPECT_TRUE(perform(ListTransfers{1}).records.empty());
    const Outcome over = perform(step_of(5, 6, final_));
    ASSERT_TRUE(over.done());
    EXPECT_EQ(over.transfer->mined, dearer_.hash);
    EXPECT_TRUE(perform(ListTransfers{test_chain}).records.empty());
    EXPECT_EQ(perform(step_of(5, 7, broadcast)).decline, Decline::invalid);
    expect_clean();
}

TEST_F(Transferring, a_nonce_serves_one_of_them_or_a_withdrawal) {
    Reports one = reports(withdraw(400));
    EXPECT_EQ(perform(first_of(6, pays_)).decline, Decline::conflict) << "not the next";
    EXPECT_EQ(perform(first_of(5, pays_, 2)).decline, Decline::conflict) << "not held";
    ASSERT_TRUE(perform(first_of(5, pays_)).done());
    EXPECT_EQ(perform(first_of(5, dearer_)).decline, Decline::conflict);
    EXPECT_EQ(one.perform(one.sign(5, dearer_)).decline, Decline::conflict);
    ASSERT_TRUE(one.perform(one.sign(6, dearer_)).done());
    EXPECT_EQ(perform(first_of(6, attempt("c"))).decline, Decline::conflict);
    EXPECT_TRUE(perform(first_of(7, attempt("c"))).done());
    expect_clean();
}

AdvanceTransfer lost_of(std::uint64_t nonce, std::uint64_t step) {
    AdvanceTransfer intent = step_of(nonce, step, final_);
    intent.is_lost = true;
    return intent;
}

TEST_F(Transferring, one_whose_nonce_somebody_else_used_ends_with_nothing_mined) {
    ASSERT_TRUE(perform(first_of(5, pays_)).done());
    ASSERT_TRUE(perform(step_of(5, 1, broadcast)).done());
    const Outcome over = perform(lost_of(5, 2));
    ASSERT_TRUE(over.done());
    EXPECT_EQ(over.transfer->state, final_);
    EXPECT_EQ(over.transfer->mined, Digest{});
    EXPECT_EQ(over.transfer->attempts.size(), 1U);
    EXPECT_TRUE(perform(ListTransfers{test_chain}).records.empty());
    EXPECT_EQ(perform(ListHotWallets{}).hot_wallets.at(0).under_way, 0U);
    EXPECT_EQ(perform(lost_of(5, 3)).decline, Decline::invalid) << "it is over";
    EXPECT_EQ(perform(mined_of(5, 3, pays_)).decline, Decline::invalid);
    // One that was never sent, too; and what it was for takes the next nonce.
    ASSERT_TRUE(perform(first_of(6, dearer_)).done());
    ASSERT_TRUE(perform(lost_of(6, 1)).done());
    EXPECT_TRUE(perform(first_of(7, attempt("again"))).done());
    expect_clean();
}

TEST_F(Transferring, what_does_not_follow_is_not_heard) {
    ChainAttempt wrong = pays_;
    wrong.hash[0] ^= 1;
    EXPECT_EQ(perform(first_of(5, wrong)).decline, Decline::invalid);
    wrong = pays_;
    wrong.cancels = true;
    EXPECT_EQ(perform(first_of(5, wrong)).decline, Decline::invalid);
    EXPECT_EQ(perform(step_of(5, 0, broadcast)).decline, Decline::invalid);
    ASSERT_TRUE(perform(first_of(5, pays_)).done());
    EXPECT_EQ(perform(step_of(5, 2, broadcast)).decline, Decline::conflict);
    EXPECT_EQ(perform(mined_of(5, 1, dearer_)).decline, Decline::invalid);
    EXPECT_EQ(perform(step_of(5, 1, final_)).decline, Decline::invalid);
    EXPECT_EQ(perform(step_of(5, 1, completed)).decline, Decline::invalid);
    AdvanceTransfer same = step_of(5, 1, signed_);
    same.attempt = pays_;
    EXPECT_EQ(perform(same).decline, Decline::invalid);
    AdvanceTransfer lost = lost_of(5, 1);
    lost.to = broadcast;
    EXPECT_EQ(perform(lost).decline, Decline::invalid);
    EXPECT_EQ(perform(lost_of(6, 0)).decline, Decline::invalid) << "nothing was signed";
    ASSERT_TRUE(perform(mined_of(5, 1, pays_)).done());
    EXPECT_EQ(perform(lost_of(5, 2)).decline, Decline::invalid) << "it is in a block";
    expect_clean();
}

TEST_F(Transferring, a_players_address_has_nonces_and_is_no_hot_wallet) {
    HoldHotWallet address = hold("one", 0);
    address.address = address_of_player("alice");
    ASSERT_TRUE(perform(address).done());
    const Outcome wallets = perform(ListHotWallets{});
    ASSERT_EQ(wallets.hot_wallets.size(), 1U);
    EXPECT_EQ(wallets.hot_wallets[0].record->address, hot_address);
    EXPECT_TRUE(perform(ListDepositors{test_chain}).records.empty());
    perform(transfer(address.address, "7"));
    perform(transfer(address.address, "8", 2));
    const Outcome paid = perform(ListDepositors{test_chain});
    ASSERT_EQ(paid.records.size(), 2U);
    EXPECT_EQ(std::get<Ptr<AddressOwner>>(paid.records[0])->player, "alice");
    EXPECT_EQ(std::get<Ptr<DepositWatch>>(paid.records[1])->currency, token);
    EXPECT_TRUE(perform(ListDepositors{1}).records.empty());
}

TEST_F(Transferring, hot_wallets_show_what_waits_and_what_was_seen) {
    Reports one = reports(withdraw(400));
    one.perform(one.sign(5, pays_));
    const Time signed_at = clock_.wall();
    clock_.advance(minute_us);
    ASSERT_TRUE(perform(first_of(6, dearer_)).done());
    ledger_->show({.chain = test_chain, .address = hot_address, .seen = 7, .coins = "12"});
    const auto wallet = [&] { return perform(ListHotWallets{}).hot_wallets.at(0); };
    EXPECT_EQ(wallet().under_way, 2U);
    EXPECT_EQ(wallet().oldest, signed_at);
    EXPECT_EQ(wallet().record->next_nonce, 7U);
    EXPECT_EQ(wallet().sight.coins, "12");
    EXPECT_FALSE(wallet().paused);
    one.perform(WithdrawalState::broadcast);
    one.perform(one.mine(pays_));
    one.perform(final_);
    EXPECT_EQ(wallet().under_way, 1U);
    EXPECT_EQ(wallet().oldest, signed_at + minute_us);
}

TEST_F(Transferring, a_chain_is_paused_and_resumed) {
    const auto known = [&] {
        const Outcome outcome = perform(ReadPause{test_chain});
        const auto* pause = std::get_if<Ptr<ChainPause>>(&outcome.records.at(0));
        return pause == nullptr ? nullptr : *pause;
    };
    EXPECT_EQ(known(), nullptr);
    ASSERT_TRUE(perform(PauseChain{test_chain, true, "a fork"}).done());
    EXPECT_TRUE(known()->paused);
    EXPECT_TRUE(perform(ListHotWallets{}).hot_wallets.at(0).paused);
    const Sequence before = latest();
    EXPECT_TRUE(perform(PauseChain{test_chain, true, "the same"}).done());
    EXPECT_EQ(latest(), before);
    EXPECT_EQ(known()->reason, "a fork");
    ASSERT_TRUE(perform(PauseChain{test_chain, false, {}}).done());
    EXPECT_FALSE(known()->paused);
    expect_clean();
}

class VerifyTransfer : public SettlingWorld<Verify> {};

TEST_F(VerifyTransfer, finds_what_was_forged) {
    ASSERT_TRUE(perform(hold("one")).done());
    ASSERT_TRUE(perform(first_of(5, attempt("a"))).done());
    const Sequence first = latest();
    ASSERT_TRUE(perform(step_of(5, 1, broadcast)).done());
    const Sequence sent = latest();
    ASSERT_TRUE(perform(mined_of(5, 2, attempt("a"))).done());
    const Sequence mined_at = latest();
    ASSERT_TRUE(perform(first_of(6, attempt("b"))).done());
    const Sequence second = latest();
    ASSERT_TRUE(perform(step_of(5, 3, final_)).done());
    const Sequence over = latest();
    ASSERT_TRUE(perform(lost_of(6, 1)).done());
    const Sequence lost = latest();
    ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    const auto found = [&](Sequence at, std::string_view words,
                           const std::function<void(ChainTransfer&)>& forge) {
        expect_put_found<ChainTransfer>(at, words, forge);
    };
    const std::string_view next = "a nonce that is not the hot wallet's next";
    found(first, next, [](auto& one) { one.nonce = 4; });
    found(first, next, [](auto& one) { one.chain = 1; });
    expect_found(first, next, drop_puts<HotWallet>);
    found(first, "a new transfer that was signed before", [](auto& one) { one.step = 2; });
    found(first, "a signed transaction has another hash than it says",
          [](auto& one) { one.attempts[0].raw = "another"; });
    const std::string_view another = "a transfer becomes another one";
    found(sent, another, [](auto& one) { one.to = hot_address; });
    found(sent, another, [](auto& one) { one.units = "1"; });
    found(sent, "a transfer's steps have a gap", [](auto& one) { one.step += 1; });
    found(sent, "what was signed for a withdrawal changes",
          [](auto& one) { one.attempts.clear(); });
    found(over, "a transfer takes a step that does not follow",
          [](auto& one) { one.state = signed_; });
    const std::string_view bears = "a transfer whose nonce was lost bears what was mined";
    found(mined_at, bears, [](auto& one) { one.state = final_; });
    found(lost, bears, [](auto& one) { one.mined = one.attempts[0].hash; });
    found(lost, bears, [](auto& one) { one.reverted = true; });
    found(lost, bears, [](auto& one) { one.attempts.push_back(attempt("more")); });
    found(mined_at, "what was mined for a transfer is not what was signed for it",
          [](auto& one) { one.mined = sha256("x"); });
    found(second, next, [](auto& one) { one.nonce = 7; });
}

}  // namespace
}  // namespace coffer
