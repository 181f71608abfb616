#include "dialect/kgen_history.h"

#include "base/calendar.h"
#include "dialect/movement_view.h"
#include "dialect/text.h"

namespace coffer {
namespace {

std::string masked(std::string_view address) {
    if (address.size() <= 8) return std::string(address);
    return std::string(address.substr(0, 4)) + "*****" +
           std::string(address.substr(address.size() - 4));
}

std::string_view sync_status(const Ptr<Withdrawal>& withdrawal) {
    if (!withdrawal) return "COMPLETED";
    switch (withdrawal->state) {
        case WithdrawalState::approval:
        case WithdrawalState::queued: return "PENDING";
        case WithdrawalState::signed_:
        case WithdrawalState::broadcast:
        case WithdrawalState::mined:
        case WithdrawalState::final_: return "IN_PROGRESS";
        case WithdrawalState::completed: return "COMPLETED";
        case WithdrawalState::released: return "FAILED";
    }
    return "COMPLETED";
}

// The transaction that was mined, or else the one that was sent last.
const Digest& hash_of(const Settlement& settlement) {
    return settlement.block != 0 ? settlement.mined : settlement.attempts.back().hash;
}

void write_chain(JsonWriter& json, const Settlement& settlement) {
    json.key("tx_hash").string("0x" + to_hex(view(hash_of(settlement))));
    json.key("block_number").integer_unsigned(settlement.block);
    json.key("gas_fee").number(format_shortest(settlement.gas_fee, scale_max));
}

// Whoever sent it paid the fee, and not we.
void write_chain(JsonWriter& json, const ChainDeposit& deposit) {
    json.key("tx_hash").string("0x" + to_hex(view(deposit.transaction)));
    json.key("block_number").integer_unsigned(deposit.block);
    json.key("gas_fee").number("0");
}

void write_item(JsonWriter& json, const Request& request, const Movement& movement,
                std::string_view wallet_address) {
    const Transaction& transaction = *movement.transaction;
    const Withdrawal* const withdrawal = movement.withdrawal.get();
    const bool leaves = withdrawal && withdrawal->on_chain;
    const Currency* const currency = request.directory->currency(transaction.currency);
    const Step step = step_of(transaction);
    const std::string amount = format_shortest(step.size, currency ? currency->scale : 0);
    // The other side is the house, except where money goes to an address of the player's own, or
    // came from one.
    const std::string_view other =
        leaves ? std::string_view(withdrawal->destination)
        : movement.deposit
            ? std::string_view(movement.deposit->sender)
            : std::string_view(request.authority.integration->settings.platform_wallet);
    const Time modified = withdrawal ? withdrawal->modified : transaction.time;
    json.open_object();
    json.key("uid").string(
        public_id(transaction.sequence, transaction.time, request.keyring->id_key));
    json.key("from_wallet").string(masked(step.takes ? wallet_address : other));
    json.key("to_wallet").string(masked(step.takes ? other : wallet_address));
    json.key("amount").number(amount).key("sync_status").string(sync_status(movement.withdrawal));
    json.key("description").open_object();
    json.key("platformProtocolsTxnAmount").number(amount);
    json.key("platformProtocolsTxnDescription").string(words_of(transaction));
    json.key("platformProtocolsTxnName").string(words_of(transaction));
    json.key("type").string(kind_word(transaction.kind));
    json.key("platformProtocolsTxnType").string(step.takes ? "DEBIT" : "CREDIT");
    json.close_object();
    if (movement.settlement) write_chain(json, *movement.settlement);
    if (movement.deposit) write_chain(json, *movement.deposit);
    json.key("created_at").string(format_time(transaction.time, 6));
    json.key("modified_at").string(format_time(modified, 6)).close_object();
}

}  // namespace

std::string kgen_cursor_context(const Request& request) {
    return "kgen transactions " + request.authority.integration->uid + ' ' +
           request.authority.subject;
}

void kgen_write_transactions(JsonWriter& json, const Request& request, const Outcome& outcome) {
    std::string_view address;
    if (outcome.player) address = outcome.player->wallet_address;
    const auto list = [&](std::string_view name, auto&& belongs) {
        json.key(name).open_array();
        for (const Movement& movement : outcome.movements) {
            // That held money reached the chain is told by the withdrawal itself.
            if (movement.transaction->kind == TransactionKind::withdraw_settle) continue;
            if (belongs(playable_change(*movement.transaction)))
                write_item(json, request, movement, address);
        }
        json.close_array();
    };
    json.open_object();
    list("fromTransactions", [](Amount change) { return change.is_negative(); });
    list("toTransactions", [](Amount change) { return change.is_positive(); });
    list("transactions", [](Amount) { return true; });
    json.key("last_evaluated_key")
        .string(outcome.next == 0 ? ""
                                  : make_cursor(outcome.next, kgen_cursor_context(request),
                                                request.keyring->cursor_key));
    json.close_object();
}

}  // namespace coffer
