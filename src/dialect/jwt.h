#pragma once
// JSON Web Tokens signed with HMAC-SHA256 (RFC 7515, RFC 7519), and with nothing else.
//
// Pure functions for any thread. There is no clock: the caller says what time it is. A token that
// names another algorithm, `none` above all, is no token here, so that an attacker cannot choose
// how he is checked. Signatures are compared in constant time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace coffer {

// A token taken apart: strict base64url without padding, a header that says HS256 and asks for no
// extension (`crit`). Nothing is said yet about who signed it.
struct Jws {
    std::string signing_input;  // header, dot and payload as they stand in the token
    std::string payload;        // decoded
    std::string signature;      // decoded, 32 bytes
};
std::optional<Jws> parse_jws(std::string_view token);
bool signature_matches(const Jws& jws, std::string_view key);
std::string sign_jws(std::string_view payload, std::string_view key);

// What our tokens say. Times are seconds since 1970, as RFC 7519 has them.
struct JwtClaims {
    std::string issuer;          // iss: the integration's public name
    std::string subject;         // sub
    std::string session;         // sid
    std::string user;            // user_id
    std::string wallet_address;  // may be empty
    std::int64_t issued_at_s = 0, expires_at_s = 0;
};
// Nothing when a claim is missing or of another type, or the payload is not a JSON object. A `nbf`
// is taken too, if it is there.
std::optional<JwtClaims> parse_claims(std::string_view payload);
std::string format_claims(const JwtClaims& claims);

// Whether the token counts at that time: issued before or at it, expiring after it.
bool in_force(const JwtClaims& claims, Time now);

}  // namespace coffer
