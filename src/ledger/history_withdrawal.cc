// Withdrawals to a chain and the accounts that pay them, as they stand; what came from chains.
//
// All withdrawals that were ever made are looked through, since nothing else leads to those that
// are under way: the settler asks when it starts, and then names the ones it has heard of.

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "ledger/history.h"

namespace coffer {

namespace {

bool is_over(const Withdrawal& withdrawal) {
    return withdrawal.state == WithdrawalState::completed ||
           withdrawal.state == WithdrawalState::released;
}

// Newest first is by time and then by number: numbers of several shards have no order among them.
using Place = std::pair<Time, Sequence>;
Place place(const Withdrawal& withdrawal) { return {withdrawal.created, withdrawal.requested_by}; }
Place place(const ChainDeposit& deposit) { return {deposit.created, deposit.recorded_by}; }
template <class T>
void newest_first(std::vector<Ptr<T>>& found) {
    std::ranges::sort(found, std::ranges::greater{}, [](const Ptr<T>& one) { return place(*one); });
}

bool is_wanted(const Withdrawal& withdrawal, const ListWithdrawals& ask) {
    return withdrawal.on_chain && (ask.tenant == 0 || withdrawal.tenant == ask.tenant) &&
           (!ask.state || withdrawal.state == *ask.state) &&
           (!ask.open_only || !is_over(withdrawal)) &&
           (ask.created_before == 0 || withdrawal.created < ask.created_before);
}

}  // namespace

// When a cursor's record was written; the end of all time where there is none.
Result<Time> Historian::time_of(Sequence cursor) const {
    const auto change = reader_.change(cursor);
    if (change) return change->time;
    if (change.error().code != ErrorCode::not_found) return std::unexpected(change.error());
    return std::numeric_limits<Time>::max();
}

Outcome Historian::answer(const ListWithdrawals& ask) const {
    Outcome outcome;
    outcome.tenant = ask.tenant;
    const KeyMaker& keys = reader_.keys();
    const auto cursor = time_of(ask.before);
    if (!cursor) return failed(cursor.error());
    const Place before{*cursor, ask.before};
    std::vector<Ptr<Withdrawal>> found;
    for (const Sequence one : ask.only) {
        auto withdrawal = find<Withdrawal>(keys.withdrawal(one));
        if (!withdrawal) return failed(withdrawal.error());
        if (*withdrawal && is_wanted(**withdrawal, ask) && place(**withdrawal) < before)
            found.push_back(std::move(*withdrawal));
    }
    if (ask.only.empty()) {
        const auto look = [&](const Record& record) {
            const auto& withdrawal = std::get<Ptr<Withdrawal>>(record);
            if (is_wanted(*withdrawal, ask) && place(*withdrawal) < before)
                found.push_back(withdrawal);
            return true;
        };
        const auto done = reader_.each(RecordKind::withdrawal, look);
        if (!done) return failed(done.error());
    }
    newest_first(found);
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
    std::vector<RecordKey> owners, pauses;
    std::vector<Ptr<HotWallet>> accounts;
    const auto done = reader_.each(RecordKind::hot_wallet, [&](const Record& record) {
        accounts.push_back(std::get<Ptr<HotWallet>>(record));
        owners.push_back(reader_.keys().address_owner(accounts.back()->address));
        pauses.push_back(reader_.keys().chain_pause(accounts.back()->chain));
        return true;
    });
    if (!done) return failed(done.error());
    const auto owned = find_all<AddressOwner>(owners);
    if (!owned) return failed(owned.error());
    const auto paused = find_all<ChainPause>(pauses);
    if (!paused) return failed(paused.error());
    Outcome outcome;
    for (std::size_t at = 0; at < accounts.size(); ++at) {
        if ((*owned)[at]) continue;
        const Ptr<ChainPause>& pause = (*paused)[at];
        outcome.hot_wallets.push_back(
            {.record = std::move(accounts[at]), .paused = pause && pause->paused});
    }
    const auto counted = add_under_way(outcome.hot_wallets);
    return counted ? outcome : failed(counted.error());
}

// What was signed for each of them and is not final.
Result<void> Historian::add_under_way(std::vector<HotWalletView>& wallets) const {
    const auto add = [&](std::uint64_t chain, const std::string& address, Time since) {
        const auto wallet = std::ranges::find_if(wallets, [&](const HotWalletView& one) {
            return one.record->chain == chain && one.record->address == address;
        });
        if (wallet == wallets.end()) return;
        wallet->under_way += 1;
        if (wallet->oldest == 0 || since < wallet->oldest) wallet->oldest = since;
    };
    const KeyMaker& keys = reader_.keys();
    std::vector<RecordKey> names;
    TRY(reader_.each(RecordKind::withdrawal, [&](const Record& record) {
        const auto& withdrawal = std::get<Ptr<Withdrawal>>(record);
        const bool is_sent = withdrawal->state == WithdrawalState::signed_ ||
                             withdrawal->state == WithdrawalState::broadcast ||
                             withdrawal->state == WithdrawalState::mined;
        if (is_sent) names.push_back(keys.settlement(withdrawal->requested_by));
        return true;
    }));
    const auto settlements = find_all<Settlement>(names);
    if (!settlements) return std::unexpected(settlements.error());
    for (const Ptr<Settlement>& one : *settlements) {
        if (one) add(one->chain, one->hot_wallet, one->attempts.front().signed_at);
    }
    return reader_.each(RecordKind::chain_transfer, [&](const Record& record) {
        const auto& transfer = std::get<Ptr<ChainTransfer>>(record);
        if (transfer->state != WithdrawalState::final_) {
            add(transfer->chain, transfer->from, transfer->created);
        }
        return true;
    });
}

Outcome Historian::answer(const ReadPause& ask) const {
    return only(reader_.keys().chain_pause(ask.chain));
}

Outcome Historian::answer(const ReadRetry& ask) const {
    return only(reader_.keys().withdrawal_retry(ask.withdrawal));
}

// The one record under that name, or an absent one.
Outcome Historian::only(const RecordKey& name) const {
    auto record = reader_.find(name);
    if (!record) return failed(record.error());
    Outcome outcome;
    outcome.records.push_back(std::move(*record));
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
    if (const auto known = knows(ask.tenant, ask.player); !known || !*known)
        return known ? declined(Decline::player_unknown) : failed(known.error());
    const auto cursor = time_of(ask.before);
    if (!cursor) return failed(cursor.error());
    const Place before{*cursor, ask.before};
    std::vector<Ptr<ChainDeposit>> found;
    const auto done = reader_.each(RecordKind::chain_deposit, [&](const Record& record) {
        const auto& deposit = std::get<Ptr<ChainDeposit>>(record);
        if (deposit->tenant == ask.tenant &&
            (ask.player.empty() || deposit->player == ask.player) && place(*deposit) < before) {
            found.push_back(deposit);
        }
        return true;
    });
    if (!done) return failed(done.error());
    newest_first(found);
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
