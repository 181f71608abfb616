// Books of deposits from a chain that were forged in one place.

#include "ledger/deposit_fixture.h"
#include "ledger/verify_fixture.h"

namespace coffer {
namespace {

class VerifyDeposit : public DepositingWorld<Verify> {
protected:
    void SetUp() override {
        SettlingWorld<Verify>::SetUp();
        known_ = latest();
        ASSERT_TRUE(perform(OpenDeposits{test_root()}).created);
        opened_ = latest();
        ASSERT_TRUE(perform(watch()).created);
        watched_ = latest();
        const std::string alice = address_of_player("alice");
        given_ = latest();
        const std::string bob = address_of_player("bob");
        given_again_ = latest();
        ASSERT_TRUE(perform(transfer(alice, "1239999999999999999")).created);
        credited_ = latest();
        ASSERT_TRUE(perform(transfer(alice, "7", 2)).created);
        aside_ = latest();
        ASSERT_TRUE(perform(transfer(bob, "5000000000000000000", 3)).created);
        second_ = latest();
        ASSERT_TRUE(perform(MoveWatch{token, 10, 20}).done());
        moved_ = latest();
        ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    }
    void expect_deposit_found(Sequence at, std::string_view words,
                              const std::function<void(ChainDeposit&)>& forge) {
        expect_put_found<ChainDeposit>(at, words, forge);
    }
    static constexpr CurrencyId token = DepositingWorld<Verify>::token;
    Sequence known_ = 0, opened_ = 0, watched_ = 0, given_ = 0, given_again_ = 0, credited_ = 0,
             aside_ = 0, second_ = 0, moved_ = 0;
};

TEST_F(VerifyDeposit, an_address_follows_from_the_root_and_is_one_players) {
    const std::string_view follows = "a deposit address does not follow from its root";
    const std::string_view leads = "a deposit address leads to another player than its own";
    const std::string_view next = "a deposit address of a number that is not the next";
    expect_found(given_, follows, [](Change& change) {
        forge_put<DepositAddress>(change, [](auto& one) { one.address = payout_address; });
        forge_put<AddressOwner>(change, [](auto& one) { one.address = payout_address; });
    });
    expect_put_found<AddressOwner>(given_, leads, [](auto& one) { one.player = "bob"; });
    expect_put_found<AddressOwner>(given_, leads, [](auto& one) { one.tenant = 2; });
    expect_put_found<DepositRoot>(given_again_, next, [](auto& one) { one.next_index = 7; });
    expect_found(given_again_, next, [](Change& change) {
        forge_put<DepositAddress>(change, [](auto& one) { one.index = 0; });
        forge_put<AddressOwner>(change, [](auto& one) { one.index = 0; });
    });
    expect_found(given_again_, "a deposit address changes", [](Change& change) {
        forge_put<DepositAddress>(change, [](auto& one) { one.player = "alice"; });
        forge_put<AddressOwner>(change, [](auto& one) { one.player = "alice"; });
    });
    expect_found(given_, "a deposit address of a player who does not exist", [](Change& change) {
        forge_put<DepositAddress>(change, [](auto& one) { one.player = "nobody"; });
        forge_put<AddressOwner>(change, [](auto& one) { one.player = "nobody"; });
    });
    expect_found(given_, "a deposit address that the root does not know of",
                 drop_puts<DepositRoot>);
    expect_found(given_, "the root of deposit addresses changes for no reason",
                 drop_puts<AddressOwner>);
}

TEST_F(VerifyDeposit, the_root_stays_what_it_is) {
    const std::string_view another = "the root of deposit addresses becomes another one";
    expect_put_found<DepositRoot>(opened_, "the root of deposit addresses is not new",
                                  [](auto& one) { one.next_index = 1; });
    expect_put_found<DepositRoot>(given_, another, [](auto& one) { one.key[5] ^= 1; });
    expect_put_found<DepositRoot>(given_, another, [](auto& one) { one.chain_code[0] ^= 1; });
}

TEST_F(VerifyDeposit, a_watch_stays_what_it_is_and_goes_forward) {
    const std::string_view another = "a watch over deposits becomes another one";
    expect_put_found<DepositWatch>(moved_, another, [](auto& one) { one.chain = 1; });
    expect_put_found<DepositWatch>(moved_, another, [](auto& one) { one.contract = "0x"; });
    expect_put_found<DepositWatch>(moved_, another, [](auto& one) { one.first_block = 0; });
    expect_put_found<DepositWatch>(moved_, "a watch over deposits does not go forward",
                                   [](auto& one) { one.next_block = 10; });
    expect_put_found<DepositWatch>(watched_, "a watch over a currency that is not its tenant's",
                                   [](auto& one) { one.tenant = 2; });
}

TEST_F(VerifyDeposit, a_transfer_counts_once_for_whom_it_was_sent_to) {
    expect_deposit_found(second_, "a deposit from a chain counts twice",
                         [](auto& one) { one.transaction = sha256("transaction 1"); });
    const std::string_view whose = "a deposit from a chain to an address that is not its player's";
    expect_deposit_found(credited_, whose, [](auto& one) { one.player = "bob"; });
    expect_deposit_found(credited_, whose, [](auto& one) { one.address = payout_address; });
    const std::string_view watched = "a deposit from a chain that nobody looks at";
    expect_deposit_found(credited_, watched, [](auto& one) { one.chain = 1; });
    expect_deposit_found(credited_, "a deposit from a chain bears another number or time",
                         [](auto& one) { one.recorded_by -= 1; });
}

TEST_F(VerifyDeposit, it_is_worth_what_was_sent) {
    const std::string_view worth =
        "a deposit from a chain is not what was credited and what was kept aside";
    const std::string_view otherwise = "a deposit from a chain is credited otherwise than it came";
    expect_deposit_found(credited_, worth, [](auto& one) { one.units = "1249999999999999999"; });
    expect_deposit_found(credited_, worth, [](auto& one) { one.rest = "0"; });
    expect_deposit_found(second_, worth, [](auto& one) {
        one.amount = Amount{};
        one.rest = one.units;
    });
    expect_deposit_found(credited_, otherwise, [](auto& one) {
        one.amount.units += 1;
        one.units = "1249999999999999999";
    });
    expect_deposit_found(aside_, "a deposit from a chain of nothing",
                         [](auto& one) { one.units = "0"; });
    expect_deposit_found(credited_,
                         "a deposit from a chain with other decimals than its currency has there",
                         [](auto& one) { one.decimals = 17; });
    expect_found(credited_, "moves 0 at cashier, its kind and amounts say -123",
                 drop_puts<ChainDeposit>);
}

TEST_F(VerifyDeposit, what_is_on_the_chain_counts_it) {
    const std::string_view words = "the wallet's sum on the chain is wrong";
    expect_put_found<Wallet>(credited_, words, [](Wallet& one) { one.on_chain = Amount{}; });
    expect_put_found<Wallet>(second_, words, [](Wallet& one) { one.on_chain.units += 1; });
}

}  // namespace
}  // namespace coffer
