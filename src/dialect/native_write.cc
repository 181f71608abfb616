// The words and the parts that every answer of the native API is made of.

#include <algorithm>

#include "base/calendar.h"
#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::array all_kinds{
    TransactionKind::wager,
    TransactionKind::payout,
    TransactionKind::wager_and_payout,
    TransactionKind::rollback,
    TransactionKind::prize,
    TransactionKind::grant,
    TransactionKind::spend,
    TransactionKind::deposit,
    TransactionKind::withdraw,
    TransactionKind::adjust,
    TransactionKind::reversal,
    TransactionKind::withdraw_settle,
    TransactionKind::withdraw_release,
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

// The ledger's own words: unlike kgen's they tell every kind from every other.
std::string_view native_kind_word(TransactionKind kind) {
    switch (kind) {
        case TransactionKind::wager: return "wager";
        case TransactionKind::payout: return "payout";
        case TransactionKind::wager_and_payout: return "wager_and_payout";
        case TransactionKind::rollback: return "rollback";
        case TransactionKind::prize: return "prize";
        case TransactionKind::grant: return "grant";
        case TransactionKind::spend: return "spend";
        case TransactionKind::deposit: return "deposit";
        case TransactionKind::withdraw: return "withdraw";
        case TransactionKind::adjust: return "adjust";
        case TransactionKind::reversal: return "reversal";
        case TransactionKind::withdraw_settle: return "withdraw_settle";
        case TransactionKind::withdraw_release: return "withdraw_release";
    }
    return "unknown";
}

std::optional<TransactionKind> native_kind_of(std::string_view word) {
    std::string small(word);
    std::ranges::transform(small, small.begin(), lower);
    for (const TransactionKind kind : all_kinds) {
        if (native_kind_word(kind) == small) return kind;
    }
    return {};
}

std::string_view native_credential_word(CredentialKind kind) {
    switch (kind) {
        case CredentialKind::native_key: return "native_key";
        case CredentialKind::secret: return "secret";
        case CredentialKind::basic: return "basic";
        case CredentialKind::client_key: return "client_key";
        case CredentialKind::server_key: return "server_key";
        case CredentialKind::signing_key: return "signing_key";
    }
    return "unknown";
}

std::string_view native_account_word(AccountCode account) {
    switch (account) {
        case AccountCode::bought: return "bought";
        case AccountCode::earned: return "earned";
        case AccountCode::bonus: return "bonus";
        case AccountCode::held: return "held";
        case AccountCode::stakes: return "stakes";
        case AccountCode::payouts: return "payouts";
        case AccountCode::cashier: return "cashier";
        case AccountCode::promotions: return "promotions";
        case AccountCode::chain: return "chain";
    }
    return "unknown";
}

std::string_view native_state_word(KeyState state) {
    switch (state) {
        case KeyState::applied: return "applied";
        case KeyState::refused: return "refused";
        case KeyState::tombstone: return "tombstoned";
        case KeyState::rolled_back: return "rolled_back";
    }
    return "unknown";
}

Reply native_reply(int status, std::string body) {
    Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

void native_append_time(JsonWriter& json, Time time) {
    if (time == 0) {
        json.null();
    } else {
        json.string(format_time(time, 3));
    }
}

void native_append_text(JsonWriter& json, std::string_view text) {
    if (text.empty()) {
        json.null();
    } else {
        json.string(text);
    }
}

void native_append_integration(JsonWriter& json, const Request& request,
                               IntegrationId integration) {
    const Integration* found = request.directory->integration(integration);
    native_append_text(json, found != nullptr ? std::string_view(found->uid) : std::string_view());
}

NativeMoney native_money(const Request& request, CurrencyId currency) {
    const Currency* found = request.directory->currency(currency);
    if (found == nullptr) return {};
    return {.code = found->code, .scale = found->scale};
}

void native_append_amount(JsonWriter& json, Amount amount, int scale) {
    json.string(format_fixed(amount, scale));
}

void native_append_wallet(JsonWriter& json, const Request& request, const Wallet& wallet) {
    const NativeMoney money = native_money(request, wallet.currency);
    json.open_object();
    json.key("currency").string(money.code);
    json.key("balance");
    native_append_amount(json, playable(wallet), money.scale);
    json.key("buckets").open_object();
    for (const auto bucket :
         {AccountCode::bought, AccountCode::earned, AccountCode::bonus, AccountCode::held}) {
        json.key(native_account_word(bucket));
        native_append_amount(json, wallet.at(bucket).balance, money.scale);
    }
    json.close_object();
    json.close_object();
}

void native_add_next(Reply& reply, const Request& request, const Outcome& outcome) {
    if (outcome.next == 0) return;
    const QueryParameters parameters = parse_query(request.call.query).value_or(QueryParameters{});
    std::string target = request.call.path + "?";
    for (const auto& [name, value] : parameters) {
        if (name != "cursor") target += percent_encode(name) + "=" + percent_encode(value) + "&";
    }
    target += "cursor=" + make_cursor(outcome.next, native_list_context(request, parameters),
                                      request.keyring->cursor_key);
    add_header(reply, "link", "<" + target + ">; rel=\"next\"");
}

}  // namespace coffer
