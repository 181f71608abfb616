#include "dialect/jwt.h"

#include <algorithm>
#include <limits>

#include "base/digest.h"
#include "base/json_writer.h"
#include "dialect/body.h"

namespace coffer {
namespace {

constexpr std::string_view our_header = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::size_t signature_bytes = 32;

// An issuer's clock may run ahead of ours by so much; RFC 7519 calls it leeway, "a few minutes" at
// most.
constexpr std::int64_t leeway_s = 60;

bool is_our_algorithm(std::string_view header) {
    const auto body = Body::parse(header);
    if (!body) return false;
    const Value* const algorithm = body->find("alg");
    return algorithm && algorithm->type == Value::Type::string && algorithm->text == "HS256" &&
           !body->find("crit");
}

// Body reads a blank text as an empty object, which a JWT's parts may not be.
bool is_object(std::string_view json) { return json.find('{') != std::string_view::npos; }

}  // namespace

std::optional<Jws> parse_jws(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto header = from_base64url(token.substr(0, first));
    auto payload = from_base64url(token.substr(first + 1, second - first - 1));
    // A third dot is no character of base64url, so it fails here.
    auto signature = from_base64url(token.substr(second + 1));
    if (!header || !payload || !signature || signature->size() != signature_bytes ||
        !is_object(*header) || !is_our_algorithm(*header))
        return std::nullopt;
    return Jws{std::string(token.substr(0, second)), std::move(*payload), std::move(*signature)};
}

bool signature_matches(const Jws& jws, std::string_view key) {
    return equal_constant_time(jws.signature, hmac(HmacHash::sha256, key, jws.signing_input));
}

std::string sign_jws(std::string_view payload, std::string_view key) {
    std::string token = to_base64url(our_header);
    token += '.';
    token += to_base64url(payload);
    const std::string signature = hmac(HmacHash::sha256, key, token);
    token += '.';
    token += to_base64url(signature);
    return token;
}

std::optional<JwtClaims> parse_claims(std::string_view payload) {
    constexpr std::size_t text_bytes_max = 1024;
    constexpr std::int64_t time_max = std::numeric_limits<std::int64_t>::max() / second_us;
    const auto body = Body::parse(payload);
    if (!body || !is_object(payload)) return std::nullopt;
    Fields fields(*body);
    JwtClaims claims;
    claims.issuer = fields.text("iss", 1, text_bytes_max);
    claims.subject = fields.text("sub", 1, text_bytes_max);
    claims.session = fields.text("sid", 1, text_bytes_max);
    claims.user = fields.text("user_id", 1, text_bytes_max);
    claims.wallet_address = fields.text("wallet_address", 0, text_bytes_max);
    claims.issued_at_s = fields.integer("iat", 0, time_max);
    if (body->find("nbf"))
        claims.issued_at_s = std::max(claims.issued_at_s, fields.integer("nbf", 0, time_max));
    claims.expires_at_s = fields.integer("exp", 0, time_max);
    if (fields.failed()) return std::nullopt;
    return claims;
}

std::string format_claims(const JwtClaims& claims) {
    std::string out;
    JsonWriter json(out);
    json.open_object();
    json.key("iss").string(claims.issuer);
    json.key("sub").string(claims.subject);
    json.key("sid").string(claims.session);
    json.key("iat").integer(claims.issued_at_s);
    json.key("exp").integer(claims.expires_at_s);
    json.key("user_id").string(claims.user);
    json.key("wallet_address").string(claims.wallet_address);
    json.close_object();
    return out;
}

bool in_force(const JwtClaims& claims, Time now) {
    const std::int64_t now_s = now / second_us;
    return claims.issued_at_s <= now_s + leeway_s && now_s < claims.expires_at_s;
}

}  // namespace coffer
