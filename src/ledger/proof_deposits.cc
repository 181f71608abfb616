#include "ledger/proof_deposits.h"

#include <algorithm>

#include "base/extended_key.h"
#include "base/uint256.h"

namespace coffer {

namespace {

// The address of that number below the root; empty where there is none.
std::string address_below(const DepositRoot& root, std::uint32_t index) {
    ExtendedPublicKey parent;
    if (root.key.size() != parent.key.size()) return {};
    std::ranges::copy(root.key, parent.key.begin());
    parent.chain_code = root.chain_code;
    const auto child = child_of(parent, index);
    const auto address = child ? address_of(*child) : std::nullopt;
    return address ? format_chain_address(*address) : std::string();
}

// Whether a wallet can show that much more in 38 digits, in each figure that it would be in.
bool has_room(const Wallet* wallet, Amount more) {
    if (wallet == nullptr) return true;
    std::optional<Amount> total = more;
    for (const AccountCode code :
         {AccountCode::bought, AccountCode::earned, AccountCode::bonus, AccountCode::held}) {
        if (total) total = add(*total, wallet->at(code).balance);
    }
    return total && add(wallet->on_chain, more) &&
           add(wallet->at(AccountCode::chain).balance, negate(more));
}

}  // namespace

void DepositProof::record(const Change& change) {
    Puts puts;
    bool twice = false;
    for (const Record& put : change.puts) {
        if (const auto* one = std::get_if<Ptr<DepositRoot>>(&put)) puts.root = one->get();
        if (const auto* one = std::get_if<Ptr<DepositAddress>>(&put)) puts.address = one->get();
        if (const auto* one = std::get_if<Ptr<AddressOwner>>(&put)) puts.owner = one->get();
        if (const auto* one = std::get_if<Ptr<DepositWatch>>(&put)) puts.watch = one->get();
        if (const auto* one = std::get_if<Ptr<ChainDeposit>>(&put)) {
            twice = twice || puts.deposit != nullptr;
            puts.deposit = one->get();
        }
    }
    findings_.expect(!twice, change.sequence, "two deposits from a chain in one record");
    root(change, puts);
    if (puts.watch != nullptr) watch(change, *puts.watch);
    if (puts.deposit != nullptr) deposit(change, *puts.deposit);
}

void DepositProof::root(const Change& change, const Puts& puts) {
    const Sequence at = change.sequence;
    if (puts.root == nullptr) {
        return findings_.expect(puts.address == nullptr && puts.owner == nullptr, at,
                                "a deposit address that the root does not know of");
    }
    const auto before = past_.before<DepositRoot>(past_.keys().deposit_root());
    const DepositRoot& after = *puts.root;
    if (!before) {
        findings_.expect(after.next_index == 0 && after.created == change.time &&
                             puts.address == nullptr && puts.owner == nullptr,
                         at, "the root of deposit addresses is not new");
        return;
    }
    findings_.expect(after.key == before->key && after.chain_code == before->chain_code &&
                         after.created == before->created,
                     at, "the root of deposit addresses becomes another one");
    address(at, puts, before.get());
}

void DepositProof::address(Sequence at, const Puts& puts, const DepositRoot* before) {
    if (puts.address == nullptr || puts.owner == nullptr) {
        return findings_.add(at, "the root of deposit addresses changes for no reason");
    }
    const DepositAddress& given = *puts.address;
    const AddressOwner& owner = *puts.owner;
    findings_.expect(owner.address == given.address && owner.tenant == given.tenant &&
                         owner.player == given.player && owner.index == given.index,
                     at, "a deposit address leads to another player than its own");
    findings_.expect(given.index >= before->next_index && puts.root->next_index == given.index + 1,
                     at, "a deposit address of a number that is not the next");
    findings_.expect(given.address == address_below(*before, given.index), at,
                     "a deposit address does not follow from its root");
    findings_.expect(past_.latest(past_.keys().deposit_address(given.tenant, given.player)) == 0 &&
                         past_.latest(past_.keys().address_owner(given.address)) == 0,
                     at, "a deposit address changes");
    findings_.expect(past_.latest(past_.keys().player(given.tenant, given.player)) != 0, at,
                     "a deposit address of a player who does not exist");
}

void DepositProof::watch(const Change& change, const DepositWatch& after) {
    const Sequence at = change.sequence;
    const Currency* currency = directory_.currency(after.currency);
    findings_.expect(currency != nullptr && currency->tenant == after.tenant, at,
                     "a watch over a currency that is not its tenant's");
    const auto before = past_.before<DepositWatch>(past_.keys().deposit_watch(after.currency));
    if (!before) {
        return findings_.expect(
            after.created == change.time && after.next_block == after.first_block, at,
            "a new watch over deposits is not new");
    }
    findings_.expect(after.tenant == before->tenant && after.chain == before->chain &&
                         after.contract == before->contract && after.created == before->created &&
                         after.first_block == before->first_block,
                     at, "a watch over deposits becomes another one");
    findings_.expect(after.next_block > before->next_block, at,
                     "a watch over deposits does not go forward");
}

void DepositProof::deposit(const Change& change, const ChainDeposit& deposit) {
    const Sequence at = change.sequence;
    const KeyMaker& keys = past_.keys();
    findings_.expect(past_.latest(keys.chain_deposit(
                         {deposit.chain, deposit.transaction, deposit.log_index})) == 0,
                     at, "a deposit from a chain counts twice");
    findings_.expect(deposit.recorded_by == at && deposit.created == change.time, at,
                     "a deposit from a chain bears another number or time");
    const auto owner = past_.before<AddressOwner>(keys.address_owner(deposit.address));
    findings_.expect(owner && owner->tenant == deposit.tenant && owner->player == deposit.player,
                     at, "a deposit from a chain to an address that is not its player's");
    const auto watch = past_.before<DepositWatch>(keys.deposit_watch(deposit.currency));
    findings_.expect(watch && watch->tenant == deposit.tenant && watch->chain == deposit.chain, at,
                     "a deposit from a chain that nobody looks at");
    worth(at, deposit);
    credited(change, deposit);
}

// What came is what was credited and what was kept aside.
void DepositProof::worth(Sequence at, const ChainDeposit& deposit) {
    const Currency* currency = directory_.currency(deposit.currency);
    const auto units = parse_decimal(deposit.units);
    if (currency == nullptr || !units || units->is_zero()) {
        return findings_.add(at, "a deposit from a chain of nothing");
    }
    findings_.expect(!currency->has_chain() || currency->chain_scale == deposit.decimals, at,
                     "a deposit from a chain with other decimals than its currency has there");
    const auto split = split_units(*units, {.ledger = currency->scale, .chain = deposit.decimals});
    const auto wallet =
        past_.before<Wallet>(past_.keys().wallet(deposit.tenant, deposit.player, deposit.currency));
    const bool is_aside = deposit.amount.is_zero() && deposit.rest == deposit.units &&
                          (!split || !has_room(wallet.get(), split->whole));
    const bool is_split =
        split && split->whole == deposit.amount && format_decimal(split->rest) == deposit.rest;
    findings_.expect(is_aside || is_split, at,
                     "a deposit from a chain is not what was credited and what was kept aside");
}

void DepositProof::credited(const Change& change, const ChainDeposit& deposit) {
    const Transaction* transaction = change.transaction.get();
    if (deposit.amount.is_zero()) {
        return findings_.expect(transaction == nullptr, change.sequence,
                                "a deposit from a chain that was kept aside moves something");
    }
    findings_.expect(
        transaction != nullptr && transaction->kind == TransactionKind::deposit &&
            transaction->status == TransactionStatus::applied &&
            transaction->tenant == deposit.tenant && transaction->player == deposit.player &&
            transaction->currency == deposit.currency && transaction->amount == deposit.amount,
        change.sequence, "a deposit from a chain is credited otherwise than it came");
}

}  // namespace coffer
