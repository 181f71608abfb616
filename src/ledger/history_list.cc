// The other lists: one transaction, wallets at a time, rounds, records of the directory; and what
// the lane needs of the journal before it can judge a reversal.

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "ledger/history.h"
#include "ledger/rules.h"

namespace coffer {

namespace {

// So many records are looked at before the rounds that they opened are looked up: a trip to a
// database for all of them, and what is looked at in vain at a page's end.
constexpr std::size_t looks_together = 64;

constexpr Time to_millisecond(Time time) { return time / millisecond_us; }

// Promotions are never deleted and new ones come last, so that their number is as good a cursor as
// any.
void cut_to_page(const ListRecords& ask, Outcome& outcome) {
    std::vector<Record>& all = outcome.records;
    std::ranges::sort(all, {}, [](const Record& record) {
        const Promotion& one = *std::get<Ptr<Promotion>>(record);
        return std::pair(one.created, std::string_view(one.id));
    });
    const auto first = std::min<std::uint64_t>(ask.skip, all.size());
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
    if (all.size() <= ask.limit) return;
    all.resize(ask.limit);
    outcome.next = first + ask.limit;
}

}  // namespace

Outcome Historian::answer(const FindTransaction& ask) const {
    auto change = reader_.change(ask.sequence);
    if (!change) {
        return change.error().code == ErrorCode::not_found ? declined(Decline::not_found)
                                                           : failed(change.error());
    }
    if (!change->transaction || change->transaction->tenant != ask.tenant ||
        to_millisecond(change->time) != to_millisecond(ask.time)) {
        return declined(Decline::not_found);
    }
    auto movements = this->movements({&*change, 1});
    if (!movements) return failed(movements.error());
    Outcome outcome;
    outcome.tenant = ask.tenant;
    outcome.transaction = change->transaction;
    outcome.movements = std::move(*movements);
    return outcome;
}

Outcome Historian::answer(const ListWallets& ask, const Directory& directory, Time now) const {
    auto subject = this->subject(ask.caller, directory, now);
    if (!subject) return failed(subject.error());
    if (subject->decline != Decline::none) return declined(subject->decline);
    if (!subject->player) return declined(Decline::player_unknown);
    Outcome outcome;
    outcome.tenant = subject->tenant;
    outcome.player = subject->player;
    auto wallets = this->wallets(subject->tenant, subject->player->id, directory);
    if (!wallets) return failed(wallets.error());
    for (Ptr<Wallet>& wallet : *wallets) {
        Ptr<Wallet> at = std::move(wallet);
        // Long jumps first: the trail is as good for times as for numbers, because both only rise.
        while (at && ask.at != 0 && at->modified > ask.at) {
            Ptr<Wallet> earlier;
            for (std::size_t level = trail_levels - 1; level >= 1; --level) {
                if (at->applied.marks[level] == 0) continue;
                auto there = wallet_after(at->applied.marks[level]);
                if (!there) return failed(there.error());
                if ((*there)->modified > ask.at || level == 1) {
                    earlier = std::move(*there);
                    break;
                }
            }
            at = std::move(earlier);
        }
        if (at && at->touched()) outcome.records.emplace_back(std::move(at));
    }
    return outcome;
}

namespace {

// A round is met once, at the record that opened it: its name there, if it is the tenant's.
std::optional<RecordKey> round_opened_by(const Change& change, TenantId tenant,
                                         const KeyMaker& keys) {
    for (const Record& record : change.puts) {
        const auto* round = std::get_if<Ptr<Round>>(&record);
        if (round == nullptr || (*round)->opened_by != change.sequence) continue;
        if ((*round)->tenant != tenant) return std::nullopt;
        return keys.of(record);
    }
    return std::nullopt;
}

bool matches(const Round& round, const ListRounds& ask) {
    return (ask.player.empty() || round.player == ask.player) &&
           (ask.integration == 0 || round.integration == ask.integration) &&
           (!ask.state || round.state == *ask.state) &&
           (ask.opened_before == 0 || round.opened < ask.opened_before);
}

}  // namespace

// Whether a list may be of that player alone; nobody is everybody.
Result<bool> Historian::knows(TenantId tenant, const std::string& player) const {
    if (player.empty()) return true;
    const auto found = find<Player>(reader_.keys().player(tenant, player));
    if (!found) return std::unexpected(found.error());
    return *found != nullptr;
}

// The tenant's round of that name, as it stands now; null if there is none.
Result<Ptr<Round>> Historian::round(TenantId tenant, Sequence opened_by, Time opened) const {
    auto change = reader_.change(opened_by);
    if (!change) {
        if (change.error().code == ErrorCode::not_found) return Ptr<Round>();
        return std::unexpected(change.error());
    }
    const auto name = round_opened_by(*change, tenant, reader_.keys());
    if (!name) return Ptr<Round>();
    auto round = find<Round>(*name);
    if (round && *round && to_millisecond((*round)->opened) != to_millisecond(opened)) {
        return Ptr<Round>();
    }
    return round;
}

// Judges what a walk has looked at, as the rounds stand now: they are looked up together. False
// when the page ends.
Result<bool> Historian::judge(std::vector<OpeningLook>& looked, const ListRounds& ask, Page& page,
                              Outcome& outcome) const {
    std::vector<RecordKey> names;
    for (OpeningLook& one : looked) {
        if (one.round) names.push_back(std::move(*one.round));
    }
    auto rounds = find_all<Round>(names);
    if (!rounds) return std::unexpected(rounds.error());
    auto round = rounds->begin();
    bool more = true;
    for (const OpeningLook& one : std::exchange(looked, {})) {
        Ptr<Round> opened = one.round ? std::move(*round++) : nullptr;
        more = page.look(one.record, opened && matches(*opened, ask));
        if (page.found.size() > outcome.records.size())
            outcome.records.emplace_back(std::move(opened));
        if (!more) break;
    }
    return more;
}

Outcome Historian::answer(const ListRounds& ask, const Directory& directory) const {
    Outcome outcome;
    outcome.tenant = ask.tenant;
    if (ask.opened_by != 0) {
        auto one = round(ask.tenant, ask.opened_by, ask.opened);
        if (!one) return failed(one.error());
        if (!*one) return declined(Decline::not_found);
        outcome.round = *one;
        outcome.records.emplace_back(std::move(*one));
        return outcome;
    }
    if (const auto known = knows(ask.tenant, ask.player); !known || !*known) {
        return known ? declined(Decline::player_unknown) : failed(known.error());
    }
    Page page{.limit = ask.limit, .steps_left = steps_max_};
    std::vector<OpeningLook> looked;
    const auto look = [&](const Change& change) -> Result<bool> {
        OpeningLook& one = looked.emplace_back();
        one.record.sequence = change.sequence;
        one.round = round_opened_by(change, ask.tenant, reader_.keys());
        return looked.size() < looks_together || judge(looked, ask, page, outcome);
    };
    // Rounds younger than those asked for are passed over by their time, not one by one.
    Sequence before = ask.before;
    if (ask.opened_before != 0 && before == 0) {
        const Time last = ask.opened_before - 1;
        const auto after = ask.player.empty()
                               ? first_after(last)
                               : first_after(last, reader_.keys().home(ask.tenant, ask.player));
        if (!after) return failed(after.error());
        before = *after;
    }
    Result<void> done;
    if (ask.player.empty()) {
        done = down_the_journal(before, look);
    } else {
        auto wallets = this->wallets(ask.tenant, ask.player, directory);
        if (!wallets) return failed(wallets.error());
        TrailWalk walk(reader_);
        for (const Ptr<Wallet>& wallet : *wallets) {
            auto at = newest_below(*wallet, &Wallet::applied, before);
            if (!at) return failed(at.error());
            walk.add(&Wallet::applied, *at);
        }
        done = along_trails(std::move(walk), look);
    }
    if (!done) return failed(done.error());
    if (const auto rest = judge(looked, ask, page, outcome); !rest) return failed(rest.error());
    outcome.next = page.next;
    return outcome;
}

Outcome Historian::answer(const ListRecords& ask, const Directory& directory) const {
    Outcome outcome;
    outcome.tenant = ask.tenant;
    const KeyMaker& keys = reader_.keys();
    if (ask.kind == RecordKind::player) {
        std::string id = ask.id;
        bool by_alias = false;
        if (ask.integration != 0) {
            auto alias = find<Alias>(keys.alias(ask.tenant, ask.integration, ask.site, ask.id));
            if (!alias) return failed(alias.error());
            by_alias = *alias && (*alias)->tenant == ask.tenant;
            if (by_alias) id = (*alias)->player;
        }
        auto player = find<Player>(keys.player(ask.tenant, id));
        if (!player) return failed(player.error());
        if (*player && ask.integration != 0 && !by_alias) {
            // By native id only where the integration has no name of its own for the player.
            if (rules_of(directory.integration(ask.integration)).explicit_alias_only ||
                has_alias(**player, ask.integration)) {
                return declined(Decline::not_found);
            }
        }
        if (!*player) return declined(Decline::not_found);
        outcome.player = *player;
        outcome.records.emplace_back(std::move(*player));
        return outcome;
    }
    const auto keep = [&](const Record& record) {
        const bool ours = std::visit(
            [&](const auto& one) {
                if constexpr (requires { one->tenant; }) {
                    return one->tenant == ask.tenant;
                } else {
                    return false;
                }
            },
            record);
        if (ours) outcome.records.push_back(record);
        return true;
    };
    if (const auto done = reader_.each(ask.kind, keep); !done) return failed(done.error());
    if (ask.kind == RecordKind::promotion) cut_to_page(ask, outcome);
    return outcome;
}

Result<Decline> Historian::prepare(Move& reversal) const {
    auto change = reader_.change(reversal.reverses);
    if (!change) {
        if (change.error().code == ErrorCode::not_found) return Decline::not_found;
        return std::unexpected(change.error());
    }
    if (!change->transaction) return Decline::not_found;
    const Transaction& original = *change->transaction;
    if (original.tenant != reversal.caller.tenant ||
        to_millisecond(change->time) != to_millisecond(reversal.reverses_time)) {
        return Decline::not_found;
    }
    reversal.original = change->transaction;
    reversal.caller.player.id = original.player;
    reversal.currency = original.currency;
    reversal.provider = original.provider;
    reversal.amount = original.amount;
    reversal.payout = original.payout;
    reversal.round = original.round;
    reversal.game = original.game;
    reversal.reference = original.external_id;
    return Decline::none;
}

Result<Decline> Historian::prepare(CloseRound& close) const {
    auto one = round(close.tenant, close.opened_by, close.opened);
    if (!one) return std::unexpected(one.error());
    close.round = std::move(*one);
    return close.round ? Decline::none : Decline::not_found;
}

}  // namespace coffer
