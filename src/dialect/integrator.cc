// integrator: page 001, the wallet behind an aggregator's "integration layer".
//
// The page shows one call, POST /api/wallet/status; its five siblings live at the same place. Here
// the words mean what they say: `debit` takes from the player, `credit` gives, `rollback` takes a
// debit back, and only a debit. Odd about it:
//
// * Two credentials on every call: Basic for the client, and X-Request-Signature, an HMAC over the
//   raw bytes of the body, checked before a byte of it is parsed. The page names the header and
//   not the algorithm, so hash, encoding and input are settings of the integration.
// * Every answer has a `code`, and each code has one HTTP status. The page publishes 1 and 2; the
//   others are ours and stand in one table, so that a vendor's list can replace them.
// * A player is the pair (site_id, player_id), each a 64-bit number. A transaction's id is unique
//   per provider, site, player and action, so a rollback may carry the id of the debit it takes
//   back; when it has an id of its own, `reference_transaction_id` names the debit.
// * The launch token must be activated by `authenticate` before debit and balance; credit, rollback
//   and status take any token that was ever issued to this player, however old.
// * A success echoes the request, as the page's example does: `game_id` comes back as sent,
//   although the page's list of fields calls it a number.
// * No flag closes a round: rounds grow old instead, which is the ledger's business.

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "base/random.h"
#include "dialect/body.h"
#include "dialect/call_currency.h"
#include "dialect/dialects.h"
#include "dialect/text.h"

namespace coffer {
namespace {

// ---- the routes ---------------------------------------------------------------------------------

enum class Verb : std::uint8_t { authenticate, balance, debit, credit, rollback, status };
constexpr int number(Verb verb) { return static_cast<int>(verb); }
Verb verb_of(const Request& request) { return static_cast<Verb>(request.route->data); }

constexpr std::array routes{
    Route{Method::post, "/api/wallet/authenticate", "authenticate", number(Verb::authenticate)},
    Route{Method::post, "/api/wallet/balance", "balance", number(Verb::balance)},
    Route{Method::post, "/api/wallet/debit", "debit", number(Verb::debit)},
    Route{Method::post, "/api/wallet/credit", "credit", number(Verb::credit)},
    Route{Method::post, "/api/wallet/rollback", "rollback", number(Verb::rollback)},
    Route{Method::post, "/api/wallet/status", "status", number(Verb::status)},
};

constexpr std::size_t id_characters_max = 36;  // round_id and transaction_id, by the page
constexpr std::size_t text_bytes_max = 255;    // token, game_id, currency: the page has no limit

// ---- the words ----------------------------------------------------------------------------------

enum class Code : std::uint8_t {
    success = 1,
    unknown_error,
    bad_request,
    bad_credential,
    bad_signature,
    token_unknown,
    token_expired,
    player_unknown,
    player_blocked,
    currency_wrong,
    insufficient_funds,
    conflict,
    transaction_unknown,
    already_rolled_back,
    cancelled_before_arrival,
    round_closed,
    no_debit_in_round,
    already_settled,
    limit_reached,
    throttled,
    not_now,
    was_refused,
    pending,
    too_large
};

struct Word {
    Code code;
    int status;
    std::string_view message;
};

// In the order of the codes. No Outcome is `pending`: what the ledger is still writing is answered
// when it is durable, so the code is only reserved.
constexpr std::array words{
    Word{Code::success, 200, ""},
    Word{Code::unknown_error, 500, "An unknown error has occurred."},
    Word{Code::bad_request, 400, "The request is not valid."},
    Word{Code::bad_credential, 401, "The client is not known or its secret is wrong."},
    Word{Code::bad_signature, 401, "The request signature is missing or wrong."},
    Word{Code::token_unknown, 401, "The token is not known for this player and site."},
    Word{Code::token_expired, 403, "The token has expired."},
    Word{Code::player_unknown, 404, "The player is not known."},
    Word{Code::player_blocked, 403, "The player is blocked."},
    Word{Code::currency_wrong, 400, "The currency is not that of the token."},
    Word{Code::insufficient_funds, 402, "Insufficient funds."},
    Word{Code::conflict, 409, "The transaction is known with other content."},
    Word{Code::transaction_unknown, 404, "The transaction is not known."},
    Word{Code::already_rolled_back, 409, "The transaction has already been rolled back."},
    Word{Code::cancelled_before_arrival, 409, "The transaction was cancelled before it arrived."},
    Word{Code::round_closed, 409, "The round is closed."},
    Word{Code::no_debit_in_round, 409, "The round has no debit."},
    Word{Code::already_settled, 409, "The round has already been paid."},
    Word{Code::limit_reached, 403, "A limit of the player has been reached."},
    Word{Code::throttled, 429, "Too many requests."},
    Word{Code::not_now, 503, "Temporarily unavailable."},
    Word{Code::was_refused, 409, "The transaction was refused."},
    Word{Code::pending, 202, "The transaction is pending."},
    Word{Code::too_large, 413, "The body is too large."},
};

constexpr const Word& word_of(Code code) { return words[static_cast<std::size_t>(code) - 1]; }
static_assert(std::ranges::all_of(words,
                                  [](const Word& word) {
                                      return word_of(word.code).code == word.code;
                                  }) &&
              word_of(Code::too_large).code == words.back().code);

Code code_of(Decline decline) {
    switch (decline) {
        case Decline::none: return Code::success;
        case Decline::session_unknown: return Code::token_unknown;
        case Decline::session_expired: return Code::token_expired;
        case Decline::player_unknown: return Code::player_unknown;
        case Decline::player_blocked: return Code::player_blocked;
        case Decline::currency_wrong: return Code::currency_wrong;
        case Decline::insufficient_funds: return Code::insufficient_funds;
        case Decline::conflict: return Code::conflict;
        case Decline::transaction_unknown: return Code::transaction_unknown;
        case Decline::already_rolled_back: return Code::already_rolled_back;
        case Decline::cancelled_before_arrival: return Code::cancelled_before_arrival;
        case Decline::round_closed: return Code::round_closed;
        case Decline::no_wager_in_round: return Code::no_debit_in_round;
        case Decline::already_settled: return Code::already_settled;
        case Decline::limit_reached: return Code::limit_reached;
        case Decline::was_refused: return Code::was_refused;
        // A credit that would take the balance beyond 38 digits.
        case Decline::amount_overflow:
        case Decline::invalid: return Code::bad_request;
        // Rounds here may be rolled back in any order, and there are no promotions, withdrawals or
        // records of the directory.
        case Decline::not_latest_wager:
        case Decline::promotion_unknown:
        case Decline::nothing_to_withdraw:
        case Decline::withdrawal_in_flight:
        case Decline::below_minimum:
        case Decline::no_payout_address:
        case Decline::not_found:
        case Decline::exists:
        case Decline::not_permitted: return Code::unknown_error;
    }
    return Code::unknown_error;
}

Code code_of(Fault fault) {
    switch (fault) {
        case Fault::none: return Code::success;
        case Fault::not_now: return Code::not_now;
        case Fault::throttled: return Code::throttled;
        case Fault::internal: return Code::unknown_error;
    }
    return Code::unknown_error;
}

Code code_of(RefusalKind kind) {
    switch (kind) {
        // The vendor has no code for a path or a method; these keep the HTTP status of their own.
        case RefusalKind::not_found:
        case RefusalKind::wrong_method:
        case RefusalKind::malformed: return Code::bad_request;
        case RefusalKind::too_large: return Code::too_large;
        case RefusalKind::bad_credential:
        case RefusalKind::forbidden: return Code::bad_credential;
        case RefusalKind::bad_signature: return Code::bad_signature;
        case RefusalKind::throttled: return Code::throttled;
        case RefusalKind::not_now: return Code::not_now;
    }
    return Code::unknown_error;
}

// ---- authenticate -------------------------------------------------------------------------------

std::unexpected<Refusal> refused(RefusalKind kind, std::string message = {}) {
    return std::unexpected(Refusal{.kind = kind, .message = std::move(message)});
}

const Credential* find_client(const Request& request) {
    const auto basic = basic_credentials(request.call);
    if (!basic) return nullptr;
    const Digest digest = sha256(basic->second);
    // While a secret is being replaced the client has two.
    for (const Credential* credential :
         request.directory->by_name(DialectId::integrator, basic->first, request.now)) {
        if (equal_constant_time(view(credential->digest), view(digest))) return credential;
    }
    return nullptr;
}

// The key that the call is signed with; null: none of the integration's.
const Credential* signed_by(const Request& request) {
    const Integration& integration = *request.authority.integration;
    const IntegrationSettings& settings = integration.settings;
    if (request.call.header_count("x-request-signature") != 1) return nullptr;
    const std::string_view given = request.call.header("x-request-signature");
    const std::optional<std::string> bytes = settings.signature_encoding == SignatureEncoding::hex
                                                 ? from_hex(given)
                                                 : from_base64(given);
    if (!bytes) return nullptr;
    std::string target;
    std::string_view input = request.call.body;
    if (settings.signature_input == SignatureInput::target_body) {
        target = "POST " + request.call.path + "\n" + request.call.body;
        input = target;
    }
    for (const Credential* key : request.directory->signing_keys(integration.id, request.now)) {
        const auto signing = request.keyring->signing.find(key->uid);
        if (signing == request.keyring->signing.end()) continue;
        const std::string right = hmac(settings.signature_hash, signing->second, input);
        if (equal_constant_time(*bytes, right)) return key;
    }
    return nullptr;
}

std::expected<Authority, Refusal> authenticate(const Request& request) {
    Authority authority;
    authority.credential = find_client(request);
    if (!authority.credential) return refused(RefusalKind::bad_credential);
    authority.integration = request.directory->integration(authority.credential->integration);
    if (!authority.integration) return refused(RefusalKind::bad_credential);
    authority.tenant = authority.credential->tenant;
    return authority;
}

// ---- read ---------------------------------------------------------------------------------------

// What every call names.
struct Context {
    Caller caller;
    CurrencyId currency = 0;
    int scale = scale_max;
    std::uint64_t provider = 0;
    std::string game;
};

std::uint64_t read_provider(const Request& request, Fields& fields) {
    const std::uint64_t provider = fields.unsigned_integer("provider_id");
    const std::vector<std::uint64_t>& own = request.authority.integration->settings.provider_ids;
    if (std::ranges::find(own, provider) == own.end()) {
        fields.mistake("provider_id is not one of this integration");
    }
    return provider;
}

Context read_context(const Request& request, Fields& fields) {
    const Integration& integration = *request.authority.integration;
    Context context;
    context.caller.tenant = request.authority.tenant;
    context.caller.integration = integration.id;
    context.caller.session = sha256(fields.text("token", 1, text_bytes_max));
    context.caller.session_kind = SessionKind::launch_token;
    context.caller.player.id = std::to_string(fields.unsigned_integer("player_id"));
    context.caller.player.site = fields.unsigned_integer("site_id");
    const std::string_view code = fields.text("currency", 1, text_bytes_max);
    const CallCurrency currency = call_currency(request, code, fields, {"amount"});
    context.currency = currency.id;
    context.scale = currency.scale;
    const bool optional = verb_of(request) == Verb::authenticate;
    if (!optional || fields.has("provider_id")) context.provider = read_provider(request, fields);
    if (!optional || fields.has("game_id"))
        context.game = fields.text("game_id", 1, text_bytes_max);
    return context;
}

std::string external_id(const Context& context, std::string_view transaction_id) {
    return std::to_string(context.provider) + ":" + std::to_string(context.caller.player.site) +
           ":" + std::string(transaction_id);
}

Amount read_amount(const Context& context, Fields& fields) {
    const Amount amount = fields.amount("amount", context.scale);
    if (amount.is_negative()) fields.mistake("amount must not be negative");
    return amount;
}

Intent read_move(Verb verb, Context context, Fields& fields) {
    Move move;
    move.amount = read_amount(context, fields);
    move.round = fields.words("round_id", 1, id_characters_max);
    const std::string_view id = fields.words("transaction_id", 1, id_characters_max);
    move.external_id = external_id(context, id);
    if (verb == Verb::debit) {
        move.kind = TransactionKind::wager;
        move.group = KeyGroup::integrator_debit;
        context.caller.rule = SessionRule::live;
    } else if (verb == Verb::credit) {
        move.kind = TransactionKind::payout;
        move.group = KeyGroup::integrator_credit;
        context.caller.rule = SessionRule::issued;
    } else {
        move.kind = TransactionKind::rollback;
        move.group = KeyGroup::integrator_rollback;
        move.reference_group = KeyGroup::integrator_debit;
        const bool own_id = fields.has("reference_transaction_id");
        move.reference = external_id(
            context, own_id ? fields.words("reference_transaction_id", 1, id_characters_max) : id);
        context.caller.rule = SessionRule::issued;
    }
    move.currency = context.currency;
    move.scale = static_cast<std::uint8_t>(context.scale);
    move.provider = context.provider;
    move.game = std::move(context.game);
    move.caller = std::move(context.caller);
    return move;
}

Intent read_status(Context context, Fields& fields) {
    AskStatus ask;
    const std::string_view action = fields.text("action", 1, text_bytes_max);
    if (action == "debit") {
        ask.group = KeyGroup::integrator_debit;
    } else if (action == "credit") {
        ask.group = KeyGroup::integrator_credit;
    } else if (action == "rollback") {
        ask.group = KeyGroup::integrator_rollback;
    } else {
        fields.mistake("action must be debit, credit or rollback");
    }
    ask.amount = read_amount(context, fields);
    ask.round = fields.words("round_id", 1, id_characters_max);
    ask.external_id = external_id(context, fields.words("transaction_id", 1, id_characters_max));
    ask.currency = context.currency;
    ask.provider = context.provider;
    ask.game = std::move(context.game);
    ask.caller = std::move(context.caller);
    ask.caller.rule = SessionRule::issued;
    return ask;
}

Intent read_intent(const Request& request, Fields& fields) {
    Context context = read_context(request, fields);
    const Verb verb = verb_of(request);
    switch (verb) {
        case Verb::authenticate:
            context.caller.rule = SessionRule::issued;
            return ActivateToken{.caller = std::move(context.caller), .currency = context.currency};
        case Verb::balance: {
            context.caller.rule = SessionRule::live;
            AskBalance ask;
            ask.caller = std::move(context.caller);
            ask.currency = context.currency;
            return ask;
        }
        case Verb::debit:
        case Verb::credit:
        case Verb::rollback: return read_move(verb, std::move(context), fields);
        case Verb::status: return read_status(std::move(context), fields);
    }
    return AskBalance{};
}

std::expected<Intent, Refusal> read(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return refused(RefusalKind::malformed, body.error());
    Fields fields(*body);
    Intent intent = read_intent(request, fields);
    const std::string_view verb = request.route->verb;
    if (verb_of(request) != Verb::status && fields.has("action") &&
        fields.text("action", 1, text_bytes_max) != verb) {
        fields.mistake("action must be " + std::string(verb) + " here");
    }
    if (fields.failed()) return refused(RefusalKind::malformed, fields.message());
    return intent;
}

// ---- write --------------------------------------------------------------------------------------

// The first 16 random bytes of the call.
std::string new_request_id(const Request& request) {
    return uuid_v4(std::span(request.call.random).first<16>());
}

Reply failure(const Request& request, Code code, std::string_view message) {
    const Word& word = word_of(code);
    Reply reply;
    reply.status = word.status;
    JsonWriter json(reply.body);
    json.open_object().key("status").boolean(false);
    json.key("code").integer(static_cast<int>(code));
    json.key("message").string(message.empty() ? word.message : message);
    json.key("request_id").string(new_request_id(request)).close_object();
    if (code == Code::throttled || code == Code::not_now) add_header(reply, "retry-after", "1");
    return reply;
}

// The words of the outcomes that have something to add.
std::string message_of(const Outcome& outcome) {
    if (outcome.decline == Decline::conflict) {
        return "The transaction is known with other content: " + field_names(outcome.differs) + ".";
    }
    if (outcome.decline == Decline::was_refused) {
        return "The transaction was refused: " +
               std::string(word_of(code_of(outcome.refused_as)).message);
    }
    return {};
}

// A field as it was sent, if it was; read() has seen to its type.
void echo(JsonWriter& json, const Body& body, std::string_view name) {
    const Value* value = body.find(name);
    if (value == nullptr || value->type == Value::Type::null) return;
    json.key(name);
    if (value->type == Value::Type::string) json.string(value->text);
    if (value->type == Value::Type::number) json.number(value->text);
}

Reply write(const Request& request, const Intent&, const Outcome& outcome) {
    if (outcome.fault != Fault::none) return failure(request, code_of(outcome.fault), {});
    if (outcome.decline != Decline::none) {
        return failure(request, code_of(outcome.decline), message_of(outcome));
    }
    const auto body = Body::parse(request.call.body);
    const Currency* currency = request.directory->currency(outcome.currency);
    if (!body || !currency) return failure(request, Code::unknown_error, {});
    Reply reply;
    reply.status = word_of(Code::success).status;
    JsonWriter json(reply.body);
    json.open_object().key("status").boolean(true);
    json.key("code").integer(static_cast<int>(Code::success));
    json.key("message").string("").key("request_id").string(new_request_id(request));
    for (const std::string_view name :
         {"token", "player_id", "game_id", "site_id", "provider_id"}) {
        echo(json, *body, name);
    }
    json.key("balance").number(format_fixed(playable(outcome.wallet), currency->scale));
    json.close_object();
    return reply;
}

// ---- refuse -------------------------------------------------------------------------------------

Reply refuse(const Request& request, const Refusal& refusal) {
    Reply reply = failure(request, code_of(refusal.kind), refusal.message);
    if (refusal.kind == RefusalKind::not_found) reply.status = 404;
    if (refusal.kind == RefusalKind::wrong_method) {
        reply.status = 405;
        add_header(reply, "allow", refusal.allow);
    }
    if (refusal.kind == RefusalKind::bad_credential) {
        add_header(reply, "www-authenticate", "Basic realm=\"coffer\", charset=\"UTF-8\"");
    }
    return reply;
}

// Nobody logs in here: every call carries the client's secret.
std::string account_tried(const Request&) { return {}; }

}  // namespace

const Dialect integrator_dialect{
    .id = DialectId::integrator,
    .name = "integrator",
    .routes = routes,
    .authenticate = authenticate,
    .read = read,
    .write = write,
    .refuse = refuse,
    .account_tried = account_tried,
    .signed_by = signed_by,
};

}  // namespace coffer
