#include "settle/deposit_watcher.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "settle/deposit_figures.h"
#include "settle/final_blocks.h"
#include "settle/heard.h"

namespace coffer {

namespace {

// Accounts in one question; nodes take some thousands of topics at most.
constexpr std::size_t accounts_max = 500;
// Questions by range in one look, so that withdrawals have their turn.
constexpr int ranges_max = 20;
// A watch is moved in the books when something came, or after so many blocks.
constexpr std::uint64_t move_every_blocks = 100;

}  // namespace

DepositWatcher::DepositWatcher(ChainPolicy policy, const DepositWatcherParts& parts)
    : policy_(std::move(policy)),
      parts_(parts),
      figures_(std::make_unique<DepositFigures>(parts.metrics, policy_.name)) {}

DepositWatcher::~DepositWatcher() = default;

bool DepositWatcher::look() {
    has_more_ = false;
    find_currencies();
    if (watches_.empty()) return false;
    figures_->clear_alarms();
    for (const Watch& watch : watches_) {
        if (watch.is_refused) figures_->ring(DepositAlarm::other_watch);
    }
    const Reply done = look_at_chain();
    if (!done) {
        figures_->ring(DepositAlarm::no_node);
        if (!std::exchange(is_unreachable_, true)) {
            parts_.log.warning("the chain cannot be looked at for deposits",
                               {{"chain", policy_.name}, {"why", done.error().detail}});
        }
    } else {
        is_unreachable_ = false;
    }
    figures_->show_alarms(parts_.log);
    return has_more_;
}

// Which currencies have a token here: asked again when the directory has changed.
void DepositWatcher::find_currencies() {
    const std::uint64_t version = parts_.ledger.directory_version();
    if (version == directory_) return;
    const auto directory = parts_.ledger.directory();
    for (const Tenant* tenant : directory->tenants()) {
        for (const Currency* currency : directory->currencies(tenant->id)) {
            const TokenOnChain* token = token_of(policy_.tokens, *directory, currency->id);
            if (token == nullptr || !token->contract || !token->takes_deposits) continue;
            const auto known = std::ranges::find(watches_, currency->id, &Watch::currency);
            if (known != watches_.end()) continue;
            watches_.push_back({.currency = currency->id,
                                .token = token,
                                .blocks_at_once = policy_.deposit_blocks_max});
        }
    }
    directory_ = version;
}

DepositWatcher::Reply DepositWatcher::look_at_chain() {
    if (!is_right_chain_) {
        const auto id = parts_.chain.chain_id();
        if (!id) return std::unexpected(id.error());
        is_right_chain_ = *id == policy_.chain_id;
        if (!is_right_chain_) {
            figures_->ring(DepositAlarm::wrong_chain);
            return {};
        }
    }
    // The chain first and then the books: whoever was paid in these blocks had his address before.
    const auto head = parts_.chain.head();
    if (!head) return std::unexpected(head.error());
    const auto final = final_before(policy_, parts_.chain, *head);
    if (!final) return std::unexpected(final.error());
    const std::uint64_t beyond = *final;
    for (Watch& watch : watches_) {
        if (!watch.record && !watch.is_refused) TRY(open(watch, beyond));
    }
    const bool is_done = std::ranges::all_of(
        watches_, [&](const Watch& watch) { return watch.is_refused || watch.next >= beyond; });
    if (is_done) {
        figures_->behind->set(0);
        return {};
    }
    TRY(read_books());
    // One that cannot go on does not hold up the others.
    Reply all;
    std::uint64_t behind = 0;
    for (Watch& watch : watches_) {
        if (!watch.record) continue;
        if (watch.next < beyond) {
            if (const Reply one = look_at(watch, beyond - 1); !one) all = one;
        }
        if (watch.next < beyond) behind = std::max(behind, beyond - watch.next);
    }
    has_more_ = behind != 0;
    figures_->behind->set(static_cast<std::int64_t>(behind));
    return all;
}

// From the first block on that is not final yet, since nobody had an address before; or from where
// the configuration says.
DepositWatcher::Reply DepositWatcher::open(Watch& watch, std::uint64_t first_block) {
    const Outcome opened = parts_.ledger.perform(
        WatchDeposits{.currency = watch.currency,
                      .chain = policy_.chain_id,
                      .contract = format_chain_address(*watch.token->contract),
                      .first_block = watch.token->deposits_from.value_or(first_block)});
    if (opened.decline == Decline::exists) {
        watch.is_refused = true;
        figures_->ring(DepositAlarm::other_watch);
        parts_.log.error(
            "deposits of a currency are looked for elsewhere: another chain or contract",
            {{"chain", policy_.name}, {"currency", watch.token->code}});
        return {};
    }
    if (!opened.done()) return unheard(opened);
    watch.record = record_at<DepositWatch>(opened, 0);
    watch.next = watch.record->next_block;
    return {};
}

// How far the watches are, if another process moved them, and which addresses are new.
DepositWatcher::Reply DepositWatcher::read_books() {
    ReadDeposits ask;
    for (const Watch& watch : watches_) ask.currencies.push_back(watch.currency);
    const Outcome books = parts_.ledger.perform(ask);
    if (!books.done()) return unheard(books);
    for (std::size_t at = 0; at < watches_.size(); ++at) {
        Watch& watch = watches_[at];
        if (!watch.record) continue;
        if (auto record = record_at<DepositWatch>(books, at + 1)) watch.record = std::move(record);
        watch.next = std::max(watch.next, watch.record->next_block);
    }
    const auto root = record_at<DepositRoot>(books, 0);
    for (; root && derived_ < root->next_index; ++derived_) {
        const auto child = child_of(parts_.root, derived_);
        const auto address = child ? address_of(*child) : std::nullopt;
        if (address) addresses_.push_back(*address);
    }
    return {};
}

DepositWatcher::Reply DepositWatcher::look_at(Watch& watch, std::uint64_t last) {
    for (int range = 0; range < ranges_max && watch.next <= last; ++range) {
        TRY(look_at_range(watch, std::min(last, watch.next + watch.blocks_at_once - 1)));
    }
    return {};
}

// Everything in the range is in the books before the watch goes on.
DepositWatcher::Reply DepositWatcher::look_at_range(Watch& watch, std::uint64_t last) {
    const std::uint64_t again =
        std::min(policy_.deposit_blocks_again, watch.next - watch.record->first_block);
    bool is_new = false;
    for (std::span<const ChainAddress> left = addresses_; !left.empty();) {
        const auto some = left.first(std::min(left.size(), accounts_max));
        left = left.subspan(some.size());
        const auto transfers = parts_.chain.transfers({.contract = *watch.token->contract,
                                                       .to = some,
                                                       .first = watch.next - again,
                                                       .last = last});
        if (!transfers) {
            if (transfers.error().code != ErrorCode::invalid) {
                return std::unexpected(transfers.error());
            }
            // Too much at once for that node: half of it, next time.
            if (watch.blocks_at_once == 1) figures_->ring(DepositAlarm::refused);
            watch.blocks_at_once = std::max<std::uint64_t>(1, watch.blocks_at_once / 2);
            return fail(ErrorCode::unavailable, transfers.error().detail);
        }
        for (const TransferLog& transfer : *transfers) TRY(record(watch, transfer, is_new));
    }
    pass("deposits_read");
    watch.next = last + 1;
    watch.blocks_at_once = std::min(watch.blocks_at_once * 2, policy_.deposit_blocks_max);
    const std::uint64_t kept = 2 * again + 1;
    const Told oldest{watch.next - std::min(watch.next, kept), {}, 0};
    watch.told.erase(watch.told.begin(), watch.told.lower_bound(oldest));
    return move(watch, is_new);
}

DepositWatcher::Reply DepositWatcher::record(Watch& watch, const TransferLog& transfer,
                                             bool& is_new) {
    const Told name{transfer.block, transfer.transaction, transfer.log_index};
    if (transfer.amount.is_zero() || watch.told.contains(name)) return {};
    const auto canonical = is_canonical(transfer);
    if (!canonical) return std::unexpected(canonical.error());
    if (!*canonical) return fail(ErrorCode::unavailable, "an event of a block that is no more");
    const std::string address = format_chain_address(transfer.to);
    const Outcome owners = parts_.ledger.perform(ReadDeposits{.addresses = {address}});
    if (!owners.done()) return unheard(owners);
    const auto owner = record_at<AddressOwner>(owners, 1);
    const auto directory = parts_.ledger.directory();
    const Currency* currency = directory->currency(watch.currency);
    // Another tenant's player: his own tenant's currency counts it, if it has one for this token.
    if (!owner || currency == nullptr || owner->tenant != currency->tenant) {
        watch.told.insert(name);
        return {};
    }
    RecordDeposit report;
    report.owner = owner;
    ChainDeposit& deposit = report.deposit;
    deposit.chain = policy_.chain_id;
    deposit.transaction = transfer.transaction;
    deposit.log_index = transfer.log_index;
    deposit.currency = watch.currency;
    deposit.address = address;
    deposit.sender = format_chain_address(transfer.from);
    deposit.units = format_decimal(transfer.amount);
    deposit.decimals = currency->has_chain() ? currency->chain_scale
                                             : watch.token->decimals.value_or(currency->scale);
    deposit.block = transfer.block;
    deposit.block_hash = transfer.block_hash;
    pass("deposit_found");
    const Outcome recorded = parts_.ledger.perform(std::move(report));
    if (!recorded.done()) return unheard(recorded);
    pass("deposit_recorded");  // from here on it is credited, whatever happens
    watch.told.insert(name);
    if (parts_.credited) parts_.credited(*owner, watch.currency, transfer.block);
    if (!recorded.created) return {};
    is_new = true;
    const auto made = record_at<ChainDeposit>(recorded, 0);
    figures_->recorded->add();
    if (made->rest != "0") figures_->aside->add();
    parts_.log.info("a deposit from a chain",
                    {{"chain", policy_.name}, {"to", mask_chain_address(transfer.to)}});
    return {};
}

Result<bool> DepositWatcher::is_canonical(const TransferLog& transfer) {
    const auto hash = parts_.chain.block_hash(transfer.block);
    if (!hash) return std::unexpected(hash.error());
    return *hash == transfer.block_hash;
}

// Behind all that is in the books. Where another process was first, his word is read next time.
DepositWatcher::Reply DepositWatcher::move(Watch& watch, bool at_once) {
    const std::uint64_t from = watch.record->next_block;
    if (watch.next <= from || (!at_once && watch.next - from < move_every_blocks)) return {};
    pass("before_move");
    const Outcome moved = parts_.ledger.perform(
        MoveWatch{.currency = watch.currency, .from = from, .to = watch.next});
    if (moved.decline == Decline::conflict) return {};
    if (!moved.done()) return unheard(moved);
    watch.record = record_at<DepositWatch>(moved, 0);
    pass("moved");
    return {};
}

}  // namespace coffer
