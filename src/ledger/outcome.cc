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

std::string_view decline_word(Decline decline) {
    switch (decline) {
        case Decline::none: return "done";
        case Decline::session_unknown: return "session_unknown";
        case Decline::session_expired: return "session_expired";
        case Decline::player_unknown: return "player_unknown";
        case Decline::player_blocked: return "player_blocked";
        case Decline::currency_wrong: return "currency_wrong";
        case Decline::insufficient_funds: return "insufficient_funds";
        case Decline::conflict: return "conflict";
        case Decline::transaction_unknown: return "transaction_unknown";
        case Decline::already_rolled_back: return "already_rolled_back";
        case Decline::cancelled_before_arrival: return "cancelled_before_arrival";
        case Decline::round_closed: return "round_closed";
        case Decline::no_wager_in_round: return "no_wager_in_round";
        case Decline::already_settled: return "already_settled";
        case Decline::not_latest_wager: return "not_latest_wager";
        case Decline::promotion_unknown: return "promotion_unknown";
        case Decline::limit_reached: return "limit_reached";
        case Decline::was_refused: return "was_refused";
        case Decline::nothing_to_withdraw: return "nothing_to_withdraw";
        case Decline::below_minimum: return "below_minimum";
        case Decline::no_payout_address: return "no_payout_address";
        case Decline::not_found: return "not_found";
        case Decline::exists: return "exists";
        case Decline::invalid: return "invalid";
        case Decline::amount_overflow: return "amount_overflow";
        case Decline::not_permitted: return "not_permitted";
        case Decline::withdrawal_in_flight: return "withdrawal_in_flight";
    }
    return "unknown";
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
