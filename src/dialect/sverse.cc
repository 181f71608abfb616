// sverse: page 003, "Managed Backend (Client SDK)", and the siblings that page cannot work without.
//
// For games that have no backend: the game's client itself registers players, logs them in and
// moves their in-game currencies. Odd about it:
//
// * Two credentials. `x-api-key` says which game calls; a `sessionId` says which player. The lists
//   and balances take the session alone, as a Bearer token; a transaction takes the key as a header
//   and the session inside the body.
// * The key ships inside the game, so it is no secret. That is why there is a second one, the
//   server key, which may also ask for any player's balance; and why a credit asked for with the
//   client key is a "client grant", which the ledger keeps out of real money and limits. A server
//   key may do whatever a client key may.
// * Every answer is an envelope: {"error": false, "data": ...} or {"error": true, "message": ...}.
// * The page spells one thing in two ways: `createdAt` in the list, `created_at` in a new
//   transaction.
// * Here `credit` gives to the player and `debit` takes, and `amount` is a JSON number from 1 on.
// * The list shows every movement of the wallet, whoever made it, with the balance before and
//   after.

#include <limits>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "dialect/body.h"
#include "dialect/call_currency.h"
#include "dialect/dialects.h"
#include "dialect/movement_view.h"
#include "dialect/sverse_account.h"
#include "dialect/text.h"

namespace coffer {
namespace {

// ---- the routes ---------------------------------------------------------------------------------

enum class Verb : std::uint8_t {
    register_,
    login,
    logout,
    refresh,
    balance,
    transactions,
    transact,
    private_balance
};
constexpr int number(Verb verb) { return static_cast<int>(verb); }
Verb verb_of(const Request& request) { return static_cast<Verb>(request.route->data); }

constexpr std::array routes{
    Route{Method::post, "/api/public/auth/register", "register", number(Verb::register_)},
    Route{Method::post, "/api/public/auth/login", "login", number(Verb::login)},
    Route{Method::post, "/api/public/auth/logout", "logout", number(Verb::logout)},
    Route{Method::post, "/api/public/auth/refresh", "refresh", number(Verb::refresh)},
    Route{Method::get, "/api/public/users/balance", "balance", number(Verb::balance)},
    Route{Method::get, "/api/public/wallets/{currencyCode}/transactions", "transactions",
          number(Verb::transactions)},
    Route{Method::post, "/api/public/wallets/{currencyCode}/transactions", "transact",
          number(Verb::transact)},
    Route{Method::get, "/api/private/users/{identity}/wallets/balance", "private_balance",
          number(Verb::private_balance)},
};

constexpr std::size_t reason_characters_max = 1024;

// ---- the words ----------------------------------------------------------------------------------

struct Word {
    int status;
    std::string_view message;
};

Word word_of(Decline decline) {
    switch (decline) {
        case Decline::none: return {200, ""};
        case Decline::session_unknown: return {401, "Unauthorized or invalid session"};
        case Decline::session_expired: return {401, "Session expired"};
        case Decline::player_unknown: return {404, "User not found"};
        case Decline::player_blocked: return {400, "User is blocked"};
        case Decline::currency_wrong: return {404, "Currency not found"};
        case Decline::insufficient_funds: return {400, "Insufficient balance"};
        case Decline::conflict: return {400, "Idempotency-Key was used for another transaction"};
        case Decline::limit_reached: return {400, "Limit reached"};
        case Decline::not_found: return {404, "Resource not found"};
        case Decline::exists: return {400, "Username or email is already taken"};
        case Decline::invalid: return {400, "Invalid request"};
        case Decline::amount_overflow: return {400, "Amount is too large"};
        case Decline::not_permitted:
            return {400, "Credits by a client are not allowed in this currency"};
        // No rounds, rollbacks, promotions or withdrawals here.
        case Decline::transaction_unknown:
        case Decline::already_rolled_back:
        case Decline::cancelled_before_arrival:
        case Decline::round_closed:
        case Decline::no_wager_in_round:
        case Decline::already_settled:
        case Decline::not_latest_wager:
        case Decline::promotion_unknown:
        case Decline::was_refused:
        case Decline::nothing_to_withdraw:
        case Decline::withdrawal_in_flight:
        case Decline::below_minimum:
        case Decline::no_payout_address: return {400, "Invalid request"};
    }
    return {500, "Internal server error"};
}

Word word_of(Fault fault) {
    switch (fault) {
        case Fault::none: return {200, ""};
        case Fault::not_now: return {503, "Temporarily unavailable"};
        case Fault::throttled: return {429, "Too many requests"};
        case Fault::internal: return {500, "Internal server error"};
    }
    return {500, "Internal server error"};
}

Word word_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::not_found: return {404, "Resource not found"};
        case RefusalKind::wrong_method: return {405, "Method not allowed"};
        case RefusalKind::too_large: return {413, "Body is too large"};
        case RefusalKind::malformed: return {400, "Invalid request"};
        case RefusalKind::bad_credential:
        case RefusalKind::bad_signature:
        case RefusalKind::forbidden: return {401, "Unauthorized or invalid session"};
        case RefusalKind::throttled: return {429, "Too many requests"};
        case RefusalKind::not_now: return {503, "Temporarily unavailable"};
    }
    return {500, "Internal server error"};
}

// Unknown name and wrong password must not be told apart.
constexpr Word wrong_login{401, "Invalid username, email or password"};

// ---- authenticate -------------------------------------------------------------------------------

std::expected<Authority, Refusal> by_api_key(const Request& request, bool server_only) {
    if (request.call.header_count("x-api-key") != 1) return sverse_unauthorized();
    const Digest digest = sha256(request.call.header("x-api-key"));
    const Credential* credential = request.directory->by_secret(
        CredentialKind::server_key, DialectId::sverse, digest, request.now);
    if (!credential && !server_only) {
        credential = request.directory->by_secret(CredentialKind::client_key, DialectId::sverse,
                                                  digest, request.now);
    }
    if (!credential) return sverse_unauthorized();
    Authority authority;
    authority.credential = credential;
    authority.integration = request.directory->integration(credential->integration);
    authority.tenant = credential->tenant;
    if (!authority.integration) return sverse_unauthorized();
    return authority;
}

// Whether the session is the credential; else a key is.
bool shows_session(Verb verb) {
    switch (verb) {
        case Verb::register_:
        case Verb::login:
        case Verb::transact:
        case Verb::private_balance: return false;
        case Verb::logout:
        case Verb::refresh:
        case Verb::balance:
        case Verb::transactions: return true;
    }
    return false;
}

std::expected<Authority, Refusal> authenticate(const Request& request) {
    const Verb verb = verb_of(request);
    if (!shows_session(verb)) return by_api_key(request, verb == Verb::private_balance);
    if (!bearer_token(request.call)) return sverse_unauthorized();
    return Authority{};  // session_of() says where to look
}

std::optional<FindSession> session_of(const Request& request) {
    const auto token = shows_session(verb_of(request)) ? bearer_token(request.call) : std::nullopt;
    if (!token) return std::nullopt;
    return FindSession{.digest = sha256(*token), .kind = SessionKind::sverse_session};
}

// ---- read ---------------------------------------------------------------------------------------

std::expected<Intent, Refusal> read_balance(const Request& request) {
    AskBalance intent;
    intent.every_currency = true;
    if (verb_of(request) == Verb::private_balance) {
        intent.caller = sverse_caller(request);
        intent.caller.player.id = request.segments[0];
    } else {
        intent.caller = sverse_bearer(request);
    }
    return intent;
}

// The currency of the path; 0, which is none, when the game has none of that code.
const Currency* currency_of(const Request& request) {
    return request.directory->movable(*request.authority.integration, request.segments[0]);
}

struct Page {
    std::int64_t page = 1, limit = 20;
};

std::expected<Page, Refusal> read_page(const Request& request) {
    const auto parameters = parse_query(request.call.query);
    if (!parameters) return sverse_malformed("the query is malformed");
    Page page;
    if (const std::string* text = find_parameter(*parameters, "page")) {
        const auto value = parse_integer(*text, 1, std::numeric_limits<std::int64_t>::max());
        if (!value) return sverse_malformed("page must be a whole number from 1");
        page.page = *value;
    }
    if (const std::string* text = find_parameter(*parameters, "limit")) {
        const auto value = parse_integer(*text, 1, 100);
        if (!value) return sverse_malformed("limit must be a whole number from 1 to 100");
        page.limit = *value;
    }
    return page;
}

std::expected<Intent, Refusal> read_transactions(const Request& request) {
    const auto page = read_page(request);
    if (!page) return std::unexpected(page.error());
    const Currency* const currency = currency_of(request);
    ListMovements intent;
    intent.caller = sverse_bearer(request);
    intent.currency = currency ? currency->id : CurrencyId{0};
    // No wallet has more movements than fit 63 bits, so a page beyond them is simply past the end.
    const auto pages_before = static_cast<std::uint64_t>(page->page - 1);
    const auto limit = static_cast<std::uint64_t>(page->limit);
    constexpr std::uint64_t skip_max = std::numeric_limits<std::int64_t>::max();
    intent.skip = pages_before > skip_max / limit ? skip_max : pages_before * limit;
    intent.limit = static_cast<std::uint32_t>(limit);
    return intent;
}

std::expected<Intent, Refusal> read_transact(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return sverse_malformed(body.error());
    auto key = idempotency_key(request.call);
    if (!key) return std::unexpected(key.error());
    Fields fields(*body);
    const CallCurrency currency = call_currency(request, request.segments[0], fields, {"amount"});
    // Of any length: a long one is as unknown as any other that is not ours.
    const std::string_view session = fields.text_or_empty("sessionId", body_bytes_max);
    Move move;
    move.amount = fields.amount("amount", currency.scale);
    if (!fields.failed() && move.amount < parse_amount("1", currency.scale).value()) {
        fields.mistake("amount must be at least 1");
    }
    const std::string_view type = fields.text("type", 1, 255);
    if (type != "credit" && type != "debit") fields.mistake("type must be credit or debit");
    move.reason = fields.words("reason", 1, reason_characters_max);
    move.meta = fields.raw_object_or_empty("meta");
    if (fields.failed()) return sverse_malformed(fields.message());
    if (session.empty()) return sverse_unauthorized();
    if (request.call.header_count("authorization") != 0 && bearer_token(request.call) != session) {
        return sverse_unauthorized();
    }
    move.caller = sverse_caller(request);
    move.caller.rule = SessionRule::bearer_or_replay;
    move.caller.session = sha256(session);
    move.currency = currency.id;
    move.scale = currency.scale;
    move.kind = type == "credit" ? TransactionKind::grant : TransactionKind::spend;
    move.client_grant =
        type == "credit" && request.authority.credential->kind == CredentialKind::client_key;
    move.group = key->empty() ? KeyGroup::self : KeyGroup::sverse_transaction;
    move.external_id = std::move(*key);
    return move;
}

std::expected<Intent, Refusal> read(const Request& request) {
    switch (verb_of(request)) {
        case Verb::register_: return sverse_read_register(request);
        case Verb::login: return sverse_read_login(request);
        case Verb::logout: return sverse_read_logout(request);
        case Verb::refresh: return sverse_read_refresh(request);
        case Verb::balance:
        case Verb::private_balance: return read_balance(request);
        case Verb::transactions: return read_transactions(request);
        case Verb::transact: return read_transact(request);
    }
    return sverse_malformed("no such call");
}

// ---- write --------------------------------------------------------------------------------------

Reply failure(Word word, std::string_view message) {
    Reply reply;
    reply.status = word.status;
    JsonWriter json(reply.body);
    json.open_object().key("error").boolean(true);
    json.key("message").string(message.empty() ? word.message : message).close_object();
    if (word.status == 401) add_header(reply, "www-authenticate", "Bearer");
    return reply;
}

void write_balances(JsonWriter& json, const Request& request, const Outcome& outcome) {
    json.open_array();
    for (const CurrencyId id : request.authority.integration->currencies) {
        const Currency* const currency = request.directory->currency(id);
        if (!currency) continue;
        Amount balance;
        for (const Record& record : outcome.records) {
            const auto* const wallet = std::get_if<Ptr<Wallet>>(&record);
            if (wallet && (*wallet)->currency == id) balance = playable(**wallet);
        }
        json.open_object().key("currency_code").string(currency->code);
        json.key("currency_name").string(currency->name);
        json.key("balance").number(format_shortest(balance, currency->scale)).close_object();
    }
    json.close_array();
}

// What the wallet held before and after, so that the rows of a list join up.
void write_step(JsonWriter& json, const Transaction& transaction, const Ptr<Wallet>& wallet_after,
                int scale) {
    const Step step = step_of(transaction);
    const Amount after = playable(wallet_after);
    const Amount before = subtract(after, step.change).value_or(Amount{});
    json.key("type").string(step.takes ? "debit" : "credit");
    json.key("amount").number(format_shortest(step.size, scale));
    json.key("balance_before").number(format_shortest(before, scale));
    json.key("balance_after").number(format_shortest(after, scale));
}

std::string id_of(const Request& request, const Transaction& transaction) {
    return public_id(transaction.sequence, transaction.time, request.keyring->id_key);
}

void write_transactions(JsonWriter& json, const Request& request, const Outcome& outcome) {
    const Currency* const currency = currency_of(request);
    const Page page = read_page(request).value_or(Page{});
    json.open_object().key("currency").string(currency ? currency->code : "");
    json.key("page").integer(page.page).key("limit").integer(page.limit);
    json.key("total").integer_unsigned(outcome.total);
    json.key("transactions").open_array();
    for (const Movement& movement : outcome.movements) {
        const Transaction& transaction = *movement.transaction;
        json.open_object().key("_id").string(id_of(request, transaction));
        write_step(json, transaction, movement.wallet, currency ? currency->scale : 0);
        json.key("reason").string(words_of(transaction));
        json.key("createdAt").string(format_time(transaction.time, 3)).close_object();
    }
    json.close_array().close_object();
}

void write_transact(JsonWriter& json, const Request& request, const Outcome& outcome) {
    const Transaction& transaction = *outcome.transaction;
    const Currency* const currency = request.directory->currency(transaction.currency);
    json.open_object().key("user_identity").string(sverse_identity(request, outcome));
    json.key("game_id").string(request.authority.integration->settings.game_code);
    json.key("currency_code").string(currency ? currency->code : "");
    write_step(json, transaction, outcome.wallet_after, currency ? currency->scale : 0);
    json.key("reason").string(transaction.reason);
    json.key("meta").raw(transaction.meta.empty() ? "{}" : transaction.meta);
    json.key("_id").string(id_of(request, transaction));
    json.key("created_at").string(format_time(transaction.time, 3)).close_object();
}

Reply write_failure(const Request& request, const Outcome& outcome) {
    if (outcome.fault != Fault::none) return failure(word_of(outcome.fault), {});
    const bool is_login = verb_of(request) == Verb::login;
    if (is_login && outcome.decline != Decline::player_blocked) return failure(wrong_login, {});
    const Word word = word_of(outcome.decline);
    if (outcome.decline != Decline::conflict) return failure(word, {});
    return failure(word,
                   std::string(word.message) + " (other " + field_names(outcome.differs) + ")");
}

Reply write(const Request& request, const Intent&, const Outcome& outcome) {
    if (!outcome.done()) return write_failure(request, outcome);
    Reply reply;
    reply.status = 200;
    JsonWriter json(reply.body);
    json.open_object().key("error").boolean(false).key("data");
    switch (verb_of(request)) {
        case Verb::register_: sverse_write_registered(json, request); break;
        case Verb::login:
        case Verb::refresh: sverse_write_session(json, request, outcome); break;
        case Verb::logout: json.open_object().close_object(); break;
        case Verb::balance:
        case Verb::private_balance: write_balances(json, request, outcome); break;
        case Verb::transactions: write_transactions(json, request, outcome); break;
        case Verb::transact: write_transact(json, request, outcome); break;
    }
    json.close_object();
    return reply;
}

// ---- refuse -------------------------------------------------------------------------------------

Reply refuse(const Request&, const Refusal& refusal) {
    Reply reply = failure(word_of(refusal.kind), refusal.message);
    if (!refusal.allow.empty()) add_header(reply, "allow", refusal.allow);
    return reply;
}

std::string account_tried(const Request& request) {
    const Verb verb = verb_of(request);
    // Both cost a password hash, and both can be used to guess names.
    return verb == Verb::login || verb == Verb::register_ ? sverse_name_tried(request) : "";
}

}  // namespace

const Dialect sverse_dialect{
    .id = DialectId::sverse,
    .name = "sverse",
    .routes = routes,
    .authenticate = authenticate,
    .read = read,
    .write = write,
    .refuse = refuse,
    .account_tried = account_tried,
    .session_of = session_of,
};

}  // namespace coffer
