// Transactions as CSV (RFC 4180), for spreadsheets.
//
// A spreadsheet takes a cell that begins with one of `= + - @`, a tab or a carriage return for a
// formula, and ids and reasons come from callers: such a text gets an apostrophe in front. Amounts
// are ours and are left alone, or nobody could add them up.

#include "base/calendar.h"
#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::string_view line_end = "\r\n";

void append_cell(std::string& out, std::string_view cell) {
    if (cell.find_first_of("\",\r\n") == std::string_view::npos) {
        out += cell;
        return;
    }
    out.push_back('"');
    for (const char c : cell) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    out.push_back('"');
}

void append_text(std::string& out, std::string_view text) {
    constexpr std::string_view formula = "=+-@\t\r";
    out.push_back(',');
    if (!text.empty() && formula.find(text.front()) != std::string_view::npos) {
        append_cell(out, "'" + std::string(text));
    } else {
        append_cell(out, text);
    }
}

void append_amount(std::string& out, Amount amount, int scale) {
    out.push_back(',');
    append_fixed(out, amount, scale);
}

void append_line(std::string& out, const Request& request, const Movement& movement) {
    const Transaction& transaction = *movement.transaction;
    const NativeMoney money = native_money(request, transaction.currency);
    const Integration* integration = request.directory->integration(transaction.integration);
    out += public_id(transaction.sequence, transaction.time, request.keyring->id_key);
    out.push_back(',');
    append_time(out, transaction.time, 3);
    append_text(out, native_kind_word(transaction.kind));
    append_text(out, native_state_word(movement.state));
    const bool refused = movement.state == KeyState::refused;
    append_text(out, refused ? decline_word(static_cast<Decline>(transaction.decline)) : "");
    append_text(out, transaction.player);
    append_text(out, money.code);
    append_amount(out, transaction.amount, money.scale);
    if (transaction.kind == TransactionKind::wager_and_payout) {
        append_amount(out, transaction.payout, money.scale);
    } else {
        out.push_back(',');
    }
    append_amount(out, playable_change(transaction), money.scale);
    if (movement.wallet) {
        append_amount(out, playable(*movement.wallet), money.scale);
    } else {
        out.push_back(',');
    }
    append_text(out, integration != nullptr ? std::string_view(integration->uid) : "");
    append_text(out, native_external_id(transaction));
    append_text(out, transaction.round);
    append_text(out, transaction.game);
    append_text(out, native_reference(transaction));
    append_text(out, transaction.reason);
    out += line_end;
}

}  // namespace

std::string native_csv(const Request& request, const Outcome& outcome) {
    std::string out =
        "id,created_at,kind,state,decline,player,currency,amount,payout,change,balance_after,"
        "integration,external_id,round,game,reference,reason";
    out += line_end;
    for (const Movement& movement : outcome.movements) {
        if (movement.transaction) append_line(out, request, movement);
    }
    return out;
}

}  // namespace coffer
