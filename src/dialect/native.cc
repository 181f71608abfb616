// The native API: /v1, ours, for the operator's own back end, the console and the command line.
//
// Nobody published this one, so it does what users of HTTP APIs expect today:
//
// * A call carries `Authorization: Bearer KEY`. A key belongs to a tenant and has scopes; each
// route
//   names the one it needs. The installation's key makes and lists tenants and their first keys,
//   and reads nothing inside them; a tenant's key cannot do what the installation's does.
// * Errors are problem details (RFC 9457): `type` is /problems/ and the ledger's own word. What
// belongs
//   to another tenant is unknown here, in the same bytes as what never was.
// * Everything that moves money wants an `Idempotency-Key`. Its replay is answered like the first
// time,
//   201 and the same transaction, with `idempotent-replayed: true` and the wallet as it is by then.
// * Amounts are strings with the currency's decimals, times are UTC with milliseconds, lists are
// arrays,
//   and the next page is in `Link`. Absent things are null, never missing.
// * A player is named by the native id. In POST /v1/sessions too, whatever the dialect calls the
// player.
// * A transaction of any dialect is found by its native id or by the caller's own id, and says what
//   became of it: applied, refused, rolled_back or tombstoned.
//
// The functions behind the routes are in native_read_*.cc and native_write_*.cc, by subject; here
// are the routes, the credential, and what is said when the answer is no.

#include "dialect/native.h"
#include "dialect/dialects.h"

namespace coffer {
namespace {

using Write = Reply (*)(const Request& request, const Intent& intent, const Outcome& outcome);

struct NativeRoute {
    Method method;
    std::string_view pattern;
    std::string_view verb;
    std::uint32_t scopes;  // any one of them will do
    NativeRead (*read)(const Request& request);
    Write write;
};

constexpr NativeRoute table[] = {
    {Method::post, "/v1/tenants", "create_tenant", scope_install, native_read_create_tenant,
     native_write_tenant},
    {Method::get, "/v1/tenants", "list_tenants", scope_install, native_read_list_tenants,
     native_write_tenants},
    {Method::post, "/v1/tenants/{id}/keys", "create_tenant_key", scope_install,
     native_read_create_tenant_key, native_write_new_key},
    {Method::post, "/v1/keys", "create_key", scope_admin, native_read_create_key,
     native_write_new_key},
    {Method::get, "/v1/keys", "list_keys", scope_admin, native_read_list_keys, native_write_keys},
    {Method::del, "/v1/keys/{id}", "revoke_key", scope_admin, native_read_revoke_key,
     native_write_nothing},
    {Method::post, "/v1/integrations", "create_integration", scope_admin,
     native_read_create_integration, native_write_integration},
    {Method::get, "/v1/integrations", "list_integrations", scope_admin,
     native_read_list_integrations, native_write_integrations},
    {Method::patch, "/v1/integrations/{id}", "patch_integration", scope_admin,
     native_read_patch_integration, native_write_integration},
    {Method::post, "/v1/integrations/{id}/credentials", "create_credential", scope_admin,
     native_read_create_credential, native_write_new_credential},
    {Method::del, "/v1/integrations/{id}/credentials/{credential}", "revoke_credential",
     scope_admin, native_read_revoke_credential, native_write_nothing},
    {Method::post, "/v1/currencies", "create_currency", scope_admin, native_read_create_currency,
     native_write_currency},
    {Method::get, "/v1/currencies", "list_currencies", scope_read | scope_admin,
     native_read_list_currencies, native_write_currencies},
    {Method::post, "/v1/players", "create_player", scope_play | scope_admin,
     native_read_create_player, native_write_player},
    {Method::get, "/v1/players", "find_player", scope_read, native_read_player_by_alias,
     native_write_player},
    {Method::get, "/v1/players/{id}", "player", scope_read, native_read_player,
     native_write_player},
    {Method::post, "/v1/players/{id}/block", "block", scope_admin, native_read_block,
     native_write_player},
    {Method::post, "/v1/players/{id}/unblock", "unblock", scope_admin, native_read_unblock,
     native_write_player},
    {Method::put, "/v1/players/{id}/payout-address", "payout_address", scope_admin | scope_cashier,
     native_read_payout_address, native_write_player},
    {Method::put, "/v1/players/{id}/limits", "limits", scope_admin, native_read_limits,
     native_write_player},
    {Method::get, "/v1/players/{id}/wallets", "wallets", scope_read, native_read_wallets,
     native_write_wallets},
    {Method::post, "/v1/players/{id}/deposits", "deposit", scope_cashier, native_read_deposit,
     native_write_move},
    {Method::post, "/v1/players/{id}/withdrawals", "withdrawal", scope_cashier,
     native_read_withdrawal, native_write_move},
    {Method::post, "/v1/players/{id}/adjustments", "adjustment", scope_cashier,
     native_read_adjustment, native_write_move},
    {Method::post, "/v1/players/{id}/deposit-address", "deposit_address",
     scope_play | scope_cashier, native_read_deposit_address, native_write_deposit_address},
    {Method::post, "/v1/sessions", "open_session", scope_play, native_read_open_session,
     native_write_session},
    {Method::del, "/v1/sessions/{id}", "revoke_session", scope_play, native_read_revoke_session,
     native_write_nothing},
    {Method::get, "/v1/transactions", "transactions", scope_read, native_read_transactions,
     native_write_transactions},
    {Method::get, "/v1/transactions/{id}", "transaction", scope_read, native_read_transaction,
     native_write_transaction},
    {Method::post, "/v1/transactions/{id}/reversal", "reversal", scope_admin, native_read_reversal,
     native_write_move},
    {Method::get, "/v1/rounds", "rounds", scope_read, native_read_rounds, native_write_rounds},
    {Method::get, "/v1/rounds/{id}", "round", scope_read, native_read_round, native_write_round},
    {Method::post, "/v1/rounds/{id}/close", "close_round", scope_admin, native_read_close_round,
     native_write_round},
    {Method::get, "/v1/withdrawals", "withdrawals", scope_read, native_read_withdrawals,
     native_write_withdrawals},
    {Method::post, "/v1/withdrawals/{id}/cancel", "cancel_withdrawal", scope_cashier,
     native_read_cancel_withdrawal, native_write_withdrawal},
    {Method::post, "/v1/withdrawals/{id}/approve", "approve_withdrawal", scope_admin,
     native_read_approve_withdrawal, native_write_withdrawal},
    {Method::post, "/v1/withdrawals/{id}/retry", "retry_withdrawal", scope_admin,
     native_read_retry_withdrawal, native_write_withdrawal},
    {Method::get, "/v1/deposits", "deposits", scope_read, native_read_deposits,
     native_write_deposits},
    {Method::put, "/v1/currencies/{code}/withdrawal-policy", "put_policy", scope_admin,
     native_read_put_policy, native_write_policy},
    {Method::get, "/v1/currencies/{code}/withdrawal-policy", "policy", scope_read | scope_admin,
     native_read_policy, native_write_policy},
    {Method::get, "/v1/hot-wallets", "hot_wallets", scope_install, native_read_hot_wallets,
     native_write_hot_wallets},
    {Method::post, "/v1/chains/{id}/pause", "pause_chain", scope_install, native_read_pause_chain,
     native_write_chain},
    {Method::post, "/v1/chains/{id}/resume", "resume_chain", scope_install,
     native_read_resume_chain, native_write_chain},
    {Method::post, "/v1/promotions", "create_promotion", scope_admin, native_read_create_promotion,
     native_write_promotion},
    {Method::get, "/v1/promotions", "promotions", scope_read | scope_admin, native_read_promotions,
     native_write_promotions},
};

constexpr auto routes = [] {
    std::array<Route, std::size(table)> all{};
    for (std::size_t index = 0; index < all.size(); ++index) {
        const NativeRoute& route = table[index];
        all[index] = {route.method, route.pattern, route.verb, static_cast<int>(index)};
    }
    return all;
}();

const NativeRoute& route_of(const Request& request) {
    return table[static_cast<std::size_t>(request.route->data)];
}

// How a problem is told: its status, and what it is called by people.
struct Problem {
    int status;
    std::string_view word;  // of the ledger or the desk; `type` is made of it
    std::string_view title;
};

Problem problem_of(Decline decline) {
    const std::string_view word = decline_word(decline);
    switch (decline) {
        case Decline::none: break;
        case Decline::session_unknown: return {404, word, "There is no such session"};
        case Decline::session_expired: return {409, word, "The session has expired"};
        case Decline::player_unknown: return {404, word, "There is no such player"};
        case Decline::player_blocked: return {409, word, "The player is blocked"};
        case Decline::currency_wrong: return {404, word, "There is no such currency here"};
        case Decline::insufficient_funds: return {402, word, "There is not enough money"};
        case Decline::conflict: return {409, word, "The key was used for another call"};
        case Decline::transaction_unknown: return {404, word, "There is no such transaction"};
        case Decline::already_rolled_back: return {409, word, "It was taken back already"};
        case Decline::cancelled_before_arrival:
            return {409, word, "It was cancelled before it came"};
        case Decline::round_closed: return {409, word, "The round is closed"};
        case Decline::no_wager_in_round: return {409, word, "The round has no wager"};
        case Decline::already_settled: return {409, word, "The round was paid already"};
        case Decline::not_latest_wager: return {409, word, "It is not the latest wager"};
        case Decline::promotion_unknown: return {404, word, "There is no such promotion"};
        case Decline::limit_reached: return {409, word, "A limit is reached"};
        case Decline::was_refused: return {409, word, "It was refused"};
        case Decline::nothing_to_withdraw: return {409, word, "There is nothing to withdraw"};
        case Decline::withdrawal_in_flight: return {409, word, "A withdrawal is under way already"};
        case Decline::below_minimum: return {409, word, "It is less than the minimum"};
        case Decline::no_payout_address: return {409, word, "The player has no payout address"};
        case Decline::not_found: return {404, word, "There is no such thing"};
        case Decline::exists: return {409, word, "That name or id is taken already"};
        case Decline::invalid: return {400, word, "A value does not fit the books"};
        case Decline::amount_overflow: return {409, word, "The balance would have too many digits"};
        case Decline::not_permitted: return {409, word, "That cannot be done to it"};
    }
    return {500, "internal", "Something went wrong"};
}

Problem problem_of(Fault fault) {
    switch (fault) {
        case Fault::none: break;
        case Fault::not_now: return {503, "not_now", "Not now: ask again"};
        case Fault::throttled: return {429, "throttled", "Too many calls: ask again later"};
        case Fault::internal: break;
    }
    return {500, "internal", "Something went wrong"};
}

Problem problem_of(RefusalKind kind) {
    const std::string_view word = refusal_word(kind);
    switch (kind) {
        case RefusalKind::not_found: return problem_of(Decline::not_found);
        case RefusalKind::wrong_method: return {405, word, "Not with this method"};
        case RefusalKind::too_large: return {413, word, "The body is too large"};
        case RefusalKind::malformed: return {400, word, "The call is malformed"};
        case RefusalKind::bad_credential: return {401, word, "A live key is needed"};
        case RefusalKind::bad_signature: return {401, word, "The signature is wrong"};
        case RefusalKind::forbidden: return {403, word, "The key may not do this"};
        case RefusalKind::throttled: return problem_of(Fault::throttled);
        case RefusalKind::not_now: return problem_of(Fault::not_now);
    }
    return problem_of(Fault::internal);
}

Reply write_problem(const Request& request, const Problem& problem, std::string_view detail) {
    std::string type = "/problems/" + std::string(problem.word);
    for (char& c : type) {
        if (c == '_') c = '-';
    }
    Reply reply;
    reply.status = problem.status;
    reply.content_type = "application/problem+json";
    JsonWriter json(reply.body);
    json.open_object();
    json.key("type").string(type);
    json.key("title").string(problem.title);
    json.key("status").integer(problem.status);
    json.key("detail").string(detail.empty() ? problem.title : detail);
    json.key("request_id").string(request.call.request_id);
    json.close_object();
    if (problem.status == 401) add_header(reply, "www-authenticate", "Bearer");
    return reply;
}

std::string scope_names(std::uint32_t scopes) {
    if (scopes == scope_install) return "install";
    std::string names;
    for (const NativeScope& scope : native_scopes) {
        if ((scopes & scope.bit) == 0) continue;
        if (!names.empty()) names += " or ";
        names += scope.word;
    }
    return names;
}

std::expected<Authority, Refusal> authenticate(const Request& request) {
    const std::optional<std::string_view> token = bearer_token(request.call);
    const Credential* credential =
        token ? request.directory->by_secret(CredentialKind::native_key, DialectId::native,
                                             sha256(*token), request.now)
              : nullptr;
    if (credential == nullptr) {
        return std::unexpected(Refusal{.kind = RefusalKind::bad_credential});
    }
    const std::uint32_t needed = route_of(request).scopes;
    if ((credential->scopes & needed) == 0) {
        return std::unexpected(
            Refusal{.kind = RefusalKind::forbidden,
                    .message = "this needs a key with the scope " + scope_names(needed)});
    }
    return Authority{
        .credential = credential, .tenant = credential->tenant, .scopes = credential->scopes};
}

NativeRead read(const Request& request) { return route_of(request).read(request); }

Reply write(const Request& request, const Intent& intent, const Outcome& outcome) {
    if (outcome.fault != Fault::none) return native_problem(request, outcome.fault);
    if (outcome.decline == Decline::conflict && outcome.differs != 0) {
        return write_problem(
            request, problem_of(outcome.decline),
            "the first call with this key differs in: " + field_names(outcome.differs));
    }
    if (outcome.decline != Decline::none) return native_problem(request, outcome.decline);
    return route_of(request).write(request, intent, outcome);
}

Reply refuse(const Request& request, const Refusal& refusal) {
    Reply reply = write_problem(request, problem_of(refusal.kind), refusal.message);
    if (!refusal.allow.empty()) add_header(reply, "allow", refusal.allow);
    return reply;
}

}  // namespace

Reply native_problem(const Request& request, Decline decline) {
    return write_problem(request, problem_of(decline), {});
}

Reply native_problem(const Request& request, Fault fault) {
    return write_problem(request, problem_of(fault), {});
}

const Dialect native_dialect{
    .id = DialectId::native,
    .name = "native",
    .routes = routes,
    .prefix = "/v1/",
    .authenticate = authenticate,
    .read = read,
    .write = write,
    .refuse = refuse,
    .account_tried = [](const Request&) { return std::string(); },
};

}  // namespace coffer
