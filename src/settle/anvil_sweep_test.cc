// What players sent is collected on a real node: gas first, then all that is final, whatever is
// killed on the way.

#include <gtest/gtest.h>

#include "base/extended_key.h"
#include "base/keccak.h"
#include "settle/anvil_world_fixture.h"
#include "settle/sweeper.h"
#include "settle/transaction.h"

namespace coffer {
namespace {

class AnvilSweepTest : public AnvilTest {
protected:
    void SetUp() override {
        AnvilTest::SetUp();
        policy_.tokens[0].sweep_above = "2.00";
        hot_ = Anvil::key(1).address();
        had_ = anvil_->tokens(hot_);
    }
    static const ExtendedKey& key() {
        static const ExtendedKey made =
            std::move(*ExtendedKey::from_seed("a seed that everybody knows"));
        return made;
    }
    // Books in which each of these many players has an address that got so many whole tokens.
    std::vector<ChainAddress> pay_in(std::size_t players, std::uint64_t tokens) {
        OpenBooks open(books());
        open_world(open, players);
        EXPECT_TRUE(open.perform(OpenDeposits{key().public_key()}).done());
        EXPECT_TRUE(open.perform(WatchDeposits{.currency = tok,
                                               .chain = Anvil::chain_id,
                                               .contract = format_chain_address(anvil_->token())})
                        .created);
        std::vector<ChainAddress> addresses;
        for (std::size_t player = 0; player < players; ++player) {
            const Outcome given = open.perform(GiveDepositAddress{
                .tenant = tenant, .player = "p" + std::to_string(player), .currency = tok});
            const auto& address = std::get<Ptr<DepositAddress>>(given.records.at(0))->address;
            addresses.push_back(*parse_chain_address(address));
            anvil_->give_tokens(addresses.back(), whole_tokens(tokens));
            RecordDeposit report;
            report.owner = std::get<Ptr<AddressOwner>>(
                open.perform(ReadDeposits{.addresses = {address}}).records.at(1));
            ChainDeposit& deposit = report.deposit;
            deposit.chain = Anvil::chain_id;
            deposit.transaction = sha256(address);
            deposit.currency = tok;
            deposit.address = deposit.sender = address;
            deposit.units = format_decimal(whole_tokens(tokens));
            deposit.decimals = 18;
            EXPECT_TRUE(open.perform(std::move(report)).done());
        }
        anvil_->mine(3);
        return addresses;
    }
    struct Sweeping {
        Sweeping(AnvilSweepTest& test, OpenBooks& books,
                 std::function<void(std::string_view)> passes = {})
            : chain(make_node_chain({.urls = {test.anvil_->url()}, .timeout_ms = 5'000},
                                    books.clock_)) {
            signers.push_back(make_key_signer(Anvil::key(1)));
            sweeper = std::make_unique<Sweeper>(
                test.policy_, SweeperParts{.ledger = *books.ledger_,
                                           .chain = *chain,
                                           .signers = signers,
                                           .key = key(),
                                           .clock = books.clock_,
                                           .log = books.log_,
                                           .metrics = books.metrics_,
                                           .holder = "process " + std::to_string(::getpid()),
                                           .alone = true,
                                           .passes = std::move(passes)});
        }
        std::vector<std::unique_ptr<Signer>> signers;
        std::unique_ptr<Chain> chain;
        std::unique_ptr<Sweeper> sweeper;
    };
    // Until nothing is under way any more; a block a look.
    void finish(Sweeping& sweeping, int looks_max = 200) {
        for (int look = 0; look < looks_max; ++look) {
            if (!sweeping.sweeper->look() && look > 2) return;
            anvil_->mine();
        }
        FAIL() << "sweeps are still under way";
    }
    static Ptr<ChainTransfer> only_transfer(OpenBooks& books) {
        const Outcome listed = books.perform(ListTransfers{Anvil::chain_id});
        EXPECT_EQ(listed.records.size(), 1U);
        return std::get<Ptr<ChainTransfer>>(listed.records.at(0));
    }
    // A transaction of nothing to payee 5, with that nonce.
    static std::string signs_nothing(Signer& signer, std::uint64_t nonce) {
        return *signer.sign({.chain_id = Anvil::chain_id,
                             .nonce = nonce,
                             .tip = Uint256{1},
                             .max_fee = Uint256{2'000'000'000},
                             .gas_limit = 21'000,
                             .to = payee(5)});
    }
    // Looks until something is sent, which is dropped then for the sake of whoever has the key too.
    // No block is mined.
    Ptr<ChainTransfer> take_nonce(Sweeping& sweeping, OpenBooks& books) {
        for (int look = 0; look < 5; ++look) sweeping.sweeper->look();
        const Ptr<ChainTransfer> ours = only_transfer(books);
        EXPECT_EQ(ours->state, WithdrawalState::broadcast);
        anvil_->ask("anvil_dropTransaction",
                    "[\"" + to_hex_0x(view(ours->attempts.back().hash)) + "\"]");
        const auto signer =
            ours->purpose == TransferPurpose::top_up
                ? make_key_signer(Anvil::key(1))
                : make_key_signer(*SigningKey::from_bytes(key().child(0)->secret()));
        anvil_->ask("eth_sendRawTransaction",
                    "[\"" + to_hex_0x(signs_nothing(*signer, ours->nonce)) + "\"]");
        return ours;
    }
    Uint256 swept() { return *subtract(anvil_->tokens(hot_), had_); }
    std::int64_t sweep_alarm(OpenBooks& books, std::string_view reason) {
        return books.metrics_
            .gauge("coffer_sweep_alarm", "",
                   "chain=\"anvil\",reason=\"" + std::string(reason) + "\"")
            .value();
    }
    ChainAddress hot_;
    Uint256 had_;
};

TEST_F(AnvilSweepTest, AnAddressGetsGasAndIsEmptied) {
    const auto addresses = pay_in(3, 5);
    OpenBooks open(books());
    Sweeping sweeping(*this, open);
    finish(sweeping);
    for (const ChainAddress& address : addresses) {
        EXPECT_EQ(anvil_->tokens(address), Uint256{});
        EXPECT_EQ(anvil_->nonce(address), 1U);
    }
    EXPECT_EQ(swept(), whole_tokens(15));
    EXPECT_EQ(anvil_->nonce(hot_), 3U) << "a top-up each";
    // What it has left pays for some of the next.
    anvil_->give_tokens(addresses[0], whole_tokens(4));
    anvil_->mine(3);
    sweeping.sweeper->notice({.address = format_chain_address(addresses[0])}, tok, 0);
    finish(sweeping);
    EXPECT_EQ(swept(), whole_tokens(19));
    expect_clean(open);
}

TEST_F(AnvilSweepTest, WhatIsTooLittleOrNotFinalStaysWhereItIs) {
    const auto addresses = pay_in(1, 1);
    OpenBooks open(books());
    Sweeping sweeping(*this, open);
    finish(sweeping);
    EXPECT_EQ(anvil_->tokens(addresses[0]), whole_tokens(1));
    anvil_->give_tokens(addresses[0], whole_tokens(6));
    sweeping.sweeper->notice({.address = format_chain_address(addresses[0])}, tok, 0);
    sweeping.sweeper->look();
    EXPECT_TRUE(open.perform(ListTransfers{Anvil::chain_id}).records.empty());
    EXPECT_EQ(anvil_->nonce(hot_), 0U);
}

TEST_F(AnvilSweepTest, WithoutGasMoneyItWaitsWithAnAlarm) {
    const auto addresses = pay_in(1, 5);
    anvil_->ask("anvil_setBalance", "[\"" + format_chain_address(hot_) + "\",\"0x1\"]");
    OpenBooks open(books());
    Sweeping sweeping(*this, open);
    sweeping.sweeper->look();
    EXPECT_EQ(sweep_alarm(open, "gas"), 1);
    anvil_->ask("anvil_setBalance",
                "[\"" + format_chain_address(hot_) + "\",\"0xde0b6b3a7640000\"]");
    finish(sweeping);
    EXPECT_EQ(sweep_alarm(open, "gas"), 0);
    EXPECT_EQ(swept(), whole_tokens(5));
}

TEST_F(AnvilSweepTest, WhatSticksIsReplaced) {
    policy_.stuck_after = 0;
    const auto addresses = pay_in(1, 5);
    anvil_->ask("evm_setAutomine", "[false]");
    OpenBooks open(books());
    Sweeping sweeping(*this, open);
    for (int look = 0; look < 3; ++look) sweeping.sweeper->look();
    const auto open_now = open.perform(ListTransfers{Anvil::chain_id}).records;
    ASSERT_EQ(open_now.size(), 1U);
    EXPECT_GE(std::get<Ptr<ChainTransfer>>(open_now[0])->attempts.size(), 2U);
    finish(sweeping);
    EXPECT_EQ(swept(), whole_tokens(5));
    EXPECT_EQ(anvil_->nonce(addresses[0]), 1U);
    expect_clean(open);
}

TEST_F(AnvilSweepTest, AnAddressWhoseTransferDidNothingIsLeftAloneUntilTheNextStart) {
    const auto addresses = pay_in(1, 5);
    const std::string refuse =
        to_hex_0x(view(keccak256("refuse(address)")).substr(0, 4)) + std::string(24, '0');
    const std::string token = format_chain_address(anvil_->token());
    anvil_->run(token, refuse + format_chain_address(hot_).substr(2));
    OpenBooks open(books());
    {
        Sweeping sweeping(*this, open);
        finish(sweeping);
        sweeping.sweeper->notice({.address = format_chain_address(addresses[0])}, tok, 0);
        sweeping.sweeper->look();
        EXPECT_EQ(sweep_alarm(open, "reverted"), 1);
        EXPECT_EQ(anvil_->nonce(addresses[0]), 1U) << "once and not again";
        EXPECT_EQ(anvil_->tokens(addresses[0]), whole_tokens(5));
    }
    anvil_->run(token, refuse + std::string(40, '0'));
    Sweeping again(*this, open);
    finish(again);
    EXPECT_EQ(swept(), whole_tokens(5));
    EXPECT_EQ(sweep_alarm(open, "reverted"), 0);
    expect_clean(open);
}

TEST_F(AnvilSweepTest, ATransferWhoseNonceSomebodyElseUsedIsBegunAnewWhenThatIsForGood) {
    const auto addresses = pay_in(1, 5);
    anvil_->ask("evm_setAutomine", "[false]");
    OpenBooks open(books());
    Sweeping sweeping(*this, open);
    std::uint64_t lost = 0;
    for (const TransferPurpose purpose : {TransferPurpose::top_up, TransferPurpose::sweep}) {
        const Ptr<ChainTransfer> transfer = take_nonce(sweeping, open);
        EXPECT_EQ(transfer->purpose, purpose);
        anvil_->mine();
        sweeping.sweeper->look();
        EXPECT_EQ(sweep_alarm(open, "nonce_taken"), 1);
        EXPECT_EQ(only_transfer(open)->step, transfer->step) << "it is not for good yet";
        anvil_->mine(2);
        sweeping.sweeper->look();
        const Ptr<ChainTransfer> next = only_transfer(open);
        EXPECT_EQ(next->purpose, purpose);
        EXPECT_EQ(next->nonce, transfer->nonce + 1);
        EXPECT_EQ(open.metrics_.counter("coffer_sweep_lost_total", "", "chain=\"anvil\"").value(),
                  ++lost);
        // What is begun anew goes its way: gas first, so that there is something to sweep.
        if (purpose == TransferPurpose::top_up) anvil_->mine(3);
    }
    anvil_->ask("evm_setAutomine", "[true]");
    finish(sweeping);
    EXPECT_EQ(sweep_alarm(open, "nonce_taken"), 0);
    EXPECT_EQ(swept(), whole_tokens(5));
    EXPECT_EQ(anvil_->nonce(addresses[0]), 2U);
    expect_clean(open);
}

// Whoever has the key may have been at it before: nonces that were used when something is signed
// with them are lost at once, one a look.
TEST_F(AnvilSweepTest, NoncesThatWereUsedBeforeAreLeftBehind) {
    pay_in(1, 5);
    OpenBooks open(books());
    EXPECT_TRUE(open.perform(HoldHotWallet{.chain = Anvil::chain_id,
                                           .address = format_chain_address(hot_),
                                           .holder = "earlier",
                                           .lease = 1,
                                           .first_nonce = 0,
                                           .alone = true})
                    .done());
    for (int count = 0; count < 3; ++count) {
        const auto theirs = signs_nothing(*make_key_signer(Anvil::key(1)), anvil_->nonce(hot_));
        anvil_->ask("eth_sendRawTransaction", "[\"" + to_hex_0x(theirs) + "\"]");
        anvil_->mine();
    }
    anvil_->mine(3);
    Sweeping sweeping(*this, open);
    finish(sweeping);
    EXPECT_EQ(swept(), whole_tokens(5));
    EXPECT_EQ(anvil_->nonce(hot_), 4U);
    expect_clean(open);
}

TEST_F(AnvilSweepTest, WithdrawalsGoOutOfTheSameHotWalletMeanwhile) {
    pay_in(3, 5);
    OpenBooks open(books());
    withdraw(open, 0, tok, 1'00);
    withdraw(open, 1, coin, 1'0000);
    Running running(*this, open, {}, 1);
    Sweeping sweeping(*this, open);
    for (int look = 0; look < 60; ++look) {
        const bool pays = running.look();
        const bool sweeps = sweeping.sweeper->look();
        anvil_->mine();
        if (!pays && !sweeps && look > 3) break;
    }
    EXPECT_EQ(anvil_->tokens(payee(0)), whole_tokens(1));
    EXPECT_EQ(anvil_->coins(payee(1)), whole_tokens(1));
    EXPECT_EQ(add(swept(), whole_tokens(1)), whole_tokens(15));
    EXPECT_EQ(anvil_->nonce(hot_), 5U) << "three top-ups and two withdrawals";
    expect_clean(open);
}

// ---- kill -9 ------------------------------------------------------------------------------------

class KilledSweepTest : public AnvilSweepTest {
protected:
    bool is_killed(std::string_view point, int nth) {
        return dies_at(point, nth, [&](OpenBooks& open, const Passes& passes) {
            Sweeping sweeping(*this, open, passes);
            const SystemClock clock;
            JsonRpc node({.urls = {anvil_->url()}}, clock);
            for (int look = 0; look < 100; ++look) {
                if (!sweeping.sweeper->look() && look > 3) return true;
                // Later, so that what is not mined at once has been replaced before.
                if (look >= 2) static_cast<void>(node.call("evm_mine", "[]"));
            }
            return false;
        });
    }
    // The n-th pass of most is that of the top-up for 1 and that of the sweep for 2.
    void kill_at(std::string_view point, int nth) {
        SCOPED_TRACE(std::string(point) + " " + std::to_string(nth));
        books_ = "books-" + std::string(point) + std::to_string(nth);
        const Uint256 before = anvil_->tokens(hot_);
        anvil_->ask("evm_setAutomine", "[true]");
        const auto addresses = pay_in(1, 5);
        const std::uint64_t nonces = anvil_->nonce(addresses[0]);
        // Gas that was left over is taken away, so that each time there is a top-up.
        anvil_->ask("anvil_setBalance", "[\"" + format_chain_address(addresses[0]) + "\",\"0x0\"]");
        if (holds_blocks_) anvil_->ask("evm_setAutomine", "[false]");
        EXPECT_TRUE(is_killed(point, nth)) << "it did not pass there";
        EXPECT_FALSE(is_killed("", 0));
        EXPECT_EQ(anvil_->tokens(hot_), *add(before, whole_tokens(5)));
        EXPECT_EQ(anvil_->tokens(addresses[0]), Uint256{});
        EXPECT_EQ(anvil_->nonce(addresses[0]), nonces + 1);
        OpenBooks open(books());
        EXPECT_TRUE(open.perform(ListTransfers{Anvil::chain_id}).records.empty());
        expect_clean(open);
    }
    bool holds_blocks_ = false;
};

TEST_F(KilledSweepTest, AtAnyPointOfTheWayItIsSweptOnce) {
    for (const std::string_view point :
         {"sweep_signed", "sweep_stored", "sweep_before_send", "sweep_sent", "sweep_found_mined",
          "sweep_before_final", "sweep_final"}) {
        kill_at(point, 1);
        kill_at(point, 2);
    }
}

TEST_F(KilledSweepTest, WhileANonceIsLostItIsSweptOnce) {
    for (const std::string_view point : {"sweep_before_lost", "sweep_lost"}) {
        SCOPED_TRACE(point);
        books_ = "books-" + std::string(point);
        anvil_->ask("evm_setAutomine", "[true]");
        const Uint256 before = anvil_->tokens(hot_);
        const auto addresses = pay_in(1, 5);
        anvil_->ask("evm_setAutomine", "[false]");
        {
            OpenBooks open(books());
            Sweeping sweeping(*this, open);
            take_nonce(sweeping, open);
        }
        anvil_->mine(3);
        EXPECT_TRUE(is_killed(point, 1)) << "it did not pass there";
        EXPECT_FALSE(is_killed("", 0));
        EXPECT_EQ(anvil_->tokens(hot_), *add(before, whole_tokens(5)));
        EXPECT_EQ(anvil_->tokens(addresses[0]), Uint256{});
        OpenBooks open(books());
        EXPECT_TRUE(open.perform(ListTransfers{Anvil::chain_id}).records.empty());
        expect_clean(open);
    }
}

TEST_F(KilledSweepTest, WhileItIsReplacedItIsSweptOnce) {
    policy_.stuck_after = 0;
    holds_blocks_ = true;
    for (const std::string_view point : {"sweep_replacement_signed", "sweep_replacement_stored"}) {
        kill_at(point, 1);
    }
}

}  // namespace
}  // namespace coffer
