// Withdrawals to a real node: what is signed is taken and mined, and whatever happens on the way,
// each is paid once. The processes that are killed here are real ones over books on the disk.

#include <gtest/gtest.h>

#include "base/keccak.h"
#include "settle/anvil_world_fixture.h"

namespace coffer {
namespace {

TEST_F(AnvilTest, TokensAndCoinsArriveAtThePlayersAddress) {
    OpenBooks open(books());
    open_world(open, 2);
    withdraw(open, 0, tok, 12'34);
    withdraw(open, 1, coin, 5'0001);
    Running running(*this, open, {});
    finish(running);
    EXPECT_EQ(format_decimal(anvil_->tokens(payee(0))), "12340000000000000000");
    EXPECT_EQ(format_decimal(anvil_->coins(payee(1))), "5000100000000000000");
    const Outcome all = open.perform(ListWithdrawals{.state = WithdrawalState::completed});
    ASSERT_EQ(all.records.size(), 4U);
    const auto& settlement = *std::get<Ptr<Settlement>>(all.records[1]);
    EXPECT_GT(settlement.block, 0U);
    EXPECT_TRUE(settlement.gas_fee.is_positive());
    expect_clean(open);
}

TEST_F(AnvilTest, TheNextNodeIsAskedWhenOneDoesNotAnswer) {
    OpenBooks open(books());
    open_world(open, 1);
    withdraw(open, 0, tok, 100);
    const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
    Running running(*this, open, {nobody, anvil_->url()});
    finish(running);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
    Running alone(*this, open, {nobody});
    withdraw(open, 0, tok, 100);
    alone.settler->learn(open.perform(ListWithdrawals{.open_only = true}));
    EXPECT_TRUE(alone.look());
    EXPECT_EQ(alarm(open, "node"), 1);
}

TEST_F(AnvilTest, ARevertBringsTheMoneyBack) {
    anvil_->run(format_chain_address(anvil_->token()),
                // refuse(address)
                "0x" + to_hex(std::string_view(view(keccak256("refuse(address)"))).substr(0, 4)) +
                    std::string(24, '0') + to_hex(payee(0).view()));
    OpenBooks open(books());
    open_world(open, 1);
    withdraw(open, 0, tok, 100);
    Running running(*this, open, {});
    finish(running);
    const auto [withdrawal, settlement] = only_one(open);
    EXPECT_EQ(withdrawal->state, WithdrawalState::released);
    EXPECT_TRUE(settlement->reverted);
    EXPECT_EQ(anvil_->tokens(payee(0)), Uint256{});
    AskBalance ask;
    ask.caller.tenant = tenant;
    ask.caller.player.id = "p0";
    ask.currency = tok;
    const Ptr<Wallet> wallet = open.perform(ask).wallet;
    EXPECT_EQ(wallet->at(AccountCode::earned).balance, Amount{100});
    EXPECT_TRUE(wallet->transaction_error);
    expect_clean(open);
}

TEST_F(AnvilTest, AReorganisationStepsBackAndTheSameBytesAreSentAgain) {
    OpenBooks open(books());
    open_world(open, 1);
    withdraw(open, 0, tok, 100);
    Running running(*this, open, {});
    // Sent, and mined by the node a moment later.
    for (int look = 0; look < 1'000; ++look) {
        running.look();
        if (only_one(open).first->state == WithdrawalState::mined) break;
    }
    ASSERT_EQ(only_one(open).first->state, WithdrawalState::mined);
    const Digest first = only_one(open).second->mined;
    anvil_->ask("evm_setAutomine", "[false]");
    anvil_->ask("anvil_reorg", "[1,[]]");
    running.look();
    EXPECT_EQ(only_one(open).first->state, WithdrawalState::broadcast);
    EXPECT_EQ(only_one(open).second->block, 0U);
    running.look();  // forgotten by the node, so that it gets it again
    finish(running);
    const auto [withdrawal, settlement] = only_one(open);
    EXPECT_EQ(withdrawal->state, WithdrawalState::completed);
    EXPECT_EQ(settlement->mined, first);
    EXPECT_EQ(settlement->attempts.size(), 1U);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
    expect_clean(open);
}

TEST_F(AnvilTest, AStuckTransactionIsReplacedByADearerOneOfTheSameNonce) {
    OpenBooks open(books());
    open_world(open, 1);
    anvil_->ask("evm_setAutomine", "[false]");
    withdraw(open, 0, tok, 100);
    policy_.stuck_after = 0;
    Running running(*this, open, {}, 1);
    running.look();
    running.look();
    running.look();
    const auto [waits, replaced] = only_one(open);
    EXPECT_EQ(waits->state, WithdrawalState::broadcast);
    ASSERT_EQ(replaced->attempts.size(), 3U);
    const auto cheap = read_raw_transaction(replaced->attempts[0].raw);
    const auto dear = read_raw_transaction(replaced->attempts[1].raw);
    EXPECT_EQ(cheap->transaction.nonce, dear->transaction.nonce);
    EXPECT_GE(*multiply(dear->transaction.max_fee, 8), *multiply(cheap->transaction.max_fee, 9));
    EXPECT_GE(*multiply(dear->transaction.tip, 8), *multiply(cheap->transaction.tip, 9));
    finish(running);
    const Ptr<Settlement> mined = only_one(open).second;
    EXPECT_EQ(mined->mined, mined->attempts.back().hash);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
    EXPECT_EQ(anvil_->nonce(Anvil::key(1).address()), 1U);
    expect_clean(open);
}

TEST_F(AnvilTest, WhatIsGivenUpUsesItsNonceForATransferToSelf) {
    OpenBooks open(books());
    open_world(open, 1);
    anvil_->ask("evm_setAutomine", "[false]");
    withdraw(open, 0, tok, 100);
    policy_.stuck_after = 0;
    policy_.give_up_after = 1;
    Running running(*this, open, {}, 1);
    running.look();
    running.look();
    finish(running);
    const auto [withdrawal, settlement] = only_one(open);
    EXPECT_EQ(withdrawal->state, WithdrawalState::released);
    EXPECT_TRUE(settlement->attempts.back().cancels);
    EXPECT_EQ(anvil_->tokens(payee(0)), Uint256{});
    EXPECT_EQ(anvil_->nonce(Anvil::key(1).address()), 1U);
    expect_clean(open);
}

TEST_F(AnvilTest, WithoutGasMoneyItWaitsWithAnAlarm) {
    OpenBooks open(books());
    open_world(open, 1);
    withdraw(open, 0, tok, 100);
    const std::string poor = format_chain_address(Anvil::key(1).address());
    anvil_->ask("anvil_setBalance", "[\"" + poor + "\",\"0x1\"]");
    Running running(*this, open, {}, 1);
    running.look();
    EXPECT_EQ(alarm(open, "gas"), 1);
    EXPECT_EQ(only_one(open).first->state, WithdrawalState::queued);
    EXPECT_EQ(only_one(open).second, nullptr);
    anvil_->ask("anvil_setBalance", "[\"" + poor + "\",\"0xde0b6b3a7640000\"]");
    finish(running);
    EXPECT_EQ(alarm(open, "gas"), 0);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
}

TEST_F(AnvilTest, WithoutTokensItWaitsWithAnAlarmAndOthersGoOn) {
    OpenBooks open(books());
    open_world(open, 2);
    withdraw(open, 0, tok, 1'000'000'01);  // a cent more than the hot wallet has
    withdraw(open, 1, coin, 1'0000);
    Running running(*this, open, {}, 1);
    running.look();
    EXPECT_EQ(alarm(open, "tokens"), 1);
    anvil_->mine(3);
    running.look();
    running.look();
    EXPECT_EQ(anvil_->coins(payee(1)), whole_tokens(1));
    anvil_->give_tokens(Anvil::key(1).address(), whole_tokens(1));
    finish(running);
    EXPECT_EQ(alarm(open, "tokens"), 0);
    EXPECT_EQ(format_decimal(anvil_->tokens(payee(0))), "1000000010000000000000000");
}

TEST_F(AnvilTest, APausedCurrencyWaitsUntilItIsResumed) {
    OpenBooks open(books());
    open_world(open, 1);
    WithdrawalPolicy policy{.tenant = tenant, .currency = tok, .paused = true};
    ASSERT_TRUE(open.perform(PutWithdrawalPolicy{policy}).done());
    withdraw(open, 0, tok, 100);
    Running running(*this, open, {});
    running.look();
    running.look();
    EXPECT_EQ(only_one(open).second, nullptr);
    policy.paused = false;
    ASSERT_TRUE(open.perform(PutWithdrawalPolicy{policy}).done());
    finish(running);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
}

TEST_F(AnvilTest, APausedChainFinishesWhatIsSignedAndSignsNothingNew) {
    OpenBooks open(books());
    open_world(open, 2);
    anvil_->ask("evm_setAutomine", "[false]");
    withdraw(open, 0, tok, 100);
    Running running(*this, open, {});
    running.look();
    ASSERT_TRUE(open.perform(PauseChain{Anvil::chain_id, true, "a test"}).done());
    withdraw(open, 1, tok, 100);
    running.settler->learn(open.perform(ListWithdrawals{.open_only = true}));
    for (int look = 0; look < 5; ++look) {
        running.look();
        anvil_->mine();
    }
    EXPECT_EQ(alarm(open, "paused"), 1);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
    EXPECT_EQ(anvil_->tokens(payee(1)), Uint256{});
    ASSERT_TRUE(open.perform(PauseChain{Anvil::chain_id, false, {}}).done());
    finish(running);
    EXPECT_EQ(alarm(open, "paused"), 0);
    EXPECT_EQ(anvil_->tokens(payee(1)), whole_tokens(1));
}

TEST_F(AnvilTest, ANonceThatSomebodyElseUsedIsReplacedByAPersonsWordWhenThatIsForGood) {
    OpenBooks open(books());
    open_world(open, 1);
    anvil_->ask("evm_setAutomine", "[false]");
    withdraw(open, 0, tok, 100);
    Running running(*this, open, {}, 1);
    running.look();
    // Whoever has the key too takes the nonce with a transaction of his own.
    const auto ours = only_one(open).second->attempts.front();
    anvil_->ask("anvil_dropTransaction", "[\"" + to_hex_0x(view(ours.hash)) + "\"]");
    const auto theirs = make_key_signer(Anvil::key(1))
                            ->sign({.chain_id = Anvil::chain_id,
                                    .nonce = 0,
                                    .tip = Uint256{1'000'000'000},
                                    .max_fee = Uint256{90'000'000'000},
                                    .gas_limit = 21'000,
                                    .to = payee(5),
                                    .value = Uint256{1}});
    anvil_->ask("eth_sendRawTransaction", "[\"" + to_hex_0x(*theirs) + "\"]");
    anvil_->mine();
    running.look();
    EXPECT_EQ(alarm(open, "nonce_taken"), 1);
    const auto known = only_one(open).first;
    ASSERT_TRUE(open.perform(JudgeWithdrawal{.tenant = tenant,
                                             .requested_by = known->requested_by,
                                             .created = known->created,
                                             .verdict = Verdict::retry})
                    .done());
    running.look();
    EXPECT_EQ(only_one(open).second->nonce, 0U) << "it is not for good yet";
    anvil_->mine(3);
    running.look();
    EXPECT_EQ(only_one(open).second->nonce, 1U);
    EXPECT_EQ(only_one(open).second->attempts.size(), 2U);
    finish(running);
    EXPECT_EQ(only_one(open).first->state, WithdrawalState::completed);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
    EXPECT_EQ(alarm(open, "nonce_taken"), 0);
    expect_clean(open);
}

// What it sent may be taken back by a reorganisation, and all that is signed here would wait for
// ever behind the gap.
TEST_F(AnvilTest, AnAccountThatWasUsedBeforeIsTakenWhenThatIsFinal) {
    OpenBooks open(books());
    open_world(open, 1);
    withdraw(open, 0, tok, 100);
    const auto before = make_key_signer(Anvil::key(1))
                            ->sign({.chain_id = Anvil::chain_id,
                                    .tip = Uint256{1'000'000'000},
                                    .max_fee = Uint256{90'000'000'000},
                                    .gas_limit = 21'000,
                                    .to = payee(5)});
    anvil_->ask("eth_sendRawTransaction", "[\"" + to_hex_0x(*before) + "\"]");
    anvil_->mine();
    Running running(*this, open, {}, 1);
    running.look();
    EXPECT_EQ(alarm(open, "nonce_taken"), 1);
    EXPECT_EQ(only_one(open).second, nullptr);
    anvil_->ask("anvil_reorg", "[2,[]]");
    anvil_->mine(3);
    running.look();
    EXPECT_EQ(alarm(open, "nonce_taken"), 0);
    EXPECT_EQ(only_one(open).second->nonce, 0U);
    finish(running);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
    expect_clean(open);
}

TEST_F(AnvilTest, WhatIsUnderWayForTooLongRaisesAnAlarmWhateverTheReason) {
    OpenBooks open(books());
    open_world(open, 1);
    anvil_->ask("evm_setAutomine", "[false]");
    withdraw(open, 0, tok, 100);
    {
        Running patient(*this, open, {}, 1);
        patient.look();
        EXPECT_EQ(alarm(open, "late"), 0);
    }
    policy_.late_after = 0;
    Running running(*this, open, {}, 1);
    running.look();
    EXPECT_EQ(only_one(open).first->state, WithdrawalState::broadcast);
    EXPECT_EQ(alarm(open, "late"), 1);
    finish(running);
    EXPECT_EQ(alarm(open, "late"), 0);
}

TEST_F(AnvilTest, ItIsFinalOnlyWhenTheNodeSaysSoWhereThatIsWaitedFor) {
    policy_.wait_for_finalized = true;
    policy_.confirmations = 1;
    OpenBooks open(books());
    open_world(open, 1);
    anvil_->ask("evm_setAutomine", "[false]");
    withdraw(open, 0, tok, 100);
    Running running(*this, open, {}, 1);
    running.look();
    anvil_->mine();
    running.look();
    running.look();
    EXPECT_EQ(only_one(open).first->state, WithdrawalState::mined) << "one confirmation of one";
    // This node finalizes what is two blocks back.
    anvil_->mine(2);
    running.look();
    EXPECT_EQ(only_one(open).first->state, WithdrawalState::completed);
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
}

TEST_F(AnvilTest, WhatANodeForgotIsSentAgainTheLowestNonceFirst) {
    OpenBooks open(books());
    open_world(open, 3);
    anvil_->ask("evm_setAutomine", "[false]");
    for (std::size_t player = 0; player < 3; ++player) withdraw(open, player, tok, 100);
    bool is_counted = false;
    std::vector<std::uint64_t> waiting;  // how many the node has after each that is sent
    const auto passes = [&](std::string_view point) {
        if (!is_counted || point != "sent") return;
        const std::string status = anvil_->ask("txpool_status");
        const std::size_t at = status.find("\"pending\":\"0x");
        waiting.push_back(std::stoull(status.substr(at + 13), nullptr, 16));
    };
    Running running(*this, open, {}, 1, passes);
    running.look();
    anvil_->ask("anvil_dropAllTransactions");
    is_counted = true;
    running.look();
    // Any other order would leave what is sent first behind a gap, where it is not pending.
    EXPECT_EQ(waiting, (std::vector<std::uint64_t>{1, 2, 3}));
    is_counted = false;
    finish(running);
    EXPECT_EQ(anvil_->nonce(Anvil::key(1).address()), 3U);
    for (std::size_t player = 0; player < 3; ++player) {
        EXPECT_EQ(anvil_->tokens(payee(player)), whole_tokens(1));
    }
    expect_clean(open);
}

TEST_F(AnvilTest, AnotherChainThanTheConfiguredOneIsNotUsed) {
    policy_.chain_id = 1;
    OpenBooks open(books());
    open_world(open, 1);
    withdraw(open, 0, tok, 100);
    Running running(*this, open, {});
    running.look();
    EXPECT_EQ(alarm(open, "chain_id"), 1);
    EXPECT_EQ(only_one(open).second, nullptr);
}

TEST_F(AnvilTest, ASignerElsewhereSignsTheSame) {
    const SystemClock clock;
    const auto far = make_remote_signer(Anvil::key(1).address(), {.urls = {anvil_->url()}}, clock);
    const auto near = make_key_signer(Anvil::key(1));
    const ChainTransaction transaction{.chain_id = Anvil::chain_id,
                                       .nonce = 7,
                                       .tip = Uint256{1},
                                       .max_fee = Uint256{9'000'000'000},
                                       .gas_limit = 60'000,
                                       .to = anvil_->token(),
                                       .data = transfer_data(payee(0), whole_tokens(3))};
    const auto raw = far->sign(transaction);
    ASSERT_TRUE(raw) << raw.error().detail;
    EXPECT_EQ(*raw, *near->sign(transaction));
    const auto stranger = make_remote_signer(payee(0), {.urls = {anvil_->url()}}, clock);
    EXPECT_FALSE(stranger->sign(transaction));
}

TEST_F(AnvilTest, AHundredAtOnceOverThreeHotWalletsUseEachNonceOnce) {
    OpenBooks open(books());
    open_world(open, 10);
    policy_.under_way_max = 40;
    anvil_->ask("evm_setAutomine", "[false]");
    for (std::size_t count = 0; count < 100; ++count) withdraw(open, count % 10, tok, 100);
    Running running(*this, open, {});
    running.look();
    const Outcome sent = open.perform(ListWithdrawals{.state = WithdrawalState::broadcast});
    EXPECT_EQ(sent.records.size(), 200U);
    finish(running);
    for (std::size_t player = 0; player < 10; ++player) {
        EXPECT_EQ(anvil_->tokens(payee(player)), whole_tokens(10));
    }
    std::uint64_t nonces = 0;
    for (std::size_t number = 1; number <= 3; ++number) {
        const std::uint64_t used = anvil_->nonce(Anvil::key(number).address());
        EXPECT_GE(used, 30U) << "they take turns";
        nonces += used;
    }
    EXPECT_EQ(nonces, 100U);
    expect_clean(open);
}

// ---- kill -9 ------------------------------------------------------------------------------------

class KilledTest : public AnvilTest {
protected:
    // The process that settles.
    bool is_killed(std::string_view point, int nth) {
        return dies_at(point, nth, [&](OpenBooks& open, const Passes& passes) {
            Running running(*this, open, {}, 3, passes);
            const SystemClock clock;
            JsonRpc node({.urls = {anvil_->url()}}, clock);
            bool is_reorganised = false;
            for (int look = 0; look < 100; ++look) {
                if (!running.look()) return true;
                if (reorganises_ && !is_reorganised &&
                    only_one(open).first->state == WithdrawalState::mined) {
                    is_reorganised = true;
                    static_cast<void>(node.call("evm_setAutomine", "[false]"));
                    static_cast<void>(node.call("anvil_reorg", "[1,[]]"));
                    continue;
                }
                // Twice, so that what is not mined at once has been replaced before.
                if (look >= 2) static_cast<void>(node.call("evm_mine", "[]"));
            }
            return false;
        });
    }

    void kill_at(std::string_view point, int nth = 1) {
        SCOPED_TRACE(point);
        books_ = "books-" + std::string(point) + std::to_string(nth);
        const Uint256 before = anvil_->tokens(payee(0));
        {
            OpenBooks open(books());
            open_world(open, 1);
            withdraw(open, 0, tok, 100);
        }
        EXPECT_TRUE(is_killed(point, nth)) << "it did not pass there";
        EXPECT_FALSE(is_killed("", 0));
        OpenBooks open(books());
        EXPECT_EQ(only_one(open).first->state, WithdrawalState::completed);
        EXPECT_EQ(anvil_->tokens(payee(0)), *add(before, whole_tokens(1)));
        expect_clean(open);
    }
    bool reorganises_ = false;
};

TEST_F(KilledTest, AtAnyPointOfTheWayItIsPaidOnce) {
    for (const std::string_view point :
         {"held", "signed", "stored", "before_send", "sent", "told_sent", "found_mined",
          "told_mined", "before_final", "told_final", "before_end", "ended"}) {
        kill_at(point);
    }
}

TEST_F(KilledTest, WhileItIsReplacedItIsPaidOnce) {
    policy_.stuck_after = 0;
    for (const std::string_view point : {"replacement_signed", "replacement_stored"}) {
        anvil_->ask("evm_setAutomine", "[false]");
        kill_at(point);
        kill_at(point, 2);
    }
    kill_at("sent", 2);
}

TEST_F(KilledTest, WhileBlocksAreReplacedItIsPaidOnce) {
    reorganises_ = true;
    for (const std::string_view point : {"before_step_back", "stepped_back"}) {
        anvil_->ask("evm_setAutomine", "[true]");
        kill_at(point);
    }
}

}  // namespace
}  // namespace coffer
