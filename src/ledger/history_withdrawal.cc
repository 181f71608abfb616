// Withdrawals to a chain and the accounts that pay them, as they stand; what came from chains.
//
// All withdrawals that were ever made are looked through, since nothing else leads to those that
// are under way: the settler asks when it starts, and then names the ones it has heard of.

#include <algorithm>
#include <set>
#include <utility>

#include "ledger/history.h"

namespace coffer {

namespace {

bool is_over(const Withdrawal& withdrawal) {
    return withdrawal.state == WithdrawalState::completed ||
           withdrawal.state == WithdrawalState::released;
}

bool is_wanted(const Withdrawal& withdrawal, const ListWithdrawals& ask) {
    return withdrawal.on_chain && (ask.tenant == 0 || withdrawal.tenant == ask.tenant) &&
           (!ask.state || withdrawal.state == *ask.state) &&
           (!ask.open_only || !is_over(withdrawal)) &&
           (ask.before == 0 || withdrawal.requested_by < ask.before);
}

}  // namespace

Outcome Historian::answer(const ListWithdrawals& ask) const {
    Outcome outcome;
    outcome.tenant = ask.tenant;
    const KeyMaker& keys = reader_.keys();
    std::vector<Ptr<Withdrawal>> found;
    for (const Sequence one : ask.only) {
        auto withdrawal = find<Withdrawal>(keys.withdrawal(one));
        if (!withdrawal) return failed(withdrawal.error());
        if (*withdrawal && is_wanted(**withdrawal, ask)) found.push_back(std::move(*withdrawal));
    }
    if (ask.only.empty()) {
        const auto look = [&](const Record& record) {
            const auto& withdrawal = std::get<Ptr<Withdrawal>>(record);
            if (is_wanted(*withdrawal, ask)) found.push_back(withdrawal);
            return true;
        };
        const auto done = reader_.each(RecordKind::withdrawal, look);
        if (!done) return failed(done.error());
    }
    std::ranges::sort(found, std::ranges::greater{},
                      [](const Ptr<Withdrawal>& one) { return one->requested_by; });
    if (ask.limit != 0 && found.size() > ask.limit) {
        found.resize(ask.limit);
        outcome.next = found.back()->requested_by;
    }
    for (Ptr<Withdrawal>& withdrawal : found) {
        auto settlement = find<Settlement>(keys.settlement(withdrawal->requested_by));
        if (!settlement) return failed(settlement.error());
        outcome.records.emplace_back(std::move(withdrawal));
        outcome.records.emplace_back(*settlement ? Record(*settlement) : Record());
    }
    return outcome;
}

Result<Decline> Historian::prepare(JudgeWithdrawal& cancel) const {
    auto withdrawal = find<Withdrawal>(reader_.keys().withdrawal(cancel.requested_by));
    if (!withdrawal) return std::unexpected(withdrawal.error());
    const Withdrawal* one = withdrawal->get();
    if (one == nullptr || one->tenant != cancel.tenant || !one->on_chain ||
        one->created / millisecond_us != cancel.created / millisecond_us) {
        return Decline::not_found;
    }
    cancel.withdrawal = std::move(*withdrawal);
    return Decline::none;
}

// Players' addresses have nonces as hot wallets do, and are none.
Outcome Historian::answer(const ListHotWallets&) const {
    std::vector<RecordKey> owners;
    std::vector<Record> wallets;
    const auto done = reader_.each(RecordKind::hot_wallet, [&](const Record& record) {
        owners.push_back(reader_.keys().address_owner(std::get<Ptr<HotWallet>>(record)->address));
        wallets.push_back(record);
        return true;
    });
    if (!done) return failed(done.error());
    const auto owned = find_all<AddressOwner>(owners);
    if (!owned) return failed(owned.error());
    Outcome outcome;
    for (std::size_t at = 0; at < wallets.size(); ++at) {
        if (!(*owned)[at]) outcome.records.push_back(std::move(wallets[at]));
    }
    return outcome;
}

Outcome Historian::answer(const ListTransfers& ask) const {
    Outcome outcome;
    const auto done = reader_.each(RecordKind::chain_transfer, [&](const Record& record) {
        const auto& transfer = std::get<Ptr<ChainTransfer>>(record);
        if (transfer->chain == ask.chain && transfer->state != WithdrawalState::final_) {
            outcome.records.push_back(record);
        }
        return true;
    });
    return done ? outcome : failed(done.error());
}

Outcome Historian::answer(const ReadDeposits& ask) const {
    const KeyMaker& keys = reader_.keys();
    std::vector<RecordKey> names{keys.deposit_root()};
    for (const CurrencyId currency : ask.currencies) names.push_back(keys.deposit_watch(currency));
    for (const std::string& one : ask.addresses) names.push_back(keys.address_owner(one));
    Outcome outcome;
    outcome.records.resize(names.size());
    const auto found = reader_.find_all(names, outcome.records);
    return found ? outcome : failed(found.error());
}

Outcome Historian::answer(const ListDeposits& ask) const {
    std::vector<Ptr<ChainDeposit>> found;
    const auto done = reader_.each(RecordKind::chain_deposit, [&](const Record& record) {
        const auto& deposit = std::get<Ptr<ChainDeposit>>(record);
        if (deposit->tenant == ask.tenant &&
            (ask.player.empty() || deposit->player == ask.player) &&
            (ask.before == 0 || deposit->recorded_by < ask.before)) {
            found.push_back(deposit);
        }
        return true;
    });
    if (!done) return failed(done.error());
    std::ranges::sort(found, std::ranges::greater{},
                      [](const Ptr<ChainDeposit>& one) { return one->recorded_by; });
    Outcome outcome;
    outcome.tenant = ask.tenant;
    if (found.size() > ask.limit) {
        found.resize(ask.limit);
        outcome.next = found.back()->recorded_by;
    }
    for (Ptr<ChainDeposit>& deposit : found) outcome.records.emplace_back(std::move(deposit));
    return outcome;
}

Outcome Historian::answer(const ListDepositors& ask) const {
    const KeyMaker& keys = reader_.keys();
    std::set<std::pair<std::string, CurrencyId>> paid;
    const auto done = reader_.each(RecordKind::chain_deposit, [&](const Record& record) {
        const auto& deposit = std::get<Ptr<ChainDeposit>>(record);
        if (deposit->chain == ask.chain) paid.emplace(deposit->address, deposit->currency);
        return true;
    });
    if (!done) return failed(done.error());
    std::vector<RecordKey> names;
    for (const auto& [address, currency] : paid) {
        names.push_back(keys.address_owner(address));
        names.push_back(keys.deposit_watch(currency));
    }
    Outcome outcome;
    outcome.records.resize(names.size());
    const auto found = reader_.find_all(names, outcome.records);
    return found ? outcome : failed(found.error());
}

}  // namespace coffer
