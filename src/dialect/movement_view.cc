#include "dialect/movement_view.h"

#include "dialect/text.h"

namespace coffer {
namespace {

bool would_take(TransactionKind kind) {
    switch (kind) {
        case TransactionKind::wager:
        case TransactionKind::wager_and_payout:
        case TransactionKind::spend:
        case TransactionKind::withdraw:
        case TransactionKind::withdraw_settle: return true;
        case TransactionKind::payout:
        case TransactionKind::rollback:
        case TransactionKind::prize:
        case TransactionKind::grant:
        case TransactionKind::deposit:
        case TransactionKind::adjust:
        case TransactionKind::reversal:
        case TransactionKind::withdraw_release: return false;
    }
    return false;
}

}  // namespace

Step step_of(const Transaction& transaction) {
    const Amount change = playable_change(transaction);
    return Step{.size = change.is_negative() ? negate(change) : change,
                .change = change,
                .takes = change.is_zero() ? would_take(transaction.kind) : change.is_negative()};
}

std::string_view words_of(const Transaction& transaction) {
    return transaction.reason.empty() ? kind_word(transaction.kind) : transaction.reason;
}

std::string_view name_in(IntegrationId integration, const Player& player) {
    for (const Alias& alias : player.aliases)
        if (alias.integration == integration) return alias.external_id;
    return player.id;
}

}  // namespace coffer
