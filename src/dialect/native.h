#pragma once
// What the files of the native API share: the functions behind each route, and the small parts that
// every one of them uses. Nobody else includes this; native.cc is where reading starts.
//
// Pure, like every dialect. A read function is check 3 of the order of checks: it answers an Intent
// or says what is wrong with the call. A write function is called for outcomes that are done;
// declines and faults are problems, and native.cc words those for all routes.

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "dialect/body.h"
#include "dialect/dialect.h"
#include "dialect/text.h"
#include "dialect/words.h"

namespace coffer {

using NativeRead = std::expected<Intent, Refusal>;

// ---- parts for read functions (native_read.cc) --------------------------------------------------

std::unexpected<Refusal> native_malformed(std::string message);
// The thing that the call names does not exist, or is another tenant's: the same answer. Without a
// word for the thing it is the ledger's own not_found, for ids of which the ledger knows some.
std::unexpected<Refusal> native_unknown(std::string_view thing = {});
std::expected<Body, Refusal> native_body(const Request& request);
// The native API's own caller: the tenant and, by native id, a player (or none).
Caller native_caller(const Request& request, std::string_view player = {});
// The tenant's integration of that uid or name, else null.
const Integration* native_integration(const Request& request, std::string_view uid_or_name);
// A time in RFC 3339 or a day; a day as an end means its last instant, and an end given in
// milliseconds, as we print them, includes the whole millisecond.
enum class TimeEdge : std::uint8_t { start, end };
std::optional<Time> native_time(std::string_view text, TimeEdge edge);
// `expires_at` of a body: absent 0, else after the call.
Time native_expiry(const Request& request, Fields& fields);
std::optional<AccountCode> native_bucket(Fields& fields, std::string_view name);
// An address of a chain, in lower case; absent "". Error: not one.
std::string native_address(Fields& fields, std::string_view name);
// What is wrong with that as an address, or "".
std::string native_address_mistake(std::string_view address);
std::string native_lower_case(std::string_view address);
// The elements of the array of that name, as members without names; nothing when it is absent or
// not an array, which is a mistake.
std::optional<Body> native_array(const Body& body, Fields& fields, std::string_view name,
                                 std::size_t elements_max);
// The strings of an array.
std::vector<std::string> native_texts(const Body& body, Fields& fields, std::string_view name,
                                      std::size_t elements_max, std::size_t bytes_max);
// A name for people: 1 to 100 characters, no control characters.
std::string native_name(Fields& fields, std::string_view name);
// A text without control characters, for ids that stand in paths and headers.
bool is_plain_text(std::string_view text);

// ---- settings of integrations (native_settings.cc) ----------------------------------------------

// Puts the members of a JSON object over `settings`; null puts the default back. Gives what is
// wrong, with the name, or "".
std::string native_read_settings(std::string_view json, DialectId dialect,
                                 IntegrationSettings& settings);
void native_write_settings(JsonWriter& json, const Integration& integration);
std::string_view native_dialect_word(DialectId dialect);

// ---- keys and secrets (native_read_keys.cc)
// --------------------------------------------------------------

// The scopes that a tenant's key may have.
struct NativeScope {
    std::string_view word;
    std::uint32_t bit;
};
inline constexpr std::array<NativeScope, 4> native_scopes{{
    {"read", scope_read},
    {"play", scope_play},
    {"cashier", scope_cashier},
    {"admin", scope_admin},
}};
// What a call that makes a credential gives it; the same each time it is asked for the same call,
// so that the answer can show what read() stored the digest of.
struct NativeSecret {
    CredentialKind kind = CredentialKind::native_key;
    std::string client_id;  // basic
    std::string secret;
};
std::expected<NativeSecret, Refusal> native_secret(const Request& request, DialectId dialect);
// The secret of the session that a call opens: the token itself, or for kgen the token's `sid`.
std::string native_session_token(const Request& request);
// The newest live signing key, or null.
const std::string* native_signing_key(const Request& request, const Integration& integration);

// ---- lists (native_read_lists.cc) ---------------------------------------------------------------

// What a cursor of this list is bound to: tenant, path and filters, without cursor and limit.
std::string native_list_context(const Request& request, const QueryParameters& parameters);
bool native_wants_csv(const Call& call);

// ---- words and parts for write functions (native_write.cc) --------------------------------------

std::string_view native_kind_word(TransactionKind kind);
std::optional<TransactionKind> native_kind_of(std::string_view word);
std::string_view native_credential_word(CredentialKind kind);
std::string_view native_account_word(AccountCode account);
std::string_view native_withdrawal_word(WithdrawalState state);
Reply native_reply(int status, std::string body);
Reply native_problem(const Request& request, Decline decline);  // native.cc, like the next
Reply native_problem(const Request& request, Fault fault);
// A time as JSON: text with milliseconds, or null for none.
void native_append_time(JsonWriter& json, Time time);
// A text as JSON, or null for none.
void native_append_text(JsonWriter& json, std::string_view text);
// The uid of an integration as JSON, or null for the native API's own movements.
void native_append_integration(JsonWriter& json, const Request& request, IntegrationId integration);
struct NativeMoney {  // a currency as amounts need it
    std::string_view code;
    int scale = 0;
};
NativeMoney native_money(const Request& request, CurrencyId currency);
void native_append_amount(JsonWriter& json, Amount amount, int scale);
void native_append_wallet(JsonWriter& json, const Request& request, const Wallet& wallet);
// applied, refused, rolled_back, tombstoned.
std::string_view native_state_word(KeyState state);
// The id, and what it refers to, as the caller knows them: integrator's provider and site are the
// ledger's own addition.
std::string_view native_external_id(const Transaction& transaction);
std::string_view native_reference(const Transaction& transaction);
// The first record of that kind in an outcome, or null.
template <class T>
const T* native_record(const Outcome& outcome) {
    for (const Record& record : outcome.records) {
        if (const auto* found = std::get_if<Ptr<T>>(&record)) return found->get();
    }
    return nullptr;
}
// Adds `Link: <...>; rel="next"` when the outcome says that more follows.
void native_add_next(Reply& reply, const Request& request, const Outcome& outcome);
std::string native_csv(const Request& request, const Outcome& outcome);

// ---- one pair a route ---------------------------------------------------------------------------

// native_read_keys.cc
NativeRead native_read_create_tenant(const Request& request);
NativeRead native_read_list_tenants(const Request& request);
NativeRead native_read_create_tenant_key(const Request& request);
NativeRead native_read_create_key(const Request& request);
NativeRead native_read_list_keys(const Request& request);
NativeRead native_read_revoke_key(const Request& request);
NativeRead native_read_create_credential(const Request& request);
NativeRead native_read_revoke_credential(const Request& request);
// native_read_integrations.cc
NativeRead native_read_create_integration(const Request& request);
NativeRead native_read_list_integrations(const Request& request);
NativeRead native_read_patch_integration(const Request& request);
NativeRead native_read_create_currency(const Request& request);
NativeRead native_read_list_currencies(const Request& request);
// native_read_players.cc
NativeRead native_read_create_player(const Request& request);
NativeRead native_read_player(const Request& request);
NativeRead native_read_player_by_alias(const Request& request);
NativeRead native_read_block(const Request& request);
NativeRead native_read_unblock(const Request& request);
NativeRead native_read_payout_address(const Request& request);
NativeRead native_read_limits(const Request& request);
NativeRead native_read_open_session(const Request& request);
NativeRead native_read_revoke_session(const Request& request);
// native_read_money.cc
NativeRead native_read_deposit(const Request& request);
NativeRead native_read_withdrawal(const Request& request);
NativeRead native_read_adjustment(const Request& request);
NativeRead native_read_reversal(const Request& request);
NativeRead native_read_create_promotion(const Request& request);
// native_read_lists.cc
NativeRead native_read_wallets(const Request& request);
NativeRead native_read_transaction(const Request& request);
NativeRead native_read_transactions(const Request& request);
NativeRead native_read_rounds(const Request& request);
NativeRead native_read_round(const Request& request);
NativeRead native_read_close_round(const Request& request);
NativeRead native_read_promotions(const Request& request);
NativeRead native_read_withdrawals(const Request& request);
NativeRead native_read_deposits(const Request& request);
// native_withdrawal.cc
NativeRead native_read_cancel_withdrawal(const Request& request);
NativeRead native_read_approve_withdrawal(const Request& request);
NativeRead native_read_retry_withdrawal(const Request& request);
// native_chain.cc
NativeRead native_read_hot_wallets(const Request& request);
NativeRead native_read_pause_chain(const Request& request);
NativeRead native_read_resume_chain(const Request& request);
// native_deposit.cc
NativeRead native_read_deposit_address(const Request& request);
// native_policy.cc
NativeRead native_read_put_policy(const Request& request);
NativeRead native_read_policy(const Request& request);

// native_write_accounts.cc
Reply native_write_tenant(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_tenants(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_new_key(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_keys(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_new_credential(const Request& request, const Intent& intent,
                                  const Outcome& outcome);
Reply native_write_integration(const Request& request, const Intent& intent,
                               const Outcome& outcome);
Reply native_write_integrations(const Request& request, const Intent& intent,
                                const Outcome& outcome);
Reply native_write_currency(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_currencies(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_nothing(const Request& request, const Intent& intent, const Outcome& outcome);
// native_write_players.cc
Reply native_write_player(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_session(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_promotion(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_promotions(const Request& request, const Intent& intent, const Outcome& outcome);
// native_withdrawal.cc
Reply native_write_withdrawal(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_withdrawals(const Request& request, const Intent& intent,
                               const Outcome& outcome);
// native_chain.cc
Reply native_write_hot_wallets(const Request& request, const Intent& intent,
                               const Outcome& outcome);
Reply native_write_chain(const Request& request, const Intent& intent, const Outcome& outcome);
// native_deposit.cc
Reply native_write_deposit_address(const Request& request, const Intent& intent,
                                   const Outcome& outcome);
Reply native_write_deposits(const Request& request, const Intent& intent, const Outcome& outcome);
// native_policy.cc
Reply native_write_policy(const Request& request, const Intent& intent, const Outcome& outcome);
// native_write_money.cc
Reply native_write_move(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_wallets(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_transaction(const Request& request, const Intent& intent,
                               const Outcome& outcome);
Reply native_write_transactions(const Request& request, const Intent& intent,
                                const Outcome& outcome);
Reply native_write_round(const Request& request, const Intent& intent, const Outcome& outcome);
Reply native_write_rounds(const Request& request, const Intent& intent, const Outcome& outcome);

}  // namespace coffer
