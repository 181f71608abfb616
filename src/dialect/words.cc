#include "dialect/words.h"

#include <algorithm>

namespace coffer {

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
