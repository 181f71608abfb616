// kgen: page 004, "Wallet Endpoints", and the two calls that give a player the token it asks for.
//
// A custodial wallet that holds a player's tokens off-chain and pays them out to a chain. Odd about
// it:
//
// * Two sides call. The platform's server (/s2s) shows a client id and secret and opens sessions;
//   the player's browser (/fe) shows the JWT that the server got, in a header `user-jwt-token`. The
//   token is ours: signed with a key of the integration named by its `iss`, and its `sid` is a
//   session of the ledger, so that it can be revoked before it expires.
// * Nothing here bets. The calls show a wallet that other dialects and the native API move, and
//   take money out of it. A withdrawal has no amount: it takes all of `earned`.
// * "Lazy" is the off-chain balance: lazy_balance = earned + bought + bonus, lazy_balance_delta is
//   what the chain does not know yet, and is_lazy_balance_updated says that this is nothing.
// * A wallet that was never touched has "" for times, and a player without an address "" for it: an
//   invented address would lose money.
// * Errors are {"msg": "..."}; everything about credentials is "UN_AUTHORIZED", and the success of
//   a withdrawal is spelled as the page spells it.
//
// The history has a file of its own, kgen_history.cc.

#include <algorithm>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "dialect/body.h"
#include "dialect/dialects.h"
#include "dialect/jwt.h"
#include "dialect/kgen_history.h"
#include "dialect/movement_view.h"
#include "dialect/text.h"

namespace coffer {
namespace {

// ---- the routes ---------------------------------------------------------------------------------

enum class Verb : std::uint8_t { session, refresh, balance, transactions, withdraw };
constexpr int number(Verb verb) { return static_cast<int>(verb); }
Verb verb_of(const Request& request) { return static_cast<Verb>(request.route->data); }

constexpr std::array routes{
    Route{Method::post, "/s2s/session", "session", number(Verb::session)},
    Route{Method::post, "/s2s/session/refresh", "refresh", number(Verb::refresh)},
    Route{Method::get, "/fe/wallet/balance", "balance", number(Verb::balance)},
    Route{Method::get, "/fe/wallet/transactions", "transactions", number(Verb::transactions)},
    Route{Method::post, "/fe/wallet/withdraw", "withdraw", number(Verb::withdraw)},
};

constexpr Duration token_ttl_default = 24 * hour_us;
constexpr Duration refresh_ttl = 30 * day_us;
constexpr std::size_t user_id_bytes_max = 255;
constexpr std::uint32_t page_limit_default = 50;

// Where in Call::random the new names of a call begin.
constexpr std::size_t session_random = 0, player_random = 16, refresh_random = 32;

// ---- the words ----------------------------------------------------------------------------------

struct Word {
    int status;
    std::string_view message;
};
constexpr Word unauthorized_word{401, "UN_AUTHORIZED"};
constexpr Word invalid_word{400, "invalid request"};
constexpr Word internal_word{500, "internal error"};
constexpr Word withdrawn_word{200, "wallet withdrawl successful"};  // the page's own spelling

Word word_of(Decline decline) {
    switch (decline) {
        case Decline::none: return {200, ""};
        case Decline::session_unknown:
        case Decline::session_expired:
        case Decline::player_unknown: return unauthorized_word;
        case Decline::player_blocked: return {409, "user is blocked"};
        case Decline::insufficient_funds: return {400, "insufficient balance"};
        case Decline::conflict: return {409, "Idempotency-Key was used for another request"};
        case Decline::limit_reached: return {400, "limit reached"};
        // Nothing happens, and for the caller that is a success like the one before.
        case Decline::withdrawal_in_flight: return withdrawn_word;
        case Decline::nothing_to_withdraw: return {400, "nothing to withdraw"};
        case Decline::below_minimum: return {400, "balance is below the minimum withdrawal"};
        case Decline::no_payout_address: return {409, "user has no payout address"};
        case Decline::not_permitted: return {409, "payout address is not allowed"};
        case Decline::exists: return {409, "user_id is taken"};
        case Decline::amount_overflow: return {400, "balance is too large"};
        case Decline::invalid: return invalid_word;
        // No rounds, rollbacks or promotions here, and the currency is the integration's only one.
        case Decline::currency_wrong:
        case Decline::transaction_unknown:
        case Decline::already_rolled_back:
        case Decline::cancelled_before_arrival:
        case Decline::round_closed:
        case Decline::no_wager_in_round:
        case Decline::already_settled:
        case Decline::not_latest_wager:
        case Decline::promotion_unknown:
        case Decline::was_refused:
        case Decline::not_found: return invalid_word;
    }
    return internal_word;
}

Word word_of(Fault fault) {
    switch (fault) {
        case Fault::none: return {200, ""};
        case Fault::not_now: return {503, "not now"};
        case Fault::throttled: return {429, "too many requests"};
        case Fault::internal: return internal_word;
    }
    return internal_word;
}

Word word_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::not_found: return {404, "not found"};
        case RefusalKind::wrong_method: return {405, "method not allowed"};
        case RefusalKind::too_large: return {413, "body is too large"};
        case RefusalKind::malformed: return invalid_word;
        case RefusalKind::bad_credential:
        case RefusalKind::bad_signature:
        case RefusalKind::forbidden: return unauthorized_word;
        case RefusalKind::throttled: return {429, "too many requests"};
        case RefusalKind::not_now: return {503, "not now"};
    }
    return internal_word;
}

std::unexpected<Refusal> malformed(std::string message) {
    return std::unexpected(Refusal{.kind = RefusalKind::malformed, .message = std::move(message)});
}

std::unexpected<Refusal> unauthorized() {
    return std::unexpected(Refusal{.kind = RefusalKind::bad_credential});
}

// ---- authenticate -------------------------------------------------------------------------------

std::expected<Authority, Refusal> by_client_secret(const Request& request) {
    const Call& call = request.call;
    if (call.header_count("x-client-id") != 1 || call.header_count("x-client-secret") != 1) {
        return unauthorized();
    }
    const Digest digest = sha256(call.header("x-client-secret"));
    for (const Credential* credential :
         request.directory->by_name(DialectId::kgen, call.header("x-client-id"), request.now)) {
        if (!equal_constant_time(view(credential->digest), view(digest))) continue;
        const Integration* const integration =
            request.directory->integration(credential->integration);
        if (!integration) continue;
        return Authority{integration, credential, credential->tenant, 0, {}};
    }
    return unauthorized();
}

const Integration* issuer_of(const Request& request, std::string_view uid) {
    const auto all = request.directory->integrations(DialectId::kgen);
    const auto found = std::ranges::find_if(
        all, [uid](const Integration* integration) { return integration->uid == uid; });
    return found == all.end() ? nullptr : *found;
}

// The key of a token is found by what the token itself claims, and only then is it believed.
std::expected<Authority, Refusal> by_user_token(const Request& request) {
    if (request.call.header_count("user-jwt-token") != 1) return unauthorized();
    const auto jws = parse_jws(request.call.header("user-jwt-token"));
    if (!jws) return unauthorized();
    const auto claims = parse_claims(jws->payload);
    if (!claims) return unauthorized();
    const Integration* const issuer = issuer_of(request, claims->issuer);
    if (!issuer) return unauthorized();
    for (const Credential* credential : request.directory->signing_keys(issuer->id, request.now)) {
        const auto key = request.keyring->signing.find(credential->uid);
        if (key == request.keyring->signing.end()) continue;
        if (!signature_matches(*jws, key->second)) continue;
        // From here on the claims are ours.
        if (!in_force(*claims, request.now) || claims->subject != claims->user) break;
        return Authority{issuer, credential, issuer->tenant, 0, claims->user};
    }
    return unauthorized();
}

std::expected<Authority, Refusal> authenticate(const Request& request) {
    switch (verb_of(request)) {
        case Verb::session:
        case Verb::refresh: return by_client_secret(request);
        case Verb::balance:
        case Verb::transactions:
        case Verb::withdraw: return by_user_token(request);
    }
    return unauthorized();
}

// A session is named by the first half of its digest, and that name is the `sid`: no secret,
// because it opens nothing without the signature round it, and the id under which the native API
// revokes it.
Digest session_digest(std::string_view sid) {
    Digest digest{};
    if (const auto name = parse_uuid(sid)) std::ranges::copy(*name, digest.begin());
    return digest;
}

// The session that the user's token names; the token itself was proven in authenticate().
std::optional<FindSession> session_of(const Request& request) {
    const Verb verb = verb_of(request);
    if (verb == Verb::session || verb == Verb::refresh) return std::nullopt;
    const auto jws = parse_jws(request.call.header("user-jwt-token"));
    const auto claims = jws ? parse_claims(jws->payload) : std::nullopt;
    if (!claims) return std::nullopt;
    return FindSession{.digest = session_digest(claims->session),
                       .kind = SessionKind::kgen_session};
}

// ---- read ---------------------------------------------------------------------------------------

std::string new_uuid(const Request& request, std::size_t offset) {
    return uuid_v4(std::span(request.call.random).subspan(offset).first<16>());
}

// While two keys are live, tokens signed with either are good; new ones are signed with the newest.
const std::string* signing_key(const Request& request) {
    const Credential* newest = nullptr;
    for (const Credential* credential :
         request.directory->signing_keys(request.authority.integration->id, request.now)) {
        if (!request.keyring->signing.contains(credential->uid)) continue;
        if (!newest || credential->created > newest->created) newest = credential;
    }
    return newest ? &request.keyring->signing.at(newest->uid) : nullptr;
}

Duration token_ttl(const Request& request) {
    const std::int64_t ttl_s = request.authority.integration->settings.session_ttl_s;
    return ttl_s > 0 ? ttl_s * second_us : token_ttl_default;
}

Caller caller_of(const Request& request) {
    Caller caller;
    caller.tenant = request.authority.tenant;
    caller.integration = request.authority.integration->id;
    return caller;
}

Caller user_of(const Request& request) {
    Caller caller = caller_of(request);
    caller.rule = SessionRule::bearer;
    caller.session_kind = SessionKind::kgen_session;
    caller.player.id =
        request.authority.subject;  // the ledger sees to it that they belong together
    if (const auto session = session_of(request)) caller.session = session->digest;
    return caller;
}

std::expected<Intent, Refusal> read_session(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return malformed(body.error());
    Fields fields(*body);
    OpenUser intent;
    intent.caller = caller_of(request);
    intent.caller.player.id = fields.text("user_id", 1, user_id_bytes_max);
    if (fields.failed()) return malformed(fields.message());
    intent.new_player = new_uuid(request, player_random);
    intent.session = session_digest(new_uuid(request, session_random));
    intent.refresh = sha256(random_token(request.call, refresh_random));
    intent.ttl = token_ttl(request);
    intent.refresh_ttl = refresh_ttl;
    return intent;
}

std::expected<Intent, Refusal> read_refresh(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return malformed(body.error());
    Fields fields(*body);
    RenewUser intent;
    intent.caller = caller_of(request);
    intent.caller.rule = SessionRule::bearer;
    intent.caller.session_kind = SessionKind::kgen_refresh;
    // Of any length: a long one is as unknown as any other that is not ours.
    intent.caller.session = sha256(fields.text("refresh_token", 1, body_bytes_max));
    if (fields.failed()) return malformed(fields.message());
    intent.session = session_digest(new_uuid(request, session_random));
    intent.refresh = sha256(random_token(request.call, refresh_random));
    intent.ttl = token_ttl(request);
    intent.refresh_ttl = refresh_ttl;
    return intent;
}

CurrencyId currency_of(const Request& request) {
    const auto& currencies = request.authority.integration->currencies;
    return currencies.empty() ? CurrencyId{0} : currencies.front();
}

std::expected<Intent, Refusal> read_transactions(const Request& request) {
    const auto parameters = parse_query(request.call.query);
    if (!parameters) return malformed("the query is malformed");
    ListMovements intent;
    intent.caller = user_of(request);
    intent.caller.player.id.clear();  // whose list it is the session says, and write() looks
    intent.currency = currency_of(request);
    intent.limit = page_limit_default;
    if (const std::string* text = find_parameter(*parameters, "limit")) {
        const auto limit = parse_integer(*text, 1, 100);
        if (!limit) return malformed("limit must be a whole number from 1 to 100");
        intent.limit = static_cast<std::uint32_t>(*limit);
    }
    // "" is what the last page answers; sent back, it begins anew.
    const std::string* const cursor = find_parameter(*parameters, "last_evaluated_key");
    if (cursor && !cursor->empty()) {
        const auto before =
            read_cursor(*cursor, kgen_cursor_context(request), request.keyring->cursor_key);
        if (!before) return malformed("last_evaluated_key is not one of ours");
        intent.before = *before;
    }
    return intent;
}

std::expected<Intent, Refusal> read_withdraw(const Request& request) {
    auto key = idempotency_key(request.call);
    if (!key) return std::unexpected(key.error());
    const auto body = Body::parse(request.call.body);
    if (!body) return malformed(body.error());
    Move move;
    move.caller = user_of(request);
    move.kind = TransactionKind::withdraw;
    move.currency = currency_of(request);
    move.amount = Amount{};  // all of `earned`: the ledger fills it in
    move.group = key->empty() ? KeyGroup::self : KeyGroup::kgen_withdraw;
    move.external_id = std::move(*key);
    return move;
}

std::expected<Intent, Refusal> read(const Request& request) {
    switch (verb_of(request)) {
        case Verb::session:
        case Verb::refresh:
            // Without a key no token could be signed, and a session nobody can use would be opened.
            if (!signing_key(request))
                return std::unexpected(Refusal{RefusalKind::not_now, {}, {}});
            return verb_of(request) == Verb::session ? read_session(request)
                                                     : read_refresh(request);
        case Verb::balance:
            return AskBalance{.caller = user_of(request), .currency = currency_of(request)};
        case Verb::transactions: return read_transactions(request);
        case Verb::withdraw: return read_withdraw(request);
    }
    return malformed("no such call");
}

// ---- write --------------------------------------------------------------------------------------

Reply message(int status, std::string_view text) {
    Reply reply;
    reply.status = status;
    JsonWriter(reply.body).open_object().key("msg").string(text).close_object();
    return reply;
}

void write_session(JsonWriter& json, const Request& request, const Outcome& outcome) {
    const std::string session = new_uuid(request, session_random);
    JwtClaims claims;
    claims.issuer = request.authority.integration->uid;
    claims.session = session;
    if (outcome.player) {
        claims.user = name_in(request.authority.integration->id, *outcome.player);
        claims.wallet_address = outcome.player->wallet_address;
    }
    claims.subject = claims.user;
    claims.issued_at_s = request.now / second_us;
    const std::int64_t expires_in_s = token_ttl(request) / second_us;
    claims.expires_at_s = claims.issued_at_s + expires_in_s;
    json.open_object();
    json.key("session_id").string(session).key("user_id").string(claims.user);
    json.key("wallet_address").string(claims.wallet_address);
    json.key("access_token").string(sign_jws(format_claims(claims), *signing_key(request)));
    json.key("refresh_token").string(random_token(request.call, refresh_random));
    json.key("token_type").string("JWT").key("expires_in").integer(expires_in_s);
    json.key("is_new_user").boolean(outcome.created);
    json.close_object();
}

std::string time_or_empty(Time time) { return time == 0 ? "" : format_time(time, 6); }

void write_balance(JsonWriter& json, const Request& request, const Outcome& outcome) {
    const Currency* const currency = request.directory->currency(currency_of(request));
    const int scale = currency ? currency->scale : 0;
    const Wallet wallet = outcome.wallet ? *outcome.wallet : Wallet{};
    const Amount lazy = playable(wallet);
    const Amount delta = subtract(lazy, wallet.on_chain).value_or(Amount{});
    const Amount minimum =
        parse_amount(request.authority.integration->settings.minimum_withdrawal, scale)
            .value_or(Amount{});
    const auto amount = [&](std::string_view name, Amount value) {
        json.key(name).number(format_shortest(value, scale));
    };
    json.open_object();
    json.key("wallet_address").string(outcome.player ? outcome.player->wallet_address : "");
    amount("earned_balance", wallet.at(AccountCode::earned).balance);
    amount("bought_balance", wallet.at(AccountCode::bought).balance);
    amount("bonus_balance", wallet.at(AccountCode::bonus).balance);
    amount("lazy_balance", lazy);
    amount("on_chain_balance", wallet.on_chain);
    json.key("wallet_transaction_error").boolean(wallet.transaction_error);
    amount("lazy_balance_delta", delta);
    json.key("is_lazy_balance_updated").boolean(delta.is_zero());
    json.key("created_at").string(time_or_empty(wallet.created));
    json.key("modified_at").string(time_or_empty(wallet.modified));
    amount("minWalletBalToWithdraw", minimum);
    json.close_object();
}

// Whether the user whom the token names is the one whose session it names.
bool is_of_token(const Request& request, const Outcome& outcome) {
    return !outcome.player ||
           name_in(request.authority.integration->id, *outcome.player) == request.authority.subject;
}

Reply write(const Request& request, const Intent&, const Outcome& outcome) {
    if (!outcome.done()) {
        const Word word =
            outcome.fault != Fault::none ? word_of(outcome.fault) : word_of(outcome.decline);
        std::string text(word.message);
        if (outcome.decline == Decline::conflict)
            text += " (other " + field_names(outcome.differs) + ")";
        return message(word.status, text);
    }
    if (verb_of(request) == Verb::withdraw)
        return message(withdrawn_word.status, withdrawn_word.message);
    if (verb_of(request) == Verb::transactions && !is_of_token(request, outcome)) {
        Reply reply = message(unauthorized_word.status, unauthorized_word.message);
        reply.note.outcome = decline_word(Decline::session_unknown);
        return reply;
    }
    Reply reply;
    reply.status = 200;
    JsonWriter json(reply.body);
    switch (verb_of(request)) {
        case Verb::session:
        case Verb::refresh: write_session(json, request, outcome); break;
        case Verb::balance: write_balance(json, request, outcome); break;
        case Verb::transactions: kgen_write_transactions(json, request, outcome); break;
        case Verb::withdraw: break;
    }
    return reply;
}

// ---- refuse -------------------------------------------------------------------------------------

Reply refuse(const Request&, const Refusal& refusal) {
    const Word word = word_of(refusal.kind);
    const bool says_why = refusal.kind == RefusalKind::malformed && !refusal.message.empty();
    Reply reply = message(word.status, says_why ? refusal.message : word.message);
    if (!refusal.allow.empty()) add_header(reply, "allow", refusal.allow);
    return reply;
}

// A client secret is long and random, and still slowed down, because this call opens sessions.
std::string account_tried(const Request& request) {
    return verb_of(request) == Verb::session ? std::string(request.call.header("x-client-id")) : "";
}

}  // namespace

const Dialect kgen_dialect{
    .id = DialectId::kgen,
    .name = "kgen",
    .routes = routes,
    .authenticate = authenticate,
    .read = read,
    .write = write,
    .refuse = refuse,
    .account_tried = account_tried,
    .session_of = session_of,
};

}  // namespace coffer
