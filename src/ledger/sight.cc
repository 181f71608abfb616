#include "ledger/sight.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ledger/enroll.h"
#include "ledger/rules.h"

namespace coffer {

namespace {

template <class T>
concept HasCaller = requires(T intent) { intent.caller; };

struct NameSubject {
    Sight& sight;
    const KeyMaker& keys;
    const Directory& directory;
    TenantId tenant;
    std::string_view player;

    void money(const Caller& caller, CurrencyId currency) {
        static_cast<void>(caller);
        if (currency == 0) return;
        sight.wallet.name =
            keys.wallet(tenant, player, currency, std::move(sight.wallet.name.text));
    }

    // One of another player is as good as none.
    void promotion(const std::string& id) {
        sight.promotion.name = keys.kept_for(keys.promotion(tenant, id), tenant, player);
    }

    void operator()(const Move& move) {
        money(move.caller, move.currency);
        const IntegrationId integration = move.caller.integration;
        if (move.group != KeyGroup::self && !move.external_id.empty()) {
            sight.key.name =
                keys.key(KeyName{tenant, integration, player, move.group, move.external_id},
                         std::move(sight.key.name.text));
        }
        if (move.kind == TransactionKind::reversal) return reversal(move);
        if (move.kind == TransactionKind::withdraw && directory.policy(move.currency) != nullptr) {
            sight.player_day.name = keys.withdrawal_day(tenant, player, move.currency);
            sight.tenant_day.name = keys.withdrawal_day(tenant, {}, move.currency);
        }
        if (!move.reference.empty() && move.kind == TransactionKind::rollback) {
            sight.reference.name = keys.key(
                KeyName{tenant, integration, player, move.reference_group, move.reference});
        }
        if (!move.round.empty()) {
            sight.round.name =
                keys.round(RoundName{tenant, integration, move.provider, player, move.round},
                           std::move(sight.round.name.text));
        }
        if (!move.promotion.empty()) promotion(move.promotion);
    }
    void reversal(const Move& move) {
        if (!move.original) return;
        const Transaction& original = *move.original;
        sight.reference.name = keys.of(original);
        if (!original.round.empty()) {
            sight.round.name = keys.round(RoundName{tenant, original.integration, original.provider,
                                                    original.player, original.round});
        }
    }
    void operator()(const AskBalance& ask) {
        money(ask.caller, ask.currency);
        if (!ask.promotion.empty()) promotion(ask.promotion);
        if (!ask.every_currency || sight.integration == nullptr) return;
        for (const CurrencyId currency : sight.integration->currencies) {
            sight.extra.push_back({keys.wallet(tenant, player, currency)});
        }
    }
    void operator()(const AskStatus& ask) {
        money(ask.caller, ask.currency);
        const IntegrationId integration = ask.caller.integration;
        sight.key.name = keys.key(KeyName{tenant, integration, player, ask.group, ask.external_id});
        if (ask.group != KeyGroup::integrator_rollback) return;
        sight.reference.name = keys.key(
            KeyName{tenant, integration, player, KeyGroup::integrator_debit, ask.external_id});
    }
    void operator()(const ActivateToken& intent) { money(intent.caller, intent.currency); }
    template <class Other>
    void operator()(const Other&) {}
};

}  // namespace

Caller* caller_of(Intent& intent) {
    return std::visit(
        [](auto& one) -> Caller* {
            if constexpr (HasCaller<std::decay_t<decltype(one)>>) {
                return &one.caller;
            } else {
                return nullptr;
            }
        },
        intent);
}

namespace {

bool is_of_no_player(SessionKind kind) { return kind == SessionKind::operator_token; }

bool is_homeless(const RecordKey& key) {
    return key.kind == RecordKind::session || key.kind == RecordKind::promotion;
}

// The key of a session or a promotion where it is kept: in the lane's own shard, or, in the first,
// where its locator says.
RecordKey placed(RecordKey key, const Naming& naming) {
    if (naming.keys.shards() == 1 || !is_homeless(key)) return key;
    if (naming.shard != 0) {
        key.shard = naming.shard;
        return key;
    }
    const Record* const known = naming.working_set.peek(naming.keys.locator(key));
    const auto* const locator = known == nullptr ? nullptr : std::get_if<Ptr<Locator>>(known);
    if (locator == nullptr) return key;
    return naming.keys.kept_for(std::move(key), (*locator)->tenant, (*locator)->player);
}

RecordKey session_of(const Caller& caller, const Naming& naming, std::string memory) {
    RecordKey key = naming.keys.session(caller.session_kind, *caller.session, std::move(memory));
    return is_of_no_player(caller.session_kind) ? key : placed(std::move(key), naming);
}

}  // namespace

void name_locators(Job& job, const Naming& naming) {
    Sight& sight = job.sight;
    sight.clear();
    const Caller* const caller = caller_of(job.intent);
    const auto want = [&](const RecordKey& key) {
        if (!is_homeless(key)) return;
        Seen seen{naming.keys.locator(key)};
        naming.working_set.want(seen);
    };
    if (caller != nullptr && caller->session && !is_of_no_player(caller->session_kind))
        want(naming.keys.session(caller->session_kind, *caller->session));
    for (const RecordKey& key : wants(job.intent, naming.keys, naming.directory)) want(key);
}

void name_caller(Job& job, const Naming& naming) {
    Sight& sight = job.sight;
    sight.clear();
    Caller* caller = sight.caller = caller_of(job.intent);
    if (caller == nullptr) return;
    if (caller->session) {
        sight.session.name = session_of(*caller, naming, std::move(sight.session.name.text));
        naming.working_set.want(sight.session);
    }
    if (caller->integration == 0) return;
    sight.integration = naming.directory.integration(caller->integration);
    if (caller->player.id.empty() || !job.known_player.empty()) return;
    sight.alias.name = naming.keys.alias(caller->tenant, caller->integration, caller->player.site,
                                         caller->player.id, std::move(sight.alias.name.text));
    naming.working_set.want(sight.alias);
}

void name_bearer(Job& job, const Naming& naming) {
    Caller* caller = job.sight.caller;
    if (caller == nullptr || caller->tenant != 0 || !caller->session) return;
    const auto session = naming.working_set.get<Session>(job.sight.session);
    if (!session || session->kind != caller->session_kind) return;
    caller->tenant = session->tenant;
    caller->integration = session->integration;
    job.sight.integration = naming.directory.integration(session->integration);
    if (caller->player.id.empty()) return;
    RecordKey alias = naming.keys.alias(caller->tenant, caller->integration, caller->player.site,
                                        caller->player.id);
    if (naming.shard != 0 && alias.shard != naming.shard) {
        job.sight.elsewhere = true;
        return;
    }
    job.sight.alias.name = std::move(alias);
    naming.working_set.want(job.sight.alias);
}

namespace {

// Of a record that the working set holds, of the intent, or of the job; empty: nobody.
std::string_view player_of(Job& job, const Naming& naming) {
    Sight& sight = job.sight;
    const Caller& caller = *sight.caller;
    if (caller.player.id.empty()) {
        const Session* session = naming.working_set.find<Session>(sight.session);
        return session != nullptr ? std::string_view(session->player) : std::string_view();
    }
    if (!job.known_player.empty()) {
        sight.resolved_by_alias = true;
        return job.known_player;
    }
    if (const Alias* alias = naming.working_set.find<Alias>(sight.alias)) {
        sight.resolved_by_alias = true;
        return alias->player;
    }
    if (rules_of(sight.integration).explicit_alias_only) return {};
    return caller.player.id;
}

void name_player(Job& job, const Naming& naming) {
    Sight& sight = job.sight;
    const Caller& caller = *sight.caller;
    const std::string_view player = player_of(job, naming);
    const bool is_somebody = !player.empty() && caller.tenant != 0;
    if (is_somebody) {
        sight.player.name =
            naming.keys.player(caller.tenant, player, std::move(sight.player.name.text));
    }
    if (naming.shard != 0 && (!is_somebody || sight.player.name.shard != naming.shard)) {
        sight.player.name.kind = RecordKind::none;
        sight.elsewhere = true;
        return;
    }
    if (!is_somebody) return;
    std::visit(NameSubject{sight, naming.keys, naming.directory, caller.tenant, player},
               job.intent);
}

}  // namespace

void name_subject(Job& job, const Naming& naming) {
    Sight& sight = job.sight;
    if (sight.elsewhere) return;
    const KeyMaker& keys = naming.keys;
    for (RecordKey& name : wants(job.intent, keys, naming.directory))
        sight.extra.push_back({placed(std::move(name), naming)});
    if (std::holds_alternative<RenewUser>(job.intent)) {
        // A refresh token is spent together with the session that it was given with.
        const Session* refresh = naming.working_set.find<Session>(sight.session);
        if (refresh != nullptr) {
            RecordKey key = keys.session(SessionKind::kgen_session, refresh->parent);
            sight.extra.push_back(
                {keys.kept_for(std::move(key), refresh->tenant, refresh->player)});
        }
    }
    if (sight.caller != nullptr) name_player(job, naming);
    if (sight.elsewhere) return;
    for (Seen* seen : {&sight.player, &sight.wallet, &sight.key, &sight.reference, &sight.round,
                       &sight.promotion, &sight.player_day, &sight.tenant_day}) {
        naming.working_set.want(*seen);
    }
    for (Seen& seen : sight.extra) naming.working_set.want(seen);
}

void name_spent(Job& job, const Naming& naming) {
    if (job.sight.elsewhere || job.sight.reference.name.kind == RecordKind::none) return;
    const auto reference = naming.working_set.get<Key>(job.sight.reference);
    if (!reference || !reference->transaction || reference->transaction->promotion.empty()) return;
    const Transaction& wager = *reference->transaction;
    job.sight.spent.name = naming.keys.kept_for(
        naming.keys.promotion(wager.tenant, wager.promotion), wager.tenant, wager.player);
    naming.working_set.want(job.sight.spent);
}

void leave_unfound(Job& job, const Naming& naming) {
    Sight& sight = job.sight;
    if (naming.shard == 0 || sight.elsewhere) return;
    const auto is_absent = [&](const Seen& seen) {
        return is_homeless(seen.name) && naming.working_set.find<Session>(seen) == nullptr;
    };
    sight.elsewhere = is_absent(sight.session) || std::ranges::any_of(sight.extra, is_absent);
}

namespace {

struct HomeOfIntent {
    const KeyMaker& keys;

    template <class Owned>
    Shard of(const Owned& owned) const {
        return owned == nullptr ? Shard{0} : keys.home(owned->tenant, owned->player);
    }
    Shard operator()(const RecordDeposit& intent) const { return of(intent.owner); }
    Shard operator()(const AdvanceWithdrawal& intent) const { return of(intent.withdrawal); }
    Shard operator()(const JudgeWithdrawal& intent) const { return of(intent.withdrawal); }
    Shard operator()(const CloseRound& intent) const { return of(intent.round); }
    template <class Other>
    Shard operator()(const Other&) const {
        return 0;
    }
};

}  // namespace

Shard home_of(const Job& job, const KeyMaker& keys) {
    if (keys.shards() == 1) return 0;
    if (job.sight.player.name.kind != RecordKind::none) return job.sight.player.name.shard;
    return std::visit(HomeOfIntent{keys}, job.intent);
}

bool names_hold(const Job& job, const WorkingSet& working_set) {
    const Sight& sight = job.sight;
    const auto appeared = [&working_set](const Seen& seen) {
        return !std::holds_alternative<std::monostate>(working_set.get(seen));
    };
    if (!sight.resolved_by_alias && appeared(sight.alias)) return false;
    const Key* reference = working_set.find<Key>(sight.reference);
    return reference == nullptr || !reference->transaction ||
           reference->transaction->promotion.empty() || sight.spent.name.kind != RecordKind::none;
}

View view_of(const Job& job, const WorkingSet& working_set, const Directory& directory) {
    const Sight& sight = job.sight;
    View view;
    view.directory = &directory;
    view.integration = sight.integration;
    view.player = working_set.get<Player>(sight.player);
    const Caller* caller = sight.caller;
    view.session = working_set.get<Session>(sight.session);
    if (view.session && caller != nullptr &&
        (view.session->kind != caller->session_kind || view.session->tenant != caller->tenant ||
         view.session->integration != caller->integration)) {
        view.session = nullptr;
    }
    if (view.player && caller != nullptr && caller->integration != 0 && !sight.resolved_by_alias &&
        !caller->player.id.empty()) {
        // A player with an alias in this integration is known by that alone.
        for (const Alias& alias : view.player->aliases) {
            if (alias.integration == caller->integration) {
                view.player = nullptr;
                break;
            }
        }
    }
    view.wallet = working_set.get<Wallet>(sight.wallet);
    view.key = working_set.get<Key>(sight.key);
    view.reference = working_set.get<Key>(sight.reference);
    view.round = working_set.get<Round>(sight.round);
    view.promotion = working_set.get<Promotion>(sight.promotion);
    view.spent = working_set.get<Promotion>(sight.spent);
    view.player_day = working_set.get<WithdrawalDay>(sight.player_day);
    view.tenant_day = working_set.get<WithdrawalDay>(sight.tenant_day);
    return view;
}

}  // namespace coffer
