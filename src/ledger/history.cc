#include "ledger/history.h"

#include <algorithm>
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

// Whether that record is what became of the id: the transaction's own, or one that led nowhere but
// to it, as that of a rollback which found no wager.
bool bears_id(const Change& change, std::string_view id) {
    if (same_id(change.transaction->external_id, id)) return true;
    return std::ranges::any_of(change.puts, [&](const Record& record) {
        const auto* key = std::get_if<Ptr<Key>>(&record);
        return key != nullptr && (*key)->original == change.sequence &&
               same_id((*key)->external_id, id);
    });
}

bool matches(const Change& change, const ListMovements& ask) {
    const Transaction& transaction = *change.transaction;
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
    if (!ask.external_id.empty() && !bears_id(change, ask.external_id)) return false;
    if (ask.kind && transaction.kind != *ask.kind) return false;
    if (ask.from != 0 && transaction.time < ask.from) return false;
    if (ask.to != 0 && transaction.time > ask.to) return false;
    return true;
}

}  // namespace

Outcome declined(Decline decline) {
    Outcome outcome;
    outcome.decline = decline;
    return outcome;
}

Outcome failed(const Error& error) {
    Outcome outcome;
    outcome.fault = error.code == ErrorCode::unavailable ? Fault::not_now : Fault::internal;
    return outcome;
}

// All that is looked up for a page is looked up together.
Result<std::vector<Movement>> Historian::movements(std::span<const Change> changes) const {
    std::vector<Movement> all(changes.size());
    std::vector<RecordKey> ids, holds, chains;
    for (const Change& change : changes) {
        const Transaction& transaction = *change.transaction;
        ids.push_back(reader_.keys().of(transaction));
        if (transaction.kind == TransactionKind::withdraw) {
            holds.push_back(reader_.keys().withdrawal(transaction.sequence));
            chains.push_back(reader_.keys().settlement(transaction.sequence));
        }
    }
    const auto keys = find_all<Key>(ids);
    if (!keys) return std::unexpected(keys.error());
    auto withdrawals = find_all<Withdrawal>(holds);
    if (!withdrawals) return std::unexpected(withdrawals.error());
    auto settlements = find_all<Settlement>(chains);
    if (!settlements) return std::unexpected(settlements.error());
    auto withdrawal = withdrawals->begin();
    auto settlement = settlements->begin();
    std::vector<Sequence> others;  // whose times are shown
    for (std::size_t at = 0; at < changes.size(); ++at) {
        const Transaction& transaction = *changes[at].transaction;
        Movement& movement = all[at];
        movement.transaction = changes[at].transaction;
        if (transaction.status == TransactionStatus::applied)
            movement.wallet = wallet_in(changes[at]);
        for (const Record& put : changes[at].puts) {
            if (const auto* one = std::get_if<Ptr<ChainDeposit>>(&put)) movement.deposit = *one;
        }
        movement.state = static_cast<KeyState>(transaction.status);
        const Key* key = (*keys)[at].get();
        if (key != nullptr && key->original == transaction.sequence) {
            movement.state = key->state;
            movement.rollback = key->rollback;
        }
        for (const Sequence other : {movement.rollback, transaction.reverses}) {
            if (other != 0) others.push_back(other);
        }
        if (transaction.kind == TransactionKind::withdraw) {
            movement.withdrawal = std::move(*withdrawal++);
            movement.settlement = std::move(*settlement++);
        }
    }
    const auto read = reader_.changes_at(others);
    if (!read) return std::unexpected(read.error());
    auto other = read->begin();
    for (Movement& movement : all) {
        if (movement.rollback != 0) movement.rollback_time = (other++)->time;
        if (movement.transaction->reverses != 0) movement.reversed_time = (other++)->time;
    }
    return all;
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
        auto alias =
            find<Alias>(keys.alias(subject.tenant, subject.integration, caller.player.site, name));
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

// By external id and player: the keys that this id could have, instead of a walk.
Result<void> Historian::look_up(const Subject& subject, const ListMovements& ask,
                                const Directory& directory, Page& page) const {
    std::vector<RecordKey> ids;
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
            for (const std::string& name : names) {
                ids.push_back(reader_.keys().key(KeyName{subject.tenant, id, subject.player->id,
                                                         static_cast<KeyGroup>(group), name}));
            }
        }
    }
    const auto keys = find_all<Key>(ids);
    if (!keys) return std::unexpected(keys.error());
    std::vector<Sequence> sequences;
    for (const Ptr<Key>& key : *keys) {
        if (key && (ask.before == 0 || key->original < ask.before))
            sequences.push_back(key->original);
    }
    std::sort(sequences.begin(), sequences.end(), std::greater<>());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    // Found by their ids, in whichever way the id leads to them.
    ListMovements others = ask;
    others.external_id.clear();
    const auto changes = reader_.changes_at(sequences);
    if (!changes) return std::unexpected(changes.error());
    for (const Change& change : *changes) {
        if (!page.look(change, change.transaction && matches(change, others))) break;
    }
    return {};
}

// One player's: along the trails of his wallets.
Result<void> Historian::walk(const std::vector<Ptr<Wallet>>& wallets, const ListMovements& ask,
                             Sequence before, Page& page) const {
    std::vector<TrailOf> trails{&Wallet::applied};
    if (ask.refusals || ask.tombstones) trails.push_back(&Wallet::unapplied);
    TrailWalk trail_walk(reader_);
    for (const Ptr<Wallet>& wallet : wallets) {
        for (const TrailOf which : trails) {
            auto at = ask.skip != 0 ? newest_but(*wallet, which, ask.skip)
                                    : newest_below(*wallet, which, before);
            if (!at) return std::unexpected(at.error());
            trail_walk.add(which, *at);
        }
    }
    return along_trails(std::move(trail_walk), [&](const Change& change) -> Result<bool> {
        if (ask.from != 0 && change.time < ask.from) return false;
        return page.look(change, matches(change, ask));
    });
}

// Everybody's: down the journal.
Result<void> Historian::scan(TenantId tenant, const ListMovements& ask, Sequence before,
                             Page& page) const {
    return down_the_journal(before, [&](const Change& change) -> Result<bool> {
        if (ask.from != 0 && change.time < ask.from) return false;
        return page.look(change, change.transaction && change.transaction->tenant == tenant &&
                                     matches(change, ask));
    });
}

// A list of many players says who they are, so that each can be called by its integration's alias.
Result<void> Historian::add_players(TenantId tenant, Outcome& outcome) const {
    std::unordered_set<std::string_view> seen;
    std::vector<RecordKey> names;
    for (const Movement& movement : outcome.movements) {
        if (!seen.insert(movement.transaction->player).second) continue;
        names.push_back(reader_.keys().player(tenant, movement.transaction->player));
    }
    auto players = find_all<Player>(names);
    if (!players) return std::unexpected(players.error());
    for (Ptr<Player>& player : *players) {
        if (player) outcome.records.emplace_back(std::move(player));
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
    Page page{.limit = ask.limit, .steps_left = steps_max_};
    if (const auto done = fill(*subject, question, directory, page, outcome); !done) {
        return failed(done.error());
    }
    auto movements = this->movements(page.found);
    if (!movements) return failed(movements.error());
    outcome.movements = std::move(*movements);
    outcome.next = page.next;
    if (!subject->player) {
        if (const auto done = add_players(subject->tenant, outcome); !done) {
            return failed(done.error());
        }
    }
    return outcome;
}

Result<void> Historian::fill(const Subject& subject, const ListMovements& ask,
                             const Directory& directory, Page& page, Outcome& outcome) const {
    if (subject.player && !ask.external_id.empty()) return look_up(subject, ask, directory, page);
    Sequence before = ask.before;
    if (ask.to != 0 && before == 0) {
        const auto after =
            subject.player ? first_after(ask.to, home_of(*subject.player)) : first_after(ask.to);
        if (!after) return std::unexpected(after.error());
        before = *after;
    }
    if (!subject.player) return scan(subject.tenant, ask, before, page);
    auto wallets = this->wallets(subject.tenant, subject.player->id, directory);
    if (!wallets) return std::unexpected(wallets.error());
    if (ask.currency) {
        std::erase_if(*wallets, [&](const auto& one) { return one->currency != *ask.currency; });
        if (!wallets->empty()) {
            outcome.wallet = wallets->front();
            outcome.total = outcome.wallet->applied.length;
        }
    }
    return walk(*wallets, ask, before, page);
}

}  // namespace coffer
