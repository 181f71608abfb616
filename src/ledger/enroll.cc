// Tenants, currencies, integrations, credentials, players, promotions, rounds closed by hand.

#include "ledger/enroll.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/rules.h"
#include "ledger/settings_change.h"

namespace coffer {

namespace {

// The record is made to last and is what the answer shows.
template <class T>
void put(Decision& decision, T value) {
    Ptr<T> shared = std::make_shared<const T>(std::move(value));
    decision.outcome.records.emplace_back(shared);
    decision.puts.emplace_back(std::move(shared));
}

template <class T>
Decision show(const Ptr<T>& known) {
    Decision decision;
    decision.outcome.records.emplace_back(known);
    return decision;
}

// The ids of these codes; empty when one is not a currency of the tenant.
std::vector<CurrencyId> currency_ids(const Directory& directory, TenantId tenant,
                                     const std::vector<std::string>& codes) {
    std::vector<CurrencyId> ids;
    for (const std::string& code : codes) {
        const Currency* currency = directory.currency(tenant, code);
        if (currency == nullptr) return {};
        if (std::find(ids.begin(), ids.end(), currency->id) == ids.end())
            ids.push_back(currency->id);
    }
    return ids;
}

bool same_aliases(const Player& left, const Player& right) {
    return std::equal(left.aliases.begin(), left.aliases.end(), right.aliases.begin(),
                      right.aliases.end(), [](const Alias& one, const Alias& other) {
                          return one.integration == other.integration && one.site == other.site &&
                                 one.external_id == other.external_id;
                      });
}

}  // namespace

Decision no(Decline decline) {
    Decision decision;
    decision.outcome.decline = decline;
    return decision;
}

std::string folded(std::string_view name) {
    std::string text(name);
    for (char& letter : text) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return text;
}

Decision enroll(const View& view, const CreateTenant& intent, Extra) {
    Tenant tenant;
    tenant.id = view.directory->last_tenant() + 1;
    tenant.uid = intent.uid;
    tenant.name = intent.name;
    tenant.created = view.now;
    Decision decision;
    decision.outcome.created = true;
    put(decision, std::move(tenant));
    return decision;
}

Decision enroll(const View& view, const CreateCurrency& intent, Extra) {
    if (view.directory->tenant(intent.tenant) == nullptr) return no(Decline::not_found);
    if (view.directory->currency(intent.tenant, intent.code) != nullptr) return no(Decline::exists);
    Currency currency;
    currency.id = view.directory->last_currency() + 1;
    currency.tenant = intent.tenant;
    currency.code = intent.code;
    currency.name = intent.name;
    currency.scale = intent.scale;
    currency.chain_scale = intent.chain_scale;
    currency.created = view.now;
    Decision decision;
    decision.outcome.created = true;
    put(decision, std::move(currency));
    return decision;
}

Decision enroll(const View& view, const CreateIntegration& intent, Extra) {
    if (view.directory->tenant(intent.tenant) == nullptr) return no(Decline::not_found);
    if (view.directory->integration(intent.tenant, intent.name) != nullptr)
        return no(Decline::exists);
    Integration integration;
    integration.currencies = currency_ids(*view.directory, intent.tenant, intent.currencies);
    if (integration.currencies.empty()) return no(Decline::currency_wrong);
    integration.id = view.directory->last_integration() + 1;
    integration.tenant = intent.tenant;
    integration.uid = intent.uid;
    integration.dialect = intent.dialect;
    integration.name = intent.name;
    integration.settings = intent.settings;
    integration.created = view.now;
    Decision decision;
    decision.outcome.created = true;
    put(decision, std::move(integration));
    return decision;
}

Decision enroll(const View& view, const PatchIntegration& intent, Extra) {
    const Integration* known = view.directory->integration(intent.integration);
    if (known == nullptr || known->tenant != intent.tenant) return no(Decline::not_found);
    Integration integration = *known;
    if (intent.name && *intent.name != known->name) {
        if (view.directory->integration(intent.tenant, *intent.name) != nullptr) {
            return no(Decline::exists);
        }
        integration.name = *intent.name;
    }
    if (intent.currencies) {
        integration.currencies = currency_ids(*view.directory, intent.tenant, *intent.currencies);
        if (integration.currencies.empty()) return no(Decline::currency_wrong);
    }
    if (intent.settings) {
        integration.settings =
            changed_settings(known->settings, intent.settings_before, *intent.settings);
    }
    Decision decision;
    put(decision, std::move(integration));
    return decision;
}

Decision enroll(const View& view, const CreateCredential& intent, Extra) {
    const Credential& wanted = intent.credential;
    if (wanted.tenant != 0 && view.directory->tenant(wanted.tenant) == nullptr) {
        return no(Decline::not_found);
    }
    DialectId dialect = DialectId::native;
    if (wanted.integration != 0) {
        const Integration* owner = view.directory->integration(wanted.integration);
        if (owner == nullptr || owner->tenant != wanted.tenant) return no(Decline::not_found);
        dialect = owner->dialect;
        // Two live ones of a kind are what a rotation without downtime needs; more are forgotten
        // keys.
        std::size_t live = 0;
        for (const Credential* other :
             view.directory->credentials(wanted.tenant, wanted.integration)) {
            if (other->kind == wanted.kind && is_live(*other, view.now)) ++live;
        }
        if (live >= 2) return no(Decline::limit_reached);
    }
    const bool by_secret =
        wanted.kind != CredentialKind::signing_key && wanted.kind != CredentialKind::basic;
    if (by_secret &&
        view.directory->by_secret(wanted.kind, dialect, wanted.digest, view.now) != nullptr) {
        return no(Decline::exists);
    }
    Credential credential = wanted;
    credential.created = view.now;
    Decision decision;
    decision.outcome.created = true;
    put(decision, std::move(credential));
    return decision;
}

Decision enroll(const View& view, const RevokeCredential& intent, Extra) {
    const Credential* known = view.directory->credential(intent.uid);
    if (known == nullptr || known->tenant != intent.tenant ||
        known->integration != intent.integration) {
        return no(Decline::not_found);
    }
    Decision decision;
    if (known->revoked != 0) return decision;
    Credential credential = *known;
    credential.revoked = view.now;
    put(decision, std::move(credential));
    return decision;
}

Decision enroll(const View& view, const TouchCredential& intent, Extra) {
    const Credential* known = view.directory->credential(intent.uid);
    if (known == nullptr) return no(Decline::not_found);
    Decision decision;
    if (view.now - known->last_used < hour_us / 2) return decision;
    Credential credential = *known;
    credential.last_used = view.now;
    put(decision, std::move(credential));
    return decision;
}

namespace {

// Where a player goes by the native id unless there is an alias.
bool takes_native_ids(const Integration& integration) {
    return !rules_of(&integration).explicit_alias_only;
}

// In an integration a name is one player's, be it an alias or a native id.
bool is_name_taken(const View& view, const Player& wanted, Extra extra) {
    const std::size_t count = wanted.aliases.size();
    for (std::size_t at = 0; at < count; ++at) {
        if (as<Alias>(extra, 1 + at)) return true;
        const IntegrationId integration = wanted.aliases[at].integration;
        const auto namesake = as<Player>(extra, 1 + count + at);
        if (namesake && takes_native_ids(*view.directory->integration(integration)) &&
            !has_alias(*namesake, integration)) {
            return true;
        }
    }
    for (std::size_t at = 1 + 2 * count; at < extra.size(); ++at) {
        if (as<Alias>(extra, at)) return true;
    }
    return false;
}

}  // namespace

Decision enroll(const View& view, const CreatePlayer& intent, Extra extra) {
    const Player& wanted = intent.player;
    for (const Alias& alias : wanted.aliases) {
        const Integration* integration = view.directory->integration(alias.integration);
        if (integration == nullptr || integration->tenant != wanted.tenant) {
            return no(Decline::not_found);
        }
    }
    if (const auto known = as<Player>(extra, 0)) {
        const bool same = same_aliases(*known, wanted) &&
                          known->payout_address == wanted.payout_address &&
                          known->wallet_address == wanted.wallet_address;
        return same ? show(known) : no(Decline::exists);
    }
    if (is_name_taken(view, wanted, extra)) return no(Decline::exists);
    Decision decision;
    decision.outcome.created = true;
    Player player = wanted;
    player.created = view.now;
    for (Alias& alias : player.aliases) {
        alias.tenant = player.tenant;
        alias.player = player.id;
    }
    for (const Alias& alias : player.aliases) {
        decision.puts.emplace_back(std::make_shared<const Alias>(alias));
    }
    put(decision, std::move(player));
    return decision;
}

Decision enroll(const View&, const ChangePlayer& intent, Extra extra) {
    const auto known = as<Player>(extra, 0);
    if (!known) return no(Decline::player_unknown);
    Player player = *known;
    if (intent.blocked) {
        player.blocked = *intent.blocked;
        player.block_reason = *intent.blocked ? intent.block_reason : std::string();
    }
    if (intent.payout_address) player.payout_address = *intent.payout_address;
    if (intent.limits) player.limits = *intent.limits;
    Decision decision;
    put(decision, std::move(player));
    return decision;
}

Decision enroll(const View& view, const CreatePromotion& intent, Extra extra) {
    const Promotion& wanted = intent.promotion;
    if (const auto known = as<Promotion>(extra, 0)) {
        const bool same = known->player == wanted.player && known->currency == wanted.currency &&
                          known->budget == wanted.budget &&
                          known->payout_bucket == wanted.payout_bucket &&
                          known->expires == wanted.expires;
        return same ? show(known) : no(Decline::exists);
    }
    if (!as<Player>(extra, 1)) return no(Decline::player_unknown);
    Promotion promotion = wanted;
    promotion.remaining = promotion.budget;
    promotion.created = view.now;
    Decision decision;
    decision.outcome.created = true;
    put(decision, std::move(promotion));
    return decision;
}

Decision enroll(const View& view, const PutWithdrawalPolicy& intent, Extra) {
    const Currency* currency = view.directory->currency(intent.policy.currency);
    if (currency == nullptr || currency->tenant != intent.policy.tenant) {
        return no(Decline::not_found);
    }
    Decision decision;
    put(decision, intent.policy);
    return decision;
}

Decision enroll(const View& view, const CloseRound& intent, Extra extra) {
    const auto known = as<Round>(extra, 0);
    if (!known || known->tenant != intent.tenant) return no(Decline::not_found);
    Decision decision;
    decision.outcome.round = known;
    if (known->state == RoundState::closed) return decision;
    Round round = *known;
    round.state = RoundState::closed;
    round.closed = view.now;
    round.latest = view.next;
    decision.outcome.round = std::make_shared<const Round>(round);
    put(decision, std::move(round));
    return decision;
}

namespace {

struct Wants {
    const KeyMaker& keys;
    const Directory& directory;
    std::vector<RecordKey> list;

    // The player, who has these aliases, who goes by such a native id, and who has the new native
    // id for an alias.
    void operator()(const CreatePlayer& intent) {
        const Player& player = intent.player;
        list.push_back(keys.player(player.tenant, player.id));
        for (const Alias& alias : player.aliases) {
            list.push_back(
                keys.alias(player.tenant, alias.integration, alias.site, alias.external_id));
        }
        for (const Alias& alias : player.aliases) {
            list.push_back(keys.player(player.tenant, alias.external_id));
        }
        for (const Integration* integration : directory.integrations(player.tenant)) {
            if (takes_native_ids(*integration) && !has_alias(player, integration->id)) {
                list.push_back(keys.alias(player.tenant, integration->id, 0, player.id));
            }
        }
    }
    void operator()(const ChangePlayer& intent) {
        list.push_back(keys.player(intent.tenant, intent.player));
    }
    void operator()(const CreatePromotion& intent) {
        list.push_back(keys.promotion(intent.promotion.tenant, intent.promotion.id));
        list.push_back(keys.player(intent.promotion.tenant, intent.promotion.player));
    }
    void operator()(const CloseRound& intent) {
        if (!intent.round) return;
        const Round& round = *intent.round;
        list.push_back(keys.round(
            RoundName{round.tenant, round.integration, round.provider, round.player, round.id}));
    }
    void operator()(const FindSession& intent) {
        list.push_back(keys.session(intent.kind, intent.digest));
    }
    void operator()(const RevokeSession& intent) {
        // The name does not say of which kind the session is; tokens are random, so at most one
        // answers to it, and in a demo all that do are meant.
        for (const SessionKind kind :
             {SessionKind::operator_token, SessionKind::launch_token, SessionKind::player_token,
              SessionKind::rgs_session, SessionKind::sverse_session, SessionKind::kgen_session,
              SessionKind::kgen_refresh}) {
            list.push_back(keys.session(kind, intent.name));
        }
    }
    void operator()(const Register& intent) {
        list.push_back(keys.player(intent.tenant, intent.player));
        list.push_back(keys.login(intent.integration, folded(intent.username)));
        if (!intent.email.empty())
            list.push_back(keys.login(intent.integration, folded(intent.email)));
    }
    // Whoever is new; nobody asks for the record, but it is written where it is at home.
    void operator()(const OpenUser& intent) {
        list.push_back(keys.player(intent.caller.tenant, intent.new_player));
    }
    void operator()(const LogIn& intent) {
        list.push_back(keys.player(intent.tenant, intent.session.player));
    }
    void operator()(const HoldHotWallet& intent) {
        list.push_back(keys.hot_wallet(intent.chain, intent.address));
    }
    void operator()(const AdvanceWithdrawal& intent) { list = wants_of(intent, keys); }
    void operator()(const JudgeWithdrawal& intent) { list = wants_of(step_of(intent), keys); }
    void operator()(const PauseChain& intent) { list.push_back(keys.chain_pause(intent.chain)); }
    void operator()(const AdvanceTransfer& intent) {
        list.push_back(keys.chain_transfer(intent.chain, intent.from, intent.nonce));
        list.push_back(keys.hot_wallet(intent.chain, intent.from));
    }
    void operator()(const OpenDeposits&) { list.push_back(keys.deposit_root()); }
    void operator()(const WatchDeposits& intent) {
        list.push_back(keys.deposit_watch(intent.currency));
    }
    void operator()(const MoveWatch& intent) {
        list.push_back(keys.deposit_watch(intent.currency));
    }
    void operator()(const RecordDeposit& intent) { list = wants_of(intent, keys); }
    void operator()(const GiveDepositAddress& intent) { list = wants_of(intent, keys); }
    template <class Other>
    void operator()(const Other&) {}
};

}  // namespace

std::vector<RecordKey> wants(const Intent& intent, const KeyMaker& keys,
                             const Directory& directory) {
    Wants wants{keys, directory, {}};
    std::visit(wants, intent);
    return std::move(wants.list);
}

}  // namespace coffer
