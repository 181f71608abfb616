// Answers about money: the transaction, in the one form that every route shows it in, wallets,
// rounds.

#include "dialect/native.h"

namespace coffer {
namespace {

void append_withdrawal(JsonWriter& json, const Withdrawal* withdrawal) {
    if (withdrawal == nullptr) {
        json.null();
        return;
    }
    json.open_object();
    json.key("state").string(native_withdrawal_word(withdrawal->state));
    json.key("destination");
    native_append_text(json, withdrawal->destination);
    json.key("modified_at");
    native_append_time(json, withdrawal->modified);
    json.close_object();
}

void append_entries(JsonWriter& json, const Transaction& transaction, int scale) {
    json.open_array();
    for (const Entry& entry : transaction.entries) {
        json.open_object();
        json.key("account").string(native_account_word(entry.account));
        json.key("amount");
        native_append_amount(json, entry.amount, scale);
        json.key("balance_after");
        native_append_amount(json, entry.balance_after, scale);
        json.key("version").integer_unsigned(entry.version);
        json.close_object();
    }
    json.close_array();
}

// The id of a record that this one names, or null.
void append_other_id(JsonWriter& json, const Request& request, Sequence sequence, Time time) {
    if (sequence == 0 || time == 0) {
        json.null();
    } else {
        json.string(public_id(sequence, time, request.keyring->id_key));
    }
}

// What the caller said of it, in the caller's words.
void append_names(JsonWriter& json, const Request& request, const Transaction& transaction) {
    json.key("integration");
    native_append_integration(json, request, transaction.integration);
    json.key("external_id");
    native_append_text(json, native_external_id(transaction));
    json.key("round");
    native_append_text(json, transaction.round);
    json.key("game");
    native_append_text(json, transaction.game);
    json.key("promotion");
    native_append_text(json, transaction.promotion);
    json.key("reference");
    native_append_text(json, native_reference(transaction));
    json.key("reason");
    native_append_text(json, transaction.reason);
    json.key("detail");
    native_append_text(json, transaction.detail);
    json.key("meta");
    if (transaction.meta.empty()) {
        json.null();
    } else {
        json.raw(transaction.meta);
    }
    json.key("bucket");
    const bool named = transaction.bucket != 0xff;
    native_append_text(
        json, named ? native_account_word(static_cast<AccountCode>(transaction.bucket)) : "");
}

// The members of the transaction; the caller opens and closes the object.
void append_members(JsonWriter& json, const Request& request, const Movement& movement) {
    const Transaction& transaction = *movement.transaction;
    const NativeMoney money = native_money(request, transaction.currency);
    json.key("id").string(
        public_id(transaction.sequence, transaction.time, request.keyring->id_key));
    json.key("kind").string(native_kind_word(transaction.kind));
    json.key("state").string(native_state_word(movement.state));
    json.key("decline");
    const bool refused = movement.state == KeyState::refused;
    native_append_text(json,
                       refused ? decline_word(static_cast<Decline>(transaction.decline)) : "");
    json.key("player").string(transaction.player);
    json.key("currency").string(money.code);
    json.key("amount");
    native_append_amount(json, transaction.amount, money.scale);
    json.key("payout");
    if (transaction.kind == TransactionKind::wager_and_payout) {
        native_append_amount(json, transaction.payout, money.scale);
    } else {
        json.null();
    }
    append_names(json, request, transaction);
    json.key("reverses");
    append_other_id(json, request, transaction.reverses, movement.reversed_time);
    json.key("rolled_back_by");
    append_other_id(json, request, movement.rollback, movement.rollback_time);
    json.key("withdrawal");
    append_withdrawal(json, movement.withdrawal.get());
    json.key("entries");
    append_entries(json, transaction, money.scale);
    json.key("created_at");
    native_append_time(json, transaction.time);
}

void append_transaction(JsonWriter& json, const Request& request, const Movement& movement) {
    json.open_object();
    append_members(json, request, movement);
    json.close_object();
}

void append_round(JsonWriter& json, const Request& request, const Round& round) {
    const NativeMoney money = native_money(request, round.currency);
    json.open_object();
    json.key("id").string(public_id(round.opened_by, round.opened, request.keyring->id_key));
    json.key("round").string(round.id);
    json.key("integration");
    native_append_integration(json, request, round.integration);
    json.key("provider");
    if (round.provider == 0) {
        json.null();
    } else {
        json.integer_unsigned(round.provider);
    }
    json.key("player").string(round.player);
    json.key("game");
    native_append_text(json, round.game);
    json.key("currency").string(money.code);
    json.key("state").string(round.state == RoundState::open ? "open" : "closed");
    json.key("wagered");
    native_append_amount(json, round.wagered, money.scale);
    json.key("paid");
    native_append_amount(json, round.paid, money.scale);
    json.key("rolled_back");
    native_append_amount(json, round.rolled_back, money.scale);
    json.key("wagers").integer_unsigned(round.wagers);
    json.key("live_wagers").integer_unsigned(round.live_wagers);
    json.key("payouts").integer_unsigned(round.payouts);
    json.key("opened_at");
    native_append_time(json, round.opened);
    json.key("closed_at");
    native_append_time(json, round.closed);
    json.close_object();
}

bool is_of_integrator(KeyGroup group) {
    return group == KeyGroup::integrator_debit || group == KeyGroup::integrator_credit ||
           group == KeyGroup::integrator_rollback;
}

// The ledger's external id of an integrator movement is "provider:site:id"; the caller gave the
// last.
std::string_view last_part(std::string_view id) {
    for (int part = 0; part < 2; ++part) {
        const std::size_t colon = id.find(':');
        if (colon == std::string_view::npos) break;
        id.remove_prefix(colon + 1);
    }
    return id;
}

const Round* round_of(const Outcome& outcome) {
    return outcome.round ? outcome.round.get() : native_record<Round>(outcome);
}

}  // namespace

std::string_view native_external_id(const Transaction& transaction) {
    return is_of_integrator(transaction.group) ? last_part(transaction.external_id)
                                               : std::string_view(transaction.external_id);
}

// A rollback refers to the id of a wager; what a reversal refers to may be of any dialect, and the
// provider that it took over from the original tells.
std::string_view native_reference(const Transaction& transaction) {
    const bool of_original =
        transaction.kind == TransactionKind::reversal && transaction.provider != 0;
    return is_of_integrator(transaction.group) || of_original
               ? last_part(transaction.reference)
               : std::string_view(transaction.reference);
}

// The transaction as it was made, first time or replay, and the wallet as it is now.
Reply native_write_move(const Request& request, const Intent& intent, const Outcome& outcome) {
    const Move* move = std::get_if<Move>(&intent);
    if (!outcome.transaction || move == nullptr) return native_problem(request, Fault::internal);
    Movement movement;
    movement.transaction = outcome.transaction;
    movement.state = outcome.state;
    movement.rollback = outcome.rollback;
    movement.rollback_time = outcome.rollback_time;
    movement.reversed_time = move->reverses_time;
    movement.withdrawal = outcome.withdrawal;
    std::string body;
    JsonWriter json(body);
    json.open_object();
    append_members(json, request, movement);
    json.key("wallet");
    if (outcome.wallet) {
        native_append_wallet(json, request, *outcome.wallet);
    } else {
        json.null();
    }
    json.close_object();
    Reply reply = native_reply(201, std::move(body));
    const Transaction& transaction = *outcome.transaction;
    add_header(reply, "location",
               "/v1/transactions/" +
                   public_id(transaction.sequence, transaction.time, request.keyring->id_key));
    if (outcome.replay) add_header(reply, "idempotent-replayed", "true");
    return reply;
}

Reply native_write_wallets(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    json.open_array();
    for (const Record& record : outcome.records) {
        if (const auto* wallet = std::get_if<Ptr<Wallet>>(&record)) {
            native_append_wallet(json, request, **wallet);
        }
    }
    json.close_array();
    return native_reply(200, std::move(body));
}

Reply native_write_transaction(const Request& request, const Intent&, const Outcome& outcome) {
    if (outcome.movements.empty() || !outcome.movements.front().transaction) {
        return native_problem(request, Decline::not_found);
    }
    std::string body;
    JsonWriter json(body);
    append_transaction(json, request, outcome.movements.front());
    return native_reply(200, std::move(body));
}

Reply native_write_transactions(const Request& request, const Intent&, const Outcome& outcome) {
    Reply reply;
    if (native_wants_csv(request.call)) {
        reply = native_reply(200, native_csv(request, outcome));
        reply.content_type = "text/csv; charset=utf-8";
    } else {
        std::string body;
        JsonWriter json(body);
        json.open_array();
        for (const Movement& movement : outcome.movements) {
            if (movement.transaction) append_transaction(json, request, movement);
        }
        json.close_array();
        reply = native_reply(200, std::move(body));
    }
    add_header(reply, "vary", "accept");
    native_add_next(reply, request, outcome);
    return reply;
}

Reply native_write_round(const Request& request, const Intent&, const Outcome& outcome) {
    const Round* round = round_of(outcome);
    if (round == nullptr) return native_problem(request, Decline::not_found);
    std::string body;
    JsonWriter json(body);
    append_round(json, request, *round);
    return native_reply(200, std::move(body));
}

Reply native_write_rounds(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    json.open_array();
    for (const Record& record : outcome.records) {
        if (const auto* round = std::get_if<Ptr<Round>>(&record))
            append_round(json, request, **round);
    }
    json.close_array();
    Reply reply = native_reply(200, std::move(body));
    native_add_next(reply, request, outcome);
    return reply;
}

}  // namespace coffer
