// Deposits by a real node: what is sent to a player's address is his when it is final, once,
// whatever becomes of blocks and processes on the way.

#include <gtest/gtest.h>

#include "base/extended_key.h"
#include "settle/anvil_world_fixture.h"
#include "settle/deposit_watcher.h"

namespace coffer {
namespace {

// The key above the accounts that every test node has.
ExtendedKey test_nodes_key() {
    auto key = ExtendedKey::from_seed(
        *from_hex("9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185d564a3aee24cab43"
                  "f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0"));
    for (const std::uint32_t step :
         {first_hardened_child + 44, first_hardened_child + 60, first_hardened_child, 0U}) {
        key = key->child(step);
    }
    return std::move(*key);
}

class AnvilDepositTest : public AnvilTest {
protected:
    // Of a seed that nobody else has, so that no address is an account of the node's.
    static ExtendedPublicKey root() {
        return ExtendedKey::from_seed("a seed that everybody knows")->public_key();
    }
    struct Watching {
        Watching(AnvilDepositTest& test, OpenBooks& books,
                 std::function<void(std::string_view)> passes = {})
            : chain(make_node_chain({.urls = {test.anvil_->url()}, .timeout_ms = 5'000},
                                    books.clock_)),
              watcher(test.policy_, {.ledger = *books.ledger_,
                                     .chain = *chain,
                                     .log = books.log_,
                                     .metrics = books.metrics_,
                                     .root = root(),
                                     .passes = std::move(passes)}) {}
        void look() {
            while (watcher.look()) {
            }
        }
        std::unique_ptr<Chain> chain;
        DepositWatcher watcher;
    };
    void open_deposits(OpenBooks& books) {
        open_world(books, 2);
        ASSERT_TRUE(books.perform(OpenDeposits{root()}).done());
        Watching(*this, books).look();
    }
    static ChainAddress address_of_player(OpenBooks& books, std::size_t player) {
        const Outcome given = books.perform(GiveDepositAddress{
            .tenant = tenant, .player = "p" + std::to_string(player), .currency = tok});
        EXPECT_TRUE(given.done());
        return *parse_chain_address(std::get<Ptr<DepositAddress>>(given.records.at(0))->address);
    }
    static Ptr<Wallet> wallet_of(OpenBooks& books, std::size_t player) {
        AskBalance ask;
        ask.caller.tenant = tenant;
        ask.caller.player.id = "p" + std::to_string(player);
        ask.currency = tok;
        return books.perform(ask).wallet;
    }
    static Amount bought(OpenBooks& books, std::size_t player) {
        const auto wallet = wallet_of(books, player);
        return wallet ? wallet->at(AccountCode::bought).balance : Amount{};
    }
    static std::vector<Record> deposits(OpenBooks& books) {
        return books.perform(ListDeposits{.tenant = tenant, .limit = 1'000}).records;
    }
};

TEST_F(AnvilDepositTest, AddressesAreThoseThatTheNodeItselfDerives) {
    const ExtendedPublicKey above = test_nodes_key().public_key();
    const std::string accounts = anvil_->ask("eth_accounts");
    std::string derived = "[";
    for (std::uint32_t number = 0; number < 10; ++number) {
        if (number != 0) derived += ',';
        derived += '"' + format_chain_address(*address_of(*child_of(above, number))) + '"';
    }
    EXPECT_EQ(accounts, derived + "]");
    // Whoever has the private key of such an address can move what is there.
    const auto key = SigningKey::from_bytes(test_nodes_key().child(3)->secret());
    EXPECT_EQ(key->address(), Anvil::key(3).address());
}

TEST_F(AnvilDepositTest, WhatIsSentIsThePlayersWhenItIsFinal) {
    OpenBooks open(books());
    open_deposits(open);
    const ChainAddress address = address_of_player(open, 0);
    anvil_->give_tokens(address, *parse_decimal("12340000000000000000"));
    Watching watching(*this, open);
    watching.look();
    EXPECT_EQ(bought(open, 0), Amount{}) << "one confirmation of three";
    anvil_->mine();
    watching.look();
    EXPECT_EQ(bought(open, 0), Amount{});
    anvil_->mine();
    watching.look();
    EXPECT_EQ(bought(open, 0), Amount{12'34});
    EXPECT_EQ(wallet_of(open, 0)->on_chain, Amount{12'34});
    anvil_->give_tokens(address, Uint256{7});
    anvil_->give_tokens(address_of_player(open, 1), whole_tokens(3));
    anvil_->give_tokens(payee(0), whole_tokens(9));
    anvil_->mine(5);
    watching.look();
    EXPECT_EQ(bought(open, 0), Amount{12'34});
    EXPECT_EQ(bought(open, 1), Amount{3'00});
    EXPECT_EQ(deposits(open).size(), 3U);
    const auto latest = *std::get<Ptr<ChainDeposit>>(deposits(open)[0]);
    EXPECT_EQ(latest.sender, format_chain_address(Anvil::key(0).address()));
    EXPECT_EQ(latest.chain, Anvil::chain_id);
    expect_clean(open);
}

TEST_F(AnvilDepositTest, WhatAReorganisationTookAwayBeforeWasNeverThere) {
    OpenBooks open(books());
    open_deposits(open);
    const ChainAddress address = address_of_player(open, 0);
    anvil_->give_tokens(address, whole_tokens(5));
    anvil_->mine();
    Watching watching(*this, open);
    watching.look();
    anvil_->ask("anvil_reorg", "[2,[]]");
    EXPECT_EQ(anvil_->tokens(address), Uint256{});
    anvil_->mine(5);
    watching.look();
    EXPECT_TRUE(deposits(open).empty());
    anvil_->give_tokens(address, whole_tokens(6));
    anvil_->mine(3);
    watching.look();
    EXPECT_EQ(bought(open, 0), Amount{6'00});
    expect_clean(open);
}

TEST_F(AnvilDepositTest, TheFinalizedBlockIsWaitedForWhereTheNodeHasOne) {
    policy_.wait_for_finalized = true;
    policy_.confirmations = 1;
    OpenBooks open(books());
    open_deposits(open);
    anvil_->give_tokens(address_of_player(open, 0), whole_tokens(1));
    Watching watching(*this, open);
    watching.look();
    EXPECT_TRUE(deposits(open).empty());
    anvil_->mine(3);
    watching.look();
    EXPECT_EQ(bought(open, 0), Amount{1'00});
}

TEST_F(AnvilDepositTest, TwoWatchersAndBlocksThatAreReadAgainCreditItOnce) {
    OpenBooks open(books());
    open_deposits(open);
    const ChainAddress address = address_of_player(open, 0);
    Watching one(*this, open), two(*this, open);
    for (int round = 1; round <= 4; ++round) {
        anvil_->give_tokens(address, whole_tokens(1));
        anvil_->mine(round % 2 == 0 ? 3 : 1);
        one.look();
        two.look();
        Watching(*this, open).look();
    }
    anvil_->mine(3);
    two.look();
    one.look();
    EXPECT_EQ(bought(open, 0), Amount{4'00});
    EXPECT_EQ(deposits(open).size(), 4U);
    expect_clean(open);
}

TEST_F(AnvilDepositTest, ALongWayIsLookedAtInPiecesFromWhereItWasLeft) {
    policy_.deposit_blocks_max = 70;
    OpenBooks open(books());
    open_deposits(open);
    const ChainAddress address = address_of_player(open, 0);
    anvil_->ask("anvil_mine", "[\"0x200\"]");
    anvil_->give_tokens(address, whole_tokens(1));
    anvil_->ask("anvil_mine", "[\"0x600\"]");
    anvil_->give_tokens(address, whole_tokens(2));
    anvil_->mine(3);
    {
        Watching first(*this, open);
        EXPECT_TRUE(first.watcher.look()) << "not all at once";
    }
    Watching(*this, open).look();
    EXPECT_EQ(bought(open, 0), Amount{3'00});
    const Outcome known = open.perform(ReadDeposits{.currencies = {tok}});
    EXPECT_GT(std::get<Ptr<DepositWatch>>(known.records.at(1))->next_block, 0x800U);
    expect_clean(open);
}

TEST_F(AnvilDepositTest, BlocksBeforeTheFirstLookAreLookedAtWhereThatIsAskedFor) {
    policy_.tokens[0].deposits_from = 0;
    OpenBooks open(books());
    open_world(open, 1);
    ASSERT_TRUE(open.perform(OpenDeposits{root()}).done());
    const ChainAddress first = *address_of(*child_of(root(), 0));
    anvil_->give_tokens(first, whole_tokens(4));
    anvil_->mine(3);
    // The address is given away in books that are younger than the transfer.
    ASSERT_TRUE(open.perform(WatchDeposits{.currency = tok,
                                           .chain = Anvil::chain_id,
                                           .contract = format_chain_address(anvil_->token())})
                    .created);
    EXPECT_EQ(address_of_player(open, 0), first);
    Watching(*this, open).look();
    EXPECT_EQ(bought(open, 0), Amount{4'00});
}

// ---- kill -9 ------------------------------------------------------------------------------------

class KilledDepositTest : public AnvilDepositTest {
protected:
    bool is_killed(std::string_view point, int nth) {
        return dies_at(point, nth, [&](OpenBooks& open, const Passes& passes) {
            Watching(*this, open, passes).look();
            return true;
        });
    }
};

TEST_F(KilledDepositTest, AtAnyPointOfTheWayItIsCreditedOnce) {
    for (const std::string_view point :
         {"deposit_found", "deposit_recorded", "deposits_read", "before_move", "moved"}) {
        SCOPED_TRACE(point);
        books_ = "books-" + std::string(point);
        ChainAddress address;
        {
            OpenBooks open(books());
            open_deposits(open);
            address = address_of_player(open, 0);
        }
        // The books are others each time, and so are what they know; the addresses are the same.
        const Uint256 before = anvil_->tokens(address);
        anvil_->give_tokens(address, whole_tokens(2));
        anvil_->give_tokens(address, whole_tokens(3));
        anvil_->mine(3);
        EXPECT_TRUE(is_killed(point, 1)) << "it did not pass there";
        if (point.starts_with("deposit_")) {
            EXPECT_TRUE(is_killed(point, 2) || point == "deposit_found");
        }
        EXPECT_FALSE(is_killed("", 0));
        OpenBooks open(books());
        EXPECT_EQ(bought(open, 0), Amount{5'00});
        EXPECT_EQ(deposits(open).size(), 2U);
        EXPECT_EQ(anvil_->tokens(address), *add(before, whole_tokens(5)));
        expect_clean(open);
    }
}

}  // namespace
}  // namespace coffer
