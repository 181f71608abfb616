#include "store/field_filler.h"

namespace coffer {

namespace {

template <class Kept>
Record filled(FieldFiller& filler) {
    auto record = std::make_shared<Kept>();
    code(filler, *record);
    return Ptr<Kept>(std::move(record));
}

using Fill = Record (*)(FieldFiller&);
constexpr std::array<Fill, record_kind_count - 1> fills = {filled<Tenant>,
                                                           filled<Currency>,
                                                           filled<Integration>,
                                                           filled<Credential>,
                                                           filled<Player>,
                                                           filled<Alias>,
                                                           filled<Session>,
                                                           filled<Login>,
                                                           filled<Promotion>,
                                                           filled<Withdrawal>,
                                                           filled<Wallet>,
                                                           filled<Round>,
                                                           filled<Key>,
                                                           filled<Settlement>,
                                                           filled<HotWallet>,
                                                           filled<WithdrawalPolicy>,
                                                           filled<WithdrawalDay>,
                                                           filled<DepositRoot>,
                                                           filled<DepositAddress>,
                                                           filled<AddressOwner>,
                                                           filled<DepositWatch>,
                                                           filled<ChainDeposit>,
                                                           filled<ChainTransfer>,
                                                           filled<ChainPause>,
                                                           filled<WithdrawalRetry>,
                                                           filled<Locator>};

// Half of the entries end where the wallet put says, as nearly all real ones do.
void fill_entries(FieldFiller& filler, const Change& change, std::vector<Entry>& entries) {
    filler.list(entries, [&](Entry& entry) {
        filler.choice(entry.account, AccountCode::bought, AccountCode::chain);
        filler.amount(entry.amount);
        filler.amount(entry.balance_after);
        filler.number(entry.version);
        filler.near(entry.previous, change.sequence);
        for (const Record& put : change.puts) {
            const auto* wallet = std::get_if<Ptr<Wallet>>(&put);
            if (wallet == nullptr || filler.below(2) == 0) continue;
            entry.balance_after = (*wallet)->at(entry.account).balance;
            entry.version = (*wallet)->at(entry.account).version;
        }
    });
}

// A wallet put of the transaction's own player is what lets entries be short.
void fill_own_wallet(FieldFiller& filler, const Transaction& transaction, Change& change) {
    auto wallet = std::make_shared<Wallet>();
    code(filler, *wallet);
    wallet->tenant = transaction.tenant;
    wallet->player = transaction.player;
    wallet->currency = transaction.currency;
    change.puts.push_back(Ptr<Wallet>(std::move(wallet)));
}

}  // namespace

Change arbitrary_change(std::uint64_t seed) {
    FieldFiller filler(seed);
    Change change;
    filler.number(change.sequence);
    filler.integer(change.time);
    filler.bytes(change.previous_hash);
    filler.context = {change.sequence, change.time, nullptr};
    const auto transaction = filler.below(4) != 0 ? std::make_shared<Transaction>() : nullptr;
    if (transaction) {
        code(filler, *transaction);
        filler.context.transaction = transaction.get();
        if (filler.below(2) == 0) fill_own_wallet(filler, *transaction, change);
    }
    for (std::uint64_t count = filler.below(4); count > 0; --count) {
        change.puts.push_back(fills[filler.below(fills.size())](filler));
    }
    if (transaction) fill_entries(filler, change, transaction->entries);
    change.transaction = transaction;
    return change;
}

}  // namespace coffer
