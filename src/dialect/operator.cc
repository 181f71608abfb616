// Page 000, "API Wallet integration": a game server buys a session token with its secret and moves
// a player's credits.
//
// What is odd about it:
// * The token is the integration's, not a player's: the path or the body names the player, and the
//   desk asks whose token it is before anything is read, because the currency (one per integration)
//   says how many decimals an amount may have.
// * `pow_id` is the game session, our round. Many debits share it, so it makes no call safe to
//   repeat; only `Idempotency-Key` does, and without it every POST is a new movement.
// * 403 means "renew your token" and nothing else.
// * The answer to a movement is the request again; what we have to say (X-Transaction-Id,
//   X-Balance) is in headers. A replay answers the message that came first.
// * An unknown player is 404 everywhere but in the history, where he has no movements.

#include <algorithm>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "dialect/body.h"
#include "dialect/dialects.h"
#include "dialect/text.h"
#include "dialect/words.h"

namespace coffer {
namespace {

enum OperatorCall : int { get_token, get_balance, debit, credit, list_transactions };

constexpr std::array routes{
    Route{Method::post, "/auth/get-token", "get-token", get_token},
    Route{Method::get, "/get-balance/{user_id}", "get-balance", get_balance},
    Route{Method::post, "/transaction/debit", "debit", debit},
    Route{Method::post, "/transaction/credit", "credit", credit},
    Route{Method::get, "/transactions", "transactions", list_transactions},
};

constexpr std::size_t user_id_bytes_max = 255;
constexpr std::size_t message_characters_max = 1024;
constexpr std::size_t pow_id_characters_max = 255;
constexpr std::uint32_t history_entries_max = 10000;  // the page's number

struct Word {
    int status;
    std::string_view error;
    std::string_view message;
};

constexpr Word invalid_request{400, "INVALID_REQUEST", "the request is not valid"};
constexpr Word unauthorized{401, "UNAUTHORIZED", "the credential is missing or wrong"};
constexpr Word token_expired{403, "TOKEN_EXPIRED", "the session token has expired: get a new one"};
constexpr Word throttled{429, "THROTTLED", "too many calls: try again a little later"};
constexpr Word unavailable{503, "UNAVAILABLE", "nothing was done: try again a little later"};
constexpr Word internal{500, "INTERNAL", "something went wrong on our side"};

Word word_of(Decline decline) {
    switch (decline) {
        case Decline::session_unknown:
        case Decline::session_expired: return token_expired;
        case Decline::player_unknown: return {404, "USER_NOT_FOUND", "there is no such user"};
        case Decline::player_blocked: return {409, "PLAYER_BLOCKED", "the user is blocked"};
        case Decline::insufficient_funds:
            return {402, "INSUFFICIENT_FUNDS", "the balance is too small"};
        case Decline::conflict:
            return {409, "IDEMPOTENCY_CONFLICT", "the Idempotency-Key was used for another call"};
        case Decline::limit_reached:
        case Decline::amount_overflow:
            return {409, "LIMIT_REACHED", "the amount is more than the user's limits allow"};
        // Nothing here takes a debit back or closes a round, but the operator's backend can.
        case Decline::already_rolled_back:
            return {409, "IDEMPOTENCY_CONFLICT",
                    "the debit of this Idempotency-Key has been taken back"};
        case Decline::round_closed: return {409, "ROUND_CLOSED", "the game session is closed"};
        case Decline::currency_wrong:
        case Decline::invalid:
        case Decline::not_found: return invalid_request;
        // What no call of this dialect can be told.
        case Decline::none:
        case Decline::transaction_unknown:
        case Decline::cancelled_before_arrival:
        case Decline::no_wager_in_round:
        case Decline::already_settled:
        case Decline::not_latest_wager:
        case Decline::promotion_unknown:
        case Decline::was_refused:
        case Decline::nothing_to_withdraw:
        case Decline::withdrawal_in_flight:
        case Decline::below_minimum:
        case Decline::no_payout_address:
        case Decline::exists:
        case Decline::not_permitted: return internal;
    }
    return internal;
}

Word word_of(Fault fault) {
    switch (fault) {
        case Fault::not_now: return unavailable;
        case Fault::throttled: return throttled;
        case Fault::none:
        case Fault::internal: return internal;
    }
    return internal;
}

Word word_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::not_found: return {404, "NOT_FOUND", ""};
        case RefusalKind::wrong_method: return {405, "METHOD_NOT_ALLOWED", ""};
        case RefusalKind::too_large: return {413, "BODY_TOO_LARGE", ""};
        case RefusalKind::malformed: return invalid_request;
        case RefusalKind::bad_credential:
        case RefusalKind::bad_signature:
        case RefusalKind::forbidden: return unauthorized;
        case RefusalKind::throttled: return throttled;
        case RefusalKind::not_now: return unavailable;
    }
    return internal;
}

// The fingerprint's fields in the caller's words; amount is amount.
constexpr std::array field_words_here{FieldWord{field_round, "pow_id"}};

std::unexpected<Refusal> malformed(std::string message) {
    return std::unexpected(Refusal{.kind = RefusalKind::malformed, .message = std::move(message)});
}

std::unexpected<Refusal> bad_credential(std::string message) {
    return std::unexpected(
        Refusal{.kind = RefusalKind::bad_credential, .message = std::move(message)});
}

// ---- who calls --------------------------------------------------------------------------------

std::expected<Authority, Refusal> authenticate_secret(const Request& request) {
    const std::expected<Body, std::string> body = Body::parse(request.call.body);
    if (!body) return malformed(body.error());
    Fields fields(*body);
    const std::string_view secret = fields.text("secret", 0, body_bytes_max);
    if (fields.failed()) return malformed(fields.message());
    const Credential* credential = request.directory->by_secret(
        CredentialKind::secret, DialectId::operator_, sha256(secret), request.now);
    if (credential == nullptr) return bad_credential("the secret is wrong");
    return Authority{.integration = request.directory->integration(credential->integration),
                     .credential = credential,
                     .tenant = credential->tenant};
}

std::expected<Authority, Refusal> authenticate(const Request& request) {
    if (request.route->data == get_token) return authenticate_secret(request);
    if (!bearer_token(request.call)) {
        return bad_credential("authorization: Bearer <session_token> is required");
    }
    return Authority{};
}

std::optional<FindSession> session_of(const Request& request) {
    if (request.route->data == get_token) return {};
    const std::optional<std::string_view> token = bearer_token(request.call);
    if (!token) return {};
    return FindSession{.digest = sha256(*token), .kind = SessionKind::operator_token};
}

std::string account_tried(const Request& request) {
    return request.route->data == get_token ? "get-token" : "";
}

// ---- reading ----------------------------------------------------------------------------------

CurrencyId currency_of(const Request& request) {
    const std::vector<CurrencyId>& currencies = request.authority.integration->currencies;
    return currencies.empty() ? 0 : currencies.front();
}

int scale_of(const Request& request) {
    const Currency* currency = request.directory->currency(currency_of(request));
    return currency != nullptr ? currency->scale : 0;
}

Caller caller_of(const Request& request, std::string user_id) {
    return {.tenant = request.authority.tenant,
            .integration = request.authority.integration->id,
            .player = {.id = std::move(user_id)},
            .rule = SessionRule::bearer,
            .session = request.session->digest,
            .session_kind = SessionKind::operator_token};
}

Intent read_token(const Request& request) {
    const Authority& authority = request.authority;
    return OpenSession{
        .caller = {.tenant = authority.tenant, .integration = authority.integration->id},
        .session = {.digest = sha256(random_token(request.call, 0)),
                    .kind = SessionKind::operator_token,
                    .tenant = authority.tenant,
                    .integration = authority.integration->id},
        .ttl = authority.integration->settings.token_ttl_s * second_us};
}

std::expected<Intent, Refusal> read_move(const Request& request) {
    const std::expected<Body, std::string> body = Body::parse(request.call.body);
    if (!body) return malformed(body.error());
    Fields fields(*body);
    const bool takes = request.route->data == debit;
    Move move{
        .caller = caller_of(request, std::string(fields.text("user_id", 1, user_id_bytes_max))),
        .kind = takes ? TransactionKind::wager : TransactionKind::payout,
        .currency = currency_of(request),
        .amount = fields.amount("amount", scale_of(request)),
        .round = std::string(fields.words_or_empty("pow_id", pow_id_characters_max)),
        .reason = std::string(fields.words_or_empty("message", message_characters_max))};
    if (!fields.failed() && !move.amount.is_positive())
        fields.mistake("amount must be more than 0");
    if (fields.failed()) return malformed(fields.message());

    std::expected<std::string, Refusal> key = idempotency_key(request.call);
    if (!key) return std::unexpected(std::move(key.error()));
    if (!key->empty()) {
        move.group = takes ? KeyGroup::operator_debit : KeyGroup::operator_credit;
        move.external_id = std::move(*key);
    }
    return move;
}

enum class RangeEnd { from, to };

// `YYYY-MM-DD`, RFC 3339, epoch seconds, or epoch milliseconds from 10^11 on.
std::optional<Time> parse_moment(std::string text, RangeEnd end) {
    constexpr std::int64_t milliseconds_min = 100'000'000'000;
    constexpr std::int64_t milliseconds_max = 100'000'000'000'000;  // the year 5138
    if (const auto day = parse_date(text)) {
        return end == RangeEnd::from ? *day : *day + day_us - millisecond_us;
    }
    if (const auto number = parse_integer(text, 0, milliseconds_max)) {
        return *number * (*number >= milliseconds_min ? millisecond_us : second_us);
    }
    // A plus sign that was not escaped has become a space: `2026-01-01T00:00:00 02:00`.
    constexpr std::size_t offset_place = 19;
    if (const auto space = text.find(' ', offset_place); space != std::string::npos)
        text[space] = '+';
    return parse_rfc3339(text);
}

// The filters as a query, which is also what a cursor is bound to.
std::string filters_of(const QueryParameters& query) {
    std::string filters;
    for (const std::string_view name : {"user_id", "date_from", "date_to", "game_session_hash"}) {
        const std::string* value = find_parameter(query, name);
        if (value == nullptr || value->empty()) continue;
        filters += std::string(name) + "=" + percent_encode(*value) + "&";
    }
    return filters;
}

std::string cursor_context(const Request& request, const QueryParameters& query) {
    return "operator " + std::to_string(request.authority.integration->id) + " " +
           filters_of(query);
}

std::expected<Intent, Refusal> read_history(const Request& request) {
    const std::optional<QueryParameters> query = parse_query(request.call.query);
    if (!query) return malformed("the query is broken or gives a parameter twice");
    const auto parameter = [&query](std::string_view name) {
        const std::string* value = find_parameter(*query, name);
        return value != nullptr ? *value : std::string();
    };
    ListMovements list{.caller = caller_of(request, parameter("user_id")),
                       .only_integration = request.authority.integration->id,
                       .round = parameter("game_session_hash"),
                       .limit = history_entries_max};
    list.every_player = list.caller.player.id.empty();

    if (const std::string text = parameter("date_from"); !text.empty()) {
        const auto from = parse_moment(text, RangeEnd::from);
        if (!from) return malformed("date_from is not a date or time");
        list.from = std::max<Time>(*from, 0);
    }
    if (const std::string text = parameter("date_to"); !text.empty()) {
        const auto to = parse_moment(text, RangeEnd::to);
        if (!to) return malformed("date_to is not a date or time");
        if (*to < list.from) return malformed("date_from is after date_to");
        // created_at shows milliseconds, and an entry shown as of date_to is to be in.
        list.to = std::max<Time>(*to - *to % millisecond_us, 0) + millisecond_us - 1;
    }
    if (const std::string text = parameter("cursor"); !text.empty()) {
        const auto before =
            read_cursor(text, cursor_context(request, *query), request.keyring->cursor_key);
        if (!before) return malformed("the cursor was not made for this list");
        list.before = *before;
    }
    return list;
}

std::expected<Intent, Refusal> read(const Request& request) {
    switch (static_cast<OperatorCall>(request.route->data)) {
        case get_token: return read_token(request);
        case get_balance:
            return AskBalance{.caller = caller_of(request, request.segments.front()),
                              .currency = currency_of(request)};
        case debit:
        case credit: return read_move(request);
        case list_transactions: return read_history(request);
    }
    return malformed("unknown call");
}

// ---- writing ----------------------------------------------------------------------------------

Reply failure(const Word& word, std::string_view message) {
    Reply reply{.status = word.status};
    JsonWriter(reply.body)
        .open_object()
        .key("error")
        .string(word.error)
        .key("message")
        .string(message.empty() ? word.message : message)
        .close_object();
    if (word.status == 401) add_header(reply, "www-authenticate", "Bearer");
    return reply;
}

Reply write_token(const Request& request) {
    Reply reply{.status = 200};
    JsonWriter(reply.body)
        .open_object()
        .key("session_token")
        .string(random_token(request.call, 0))
        .close_object();
    add_header(reply, "cache-control", "no-store");
    return reply;
}

Reply write_balance(const Request& request, const Outcome& outcome) {
    Reply reply{.status = 200, .body = "{\"balance\":"};
    append_shortest(reply.body, playable(outcome.wallet), scale_of(request));
    reply.body += '}';
    return reply;
}

Reply write_move(const Request& request, const Move& move, const Outcome& outcome) {
    const Transaction& transaction = *outcome.transaction;
    const int scale = scale_of(request);
    Reply reply{.status = 200};
    JsonWriter(reply.body)
        .open_object()
        .key("user_id")
        .string(move.caller.player.id)
        .key("amount")
        .number(format_shortest(transaction.amount, scale))
        .key("message")
        .string(transaction.reason)
        .key("pow_id")
        .string(transaction.round)
        .close_object();
    add_header(reply, "x-transaction-id",
               public_id(transaction.sequence, transaction.time, request.keyring->id_key));
    add_header(reply, "x-balance", format_shortest(playable(outcome.wallet), scale));
    return reply;
}

// What this integration calls its players; whoever has no alias goes by his native id.
std::unordered_map<std::string_view, std::string_view> aliases_of(const Request& request,
                                                                  const Outcome& outcome) {
    std::unordered_map<std::string_view, std::string_view> aliases;
    for (const Record& record : outcome.records) {
        const auto* player = std::get_if<Ptr<Player>>(&record);
        if (player == nullptr) continue;
        for (const Alias& alias : (*player)->aliases) {
            if (alias.integration == request.authority.integration->id) {
                aliases.emplace((*player)->id, alias.external_id);
            }
        }
    }
    return aliases;
}

Reply write_history(const Request& request, const ListMovements& list, const Outcome& outcome) {
    const int scale = scale_of(request);
    const auto aliases = aliases_of(request, outcome);
    Reply reply{.status = 200};
    JsonWriter json(reply.body);
    json.open_array();
    for (const Movement& movement : outcome.movements) {
        const Transaction& transaction = *movement.transaction;
        std::string_view user_id = list.caller.player.id;
        if (list.every_player) {
            const auto alias = aliases.find(transaction.player);
            user_id = alias != aliases.end() ? alias->second : transaction.player;
        }
        const Amount change = playable_change(transaction);
        json.open_object()
            .key("user_id")
            .string(user_id)
            .key("amount")
            .number(format_shortest(change.is_negative() ? negate(change) : change, scale))
            .key("message")
            .string(transaction.reason)
            .key("pow_id")
            .string(transaction.round)
            .key("type")
            .string(change.is_negative() ? "debit" : "credit")
            .key("transaction_id")
            .string(public_id(transaction.sequence, transaction.time, request.keyring->id_key))
            .key("created_at")
            .string(format_time(transaction.time, 3))
            .close_object();
    }
    json.close_array();
    if (outcome.next != 0) {
        const QueryParameters query = parse_query(request.call.query).value_or(QueryParameters{});
        const std::string cursor =
            make_cursor(outcome.next, cursor_context(request, query), request.keyring->cursor_key);
        add_header(reply, "link",
                   "</transactions?" + filters_of(query) + "cursor=" + cursor + ">; rel=\"next\"");
    }
    return reply;
}

Reply write(const Request& request, const Intent& intent, const Outcome& outcome) {
    if (outcome.fault != Fault::none) return failure(word_of(outcome.fault), {});
    const auto call = static_cast<OperatorCall>(request.route->data);
    if (outcome.decline == Decline::player_unknown && call == list_transactions) {
        return {.status = 200, .body = "[]"};
    }
    if (outcome.decline == Decline::conflict) {
        return failure(word_of(outcome.decline),
                       "the Idempotency-Key was used for another call; different: " +
                           field_words(outcome.differs, field_words_here));
    }
    if (outcome.decline != Decline::none) return failure(word_of(outcome.decline), {});
    switch (call) {
        case get_token: return write_token(request);
        case get_balance: return write_balance(request, outcome);
        case debit:
        case credit: return write_move(request, std::get<Move>(intent), outcome);
        case list_transactions:
            return write_history(request, std::get<ListMovements>(intent), outcome);
    }
    return failure(internal, {});
}

Reply refuse(const Request&, const Refusal& refusal) {
    Reply reply = failure(word_of(refusal.kind), refusal.message);
    if (!refusal.allow.empty()) add_header(reply, "allow", refusal.allow);
    return reply;
}

}  // namespace

const Dialect operator_dialect{
    .id = DialectId::operator_,
    .name = "operator",
    .routes = routes,
    .authenticate = authenticate,
    .read = read,
    .write = write,
    .refuse = refuse,
    .account_tried = account_tried,
    .session_of = session_of,
};

}  // namespace coffer
