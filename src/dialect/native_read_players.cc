// Players: who they are elsewhere, what they may do, and the sessions opened for them.

#include <algorithm>
#include <charconv>

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t player_id_bytes_max = 255;
constexpr std::size_t external_id_bytes_max = 255;
constexpr std::size_t aliases_max = 64;
constexpr std::size_t limits_max = 64;
constexpr std::size_t game_bytes_max = 255;
constexpr std::size_t code_bytes_max = 32;
constexpr std::int64_t ttl_s_max = 10LL * 366 * 24 * 3600;

// A player token of rgs is there to be swapped for a session at once.
constexpr Duration player_token_ttl = 10 * minute_us;
constexpr Duration session_ttl = 24 * hour_us;
constexpr Duration sverse_session_ttl = 30 * day_us;

// Whether integrator's page could have sent that: a 64-bit number, written the one way we write it.
bool is_number_of_64_bits(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() &&
           std::to_string(number) == text;
}

void check_external_id(Fields& fields, const Integration& integration, std::string_view id) {
    if (!is_plain_text(id)) fields.mistake("external_id holds a control character");
    if (integration.dialect == DialectId::integrator && !is_number_of_64_bits(id)) {
        fields.mistake("external_id must be the player_id, a whole number, in integrator");
    }
}

// One element of `aliases`. False when it names an integration that this tenant does not have.
bool read_alias(const Request& request, Fields& fields, const Value& element, Player& player) {
    if (element.type != Value::Type::object) {
        fields.mistake("aliases must be an array of objects");
        return true;
    }
    const auto body = Body::parse(element.text);
    if (!body) {
        fields.mistake("aliases: " + body.error());
        return true;
    }
    Fields parts(*body);
    Alias alias;
    const std::string_view name = parts.text("integration", 1, 255);
    alias.external_id = parts.text("external_id", 1, external_id_bytes_max);
    if (parts.has("site_id")) alias.site = parts.unsigned_integer("site_id");
    if (parts.failed()) {
        fields.mistake("aliases: " + parts.message());
        return true;
    }
    const Integration* integration = native_integration(request, name);
    if (integration == nullptr) return false;
    check_external_id(parts, *integration, alias.external_id);
    if ((integration->dialect == DialectId::integrator) != parts.has("site_id")) {
        parts.mistake("site_id belongs to the aliases of integrator, and to all of them");
    }
    // Answers and lists call a player by one name, and of two nobody could say which.
    if (std::ranges::any_of(player.aliases, [&](const Alias& other) {
            return other.integration == integration->id && other.site == alias.site;
        })) {
        parts.mistake("a player has one name in an integration, and in integrator one at a site");
    }
    if (parts.failed()) fields.mistake("aliases: " + parts.message());
    alias.tenant = player.tenant;
    alias.integration = integration->id;
    alias.player = player.id;
    player.aliases.push_back(std::move(alias));
    return true;
}

Amount read_limit(Fields& fields, std::string_view name, int scale) {
    if (!fields.has(name)) return Amount{-1};
    const Amount limit = fields.amount_text(name, scale);
    if (limit.is_negative()) fields.mistake(std::string(name) + " must not be negative");
    return limit;
}

// One element of `limits`. False when it names a currency that this tenant does not have.
bool read_limits(const Request& request, Fields& fields, const Value& element,
                 std::vector<Limits>& all) {
    const auto body = Body::parse(element.type == Value::Type::object ? element.text : "[]");
    if (!body) {
        fields.mistake("limits must be an array of objects");
        return true;
    }
    Fields parts(*body);
    const std::string_view code = parts.text("currency", 1, code_bytes_max);
    const Currency* currency = request.directory->currency(request.authority.tenant, code);
    const int scale = currency != nullptr
                          ? currency->scale
                          : parts.finest_scale({"wager_max", "wagered_day_max", "wagered_week_max",
                                                "loss_day_max", "loss_week_max"});
    Limits limits;
    limits.wager_max = read_limit(parts, "wager_max", scale);
    limits.wagered_day_max = read_limit(parts, "wagered_day_max", scale);
    limits.wagered_week_max = read_limit(parts, "wagered_week_max", scale);
    limits.loss_day_max = read_limit(parts, "loss_day_max", scale);
    limits.loss_week_max = read_limit(parts, "loss_week_max", scale);
    const Amount highest =
        std::max({limits.wager_max, limits.wagered_day_max, limits.wagered_week_max,
                  limits.loss_day_max, limits.loss_week_max});
    const bool is_bare = highest.is_negative();
    // Else a mistyped name would lift a limit in silence; to lift one on purpose is to leave its
    // currency out.
    if (is_bare) parts.mistake("a currency has at least one limit");
    if (parts.failed()) {
        fields.mistake("limits: " + parts.message());
        return true;
    }
    if (currency == nullptr) return false;
    limits.currency = currency->id;
    for (const Limits& other : all) {
        if (other.currency == limits.currency) fields.mistake("limits names a currency twice");
    }
    all.push_back(limits);
    return true;
}

ChangePlayer change_of(const Request& request) {
    return ChangePlayer{.tenant = request.authority.tenant, .player = request.segments[0]};
}

// How long such a session lives, and whether every call moves its end.
struct Life {
    Duration ttl = 0, idle = 0;
};
Life life_of(const Integration& integration) {
    const Duration set = integration.settings.session_ttl_s * second_us;
    switch (integration.dialect) {
        case DialectId::operator_: return {integration.settings.token_ttl_s * second_us, 0};
        case DialectId::integrator: {
            const Duration ttl = set != 0 ? set : session_ttl;
            return {ttl, ttl};
        }
        case DialectId::rgs: return {player_token_ttl, 0};
        case DialectId::sverse: return {set != 0 ? set : sverse_session_ttl, 0};
        case DialectId::kgen: return {set != 0 ? set : session_ttl, 0};
        case DialectId::native: break;
    }
    return {};
}

SessionKind session_kind_of(DialectId dialect) {
    switch (dialect) {
        case DialectId::operator_: return SessionKind::operator_token;
        case DialectId::integrator: return SessionKind::launch_token;
        case DialectId::rgs: return SessionKind::player_token;
        case DialectId::sverse: return SessionKind::sverse_session;
        case DialectId::kgen: return SessionKind::kgen_session;
        case DialectId::native: break;
    }
    return SessionKind::launch_token;
}

}  // namespace

NativeRead native_read_create_player(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    Player player;
    player.tenant = request.authority.tenant;
    player.id = fields.has("id") ? fields.text("id", 1, player_id_bytes_max)
                                 : uuid_v4(std::span(request.call.random).first<16>());
    if (!is_plain_text(player.id)) fields.mistake("id holds a control character");
    player.payout_address = native_address(fields, "payout_address");
    player.wallet_address = native_address(fields, "wallet_address");
    bool all_known = true;
    if (const auto array = native_array(*body, fields, "aliases", aliases_max)) {
        for (const Member& element : array->members()) {
            all_known = read_alias(request, fields, element.value, player) && all_known;
        }
    }
    if (fields.failed()) return native_malformed(fields.message());
    if (!all_known) return native_unknown("integration");
    return CreatePlayer{std::move(player)};
}

NativeRead native_read_player(const Request& request) {
    return ListRecords{.tenant = request.authority.tenant, .id = request.segments[0]};
}

NativeRead native_read_player_by_alias(const Request& request) {
    const auto parameters = parse_query(request.call.query);
    if (!parameters) return native_malformed("the query is broken");
    const std::string* name = find_parameter(*parameters, "integration");
    const std::string* id = find_parameter(*parameters, "external_id");
    if (name == nullptr || id == nullptr || name->empty() || id->empty()) {
        return native_malformed("integration and external_id are needed");
    }
    ListRecords list{.tenant = request.authority.tenant, .id = *id};
    const std::string* const site = find_parameter(*parameters, "site_id");
    const bool names_site = site != nullptr && !site->empty();
    if (names_site) {
        const auto [end, error] =
            std::from_chars(site->data(), site->data() + site->size(), list.site);
        if (error != std::errc{} || end != site->data() + site->size()) {
            return native_malformed("site_id must be a whole number of 64 bits");
        }
    }
    const Integration* integration = native_integration(request, *name);
    if (integration == nullptr) return native_unknown("integration");
    // Half of a name is no name: a 404 would say that there is no such player.
    if ((integration->dialect == DialectId::integrator) != names_site) {
        return native_malformed(names_site ? "site_id is part of a name in integrator only"
                                           : "site_id is needed: in integrator a player's name is "
                                             "external_id and site_id");
    }
    list.integration = integration->id;
    return list;
}

NativeRead native_read_block(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    ChangePlayer change = change_of(request);
    change.blocked = true;
    change.block_reason = fields.words("reason", 1, 1024);
    if (fields.failed()) return native_malformed(fields.message());
    return change;
}

NativeRead native_read_unblock(const Request& request) {
    if (const auto body = native_body(request); !body) return std::unexpected(body.error());
    ChangePlayer change = change_of(request);
    change.blocked = false;
    return change;
}

NativeRead native_read_payout_address(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    ChangePlayer change = change_of(request);
    // Present and empty takes the address away; absent is a slip.
    const std::string_view name = body->find("address") != nullptr ? "address" : "payout_address";
    if (body->find(name) == nullptr) fields.mistake("payout_address is missing");
    change.payout_address = native_address(fields, name);
    if (fields.failed()) return native_malformed(fields.message());
    return change;
}

NativeRead native_read_limits(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    if (!fields.has("limits")) fields.mistake("limits is missing");
    std::vector<Limits> limits;
    bool all_known = true;
    if (const auto array = native_array(*body, fields, "limits", limits_max)) {
        for (const Member& element : array->members()) {
            all_known = read_limits(request, fields, element.value, limits) && all_known;
        }
    }
    if (fields.failed()) return native_malformed(fields.message());
    if (!all_known) return native_unknown("currency");
    ChangePlayer change = change_of(request);
    change.limits = std::move(limits);
    return change;
}

NativeRead native_read_open_session(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    const std::string name(fields.text("integration", 1, 255));
    const Integration* integration = native_integration(request, name);
    const bool of_player = integration == nullptr || integration->dialect != DialectId::operator_;
    OpenSession open;
    // operator's token is the integration's own and names no player and no currency.
    const std::string_view player = of_player ? fields.text("player", 1, player_id_bytes_max)
                                              : fields.text_or_empty("player", player_id_bytes_max);
    const std::string_view code = of_player ? fields.text("currency", 1, code_bytes_max)
                                            : fields.text_or_empty("currency", code_bytes_max);
    open.caller = native_caller(request, player);
    open.session.game = fields.text_or_empty("game", game_bytes_max);
    if (fields.has("site_id")) open.session.site = fields.unsigned_integer("site_id");
    const std::int64_t ttl_s = fields.has("ttl_s") ? fields.integer("ttl_s", 1, ttl_s_max) : 0;
    if (fields.failed()) return native_malformed(fields.message());
    if (integration == nullptr) return native_unknown("integration");
    const Currency* currency = request.directory->movable(*integration, code);
    if (of_player && currency == nullptr) return native_unknown("currency");
    if (integration->dialect == DialectId::kgen &&
        native_signing_key(request, *integration) == nullptr) {
        return native_malformed("the integration has no live signing_key, which its tokens need");
    }
    open.session.digest = sha256(native_session_token(request));
    open.session.kind = session_kind_of(integration->dialect);
    open.session.tenant = integration->tenant;
    open.session.integration = integration->id;
    open.session.currency = currency != nullptr ? currency->id : 0;
    const Life life = life_of(*integration);
    open.ttl = ttl_s != 0 ? ttl_s * second_us : life.ttl;
    // A session that every call prolongs is prolonged by what was asked for.
    open.session.idle = life.idle != 0 ? open.ttl : 0;
    return open;
}

NativeRead native_read_revoke_session(const Request& request) {
    const std::optional<UuidBytes> name = parse_uuid(request.segments[0]);
    if (!name) return native_unknown();
    return RevokeSession{.tenant = request.authority.tenant, .name = *name};
}

std::string native_session_token(const Request& request) { return random_token(request.call, 0); }

const std::string* native_signing_key(const Request& request, const Integration& integration) {
    const Credential* newest = nullptr;
    for (const Credential* credential :
         request.directory->signing_keys(integration.id, request.now)) {
        if (!request.keyring->signing.contains(credential->uid)) continue;
        if (newest == nullptr || credential->created > newest->created) newest = credential;
    }
    return newest != nullptr ? &request.keyring->signing.at(newest->uid) : nullptr;
}

}  // namespace coffer
