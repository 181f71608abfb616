// rgs: page 002, a remote game server that calls the operator's wallet.
//
// **Read the direction twice: here `/debit` pays the player and `/credit` takes the bet.** The
// words are those of the game server's own books: it debits its account and so the player is paid.
// Page 002 says it by demanding that a debit belong to a wager already placed and by calling
// DEBIT_JACKPOT a payout received. An integration that wired the words the other way sets
// `debit_direction` to `charge`; then `/debit` takes and `/credit` gives, and in `/credit-debit`
// the two amounts change places too. The transaction types stay with their paths.
//
// Odd about it, besides:
//
// * Every failure on a known path is HTTP 400 with `{"error_code": "..."}` and nothing else; what
//   people want to know stands in X-Error-Detail. Only 404, 405 and 413 keep their status.
// * Wagers, payouts and prizes share one space of ids. A rollback has no id of its own: its
//   `transactionId` is the wager's.
// * `roundFinished` closes the round for everything new, rollbacks too. `roundStarted` refuses
//   nothing.
// * Type, timestamp and `roundStarted` are stored as the transaction's detail. The timestamp is
//   never used for order: the game server's clock is not ours.
// * Free bets (FREEBET_*) draw on a promotion's budget; with a promotion named, the `balance` that
//   is answered is what remains of that budget.
// * The two GETs take query parameters, everything else a JSON body. GET /session spends the player
//   token, so that it alone takes no HEAD.

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "base/json_writer.h"
#include "base/random.h"
#include "dialect/body.h"
#include "dialect/call_currency.h"
#include "dialect/dialects.h"
#include "dialect/text.h"
#include "dialect/words.h"

namespace coffer {
namespace {

// ---- the routes ---------------------------------------------------------------------------------

enum class Verb : std::uint8_t { session, balance, debit, credit, credit_debit, rollback, prize };
constexpr int number(Verb verb) { return static_cast<int>(verb); }
Verb verb_of(const Request& request) { return static_cast<Verb>(request.route->data); }

constexpr std::array routes{
    Route{Method::get, "/session", "session", number(Verb::session), Head::not_taken},
    Route{Method::get, "/balance", "balance", number(Verb::balance)},
    Route{Method::post, "/debit", "debit", number(Verb::debit)},
    Route{Method::post, "/credit", "credit", number(Verb::credit)},
    Route{Method::post, "/credit-debit", "credit-debit", number(Verb::credit_debit)},
    Route{Method::post, "/credit/rollback", "rollback", number(Verb::rollback)},
    Route{Method::post, "/tournament-prize", "tournament-prize", number(Verb::prize)},
};

constexpr std::size_t id_bytes_max = 255;
constexpr std::size_t detail_bytes_max = 256;
constexpr Duration session_idle = 24 * hour_us;

struct TransactionType {
    Verb verb;
    std::string_view name;
    bool free_bet;
};
constexpr std::array types{
    TransactionType{Verb::debit, "DEBIT_SPIN", false},
    TransactionType{Verb::debit, "DEBIT_JACKPOT", false},
    TransactionType{Verb::debit, "FREEBET_DEBIT_SPIN", true},
    TransactionType{Verb::credit, "CREDIT_SPIN", false},
    TransactionType{Verb::credit, "FREEBET_CREDIT_SPIN", true},
    TransactionType{Verb::credit_debit, "CREDIT_DEBIT_SPIN", false},
    TransactionType{Verb::credit_debit, "CREDIT_DEBIT_PURCHASE", false},
    TransactionType{Verb::credit_debit, "FREEBET_CREDIT_DEBIT_SPIN", true},
};

// ---- the words ----------------------------------------------------------------------------------

// `detail` is for people; empty where the word says it all.
struct Word {
    std::string_view error_code;
    std::string_view detail;
};

constexpr Word internal_error{"INTERNAL_ERROR", ""};
constexpr Word temporarily_unavailable{"TEMPORARILY_UNAVAILABLE", ""};
constexpr Word throttled{"THROTTLED", ""};

Word word_of(Decline decline) {
    switch (decline) {
        case Decline::none: return internal_error;
        case Decline::session_unknown:
            return {"INVALID_SESSION", "no such session of this player and game"};
        case Decline::session_expired: return {"INVALID_SESSION", "the session has expired"};
        case Decline::player_unknown: return {"INVALID_PLAYER", ""};
        case Decline::player_blocked: return {"PLAYER_BLOCKED", ""};
        case Decline::currency_wrong: return {"INVALID_CURRENCY", ""};
        case Decline::insufficient_funds: return {"INSUFFICIENT_FUNDS", ""};
        case Decline::conflict: return {"TRANSACTION_CONFLICT", ""};
        case Decline::transaction_unknown:
            return {"INVALID_TRANSACTION", "no such wager; should it still come, it is refused"};
        case Decline::already_rolled_back:
            return {"INVALID_TRANSACTION", "the wager has been rolled back"};
        case Decline::cancelled_before_arrival:
            return {"INVALID_TRANSACTION", "the wager was rolled back before it came"};
        case Decline::round_closed: return {"ROUND_CLOSED", ""};
        case Decline::no_wager_in_round:
            return {"INVALID_ROUND", "the player has no live wager in this round"};
        case Decline::already_settled: return {"BET_SETTLED", ""};
        case Decline::not_latest_wager:
            return {"INVALID_ROUND_STATE", "a later wager of the round is still live"};
        case Decline::promotion_unknown: return {"INVALID_PROMOTION", ""};
        case Decline::limit_reached: return {"LIMIT_REACHED", ""};
        // A payout that would take the balance beyond 38 digits.
        case Decline::amount_overflow: return {"INVALID_REQUEST", "the amount is too large"};
        case Decline::invalid: return {"INVALID_REQUEST", ""};
        // Nobody asks here what became of a call, withdraws, or changes the directory.
        case Decline::was_refused:
        case Decline::nothing_to_withdraw:
        case Decline::withdrawal_in_flight:
        case Decline::below_minimum:
        case Decline::no_payout_address:
        case Decline::not_found:
        case Decline::exists:
        case Decline::not_permitted: return internal_error;
    }
    return internal_error;
}

Word word_of(Fault fault) {
    switch (fault) {
        case Fault::none: return internal_error;
        case Fault::not_now: return temporarily_unavailable;
        case Fault::throttled: return throttled;
        case Fault::internal: return internal_error;
    }
    return internal_error;
}

Word word_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::not_found: return {"NOT_FOUND", ""};
        case RefusalKind::wrong_method: return {"METHOD_NOT_ALLOWED", ""};
        case RefusalKind::too_large: return {"PAYLOAD_TOO_LARGE", ""};
        case RefusalKind::malformed: return {"INVALID_REQUEST", ""};
        case RefusalKind::bad_credential:
        case RefusalKind::bad_signature:
        case RefusalKind::forbidden: return {"UNAUTHORIZED", ""};
        case RefusalKind::throttled: return throttled;
        case RefusalKind::not_now: return temporarily_unavailable;
    }
    return internal_error;
}

int status_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::not_found: return 404;
        case RefusalKind::wrong_method: return 405;
        case RefusalKind::too_large: return 413;
        case RefusalKind::malformed:
        case RefusalKind::bad_credential:
        case RefusalKind::bad_signature:
        case RefusalKind::forbidden:
        case RefusalKind::throttled:
        case RefusalKind::not_now: return 400;
    }
    return 400;
}

// ---- authenticate -------------------------------------------------------------------------------

std::unexpected<Refusal> refused(RefusalKind kind, std::string message) {
    return std::unexpected(Refusal{.kind = kind, .message = std::move(message)});
}

std::unexpected<Refusal> malformed(std::string message) {
    return refused(RefusalKind::malformed, std::move(message));
}

std::expected<Authority, Refusal> authenticate(const Request& request) {
    const Call& call = request.call;
    const auto wrong = [](std::string message) {
        return refused(RefusalKind::bad_credential, std::move(message));
    };
    const std::size_t own = call.header_count("x-auth-token");
    const std::size_t standard = call.header_count("authorization");
    if (own + standard == 0) return wrong("X-Auth-Token is missing");
    if (own > 1 || standard > 1) return wrong("a credential is given twice");
    const auto bearer = bearer_token(call);
    if (standard == 1 && !bearer) return wrong("Authorization is not a Bearer token");
    const std::string_view token = own == 1 ? call.header("x-auth-token") : *bearer;
    if (bearer && !equal_constant_time(*bearer, token)) {
        return wrong("X-Auth-Token and Authorization do not agree");
    }
    Authority authority;
    authority.credential = request.directory->by_secret(CredentialKind::secret, DialectId::rgs,
                                                        sha256(token), request.now);
    if (!authority.credential) return wrong("the token is not known");
    authority.integration = request.directory->integration(authority.credential->integration);
    if (!authority.integration) return wrong("the token is not known");
    authority.tenant = authority.credential->tenant;
    return authority;
}

// ---- read ---------------------------------------------------------------------------------------

Caller caller_of(const Request& request) {
    Caller caller;
    caller.tenant = request.authority.tenant;
    caller.integration = request.authority.integration->id;
    caller.session_kind = SessionKind::rgs_session;
    return caller;
}

// The parameters of a GET, each 1 to 255 bytes; the first mistake is remembered.
class Query {
public:
    explicit Query(const QueryParameters& parameters) : parameters_(parameters) {}

    bool has(std::string_view name) const { return find_parameter(parameters_, name) != nullptr; }
    std::string_view id(std::string_view name) {
        const std::string* value = find_parameter(parameters_, name);
        if (value != nullptr && !value->empty() && value->size() <= id_bytes_max) return *value;
        if (mistake_.empty()) mistake_ = std::string(name) + " must have 1 to 255 bytes";
        return {};
    }
    const std::string& mistake() const { return mistake_; }

private:
    const QueryParameters& parameters_;
    std::string mistake_;
};

// The new session's id: a UUID of the call's second 16 random bytes, so that write() finds it
// again.
std::string new_session_id(const Request& request) {
    return uuid_v4(std::span(request.call.random).subspan<16, 16>());
}

Intent read_session(const Request& request, Query& query) {
    StartSession start;
    start.caller = caller_of(request);
    start.caller.rule = SessionRule::live;
    start.caller.session = sha256(query.id("playerToken"));
    start.caller.session_kind = SessionKind::player_token;
    start.game = query.id("gameUuid");
    start.session = sha256(new_session_id(request));
    const std::int64_t ttl_s = request.authority.integration->settings.session_ttl_s;
    start.idle = ttl_s > 0 ? ttl_s * second_us : session_idle;
    return start;
}

Intent read_balance(const Request& request, Query& query) {
    AskBalance ask;
    ask.caller = caller_of(request);
    ask.caller.rule = SessionRule::live;
    ask.caller.player.id = query.id("playerId");
    ask.caller.game = query.id("gameUuid");
    ask.caller.session = sha256(query.id("sessionId"));
    const Currency* currency =
        request.directory->movable(*request.authority.integration, query.id("currency"));
    if (currency) ask.currency = currency->id;
    if (query.has("promotionExternalId")) ask.promotion = query.id("promotionExternalId");
    return ask;
}

std::expected<Intent, Refusal> read_query(const Request& request) {
    const auto parameters = parse_query(request.call.query);
    if (!parameters) return malformed("the query is broken, or names a parameter twice");
    Query query(*parameters);
    Intent intent = verb_of(request) == Verb::session ? read_session(request, query)
                                                      : read_balance(request, query);
    if (!query.mistake().empty()) return malformed(query.mistake());
    return intent;
}

Amount read_amount(Fields& fields, std::string_view name, int scale) {
    const Amount amount = fields.amount(name, scale);
    if (amount.is_negative()) fields.mistake(std::string(name) + " must not be negative");
    return amount;
}

// Whether this integration reads the words the other way round.
bool is_charge(const Request& request) {
    return request.authority.integration->settings.debit_direction == DebitDirection::charge;
}

// What the transaction is: by the path, and by which way round the integration reads the words.
void read_kind(const Request& request, Fields& fields, Move& move) {
    const Verb verb = verb_of(request);
    const bool charge = is_charge(request);
    move.group = KeyGroup::rgs;
    if (verb == Verb::prize) {
        move.kind = TransactionKind::prize;
    } else if (verb == Verb::rollback) {
        move.kind = TransactionKind::rollback;
        move.group = KeyGroup::self;
    } else if (verb == Verb::credit_debit) {
        move.kind = TransactionKind::wager_and_payout;
    } else {
        const bool takes = (verb == Verb::credit) != charge;
        move.kind = takes ? TransactionKind::wager : TransactionKind::payout;
    }
    if (verb != Verb::credit_debit) {
        move.amount = read_amount(fields, "amount", move.scale);
        return;
    }
    move.amount = read_amount(fields, charge ? "debitAmount" : "creditAmount", move.scale);
    move.payout = read_amount(fields, charge ? "creditAmount" : "debitAmount", move.scale);
}

// The type, the end of the round and the promotion of /debit, /credit and /credit-debit.
void read_type(const Request& request, Fields& fields, Move& move) {
    const Verb verb = verb_of(request);
    const std::string_view name = fields.text("transactionType", 1, id_bytes_max);
    const auto* type = std::ranges::find_if(types, [&](const TransactionType& known) {
        return known.verb == verb && known.name == name;
    });
    move.closes_round = fields.boolean("roundFinished");
    if (type == types.end()) {
        fields.mistake("transactionType is not one of this path");
        return;
    }
    if (type->free_bet != fields.has("promotionExternalId")) {
        fields.mistake("promotionExternalId goes with the FREEBET types, and only with them");
    }
    move.free_bet = type->free_bet && move.kind != TransactionKind::payout;
    move.detail = std::string(name) + " ";
}

std::expected<Intent, Refusal> read_move(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return malformed(body.error());
    Fields fields(*body);
    const Verb verb = verb_of(request);
    const std::string_view code = fields.text("currency", 1, id_bytes_max);
    const CallCurrency currency =
        verb == Verb::credit_debit
            ? call_currency(request, code, fields, {"creditAmount", "debitAmount"})
            : call_currency(request, code, fields, {"amount"});
    Move move;
    move.currency = currency.id;
    move.scale = currency.scale;
    read_kind(request, fields, move);
    move.caller = caller_of(request);
    move.caller.player.id = fields.text("playerId", 1, id_bytes_max);
    const std::string_view id = fields.text("transactionId", 1, id_bytes_max);
    if (move.kind == TransactionKind::rollback) {
        move.reference_group = KeyGroup::rgs;
        move.reference = id;
    } else {
        move.external_id = id;
    }
    if (verb != Verb::prize) {
        move.game = fields.text("gameUuid", 1, id_bytes_max);
        move.round = fields.text("roundId", 1, id_bytes_max);
        move.caller.session = sha256(fields.text("sessionId", 1, id_bytes_max));
        move.caller.game = move.game;
        if (fields.has("promotionExternalId")) {
            move.promotion = fields.text("promotionExternalId", 1, id_bytes_max);
        }
        if (verb != Verb::rollback) read_type(request, fields, move);
    }
    const bool takes =
        move.kind == TransactionKind::wager || move.kind == TransactionKind::wager_and_payout;
    move.caller.rule = takes ? SessionRule::live : SessionRule::none;
    move.detail += std::to_string(
        fields.integer("transactionTimestamp", 0, std::numeric_limits<std::int64_t>::max()));
    if (verb == Verb::credit_debit && fields.boolean("roundStarted")) {
        move.detail += " roundStarted";
    }
    if (fields.failed()) return malformed(fields.message());
    return move;
}

std::expected<Intent, Refusal> read(const Request& request) {
    switch (verb_of(request)) {
        case Verb::session:
        case Verb::balance: return read_query(request);
        case Verb::debit:
        case Verb::credit:
        case Verb::credit_debit:
        case Verb::rollback:
        case Verb::prize: return read_move(request);
    }
    return malformed("no such call");
}

// ---- write --------------------------------------------------------------------------------------

// A header holds printable ASCII; a key of the caller's body may hold anything.
std::string printable(std::string_view text) {
    std::string out(text.substr(0, detail_bytes_max));
    std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

Reply failure(const Word& word, std::string_view detail) {
    Reply reply;
    reply.status = 400;
    JsonWriter json(reply.body);
    json.open_object().key("error_code").string(word.error_code).close_object();
    if (detail.empty()) detail = word.detail;
    if (!detail.empty()) add_header(reply, "x-error-detail", printable(detail));
    const bool later = word.error_code == throttled.error_code ||
                       word.error_code == temporarily_unavailable.error_code;
    if (later) add_header(reply, "retry-after", "1");
    return reply;
}

// The player as this integration knows it.
std::string_view player_id(const Request& request, const Player& player) {
    const IntegrationId integration = request.authority.integration->id;
    for (const Alias& alias : player.aliases) {
        if (alias.integration == integration) return alias.external_id;
    }
    return player.id;
}

// A call that names a promotion is answered with what remains of that promotion's budget.
Amount balance_of(const Intent& intent, const Outcome& outcome) {
    const Move* move = std::get_if<Move>(&intent);
    const AskBalance* ask = std::get_if<AskBalance>(&intent);
    const bool named = (move && !move->promotion.empty()) || (ask && !ask->promotion.empty());
    return named && outcome.promotion ? outcome.budget_left : playable(outcome.wallet);
}

// The fields that differ, as the caller calls them on this path.
std::string differing(const Request& request, const Outcome& outcome) {
    const bool both = verb_of(request) == Verb::credit_debit;
    const bool charge = is_charge(request);
    const std::array words{
        FieldWord{field_amount, !both    ? "amount"
                                : charge ? "debitAmount"
                                         : "creditAmount"},
        FieldWord{field_payout, charge ? "creditAmount" : "debitAmount"},
        FieldWord{field_round, "roundId"},
        FieldWord{field_game, "gameUuid"},
        FieldWord{field_promotion, "promotionExternalId"},
    };
    return field_words(outcome.differs, words);
}

Reply write(const Request& request, const Intent& intent, const Outcome& outcome) {
    if (outcome.fault != Fault::none) return failure(word_of(outcome.fault), {});
    if (outcome.decline == Decline::conflict) {
        return failure(word_of(outcome.decline), "differs in " + differing(request, outcome));
    }
    if (outcome.decline != Decline::none) return failure(word_of(outcome.decline), {});
    const Currency* currency = request.directory->currency(outcome.currency);
    if (!currency) return failure(internal_error, {});
    Reply reply;
    reply.status = 200;
    JsonWriter json(reply.body);
    json.open_object();
    if (std::holds_alternative<StartSession>(intent)) {
        if (!outcome.player) return failure(internal_error, {});
        json.key("playerId").string(player_id(request, *outcome.player));
        json.key("sessionId").string(new_session_id(request));
        json.key("currency").string(currency->code);
    } else {
        json.key("balance").number(format_fixed(balance_of(intent, outcome), currency->scale));
    }
    json.close_object();
    return reply;
}

// ---- refuse -------------------------------------------------------------------------------------

Reply refuse(const Request&, const Refusal& refusal) {
    Reply reply = failure(word_of(refusal.kind), refusal.message);
    reply.status = status_of(refusal.kind);
    if (!refusal.allow.empty()) add_header(reply, "allow", refusal.allow);
    return reply;
}

// A player token is 256 random bits: there is nothing to guess.
std::string account_tried(const Request&) { return {}; }

}  // namespace

const Dialect rgs_dialect{
    .id = DialectId::rgs,
    .name = "rgs",
    .routes = routes,
    .authenticate = authenticate,
    .read = read,
    .write = write,
    .refuse = refuse,
    .account_tried = account_tried,
};

}  // namespace coffer
