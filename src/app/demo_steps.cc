#include "app/demo_steps.h"

#include <memory>
#include <utility>

namespace coffer {

std::string load_player_id(std::uint64_t index) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string id = "00000000-0000-4000-8000-000000000000";
    for (std::size_t place = id.size(); index != 0; index >>= 4) id[--place] = digits[index & 15];
    return id;
}

DemoNames demo_names(const Directory& directory) {
    DemoNames names;
    const Tenant* tenant = directory.tenant(demo::tenant_uid);
    if (tenant == nullptr) return names;
    names.tenant = tenant->id;
    const auto currency = [&](std::string_view code) -> CurrencyId {
        const Currency* found = directory.currency(tenant->id, code);
        return found == nullptr ? 0 : found->id;
    };
    const auto integration = [&](std::string_view uid) -> IntegrationId {
        const Integration* found = directory.integration(tenant->id, uid);
        return found == nullptr ? 0 : found->id;
    };
    names.eur = currency("EUR");
    names.usd = currency("USD");
    names.crd = currency("CRD");
    names.gold = currency("GOLD");
    names.kgn = currency("KGN");
    names.operators = integration(demo::operator_uid);
    names.integrator = integration(demo::integrator_uid);
    names.rgs = integration(demo::rgs_uid);
    names.sverse = integration(demo::sverse_uid);
    names.kgen = integration(demo::kgen_uid);
    return names;
}

Intent intent_of(const DemoNames& names, const OpeningBalance& opening) {
    Move move;
    move.caller.tenant = names.tenant;
    move.caller.player.id = opening.player;
    move.kind = opening.kind;
    move.currency = opening.currency;
    move.amount = opening.amount;
    move.bucket = opening.bucket;
    move.group = opening.kind == TransactionKind::deposit ? KeyGroup::native_deposit
                                                          : KeyGroup::native_adjustment;
    move.external_id = "demo-opening-" + std::to_string(opening.currency);
    move.reason = "opening balance";
    return move;
}

Intent intent_of(const DemoNames& names, const DemoSession& session) {
    OpenSession open;
    open.caller.tenant = names.tenant;
    open.caller.integration = session.integration;
    open.caller.player = session.player;
    open.session.kind = session.kind;
    open.session.digest = sha256(session.token);
    open.session.integration = session.integration;
    open.session.site = session.player.site;
    open.session.currency = session.currency;
    open.session.game = session.game;
    open.session.authenticated = session.authenticated;
    open.session.reusable = session.reusable;
    open.ttl = session.life == DemoSession::Life::expired ? -day_us : 0;
    open.even_if_blocked = true;  // carol had hers before she was blocked
    return open;
}

Result<SessionFound> look_up(const Reader& store, const DemoSession& session) {
    const auto record = store.find(store.keys().session(session.kind, sha256(session.token)));
    if (!record) return std::unexpected(record.error());
    const auto* found = std::get_if<Ptr<Session>>(&*record);
    if (found == nullptr) return SessionFound::absent;
    const bool live = (*found)->revoked == 0 && (*found)->expires == 0 && !(*found)->used;
    return live ? SessionFound::live : SessionFound::ended;
}

DemoSession load_launch_token(const DemoNames& names, std::uint64_t index) {
    return {.kind = SessionKind::launch_token,
            .integration = names.integrator,
            .token = load_player_id(index),
            .player = {std::to_string(1000 + index), 1},
            .currency = names.eur,
            .authenticated = true};
}

DemoSession load_rgs_session(const DemoNames& names, std::uint64_t index) {
    return {.kind = SessionKind::rgs_session,
            .integration = names.rgs,
            .token = load_player_id(index),
            .player = {load_player_id(index), 0},
            .currency = names.usd,
            .game = demo::rgs_game};
}

Result<void> done_or_why(std::string_view step, const Outcome& outcome) {
    if (outcome.done()) return {};
    return fail(ErrorCode::unavailable,
                "filling the demo stopped at \"" + std::string(step) + "\": decline " +
                    std::to_string(static_cast<int>(outcome.decline)) + ", fault " +
                    std::to_string(static_cast<int>(outcome.fault)));
}

}  // namespace coffer
