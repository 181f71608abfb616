#pragma once
// The settler's side of a withdrawal, for tests: alice has money of a currency with a chain, a hot
// wallet is held, and each step can be reported in one line.

#include <string>
#include <string_view>
#include <utility>

#include "base/keccak.h"
#include "ledger/world_fixture.h"

namespace coffer {

constexpr std::uint64_t test_chain = 1337;
inline const std::string hot_address = "0x00000000000000000000000000000000000000b0";
inline const std::string payout_address = "0x00000000000000000000000000000000000000aa";

inline ChainAttempt attempt(std::string raw, bool cancels = false) {
    ChainAttempt made;
    made.hash = keccak256(raw);
    made.raw = std::move(raw);
    made.cancels = cancels;
    return made;
}

inline HoldHotWallet hold(std::string holder, std::uint64_t first_nonce = 5) {
    return {.chain = test_chain,
            .address = hot_address,
            .holder = std::move(holder),
            .lease = 30 * second_us,
            .first_nonce = first_nonce};
}

// What is reported of one withdrawal, one after the other.
class Reports {
public:
    Reports(Ledger& ledger, Ptr<Withdrawal> withdrawal, std::uint64_t epoch)
        : ledger_(ledger), withdrawal_(std::move(withdrawal)), epoch_(epoch) {}

    AdvanceWithdrawal step(WithdrawalState to) const {
        AdvanceWithdrawal intent;
        intent.withdrawal = withdrawal_;
        intent.step = step_;
        intent.to = to;
        intent.chain = test_chain;
        intent.hot_wallet = hot_address;
        intent.epoch = epoch_;
        return intent;
    }
    AdvanceWithdrawal sign(std::uint64_t nonce, ChainAttempt made) const {
        AdvanceWithdrawal intent = step(WithdrawalState::signed_);
        intent.nonce = nonce;
        intent.attempt = std::move(made);
        return intent;
    }
    AdvanceWithdrawal mine(const ChainAttempt& made, bool reverted = false) const {
        AdvanceWithdrawal intent = step(WithdrawalState::mined);
        intent.mined = made.hash;
        intent.block = 100;
        intent.block_hash = sha256("block 100");
        intent.reverted = reverted;
        intent.gas_fee.units = 21'000;
        return intent;
    }
    Outcome perform(AdvanceWithdrawal intent) {
        Outcome outcome = ledger_.perform(std::move(intent));
        if (outcome.settlement) step_ = outcome.settlement->step;
        return outcome;
    }
    Outcome perform(WithdrawalState to) { return perform(step(to)); }

private:
    Ledger& ledger_;
    Ptr<Withdrawal> withdrawal_;
    std::uint64_t epoch_;
    std::uint64_t step_ = 0;
};

// Over any fixture that is a World.
template <class Base>
class SettlingWorld : public Base {
protected:
    static constexpr CurrencyId chain_currency = 3;

    Move cash_of(TransactionKind kind, long units) const {
        Move move;
        move.caller.tenant = Base::tenant;
        move.caller.player.id = "alice";
        move.kind = kind;
        move.currency = chain_currency;
        move.amount.units = units;
        return move;
    }
    void open_currency() {
        Base::perform(CreateCurrency{Base::tenant, "TOK", "Token", 2, 18});
        ChangePlayer change;
        change.tenant = Base::tenant;
        change.player = "alice";
        change.payout_address = payout_address;
        EXPECT_TRUE(Base::perform(change).done());
    }
    Ptr<Withdrawal> withdraw(long units) {
        EXPECT_TRUE(Base::perform(cash_of(TransactionKind::prize, units)).done());
        Outcome outcome = Base::perform(cash_of(TransactionKind::withdraw, units));
        EXPECT_TRUE(outcome.withdrawal);
        return outcome.withdrawal;
    }
    Reports reports(Ptr<Withdrawal> withdrawal, std::uint64_t epoch = 1) {
        return Reports(*Base::ledger_, std::move(withdrawal), epoch);
    }
    Amount in(AccountCode code) {
        AskBalance ask;
        ask.caller.tenant = Base::tenant;
        ask.caller.player.id = "alice";
        ask.currency = chain_currency;
        return Base::perform(ask).wallet->at(code).balance;
    }
    Sequence latest() const { return Base::store_->end().sequence; }
};

}  // namespace coffer
