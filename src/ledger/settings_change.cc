#include "ledger/settings_change.h"

#include <tuple>
#include <utility>

namespace coffer {
namespace {

// Every field: a new setting does not compile until it is named here.
auto fields_of(auto& settings) {
    auto& [deadline_ms, calls_per_second, ip_allow, trusted_proxies, allowed_origins, token_ttl_s,
           session_ttl_s, provider_ids, signature_hash, signature_encoding, signature_input,
           payout_needs_wager, round_age_days, debit_direction, game_code, client_credit_max,
           client_credit_day_max, platform_wallet, minimum_withdrawal, payout_bucket,
           deposit_bucket, grant_bucket] = settings;
    return std::tie(deadline_ms, calls_per_second, ip_allow, trusted_proxies, allowed_origins,
                    token_ttl_s, session_ttl_s, provider_ids, signature_hash, signature_encoding,
                    signature_input, payout_needs_wager, round_age_days, debit_direction, game_code,
                    client_credit_max, client_credit_day_max, platform_wallet, minimum_withdrawal,
                    payout_bucket, deposit_bucket, grant_bucket);
}

}  // namespace

IntegrationSettings changed_settings(const IntegrationSettings& now,
                                     const IntegrationSettings& before,
                                     const IntegrationSettings& wanted) {
    IntegrationSettings changed = now;
    const auto to = fields_of(changed);
    const auto old = fields_of(before);
    const auto fresh = fields_of(wanted);
    const auto take = [](auto& field, const auto& was, const auto& is) {
        if (is != was) field = is;
    };
    [&]<std::size_t... at>(std::index_sequence<at...>) {
        (take(std::get<at>(to), std::get<at>(old), std::get<at>(fresh)), ...);
    }(std::make_index_sequence<std::tuple_size_v<decltype(to)>>());
    return changed;
}

}  // namespace coffer
