#include "ledger/outcome.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace coffer {

std::string field_names(std::uint16_t fields) {
    static constexpr std::array<std::pair<std::uint16_t, std::string_view>, 10> names{{
        {field_kind, "kind"},
        {field_currency, "currency"},
        {field_amount, "amount"},
        {field_payout, "payout"},
        {field_round, "round"},
        {field_game, "game"},
        {field_reference, "reference"},
        {field_provider, "provider"},
        {field_promotion, "promotion"},
        {field_bucket, "bucket"},
    }};
    std::string text;
    for (const auto& [bit, name] : names) {
        if ((fields & bit) == 0) continue;
        if (!text.empty()) text += ", ";
        text += name;
    }
    return text;
}

Amount playable(const Wallet& wallet) {
    const auto deposits =
        add(wallet.at(AccountCode::bonus).balance, wallet.at(AccountCode::bought).balance);
    CHECK(deposits.has_value());
    const auto all = add(*deposits, wallet.at(AccountCode::earned).balance);
    CHECK(all.has_value());
    return *all;
}

Amount playable(const Ptr<Wallet>& wallet) { return wallet ? playable(*wallet) : Amount{}; }

Amount budget_left(const Promotion& promotion, Time now) {
    const bool ended = promotion.expires != 0 && now >= promotion.expires;
    return ended ? Amount{} : promotion.remaining;
}

}  // namespace coffer
