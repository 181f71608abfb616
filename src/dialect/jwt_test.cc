#include "dialect/jwt.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace coffer {
namespace {

// RFC 7515, appendix A.1: the key, and a token whose header has a line break in it.
const std::string rfc_key =
    from_base64url(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .value_or("");
constexpr std::string_view rfc_token =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

std::string token_of(std::string_view header, std::string_view payload = "{}") {
    std::string token = to_base64url(header) + '.' + to_base64url(payload);
    token += '.' + to_base64url(hmac(HmacHash::sha256, "key", token));
    return token;
}

JwtClaims some_claims() {
    return {.issuer = "integration",
            .subject = "alice",
            .session = "session",
            .user = "alice",
            .wallet_address = "",
            .issued_at_s = 1'000,
            .expires_at_s = 2'000};
}

TEST(Jwt, KnowsTheExampleOfRfc7515) {
    const auto jws = parse_jws(rfc_token);
    ASSERT_TRUE(jws);
    EXPECT_TRUE(signature_matches(*jws, rfc_key));
    EXPECT_TRUE(jws->payload.starts_with("{\"iss\":\"joe\""));
    EXPECT_FALSE(signature_matches(*jws, "another key"));
}

TEST(Jwt, RefusesTheUnsecuredExampleOfRfc7519) {
    EXPECT_FALSE(parse_jws(
        "eyJhbGciOiJub25lIn0"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ."));
}

TEST(Jwt, NoticesEveryChangedCharacter) {
    for (std::size_t at = 0; at < rfc_token.size(); ++at) {
        std::string token(rfc_token);
        token[at] = token[at] == 'A' ? 'B' : 'A';
        const auto jws = parse_jws(token);
        EXPECT_FALSE(jws && signature_matches(*jws, rfc_key)) << at;
    }
}

TEST(Jwt, TakesHs256AndNothingElse) {
    EXPECT_TRUE(parse_jws(token_of(R"({"alg":"HS256"})")));
    for (const std::string_view header :
         {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"hs256"})", R"({"alg":"HS512"})",
          R"({"alg":"RS256"})", R"({"alg":["HS256"]})", R"({"typ":"JWT"})", "", "[]", "null",
          R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"HS256","crit":["exp"]})"})
        EXPECT_FALSE(parse_jws(token_of(header))) << header;
}

TEST(Jwt, TakesThreePartsOfStrictBase64url) {
    const std::string token = token_of(R"({"alg":"HS256"})");
    EXPECT_FALSE(parse_jws(""));
    EXPECT_FALSE(parse_jws("."));
    EXPECT_FALSE(parse_jws(".."));
    EXPECT_FALSE(parse_jws(token + "."));
    EXPECT_FALSE(parse_jws(token + "="));
    EXPECT_FALSE(parse_jws(token + "AAAA"));
    EXPECT_FALSE(parse_jws(" " + token));
    EXPECT_FALSE(parse_jws(token.substr(0, token.rfind('.'))));
    EXPECT_FALSE(parse_jws(token.substr(0, token.rfind('.') + 1)));
}

TEST(Jwt, ReadsWhatItWrote) {
    const std::string token = sign_jws(format_claims(some_claims()), "key");
    const auto jws = parse_jws(token);
    ASSERT_TRUE(jws);
    EXPECT_TRUE(signature_matches(*jws, "key"));
    const auto claims = parse_claims(jws->payload);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->issuer, "integration");
    EXPECT_EQ(claims->subject, "alice");
    EXPECT_EQ(claims->session, "session");
    EXPECT_EQ(claims->user, "alice");
    EXPECT_EQ(claims->wallet_address, "");
    EXPECT_EQ(claims->issued_at_s, 1'000);
    EXPECT_EQ(claims->expires_at_s, 2'000);
}

TEST(Jwt, MissesEveryClaim) {
    const std::string whole = format_claims(some_claims());
    EXPECT_TRUE(parse_claims(whole));
    for (const std::string_view name : {"\"iss\"", "\"sub\"", "\"sid\"", "\"iat\"", "\"exp\"",
                                        "\"user_id\"", "\"wallet_address\""}) {
        std::string without = whole;
        without.replace(without.find(name), name.size(), "\"other\"");
        EXPECT_FALSE(parse_claims(without)) << name;
    }
    for (const std::string_view payload : {"", " ", "[]", "7", "{}"})
        EXPECT_FALSE(parse_claims(payload)) << payload;
}

TEST(Jwt, WantsEveryClaimInItsType) {
    const std::string whole = format_claims(some_claims());
    const auto with = [&whole](std::string_view from, std::string_view to) {
        std::string changed = whole;
        return parse_claims(changed.replace(changed.find(from), from.size(), to));
    };
    EXPECT_FALSE(with("\"integration\"", "7"));
    EXPECT_FALSE(with("\"integration\"", "\"\""));
    EXPECT_FALSE(with("\"session\"", "[\"session\"]"));
    EXPECT_FALSE(with("\"alice\"", "null"));
    EXPECT_FALSE(with("2000", "\"2000\""));
    EXPECT_FALSE(with("2000", "2000.5"));
    EXPECT_FALSE(with("2000", "-1"));
    EXPECT_FALSE(with("2000", "99999999999999999999"));
    EXPECT_FALSE(with("\"sub\"", "\"iss\"")) << "a claim is given twice";
    EXPECT_TRUE(with("{", "{\"aud\":\"anyone\","));
}

TEST(Jwt, DoesNotCountBeforeItsNbf) {
    std::string payload = format_claims(some_claims());
    payload.replace(0, 1, "{\"nbf\":1500,");
    const auto late = parse_claims(payload);
    ASSERT_TRUE(late);
    EXPECT_FALSE(in_force(*late, 1'400 * second_us));
    EXPECT_TRUE(in_force(*late, 1'500 * second_us));
    payload.replace(0, 11, "{\"nbf\":\"x\"");
    EXPECT_FALSE(parse_claims(payload));
}

TEST(Jwt, CountsFromItsIssueUntilItExpires) {
    const JwtClaims claims = some_claims();
    EXPECT_TRUE(in_force(claims, 1'000 * second_us));
    EXPECT_TRUE(in_force(claims, 1'999 * second_us));
    EXPECT_FALSE(in_force(claims, 2'000 * second_us));
    // A clock that runs ahead by a minute is forgiven, by more it is not.
    EXPECT_TRUE(in_force(claims, 940 * second_us));
    EXPECT_FALSE(in_force(claims, 939 * second_us));
}

}  // namespace
}  // namespace coffer
