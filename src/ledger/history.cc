#include "ledger/history.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "ledger/decide.h"
#include "ledger/rules.h"

namespace coffer {

namespace {

bool same_id(std::string_view stored, std::string_view wanted) {
    if (stored == wanted) return true;
    // integrator's ids are kept as provider:site:id
    return stored.size() > wanted.size() && stored.ends_with(wanted) &&
           stored[stored.size() - wanted.size() - 1] == ':' &&
           std::count(stored.begin(), stored.end() - static_cast<std::ptrdiff_t>(wanted.size()),
                      ':') == 2;
}

bool matches(const Transaction& transaction, const ListMovements& ask) {
    switch (transaction.status) {
        case TransactionStatus::applied: break;
        case TransactionStatus::refused:
            if (!ask.refusals) return false;
            break;
        case TransactionStatus::tombstone:
            if (!ask.tombstones) return false;
            break;
    }
    if (ask.currency && transaction.currency != *ask.currency) return false;
    if (ask.only_integration != 0 && transaction.integration != ask.only_integration) return false;
    if (!ask.round.empty() && transaction.round != ask.round) return false;
    if (!ask.external_id.empty() && !same_id(transaction.external_id, ask.external_id))
        return false;
    if (ask.kind && transaction.kind != *ask.kind) return false;
    if (ask.from != 0 && transaction.time < ask.from) return false;
    if (ask.to != 0 && transaction.time > ask.to) return false;
    return true;
}

// Adds a movement to the page; false when the page was full already and this one begins the next.
bool add_to_page(const ListMovements& ask, std::uint64_t& to_skip, Movement movement,
                 Outcome& outcome) {
    if (to_skip > 0) {
        --to_skip;
        return true;
    }
    if (outcome.movements.size() == ask.limit) {
        // The cursor is the last one shown: the next page begins below it.
        outcome.next =
            outcome.movements.empty() ? 0 : outcome.movements.back().transaction->sequence;
        return false;
    }
    outcome.movements.push_back(std::move(movement));
    return true;
}

}  // namespace

Outcome failed(const Error& error) {
    Outcome outcome;
    outcome.fault = error.code == ErrorCode::unavailable ? Fault::not_now : Fault::internal;
    return outcome;
}

Ptr<Wallet> wallet_in(const Change& change) {
    for (const Record& record : change.puts) {
        if (const auto* wallet = std::get_if<Ptr<Wallet>>(&record)) return *wallet;
    }
    return nullptr;
}

Result<Movement> Historian::movement(const Change& change) const {
    Movement movement;
    movement.transaction = change.transaction;
    movement.wallet = wallet_in(change);
    const Transaction& transaction = *change.transaction;
    movement.state = static_cast<KeyState>(transaction.status);
    auto key = find<Key>(reader_.keys().of(transaction));
    if (!key) return std::unexpected(key.error());
    if (*key && (*key)->original == transaction.sequence) {
        movement.state = (*key)->state;
        movement.rollback = (*key)->rollback;
        if (movement.rollback != 0) {
            auto rollback = reader_.change(movement.rollback);
            if (!rollback) return std::unexpected(rollback.error());
            movement.rollback_time = rollback->time;
        }
    }
    if (transaction.reverses != 0) {
        auto reversed = reader_.change(transaction.reverses);
        if (!reversed) return std::unexpected(reversed.error());
        movement.reversed_time = reversed->time;
    }
    if (transaction.kind == TransactionKind::withdraw) {
        auto withdrawal = find<Withdrawal>(reader_.keys().withdrawal(transaction.sequence));
        if (!withdrawal) return std::unexpected(withdrawal.error());
        movement.withdrawal = std::move(*withdrawal);
    }
    return movement;
}

Result<Historian::Subject> Historian::subject(const Caller& caller, const Directory& directory,
                                              Time now) const {
    Subject subject;
    subject.tenant = caller.tenant;
    subject.integration = caller.integration;
    const KeyMaker& keys = reader_.keys();
    if (caller.session &&
        (caller.rule == SessionRule::bearer || caller.rule == SessionRule::live)) {
        auto session = find<Session>(keys.session(caller.session_kind, *caller.session));
        if (!session) return std::unexpected(session.error());
        const bool ours =
            *session && (caller.tenant == 0 || ((*session)->tenant == caller.tenant &&
                                                (*session)->integration == caller.integration));
        if (!ours) {
            subject.decline = Decline::session_unknown;
            return subject;
        }
        subject.session = *session;
        if (!is_live(**session, now)) {
            subject.decline = Decline::session_expired;
            return subject;
        }
        subject.tenant = (*session)->tenant;
        subject.integration = (*session)->integration;
    }
    std::string name = caller.player.id;
    bool by_alias = false;
    if (name.empty()) {
        if (subject.session) name = subject.session->player;
        by_alias = true;
    } else if (subject.integration != 0) {
        auto alias = find<Alias>(keys.alias(subject.integration, caller.player.site, name));
        if (!alias) return std::unexpected(alias.error());
        if (*alias) {
            name = (*alias)->player;
            by_alias = true;
        } else if (rules_of(directory.integration(subject.integration)).explicit_alias_only) {
            name.clear();
        }
    }
    if (name.empty()) {
        subject.decline = caller.player.id.empty() ? Decline::none : Decline::player_unknown;
        return subject;
    }
    auto player = find<Player>(keys.player(subject.tenant, name));
    if (!player) return std::unexpected(player.error());
    if (*player && !by_alias && subject.integration != 0) {
        for (const Alias& alias : (*player)->aliases) {
            if (alias.integration == subject.integration) *player = nullptr;
            if (!*player) break;
        }
    }
    subject.player = std::move(*player);
    if (!subject.player) subject.decline = Decline::player_unknown;
    return subject;
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

// The first journal record later than that time; one past the end if there is none.
Result<Sequence> Historian::first_after(Time time) const {
    Sequence low = 1;
    Sequence high = reader_.end().sequence + 1;
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

namespace {

// Going back along a wallet's trail from its movement number `number`: the sequence from which to
// go on so as not to pass movement `goal` (goal < number), and how far that is.
std::pair<Sequence, std::uint64_t> step_back(const Wallet& at, std::uint64_t goal) {
    const std::uint64_t number = at.movements;
    constexpr std::array<std::uint64_t, trail_levels> strides{0, 1, 32, 1024};
    for (std::size_t level = trail_levels - 1; level >= 2; --level) {
        const std::uint64_t target = (number - 1) / strides[level] * strides[level];
        if (target >= goal && target > 0) return {at.trail[level], target};
    }
    return {at.trail[1], number - 1};
}

}  // namespace

Result<void> Historian::walk(const Wallet& newest, const ListMovements& ask,
                             Outcome& outcome) const {
    Ptr<Wallet> at = std::make_shared<const Wallet>(newest);
    const bool filtered = ask.only_integration != 0 || !ask.round.empty() ||
                          !ask.external_id.empty() || ask.kind || ask.from != 0 || ask.to != 0;
    std::uint64_t to_skip = ask.skip;
    if (!filtered && to_skip > 0) {
        if (to_skip >= at->movements) return {};
        const std::uint64_t goal = at->movements - to_skip;
        while (at->movements > goal) {
            auto earlier = wallet_after(step_back(*at, goal).first);
            if (!earlier) return std::unexpected(earlier.error());
            at = std::move(*earlier);
        }
        to_skip = 0;
    }
    // Long jumps to the cursor as well.
    while (ask.before != 0 && at->trail[0] >= ask.before) {
        Sequence next = at->trail[1];
        for (std::size_t level = trail_levels - 1; level >= 2; --level) {
            if (at->trail[level] >= ask.before) {
                next = at->trail[level];
                break;
            }
        }
        if (next == 0) return {};
        auto earlier = wallet_after(next);
        if (!earlier) return std::unexpected(earlier.error());
        at = std::move(*earlier);
    }
    for (Sequence sequence = at->trail[0]; sequence != 0;) {
        auto change = reader_.change(sequence);
        if (!change) return std::unexpected(change.error());
        const auto wallet = wallet_in(*change);
        if (!wallet || !change->transaction)
            return fail(ErrorCode::corrupt, "a trail leads to no movement");
        if (ask.from != 0 && change->time < ask.from) return {};
        if (matches(*change->transaction, ask)) {
            auto movement = this->movement(*change);
            if (!movement) return std::unexpected(movement.error());
            if (!add_to_page(ask, to_skip, std::move(*movement), outcome)) return {};
        }
        sequence = wallet->trail[1];
    }
    return {};
}

Result<void> Historian::merge(const std::vector<Ptr<Wallet>>& wallets, const ListMovements& ask,
                              Outcome& outcome) const {
    std::vector<Sequence> heads;
    heads.reserve(wallets.size());
    for (const auto& wallet : wallets) heads.push_back(wallet->trail[0]);
    std::uint64_t to_skip = ask.skip;
    while (!heads.empty()) {
        const auto newest = std::max_element(heads.begin(), heads.end());
        if (*newest == 0) return {};
        auto change = reader_.change(*newest);
        if (!change) return std::unexpected(change.error());
        const auto wallet = wallet_in(*change);
        if (!wallet || !change->transaction)
            return fail(ErrorCode::corrupt, "a trail leads to no movement");
        *newest = wallet->trail[1];
        if (ask.from != 0 && change->time < ask.from) return {};
        if (ask.before != 0 && change->sequence >= ask.before) continue;
        if (!matches(*change->transaction, ask)) continue;
        auto movement = this->movement(*change);
        if (!movement) return std::unexpected(movement.error());
        if (!add_to_page(ask, to_skip, std::move(*movement), outcome)) return {};
    }
    return {};
}

Result<void> Historian::scan(const Subject& subject, const ListMovements& ask,
                             Outcome& outcome) const {
    Sequence first = ask.before == 0 ? reader_.end().sequence : ask.before - 1;
    if (ask.to != 0) {
        auto after = first_after(ask.to);
        if (!after) return std::unexpected(after.error());
        first = std::min(first, *after - 1);
    }
    if (first == 0) return {};
    std::uint64_t to_skip = ask.skip;
    std::vector<Change> found;
    TRY(reader_.downward(first, [&](const Change& change) {
        if (ask.from != 0 && change.time < ask.from) return false;
        if (!change.transaction || change.transaction->tenant != subject.tenant) return true;
        if (subject.player && change.transaction->player != subject.player->id) return true;
        if (!matches(*change.transaction, ask)) return true;
        if (to_skip > 0) {
            --to_skip;
            return true;
        }
        if (found.size() == ask.limit) {
            outcome.next = found.back().sequence;
            return false;
        }
        found.push_back(change);
        return true;
    }));
    for (const Change& change : found) {
        auto movement = this->movement(change);
        if (!movement) return std::unexpected(movement.error());
        outcome.movements.push_back(std::move(*movement));
    }
    return {};
}

// By external id and player: the keys that this id could have, instead of a walk.
Result<void> Historian::look_up(const Subject& subject, const ListMovements& ask,
                                const Directory& directory, Outcome& outcome) const {
    std::vector<Sequence> sequences;
    const auto look = [&](IntegrationId integration, KeyGroup group,
                          std::string_view id) -> Result<void> {
        auto key = find<Key>(reader_.keys().key(
            KeyName{subject.tenant, integration, subject.player->id, group, id}));
        if (!key) return std::unexpected(key.error());
        if (*key) sequences.push_back((*key)->original);
        return {};
    };
    std::vector<IntegrationId> integrations{0};
    for (const Integration* integration : directory.integrations(subject.tenant)) {
        integrations.push_back(integration->id);
    }
    for (const IntegrationId id : integrations) {
        if (ask.only_integration != 0 && id != ask.only_integration) continue;
        std::vector<std::string> names{ask.external_id};
        if (const Integration* integration = directory.integration(id)) {
            for (const Alias& alias : subject.player->aliases) {
                if (alias.integration != id) continue;
                for (const std::uint64_t provider : integration->settings.provider_ids) {
                    names.push_back(std::to_string(provider) + ":" + std::to_string(alias.site) +
                                    ":" + ask.external_id);
                }
            }
        }
        for (unsigned group = static_cast<unsigned>(KeyGroup::integrator_debit);
             group <= static_cast<unsigned>(KeyGroup::native_reversal); ++group) {
            for (const std::string& name : names) TRY(look(id, static_cast<KeyGroup>(group), name));
        }
    }
    std::sort(sequences.begin(), sequences.end(), std::greater<>());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    std::uint64_t to_skip = ask.skip;
    for (const Sequence sequence : sequences) {
        if (ask.before != 0 && sequence >= ask.before) continue;
        auto change = reader_.change(sequence);
        if (!change) return std::unexpected(change.error());
        if (!change->transaction || !matches(*change->transaction, ask)) continue;
        auto movement = this->movement(*change);
        if (!movement) return std::unexpected(movement.error());
        if (!add_to_page(ask, to_skip, std::move(*movement), outcome)) break;
    }
    return {};
}

// A list of many players says who they are, so that each can be called by its integration's alias.
Result<void> Historian::add_players(TenantId tenant, Outcome& outcome) const {
    std::unordered_set<std::string_view> seen;
    for (const Movement& movement : outcome.movements) {
        if (!seen.insert(movement.transaction->player).second) continue;
        auto player = find<Player>(reader_.keys().player(tenant, movement.transaction->player));
        if (!player) return std::unexpected(player.error());
        if (*player) outcome.records.emplace_back(std::move(*player));
    }
    return {};
}

Outcome Historian::answer(const ListMovements& ask, const Directory& directory, Time now) const {
    auto subject = this->subject(ask.caller, directory, now);
    if (!subject) return failed(subject.error());
    Outcome outcome;
    outcome.tenant = subject->tenant;
    outcome.integration = subject->integration;
    outcome.player = subject->player;
    outcome.session = subject->session;
    if (subject->decline != Decline::none) {
        outcome.decline = subject->decline;
        return outcome;
    }
    if (ask.currency && *ask.currency == 0) {
        outcome.decline = Decline::currency_wrong;
        return outcome;
    }
    // A bearer whose credential is its integration's sees what that integration moved.
    ListMovements question = ask;
    if (ask.every_player && ask.only_integration == 0)
        question.only_integration = subject->integration;
    Result<void> done;
    if (!subject->player) {
        done = scan(*subject, question, outcome);
        if (done) done = add_players(subject->tenant, outcome);
    } else if (!ask.external_id.empty()) {
        done = look_up(*subject, question, directory, outcome);
    } else if (ask.refusals || ask.tombstones) {
        done = scan(*subject, question, outcome);
    } else {
        std::vector<Ptr<Wallet>> wallets;
        for (const Currency* currency : directory.currencies(subject->tenant)) {
            if (question.currency && *question.currency != currency->id) continue;
            auto wallet = find<Wallet>(
                reader_.keys().wallet(subject->tenant, subject->player->id, currency->id));
            if (!wallet) return failed(wallet.error());
            if (*wallet) wallets.push_back(std::move(*wallet));
        }
        if (question.currency && !wallets.empty()) {
            outcome.wallet = wallets.front();
            outcome.total = outcome.wallet->movements;
            done = walk(*outcome.wallet, question, outcome);
        } else {
            done = merge(wallets, question, outcome);
        }
    }
    return done ? outcome : failed(done.error());
}

}  // namespace coffer
