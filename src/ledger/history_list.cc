// The other lists: one transaction, wallets at a time, rounds, records of the directory; and what
// the lane needs of the journal before it can judge a reversal.

#include <utility>

#include "ledger/history.h"
#include "ledger/rules.h"

namespace coffer {

namespace {

constexpr Time to_millisecond(Time time) { return time / millisecond_us; }

Outcome declined(Decline decline) {
    Outcome outcome;
    outcome.decline = decline;
    return outcome;
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
    auto movement = this->movement(*change);
    if (!movement) return failed(movement.error());
    Outcome outcome;
    outcome.tenant = ask.tenant;
    outcome.transaction = movement->transaction;
    outcome.movements.push_back(std::move(*movement));
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
    for (const Currency* currency : directory.currencies(subject->tenant)) {
        auto wallet =
            find<Wallet>(reader_.keys().wallet(subject->tenant, subject->player->id, currency->id));
        if (!wallet) return failed(wallet.error());
        Ptr<Wallet> at = std::move(*wallet);
        // Long jumps first: the trail is as good for times as for numbers, because both only rise.
        while (at && ask.at != 0 && at->modified > ask.at) {
            Ptr<Wallet> earlier;
            for (std::size_t level = trail_levels - 1; level >= 1; --level) {
                if (at->trail[level] == 0) continue;
                auto there = wallet_after(at->trail[level]);
                if (!there) return failed(there.error());
                if ((*there)->modified > ask.at || level == 1) {
                    earlier = std::move(*there);
                    break;
                }
            }
            at = std::move(earlier);
        }
        if (at) outcome.records.emplace_back(std::move(at));
    }
    return outcome;
}

Outcome Historian::answer(const ListRounds& ask) const {
    Outcome outcome;
    outcome.tenant = ask.tenant;
    Result<void> done;
    // A round is met once, at the record that opened it.
    const auto current = [&](const Change& change) -> Result<Ptr<Round>> {
        for (const Record& record : change.puts) {
            const auto* round = std::get_if<Ptr<Round>>(&record);
            if (round == nullptr || (*round)->opened_by != change.sequence) continue;
            if ((*round)->tenant != ask.tenant) return Ptr<Round>();
            return find<Round>(reader_.keys().of(record));
        }
        return Ptr<Round>();
    };
    if (ask.opened_by != 0) {
        auto change = reader_.change(ask.opened_by);
        if (!change) {
            return change.error().code == ErrorCode::not_found ? declined(Decline::not_found)
                                                               : failed(change.error());
        }
        auto round = current(*change);
        if (!round) return failed(round.error());
        if (!*round || to_millisecond((*round)->opened) != to_millisecond(ask.opened)) {
            return declined(Decline::not_found);
        }
        outcome.round = *round;
        outcome.records.emplace_back(std::move(*round));
        return outcome;
    }
    const Sequence first = ask.before == 0 ? reader_.end().sequence : ask.before - 1;
    if (first == 0) return outcome;
    Error error;
    bool failed_inside = false;
    done = reader_.downward(first, [&](const Change& change) {
        if (!change.transaction || change.transaction->round.empty()) return true;
        auto round = current(change);
        if (!round) {
            error = round.error();
            failed_inside = true;
            return false;
        }
        const Round* one = round->get();
        if (one == nullptr || (!ask.player.empty() && one->player != ask.player) ||
            (ask.integration != 0 && one->integration != ask.integration) ||
            (ask.state && one->state != *ask.state) ||
            (ask.opened_before != 0 && one->opened >= ask.opened_before)) {
            return true;
        }
        if (outcome.records.size() == ask.limit) {
            outcome.next = std::get<Ptr<Round>>(outcome.records.back())->opened_by;
            return false;
        }
        outcome.records.emplace_back(std::move(*round));
        return true;
    });
    if (!done) return failed(done.error());
    return failed_inside ? failed(error) : outcome;
}

Outcome Historian::answer(const ListRecords& ask, const Directory& directory) const {
    Outcome outcome;
    outcome.tenant = ask.tenant;
    const KeyMaker& keys = reader_.keys();
    if (ask.kind == RecordKind::player) {
        std::string id = ask.id;
        bool by_alias = false;
        if (ask.integration != 0) {
            auto alias = find<Alias>(keys.alias(ask.integration, ask.site, ask.id));
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
        if (!ours) return true;
        if (const auto* promotion = std::get_if<Ptr<Promotion>>(&record)) {
            if (!ask.id.empty() && (*promotion)->id != ask.id) return true;
        }
        outcome.records.push_back(record);
        return true;
    };
    if (const auto done = reader_.each(ask.kind, keep); !done) return failed(done.error());
    return outcome;
}

Decline Historian::prepare(Move& reversal) const {
    auto change = reader_.change(reversal.reverses);
    if (!change || !change->transaction) return Decline::not_found;
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

Decline Historian::prepare(CloseRound& close) const {
    ListRounds ask;
    ask.tenant = close.tenant;
    ask.opened_by = close.opened_by;
    ask.opened = close.opened;
    const Outcome outcome = answer(ask);
    close.round = outcome.round;
    return outcome.decline;
}

}  // namespace coffer
