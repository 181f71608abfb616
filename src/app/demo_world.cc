// The world of the demo, step by step, in the order in which each needs the one before.
//
// Promotion `demo-freebets` is made last of all: where it exists the world is whole, and from then
// on it belongs to whoever uses it. A blocked player who was unblocked, a revoked key, a spent
// balance stay as they are when the demo is started again. Only the sessions that never expire are
// put back.

#include "app/demo_world.h"

#include <array>
#include <utility>
#include <vector>

#include "app/demo_steps.h"

namespace coffer {
namespace {

constexpr std::string_view demo_promotion = "demo-freebets";

struct CurrencyPlan {
    std::string_view code, name;
    std::uint8_t scale;
    std::uint8_t chain_scale = 0xff;
};
constexpr std::array<CurrencyPlan, 6> currency_plans{{{"EUR", "Euro", 2},
                                                      {"USD", "US dollar", 2},
                                                      {"CRD", "Credits", 0},
                                                      {"GOLD", "Gold", 0},
                                                      {"GEM", "Gems", 0},
                                                      {"KGN", "KGN", 2, 18}}};

struct PlayerPlan {
    std::string_view id, integrator_alias, kgen_alias, wallet_address, payout_address;
};
constexpr std::array<PlayerPlan, 4> player_plans{
    {{demo::alice, "1", "alice", "0x84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5b9",
      "0x3c0000000000000000000000000000000000f040"},
     {demo::bob, "2", "bob", "", ""},
     {demo::carol, "3", "carol", "", ""},
     {demo::dave, "4", "dave", "", "0x3c0000000000000000000000000000000000f041"}}};

CreateIntegration integration_plan(DialectId dialect, std::string_view uid, std::string_view name,
                                   std::vector<std::string> currencies) {
    CreateIntegration plan;
    plan.uid = uid;
    plan.name = name;
    plan.dialect = dialect;
    plan.currencies = std::move(currencies);
    plan.settings.allowed_origins = {"*"};
    return plan;
}

std::vector<CreateIntegration> integration_plans() {
    std::vector<CreateIntegration> plans{
        integration_plan(DialectId::operator_, demo::operator_uid, "demo-operator", {"CRD"}),
        integration_plan(DialectId::integrator, demo::integrator_uid, "demo-integrator", {"EUR"}),
        integration_plan(DialectId::rgs, demo::rgs_uid, "demo-rgs", {"USD"}),
        integration_plan(DialectId::sverse, demo::sverse_uid, "demo-sverse", {"GOLD", "GEM"}),
        integration_plan(DialectId::kgen, demo::kgen_uid, "demo-kgen", {"KGN"})};
    plans[1].settings.provider_ids = {1};
    plans[3].settings.game_code = "demo-game";
    plans[3].settings.client_credit_day_max = "100000";
    plans[4].settings.platform_wallet = "0x4d000000000000000000000000000000000000a3";
    return plans;
}

// Credentials are numbered: their ids are fixed like everything here.
struct CredentialPlan {
    int number;
    IntegrationId integration;
    CredentialKind kind;
    std::string_view name, secret;
    std::uint32_t scopes = 0;
    bool of_installation = false;
};

std::vector<CredentialPlan> credential_plans(const DemoNames& names) {
    constexpr std::uint32_t all = scope_read | scope_play | scope_cashier | scope_admin;
    return {
        {1, names.operators, CredentialKind::secret, "game server", demo::operator_secret},
        {2, names.integrator, CredentialKind::basic, demo::integrator_id, demo::integrator_secret},
        {3, names.integrator, CredentialKind::signing_key, "signing key",
         demo::integrator_signing_key},
        {4, names.rgs, CredentialKind::secret, "game server", demo::rgs_token},
        {5, names.sverse, CredentialKind::client_key, "client key", demo::sverse_key},
        {6, names.sverse, CredentialKind::server_key, "server key", demo::sverse_server_key},
        {7, names.kgen, CredentialKind::basic, demo::kgen_id, demo::kgen_secret},
        {8, names.kgen, CredentialKind::signing_key, "signing key", demo::kgen_signing_key},
        {9, 0, CredentialKind::native_key, "installation", demo::install_key, scope_install, true},
        {10, 0, CredentialKind::native_key, "admin", demo::admin_key, all},
        {11, 0, CredentialKind::native_key, "read", demo::read_key, scope_read},
    };
}

std::string credential_uid(int number) {
    return "d0000000-0000-4000-8000-0000000000c" + std::string(1, "0123456789abcdef"[number]);
}

std::vector<OpeningBalance> opening_balances(const DemoNames& names) {
    using Kind = TransactionKind;
    return {
        {demo::alice, names.eur, {1'962'600}},
        {demo::alice, names.usd, {100'000}},
        {demo::alice, names.crd, {1'000}},
        {demo::alice, names.gold, {500}},
        {demo::alice, names.kgn, {5'000}, Kind::grant, AccountCode::bonus},
        {demo::carol, names.eur, {10'000}},
        {demo::carol, names.usd, {10'000}},
        {demo::dave, names.kgn, {4'000}, Kind::adjust, AccountCode::earned},
    };
}

std::vector<DemoSession> demo_sessions(const DemoNames& names) {
    const auto launch = [&](std::string_view token, std::string_view player) {
        return DemoSession{.kind = SessionKind::launch_token,
                           .integration = names.integrator,
                           .token = std::string(token),
                           .player = {std::string(player), 1},
                           .currency = names.eur,
                           .authenticated = true};
    };
    const auto rgs = [&](std::string_view token, std::string_view player) {
        return DemoSession{.kind = SessionKind::rgs_session,
                           .integration = names.rgs,
                           .token = std::string(token),
                           .player = {std::string(player), 0},
                           .currency = names.usd,
                           .game = demo::rgs_game};
    };
    const auto sverse = [&](std::string_view token) {
        return DemoSession{.kind = SessionKind::sverse_session,
                           .integration = names.sverse,
                           .token = std::string(token),
                           .player = {std::string(demo::alice), 0}};
    };
    std::vector<DemoSession> sessions{
        launch(demo::alice_launch_token, "1"),
        launch("3dc8fe01-2018-486e-9632-35aef21028a6", "3"),
        launch("4dc8fe01-2018-486e-9632-35aef21028a5", "1"),
        rgs(demo::alice_rgs_session, demo::alice),
        rgs("1c4f1d6d-5e37-4a8f-e642-def88a3b4750", demo::carol),
        sverse(demo::alice_sverse_session),
        rgs(demo::rgs_player_token, demo::alice),
    };
    sessions[2].authenticated = false;
    sessions[6].kind = SessionKind::player_token;
    sessions[6].game = {};
    sessions[6].reusable = true;
    const std::size_t live = sessions.size();
    sessions.push_back({.kind = SessionKind::operator_token,
                        .integration = names.operators,
                        .token = "expired-operator-token"});
    sessions.push_back(launch("3dc8fe01-2018-486e-9632-35aef21028ff", "1"));
    sessions.push_back(rgs("1c4f1d6d-5e37-4a8f-e642-def88a3b47ff", demo::alice));
    sessions.push_back(sverse("9d7b6121-30d3-44cf-8b4f-c00e2f4f01ff"));
    for (std::size_t index = live; index < sessions.size(); ++index) {
        sessions[index].life = DemoSession::Life::expired;
    }
    return sessions;
}

// ---- the steps ----------------------------------------------------------------------------------

Result<void> make_currencies(const DemoSite& site) {
    if (site.ledger.directory()->tenant(demo::tenant_uid) == nullptr) {
        TRY(done_or_why("tenant",
                        site.ledger.perform(CreateTenant{std::string(demo::tenant_uid), "demo"})));
    }
    const DemoNames names = demo_names(*site.ledger.directory());
    for (const CurrencyPlan& plan : currency_plans) {
        if (site.ledger.directory()->currency(names.tenant, plan.code) != nullptr) continue;
        TRY(done_or_why(plan.code, site.ledger.perform(CreateCurrency{
                                       names.tenant, std::string(plan.code), std::string(plan.name),
                                       plan.scale, plan.chain_scale})));
    }
    return {};
}

Result<void> make_integrations(const DemoSite& site) {
    for (CreateIntegration& plan : integration_plans()) {
        const auto directory = site.ledger.directory();
        plan.tenant = demo_names(*directory).tenant;
        if (directory->integration(plan.tenant, plan.uid) != nullptr) continue;
        const std::string name = plan.name;
        TRY(done_or_why(name, site.ledger.perform(std::move(plan))));
    }
    const DemoNames names = demo_names(*site.ledger.directory());
    for (const CredentialPlan& plan : credential_plans(names)) {
        Credential credential;
        credential.uid = credential_uid(plan.number);
        if (site.ledger.directory()->credential(credential.uid) != nullptr) continue;
        credential.tenant = plan.of_installation ? 0 : names.tenant;
        credential.integration = plan.integration;
        credential.kind = plan.kind;
        credential.name = plan.name;
        credential.scopes = plan.scopes;
        credential.digest = sha256(plan.secret);
        if (plan.kind == CredentialKind::signing_key) {
            credential.sealed = seal(site.master_key, plan.secret);
        }
        TRY(done_or_why(plan.secret, site.ledger.perform(CreateCredential{std::move(credential)})));
    }
    return {};
}

Result<void> make_players(const DemoSite& site, const DemoNames& names) {
    for (const PlayerPlan& plan : player_plans) {
        const auto known = site.store.find(site.store.keys().player(names.tenant, plan.id));
        if (!known) return std::unexpected(known.error());
        if (known->index() != 0) continue;
        Player player;
        player.tenant = names.tenant;
        player.id = plan.id;
        player.wallet_address = plan.wallet_address;
        player.payout_address = plan.payout_address;
        Alias alias{.tenant = names.tenant, .player = player.id};
        alias.integration = names.integrator;
        alias.site = 1;
        alias.external_id = plan.integrator_alias;
        player.aliases.push_back(alias);
        alias.integration = names.kgen;
        alias.site = 0;
        alias.external_id = plan.kgen_alias;
        player.aliases.push_back(alias);
        TRY(done_or_why(plan.kgen_alias, site.ledger.perform(CreatePlayer{std::move(player)})));
    }
    for (const OpeningBalance& opening : opening_balances(names)) {
        TRY(done_or_why("opening balance", site.ledger.perform(intent_of(names, opening))));
    }
    return {};
}

Result<void> open_sessions(const DemoSite& site, const DemoNames& names) {
    for (const DemoSession& session : demo_sessions(names)) {
        const auto found = look_up(site.store, session);
        if (!found) return std::unexpected(found.error());
        const bool expired = session.life == DemoSession::Life::expired;
        if (*found == SessionFound::live || (expired && *found == SessionFound::ended)) continue;
        TRY(done_or_why("session", site.ledger.perform(intent_of(names, session))));
    }
    return {};
}

Result<void> finish_world(const DemoSite& site, const DemoNames& names) {
    ChangePlayer block;
    block.tenant = names.tenant;
    block.player = demo::carol;
    block.blocked = true;
    block.block_reason = "blocked in the demo";
    TRY(done_or_why("block carol", site.ledger.perform(std::move(block))));
    CreatePromotion create;
    create.promotion.tenant = names.tenant;
    create.promotion.id = demo_promotion;
    create.promotion.player = demo::alice;
    create.promotion.currency = names.usd;
    create.promotion.budget = create.promotion.remaining = {1'000};
    // From here on the world is whole.
    return done_or_why(demo_promotion, site.ledger.perform(std::move(create)));
}

// Whoever knows the demo's installation key could do anything in books that are somebody's: they
// are left alone. The tenant is made first of all, so that a filling that was cut short has it.
Result<void> judge_books(const Directory& directory) {
    const bool are_ours = directory.tenant(demo::tenant_uid) != nullptr;
    if (are_ours || (directory.tenants().empty() && directory.credentials(0, 0).empty())) return {};
    return fail(ErrorCode::invalid,
                "these are an installation's books, and everybody knows the demo's keys: name "
                "another place by --data or --store");
}

Result<bool> is_whole(const DemoSite& site, const DemoNames& names) {
    if (names.tenant == 0) return false;
    const auto record = site.store.find(site.store.keys().promotion(names.tenant, demo_promotion));
    if (!record) return std::unexpected(record.error());
    return record->index() != 0;
}

}  // namespace

Result<void> fill_demo(const DemoSite& site) {
    TRY(judge_books(*site.ledger.directory()));
    const auto whole = is_whole(site, demo_names(*site.ledger.directory()));
    if (!whole) return std::unexpected(whole.error());
    if (*whole) return open_sessions(site, demo_names(*site.ledger.directory()));
    TRY(make_currencies(site));
    TRY(make_integrations(site));
    const DemoNames names = demo_names(*site.ledger.directory());
    TRY(make_players(site, names));
    TRY(open_sessions(site, names));
    return finish_world(site, names);
}

}  // namespace coffer
