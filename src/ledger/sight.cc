#include "ledger/sight.h"

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
        if (!move.promotion.empty()) sight.promotion.name = keys.promotion(tenant, move.promotion);
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
        if (!ask.promotion.empty()) sight.promotion.name = keys.promotion(tenant, ask.promotion);
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

void name_caller(Job& job, WorkingSet& working_set, const KeyMaker& keys,
                 const Directory& directory) {
    Sight& sight = job.sight;
    sight.clear();
    Caller* caller = sight.caller = caller_of(job.intent);
    if (caller == nullptr) return;
    if (caller->session) {
        sight.session.name = keys.session(caller->session_kind, *caller->session,
                                          std::move(sight.session.name.text));
        working_set.want(sight.session);
    }
    if (caller->integration == 0) return;
    sight.integration = directory.integration(caller->integration);
    if (caller->player.id.empty()) return;
    sight.alias.name = keys.alias(caller->integration, caller->player.site, caller->player.id,
                                  std::move(sight.alias.name.text));
    working_set.want(sight.alias);
}

void name_bearer(Job& job, WorkingSet& working_set, const KeyMaker& keys,
                 const Directory& directory) {
    Caller* caller = job.sight.caller;
    if (caller == nullptr || caller->tenant != 0 || !caller->session) return;
    const auto session = working_set.get<Session>(job.sight.session);
    if (!session || session->kind != caller->session_kind) return;
    caller->tenant = session->tenant;
    caller->integration = session->integration;
    job.sight.integration = directory.integration(session->integration);
    if (caller->player.id.empty()) return;
    job.sight.alias.name = keys.alias(caller->integration, caller->player.site, caller->player.id);
    working_set.want(job.sight.alias);
}

void name_subject(Job& job, WorkingSet& working_set, const KeyMaker& keys,
                  const Directory& directory) {
    Sight& sight = job.sight;
    for (RecordKey& name : wants(job.intent, keys, directory))
        sight.extra.push_back({std::move(name)});
    if (std::holds_alternative<RenewUser>(job.intent)) {
        // A refresh token is spent together with the session that it was given with.
        const Session* refresh = working_set.find<Session>(sight.session);
        if (refresh != nullptr)
            sight.extra.push_back({keys.session(SessionKind::kgen_session, refresh->parent)});
    }
    if (sight.caller != nullptr) {
        const Caller& caller = *sight.caller;
        std::string_view player;  // of a record that the working set holds, or of the intent
        if (caller.player.id.empty()) {
            const Session* session = working_set.find<Session>(sight.session);
            if (session != nullptr) player = session->player;
        } else if (const Alias* alias = working_set.find<Alias>(sight.alias)) {
            player = alias->player;
            sight.resolved_by_alias = true;
        } else if (!rules_of(sight.integration).explicit_alias_only) {
            player = caller.player.id;
        }
        if (!player.empty() && caller.tenant != 0) {
            sight.player.name =
                keys.player(caller.tenant, player, std::move(sight.player.name.text));
            std::visit(NameSubject{sight, keys, directory, caller.tenant, player}, job.intent);
        }
    }
    for (Seen* seen : {&sight.player, &sight.wallet, &sight.key, &sight.reference, &sight.round,
                       &sight.promotion, &sight.player_day, &sight.tenant_day}) {
        working_set.want(*seen);
    }
    for (Seen& seen : sight.extra) working_set.want(seen);
}

void name_spent(Job& job, WorkingSet& working_set, const KeyMaker& keys) {
    if (job.sight.reference.name.kind == RecordKind::none) return;
    const auto reference = working_set.get<Key>(job.sight.reference);
    if (!reference || !reference->transaction || reference->transaction->promotion.empty()) return;
    job.sight.spent.name =
        keys.promotion(reference->transaction->tenant, reference->transaction->promotion);
    working_set.want(job.sight.spent);
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
