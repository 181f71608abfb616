#include "dialect/sverse_account.h"

#include <algorithm>

#include "base/calendar.h"
#include "base/digest.h"
#include "dialect/body.h"
#include "dialect/movement_view.h"
#include "dialect/text.h"

namespace coffer {
namespace {

constexpr Duration session_ttl_default = 30 * day_us;
constexpr std::size_t password_bytes_max = 1024;  // so that hashing one stays cheap to ask for
constexpr std::size_t email_bytes_max = 254;      // RFC 5321, by way of RFC 3696's erratum 1690
constexpr std::size_t username_characters_max = 64;
constexpr std::size_t metadata_bytes_max = 4096;

// The one new id that a call may need: of a player, or of a session. A version-4 UUID, like the one
// on the page, has 122 random bits.
std::string new_id(const Request& request) {
    return uuid_v4(std::span(request.call.random).first<16>());
}

Duration session_ttl(const Request& request) {
    const std::int64_t ttl_s = request.authority.integration->settings.session_ttl_s;
    return ttl_s > 0 ? ttl_s * second_us : session_ttl_default;
}

bool is_control(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }
bool is_control_or_space(char c) { return is_control(c) || c == ' '; }

// Enough to keep out what is no address at all; only a letter sent there could tell more.
bool is_email(std::string_view text) {
    const std::size_t at = text.find('@');
    return at != std::string_view::npos && at == text.rfind('@') && at > 0 &&
           at + 1 < text.size() && std::ranges::none_of(text, is_control_or_space);
}

// No `@`, because one may log in by either name and no username may pass for another's address.
bool is_username(std::string_view text) {
    return text.find('@') == std::string_view::npos && text.front() != ' ' && text.back() != ' ' &&
           std::ranges::none_of(text, is_control);
}

std::string_view login_name(Fields& fields) {
    if (fields.has("username")) return fields.words("username", 1, username_characters_max);
    if (!fields.has("email")) fields.mistake("username or email is missing");
    return fields.text("email", 1, email_bytes_max);
}

// The key says which game calls; a body that names another one was not meant for it.
bool is_this_game(const Request& request, std::string_view game_code) {
    return game_code == request.authority.integration->settings.game_code;
}

}  // namespace

std::unexpected<Refusal> sverse_malformed(std::string message) {
    return std::unexpected(Refusal{.kind = RefusalKind::malformed, .message = std::move(message)});
}

std::unexpected<Refusal> sverse_unauthorized() {
    return std::unexpected(Refusal{.kind = RefusalKind::bad_credential});
}

Caller sverse_caller(const Request& request) {
    Caller caller;
    caller.tenant = request.authority.tenant;
    caller.integration = request.authority.integration->id;
    caller.session_kind = SessionKind::sverse_session;
    return caller;
}

Caller sverse_bearer(const Request& request) {
    Caller caller = sverse_caller(request);
    caller.rule = SessionRule::bearer;
    caller.session = sha256(bearer_token(request.call).value_or(""));
    return caller;
}

std::string_view sverse_identity(const Request& request, const Outcome& outcome) {
    if (!outcome.player) return {};
    return name_in(request.authority.integration->id, *outcome.player);
}

std::expected<Intent, Refusal> sverse_read_register(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return sverse_malformed(body.error());
    Fields fields(*body);
    Register intent;
    const std::string_view game_code = fields.text("gameCode", 1, 255);
    intent.email = fields.text("email", 1, email_bytes_max);
    if (!is_email(intent.email)) fields.mistake("email must be an address");
    intent.username = fields.words("username", 1, username_characters_max);
    if (!fields.failed() && !is_username(intent.username)) {
        fields.mistake("username must not hold @, control characters or outer spaces");
    }
    intent.password = fields.text("password", 1, password_bytes_max);
    intent.metadata = fields.raw_object_or_empty("metadata");
    if (intent.metadata.size() > metadata_bytes_max) fields.mistake("metadata is too long");
    if (fields.failed()) return sverse_malformed(fields.message());
    if (!is_this_game(request, game_code)) return sverse_unauthorized();
    intent.tenant = request.authority.tenant;
    intent.integration = request.authority.integration->id;
    intent.player = new_id(request);
    return intent;
}

std::expected<Intent, Refusal> sverse_read_login(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return sverse_malformed(body.error());
    Fields fields(*body);
    LogIn intent;
    const std::string_view game_code = fields.text("gameCode", 1, 255);
    intent.name = login_name(fields);
    intent.password = fields.text("password", 1, password_bytes_max);
    if (fields.failed()) return sverse_malformed(fields.message());
    if (!is_this_game(request, game_code)) return sverse_unauthorized();
    intent.tenant = request.authority.tenant;
    intent.integration = request.authority.integration->id;
    intent.session.digest = sha256(new_id(request));
    intent.session.kind = SessionKind::sverse_session;
    intent.session.tenant = intent.tenant;
    intent.session.integration = intent.integration;
    intent.ttl = session_ttl(request);
    return intent;
}

std::expected<Intent, Refusal> sverse_read_logout(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return sverse_malformed(body.error());
    return LogOut{.caller = sverse_bearer(request)};
}

std::expected<Intent, Refusal> sverse_read_refresh(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return sverse_malformed(body.error());
    return RenewSession{.caller = sverse_bearer(request),
                        .digest = sha256(new_id(request)),
                        .ttl = session_ttl(request)};
}

void sverse_write_registered(JsonWriter& json, const Request& request) {
    json.open_object().key("identity").string(new_id(request)).close_object();
}

void sverse_write_session(JsonWriter& json, const Request& request, const Outcome& outcome) {
    const Time expires = outcome.session ? outcome.session->expires : 0;
    json.open_object().key("sessionId").string(new_id(request));
    json.key("identity").string(sverse_identity(request, outcome));
    json.key("expiresAt").string(format_time(expires, 3)).close_object();
}

std::string sverse_name_tried(const Request& request) {
    const auto body = Body::parse(request.call.body);
    if (!body) return {};
    Fields fields(*body);
    std::string name(login_name(fields));
    if (fields.failed()) return {};
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return name;
}

}  // namespace coffer
