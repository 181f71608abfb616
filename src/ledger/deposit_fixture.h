#pragma once
// Deposits from a chain for tests: a root whose seed everybody knows, a currency whose token is
// looked at, and transfers that can be reported in one line.

#include <string>
#include <string_view>
#include <utility>

#include "base/uint256.h"
#include "ledger/settle_fixture.h"

namespace coffer {

inline ExtendedPublicKey test_root(std::string_view seed = "a seed that everybody knows") {
    return ExtendedKey::from_seed(seed)->public_key();
}

// Over any fixture that is a World. One whole TOK is 100 units here and 10^18 on the chain.
template <class Base>
class DepositingWorld : public SettlingWorld<Base> {
protected:
    using Settling = SettlingWorld<Base>;
    static constexpr CurrencyId token = Settling::chain_currency;
    static inline const std::string contract = "0x00000000000000000000000000000000000000cc";

    WatchDeposits watch(std::uint64_t first_block = 10) const {
        return {.currency = token,
                .chain = test_chain,
                .contract = contract,
                .first_block = first_block};
    }
    void open_deposits() {
        Settling::open_currency();
        EXPECT_TRUE(Base::perform(OpenDeposits{test_root()}).created);
        EXPECT_TRUE(Base::perform(watch()).created);
    }
    GiveDepositAddress ask(std::string player) const {
        return {.tenant = Base::tenant, .player = std::move(player), .currency = token};
    }
    std::string address_of_player(std::string player) {
        const Outcome given = Base::perform(ask(std::move(player)));
        EXPECT_TRUE(given.done());
        return given.done() ? std::get<Ptr<DepositAddress>>(given.records[0])->address : "";
    }
    Ptr<AddressOwner> owner_of(const std::string& address) {
        const Outcome found = Base::perform(ReadDeposits{.addresses = {address}});
        const auto* owner = std::get_if<Ptr<AddressOwner>>(&found.records.at(1));
        return owner == nullptr ? nullptr : *owner;
    }
    // The n-th event of a transaction of its own.
    RecordDeposit transfer(const std::string& address, std::string units,
                           std::uint64_t number = 1) {
        RecordDeposit report;
        report.deposit.chain = test_chain;
        report.deposit.transaction = sha256("transaction " + std::to_string(number));
        report.deposit.log_index = 3;
        report.deposit.currency = token;
        report.deposit.address = address;
        report.deposit.sender = payout_address;
        report.deposit.units = std::move(units);
        report.deposit.decimals = 18;
        report.deposit.block = 12;
        report.deposit.block_hash = sha256("block 12");
        report.owner = owner_of(address);
        return report;
    }
    Ptr<Wallet> wallet_of_player(std::string player) {
        AskBalance ask;
        ask.caller.tenant = Base::tenant;
        ask.caller.player.id = std::move(player);
        ask.currency = token;
        return Base::perform(ask).wallet;
    }
    static const ChainDeposit& deposit_in(const Outcome& outcome) {
        return *std::get<Ptr<ChainDeposit>>(outcome.records.at(0));
    }
};

}  // namespace coffer
