// How the journal is gone through for a list: back along the trails of one player's wallets, or
// down the journal itself where nobody is named. Either way a page looks at no more records than it
// may, however few of them are wanted, and ends early with a cursor instead.

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "ledger/history.h"

namespace coffer {

namespace {

constexpr Sequence sequence_max = std::numeric_limits<std::int64_t>::max();

}  // namespace

bool Historian::Page::look(const Change& change, bool wanted) {
    if (wanted && found.size() == limit) {
        // The cursor is the last one shown: the next page begins below it.
        next = found.back().sequence;
        return false;
    }
    if (wanted) found.push_back(change);
    if (--steps_left > 0) return true;
    next = change.sequence;
    return false;
}

Result<Ptr<Wallet>> Historian::wallet_after(Sequence sequence) const {
    auto change = reader_.change(sequence);
    if (!change) return std::unexpected(change.error());
    auto wallet = wallet_in(*change);
    if (!wallet)
        return fail(ErrorCode::corrupt, "journal record " + std::to_string(sequence) +
                                            " is in a wallet's trail and has no wallet");
    return wallet;
}

Result<Sequence> Historian::first_after(Time time, Shard shard) const {
    Sequence low = before_first(shard) + 1;
    Sequence high = reader_.end_of(shard).sequence + 1;
    while (low < high) {
        const Sequence middle = low + (high - low) / 2;
        auto change = reader_.change(middle);
        if (!change) return std::unexpected(change.error());
        if (change->time > time) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

// Of all shards' the one that comes first.
Result<Sequence> Historian::first_after(Time time) const {
    const Shard shards = reader_.keys().shards();
    if (shards == 1) return first_after(time, 0);
    Sequence first = 0;
    Time when = 0;
    for (Shard shard = 0; shard < shards; ++shard) {
        const auto here = first_after(time, shard);
        if (!here) return here;
        const auto change = reader_.change(*here);
        if (!change && change.error().code == ErrorCode::not_found) continue;
        if (!change) return std::unexpected(change.error());
        if (first != 0 && std::tuple(when, first) < std::tuple(change->time, *here)) continue;
        first = *here;
        when = change->time;
    }
    return first;
}

Result<Sequence> Historian::newest_below(const Wallet& newest, TrailOf which,
                                         Sequence limit) const {
    Ptr<Wallet> held;
    const Trail* trail = &(newest.*which);
    while (limit != 0 && trail->marks[0] >= limit) {
        // The longest jump that does not pass the limit, or else one step.
        Sequence next = trail->marks[1];
        for (std::size_t level = trail_levels - 1; level >= 2; --level) {
            if (trail->marks[level] < limit) continue;
            next = trail->marks[level];
            break;
        }
        if (next < limit) return next;
        auto earlier = wallet_after(next);
        if (!earlier) return std::unexpected(earlier.error());
        held = std::move(*earlier);
        trail = &((*held).*which);
    }
    return trail->marks[0];
}

Result<Sequence> Historian::newest_but(const Wallet& newest, TrailOf which,
                                       std::uint64_t count) const {
    Ptr<Wallet> held;
    const Trail* trail = &(newest.*which);
    if (count >= trail->length) return Sequence{0};
    const std::uint64_t goal = trail->length - count;
    while (trail->length > goal) {
        // The mark of the widest stride that does not pass the goal.
        const std::uint64_t before = trail->length - 1;
        Sequence next = trail->marks[1];
        if (before / 1024 * 1024 >= goal) {
            next = trail->marks[3];
        } else if (before / 32 * 32 >= goal) {
            next = trail->marks[2];
        }
        auto earlier = wallet_after(next);
        if (!earlier) return std::unexpected(earlier.error());
        held = std::move(*earlier);
        trail = &((*held).*which);
    }
    return trail->marks[0];
}

Result<void> Historian::along_trails(TrailWalk walk, const Look& look) const {
    for (;;) {
        const auto change = walk.next();
        if (!change) return std::unexpected(change.error());
        if (*change == nullptr) return {};
        auto more = look(**change);
        if (!more) return std::unexpected(more.error());
        if (!*more) return {};
    }
}

Result<void> Historian::down_the_journal(Sequence before, const Look& look) const {
    const Sequence last = reader_.keys().shards() == 1 ? reader_.end().sequence : sequence_max;
    const Sequence first = before == 0 ? last : std::min(last, before - 1);
    if (first == 0) return {};
    Result<bool> more = true;
    TRY(reader_.downward(first, [&](const Change& change) {
        more = look(change);
        return more.has_value() && *more;
    }));
    if (!more) return std::unexpected(more.error());
    return {};
}

Result<std::vector<Ptr<Wallet>>> Historian::wallets(TenantId tenant, std::string_view player,
                                                    const Directory& directory) const {
    std::vector<RecordKey> names;
    for (const Currency* currency : directory.currencies(tenant)) {
        names.push_back(reader_.keys().wallet(tenant, player, currency->id));
    }
    auto all = find_all<Wallet>(names);
    if (all) std::erase(*all, nullptr);
    return all;
}

}  // namespace coffer
