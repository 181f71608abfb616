#include "dialect/words.h"

#include <algorithm>

namespace coffer {

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

std::string_view outcome_word(const Outcome& outcome) {
    switch (outcome.fault) {
        case Fault::none: break;
        case Fault::not_now: return "not_now";
        case Fault::throttled: return "throttled";
        case Fault::internal: return "internal";
    }
    if (outcome.decline == Decline::none && outcome.replay) return "replay";
    return decline_word(outcome.decline);
}

std::string_view refusal_word(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::not_found: return "not_found";
        case RefusalKind::wrong_method: return "wrong_method";
        case RefusalKind::too_large: return "too_large";
        case RefusalKind::malformed: return "malformed";
        case RefusalKind::bad_credential: return "bad_credential";
        case RefusalKind::bad_signature: return "bad_signature";
        case RefusalKind::forbidden: return "forbidden";
        case RefusalKind::throttled: return "throttled";
        case RefusalKind::not_now: return "not_now";
    }
    return "unknown";
}

std::string field_words(std::uint16_t differs, std::span<const FieldWord> own) {
    std::string text;
    for (unsigned rest = differs; rest != 0; rest &= rest - 1) {
        const auto bit = static_cast<std::uint16_t>(rest & (~rest + 1));
        const auto known = std::ranges::find(own, static_cast<Field>(bit), &FieldWord::field);
        if (!text.empty()) text += ", ";
        text += known != own.end() ? std::string(known->word) : field_names(bit);
    }
    return text;
}

}  // namespace coffer
