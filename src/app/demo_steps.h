#pragma once
// What both halves of filling the demo say to the ledger: the same deposit and the same sessions.

#include <string>
#include <string_view>

#include "app/demo_world.h"

namespace coffer {

// Who is who in a world that has its tenant, currencies and integrations.
struct DemoNames {
    TenantId tenant = 0;
    CurrencyId eur = 0, usd = 0, crd = 0, gold = 0, kgn = 0;
    IntegrationId operators = 0, integrator = 0, rgs = 0, sverse = 0, kgen = 0;
};
DemoNames demo_names(const Directory& directory);

// A movement by the operator's own backend under a fixed id, so that it can never happen twice.
struct OpeningBalance {
    std::string_view player;
    CurrencyId currency = 0;
    Amount amount;
    TransactionKind kind = TransactionKind::deposit;
    AccountCode bucket = AccountCode::bought;
};
Intent intent_of(const DemoNames& names, const OpeningBalance& opening);

struct DemoSession {
    SessionKind kind = SessionKind::launch_token;
    IntegrationId integration = 0;
    std::string token;
    PlayerName player;  // as that integration knows it
    CurrencyId currency = 0;
    std::string_view game = {};
    enum class Life { endless, expired } life = Life::endless;
    bool authenticated = false;
    bool reusable = false;
};
Intent intent_of(const DemoNames& names, const DemoSession& session);
// What the store says of it: nothing, or that it can be used, or that it cannot any more.
enum class SessionFound { absent, live, ended };
Result<SessionFound> look_up(const Reader& store, const DemoSession& session);

// The sessions of a load player.
DemoSession load_launch_token(const DemoNames& names, std::uint64_t index);
DemoSession load_rgs_session(const DemoNames& names, std::uint64_t index);

// Why an outcome is not what filling needs; nothing when it is.
Result<void> done_or_why(std::string_view step, const Outcome& outcome);

}  // namespace coffer
