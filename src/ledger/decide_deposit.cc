// Deposits from chains: which address is whose, how far each chain has been looked at, and what a
// transfer that became final is worth here. The records decide, so that two settlers, one that was
// cut off, or one that reads the same block again cannot credit a transfer twice.

#include <utility>

#include "base/uint256.h"
#include "ledger/decide.h"
#include "ledger/enroll.h"
#include "ledger/posting.h"

namespace coffer {

namespace {

template <class T>
Ptr<T> put(Decision& decision, T value) {
    Ptr<T> shared = std::make_shared<const T>(std::move(value));
    decision.puts.emplace_back(shared);
    return shared;
}

// In the order in which wants_of() names them.
struct Side {
    Ptr<ChainDeposit> known;
    Ptr<AddressOwner> owner;
    Ptr<DepositWatch> watch;
    Ptr<Wallet> wallet;
};

std::string hash_of(const ChainDeposit& deposit) {
    return "0x" + to_hex(view(deposit.transaction));
}

// From the house's account of the chain to `bought`. False when the wallet has no room for it.
bool credit(const View& view, const ChainDeposit& deposit, const Side& side, Decision& decision) {
    Wallet before;
    if (side.wallet) {
        before = *side.wallet;
    } else {
        before.tenant = deposit.tenant;
        before.player = deposit.player;
        before.currency = deposit.currency;
    }
    Posting posting(std::move(before), view.next, view.now);
    posting.transfer(AccountCode::chain, AccountCode::bought, deposit.amount);
    posting.count(posting.wallet().on_chain, deposit.amount);
    auto transaction = std::make_shared<Transaction>();
    transaction->sequence = view.next;
    transaction->time = view.now;
    transaction->tenant = deposit.tenant;
    transaction->player = deposit.player;
    transaction->currency = deposit.currency;
    transaction->kind = TransactionKind::deposit;
    transaction->amount = deposit.amount;
    transaction->reference = hash_of(deposit);
    decision.transaction = std::move(transaction);
    finish(decision, posting);
    return decision.outcome.done();
}

// The first that is left of the two thousand million, or nothing.
struct Fresh {
    std::uint32_t index = 0;
    std::string address;
};
std::optional<Fresh> next_address(const DepositRoot& root) {
    ExtendedPublicKey parent;
    if (root.key.size() != parent.key.size()) return std::nullopt;
    std::copy(root.key.begin(), root.key.end(), parent.key.begin());
    parent.chain_code = root.chain_code;
    for (std::uint32_t index = root.next_index; index < first_hardened_child; ++index) {
        // One number in 2^127 has no key, and is passed over.
        const auto child = child_of(parent, index);
        const auto address = child ? address_of(*child) : std::nullopt;
        if (address) return Fresh{index, format_chain_address(*address)};
    }
    return std::nullopt;
}

}  // namespace

std::vector<RecordKey> wants_of(const RecordDeposit& intent, const KeyMaker& keys) {
    const ChainDeposit& deposit = intent.deposit;
    if (!intent.owner) return {};
    return {keys.chain_deposit({deposit.chain, deposit.transaction, deposit.log_index}),
            keys.address_owner(deposit.address), keys.deposit_watch(deposit.currency),
            keys.wallet(intent.owner->tenant, intent.owner->player, deposit.currency)};
}

std::vector<RecordKey> wants_of(const GiveDepositAddress& intent, const KeyMaker& keys) {
    return {keys.player(intent.tenant, intent.player), keys.deposit_watch(intent.currency),
            keys.deposit_root(), keys.deposit_address(intent.tenant, intent.player)};
}

Decision enroll(const View& view, const OpenDeposits& intent, Extra extra) {
    if (!address_of(intent.root)) return no(Decline::invalid);
    const std::string key(coffer::view(intent.root.key));
    if (const auto known = as<DepositRoot>(extra, 0)) {
        const bool same = known->key == key && known->chain_code == intent.root.chain_code;
        return no(same ? Decline::none : Decline::exists);
    }
    Decision decision;
    decision.outcome.created = true;
    put(decision,
        DepositRoot{.key = key, .chain_code = intent.root.chain_code, .created = view.now});
    return decision;
}

Decision enroll(const View& view, const WatchDeposits& intent, Extra extra) {
    const Currency* currency = view.directory->currency(intent.currency);
    if (currency == nullptr) return no(Decline::not_found);
    Decision decision;
    if (const auto known = as<DepositWatch>(extra, 0)) {
        if (known->chain != intent.chain || known->contract != intent.contract) {
            return no(Decline::exists);
        }
        decision.outcome.records.emplace_back(known);
        return decision;
    }
    decision.outcome.created = true;
    decision.outcome.records.emplace_back(
        put(decision, DepositWatch{.currency = currency->id,
                                   .tenant = currency->tenant,
                                   .chain = intent.chain,
                                   .contract = intent.contract,
                                   .first_block = intent.first_block,
                                   .next_block = intent.first_block,
                                   .created = view.now}));
    return decision;
}

Decision enroll(const View&, const MoveWatch& intent, Extra extra) {
    const auto known = as<DepositWatch>(extra, 0);
    if (!known) return no(Decline::not_found);
    if (intent.to <= intent.from) return no(Decline::invalid);
    if (known->next_block != intent.from) return no(Decline::conflict);
    DepositWatch watch = *known;
    watch.next_block = intent.to;
    Decision decision;
    decision.outcome.records.emplace_back(put(decision, std::move(watch)));
    return decision;
}

Decision enroll(const View& view, const RecordDeposit& intent, Extra extra) {
    const Side side{as<ChainDeposit>(extra, 0), as<AddressOwner>(extra, 1),
                    as<DepositWatch>(extra, 2), as<Wallet>(extra, 3)};
    const Currency* currency = view.directory->currency(intent.deposit.currency);
    if (currency == nullptr || !side.owner || !side.watch ||
        side.owner->tenant != currency->tenant || side.owner->tenant != intent.owner->tenant ||
        side.owner->player != intent.owner->player || side.watch->chain != intent.deposit.chain) {
        return no(Decline::not_found);
    }
    if (side.known) {
        Decision decision;
        decision.outcome.records.emplace_back(side.known);
        return decision;
    }
    ChainDeposit deposit = intent.deposit;
    deposit.tenant = side.owner->tenant;
    deposit.player = side.owner->player;
    const auto units = parse_decimal(deposit.units);
    const bool fits_currency = !currency->has_chain() || currency->chain_scale == deposit.decimals;
    if (!units || units->is_zero() || !fits_currency) return no(Decline::invalid);
    const auto split = split_units(*units, {.ledger = currency->scale, .chain = deposit.decimals});
    deposit.amount = split ? split->whole : Amount{};
    deposit.rest = split ? format_decimal(split->rest) : deposit.units;
    deposit.recorded_by = view.next;
    deposit.created = view.now;
    Decision decision;
    if (deposit.amount.is_positive() && !credit(view, deposit, side, decision)) {
        // There is no room for it in 38 digits: all of it is kept aside.
        decision = Decision{};
        deposit.amount = Amount{};
        deposit.rest = deposit.units;
    }
    decision.outcome.created = true;
    decision.outcome.records.emplace_back(put(decision, std::move(deposit)));
    return decision;
}

Decision enroll(const View& view, const GiveDepositAddress& intent, Extra extra) {
    if (!as<Player>(extra, 0)) return no(Decline::player_unknown);
    const auto watch = as<DepositWatch>(extra, 1);
    const auto root = as<DepositRoot>(extra, 2);
    if (!watch || watch->tenant != intent.tenant || !root) return no(Decline::not_permitted);
    Decision decision;
    if (const auto known = as<DepositAddress>(extra, 3)) {
        decision.outcome.records = {known, watch};
        return decision;
    }
    const auto fresh = next_address(*root);
    if (!fresh) return no(Decline::limit_reached);
    DepositRoot after = *root;
    after.next_index = fresh->index + 1;
    put(decision, std::move(after));
    put(decision, AddressOwner{.address = fresh->address,
                               .tenant = intent.tenant,
                               .player = intent.player,
                               .index = fresh->index});
    decision.outcome.created = true;
    decision.outcome.records = {put(decision, DepositAddress{.tenant = intent.tenant,
                                                             .player = intent.player,
                                                             .index = fresh->index,
                                                             .address = fresh->address,
                                                             .created = view.now}),
                                watch};
    return decision;
}

}  // namespace coffer
