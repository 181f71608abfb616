#pragma once
// What an integration's dialect and settings ask of the ledger, in the ledger's own words. The only
// place where the ledger looks at which dialect an integration speaks.

#include "store/record.h"

namespace coffer {

struct Rules {
    bool payout_needs_wager = false;         // a payout needs a live wager in its round
    bool closed_refuses_everything = false;  // payouts and rollbacks too, not only wagers
    bool settled_refuses_rollback = false;   // a round with a payout keeps its wagers
    bool latest_wager_only = false;          // only the latest live wager may be rolled back
    Duration round_age = 0;               // open rounds older than this count as closed; 0: never
    bool session_keeps_currency = false;  // an expired session still fixes the currency
    bool explicit_alias_only = false;     // players are known by alias, never by native id
    bool withdraws_to_chain = false;      // whether or not the currency says that it has one
    AccountCode payout_bucket = AccountCode::earned;
    AccountCode deposit_bucket = AccountCode::bought;
    AccountCode grant_bucket = AccountCode::bonus;
};

inline Rules rules_of(const Integration* integration) {
    Rules rules;
    if (integration == nullptr) return rules;
    const IntegrationSettings& settings = integration->settings;
    rules.payout_bucket = static_cast<AccountCode>(settings.payout_bucket);
    rules.deposit_bucket = static_cast<AccountCode>(settings.deposit_bucket);
    rules.grant_bucket = static_cast<AccountCode>(settings.grant_bucket);
    switch (integration->dialect) {
        case DialectId::integrator:
            rules.payout_needs_wager = settings.payout_needs_wager;
            rules.settled_refuses_rollback = true;
            rules.round_age = settings.round_age_days * day_us;
            rules.session_keeps_currency = true;
            rules.explicit_alias_only = true;
            break;
        case DialectId::rgs:
            rules.payout_needs_wager = true;
            rules.closed_refuses_everything = true;
            rules.settled_refuses_rollback = true;
            rules.latest_wager_only = true;
            break;
        case DialectId::kgen: rules.withdraws_to_chain = true; break;
        case DialectId::native:
        case DialectId::operator_:
        case DialectId::sverse: break;
    }
    return rules;
}

inline bool has_alias(const Player& player, IntegrationId integration) {
    for (const Alias& alias : player.aliases) {
        if (alias.integration == integration) return true;
    }
    return false;
}

}  // namespace coffer
