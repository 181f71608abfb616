// Answers about players, their sessions and their promotions.

#include <algorithm>

#include "dialect/jwt.h"
#include "dialect/movement_view.h"
#include "dialect/native.h"

namespace coffer {
namespace {

void append_limit(JsonWriter& json, std::string_view name, Amount limit, int scale) {
    json.key(name);
    if (limit.is_negative()) {
        json.null();
    } else {
        native_append_amount(json, limit, scale);
    }
}

void append_limits(JsonWriter& json, const Request& request, const Limits& limits) {
    const NativeMoney money = native_money(request, limits.currency);
    json.open_object();
    json.key("currency").string(money.code);
    append_limit(json, "wager_max", limits.wager_max, money.scale);
    append_limit(json, "wagered_day_max", limits.wagered_day_max, money.scale);
    append_limit(json, "wagered_week_max", limits.wagered_week_max, money.scale);
    append_limit(json, "loss_day_max", limits.loss_day_max, money.scale);
    append_limit(json, "loss_week_max", limits.loss_week_max, money.scale);
    json.close_object();
}

void append_alias(JsonWriter& json, const Request& request, const Alias& alias) {
    const Integration* integration = request.directory->integration(alias.integration);
    json.open_object();
    json.key("integration");
    native_append_integration(json, request, alias.integration);
    json.key("external_id").string(alias.external_id);
    if (integration != nullptr && integration->dialect == DialectId::integrator) {
        json.key("site_id").integer_unsigned(alias.site);
    }
    json.close_object();
}

Reply write_player(int status, const Request& request, const Player& player) {
    std::string body;
    JsonWriter json(body);
    json.open_object();
    json.key("id").string(player.id);
    json.key("aliases").open_array();
    for (const Alias& alias : player.aliases) append_alias(json, request, alias);
    json.close_array();
    json.key("blocked").boolean(player.blocked);
    json.key("block_reason");
    native_append_text(json, player.block_reason);
    json.key("payout_address");
    native_append_text(json, player.payout_address);
    json.key("wallet_address");
    native_append_text(json, player.wallet_address);
    json.key("limits").open_array();
    for (const Limits& limits : player.limits) append_limits(json, request, limits);
    json.close_array();
    json.key("created_at");
    native_append_time(json, player.created);
    json.close_object();
    return native_reply(status, std::move(body));
}

void append_promotion(JsonWriter& json, const Request& request, const Promotion& promotion) {
    const NativeMoney money = native_money(request, promotion.currency);
    json.open_object();
    json.key("id").string(promotion.id);
    json.key("player").string(promotion.player);
    json.key("currency").string(money.code);
    json.key("budget");
    native_append_amount(json, promotion.budget, money.scale);
    json.key("remaining");
    native_append_amount(json, promotion.remaining, money.scale);
    json.key("payout_bucket");
    json.string(native_account_word(static_cast<AccountCode>(promotion.payout_bucket)));
    json.key("created_at");
    native_append_time(json, promotion.created);
    json.key("expires_at");
    native_append_time(json, promotion.expires);
    json.close_object();
}

// The id under which a session is revoked: the first half of its digest.
std::string name_of(const Session& session) {
    UuidBytes name;
    std::copy_n(session.digest.begin(), name.size(), name.begin());
    return uuid_text(name);
}

// kgen's players show a JWT whose `sid` names the session; everybody else's token is the session.
std::string token_of(const Request& request, const Outcome& outcome) {
    std::string secret = native_session_token(request);
    const Session& session = *outcome.session;
    const Integration* integration = request.directory->integration(session.integration);
    if (integration == nullptr || integration->dialect != DialectId::kgen) return secret;
    const std::string* key = native_signing_key(request, *integration);
    if (key == nullptr || !outcome.player) return secret;
    JwtClaims claims;
    claims.issuer = integration->uid;
    claims.session = name_of(session);
    claims.user = name_in(integration->id, *outcome.player);
    claims.subject = claims.user;
    claims.wallet_address = outcome.player->wallet_address;
    claims.issued_at_s = request.now / second_us;
    claims.expires_at_s = session.expires / second_us;
    return sign_jws(format_claims(claims), *key);
}

const Player* player_of(const Outcome& outcome) {
    const auto* record = native_record<Player>(outcome);
    return record != nullptr ? record : outcome.player.get();
}

}  // namespace

Reply native_write_player(const Request& request, const Intent&, const Outcome& outcome) {
    const Player* player = player_of(outcome);
    if (player == nullptr) return native_problem(request, Decline::player_unknown);
    return write_player(outcome.created ? 201 : 200, request, *player);
}

Reply native_write_session(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    if (outcome.session) {
        const Session& session = *outcome.session;
        json.open_object();
        json.key("id").string(name_of(session));
        json.key("token").string(token_of(request, outcome));
        json.key("expires_at");
        native_append_time(json, session.expires);
        json.close_object();
    }
    return native_reply(201, std::move(body));
}

Reply native_write_promotion(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    if (const auto* promotion = native_record<Promotion>(outcome)) {
        append_promotion(json, request, *promotion);
    }
    return native_reply(outcome.created ? 201 : 200, std::move(body));
}

Reply native_write_promotions(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    json.open_array();
    for (const Record& record : outcome.records) {
        const auto* promotion = std::get_if<Ptr<Promotion>>(&record);
        if (promotion != nullptr) append_promotion(json, request, **promotion);
    }
    json.close_array();
    Reply reply = native_reply(200, std::move(body));
    native_add_next(reply, request, outcome);
    return reply;
}

}  // namespace coffer
