#include "app/demo_curl.h"

#include <fmt/core.h>

#include "app/demo_world.h"
#include "base/digest.h"

namespace coffer {
namespace {

// Takes the named token out of a JSON answer with what every machine has.
std::string sed_for(std::string_view name) {
    return fmt::format(R"~(sed 's/.*"{}": *"\([^"]*\)".*/\1/')~", name);
}

std::string operator_line(std::string_view url) {
    return fmt::format(
        R"(curl -s {0}/get-balance/{1} -H "authorization: Bearer $(curl -s {0}/auth/get-token )"
        R"~(-d '{{"secret":"{2}"}}' | {3})")~",
        url, demo::alice, demo::operator_secret, sed_for("session_token"));
}

std::string integrator_line(std::string_view url) {
    const std::string body =
        fmt::format(R"({{"token":"{}","player_id":1,"site_id":1,"provider_id":1,"game_id":"1",)"
                    R"("currency":"EUR"}})",
                    demo::alice_launch_token);
    const std::string signature =
        to_hex(hmac(HmacHash::sha256, demo::integrator_signing_key, body));
    return fmt::format(
        "curl -s {}/api/wallet/balance -u {}:{} -H 'X-Request-Signature: {}' -d '{}'", url,
        demo::integrator_id, demo::integrator_secret, signature, body);
}

std::string rgs_line(std::string_view url) {
    return fmt::format(
        "curl -s '{}/balance?playerId={}&gameUuid={}&sessionId={}&currency=USD' "
        "-H 'X-Auth-Token: {}'",
        url, demo::alice, demo::rgs_game, demo::alice_rgs_session, demo::rgs_token);
}

std::string sverse_line(std::string_view url) {
    return fmt::format("curl -s {}/api/public/users/balance -H 'Authorization: Bearer {}'", url,
                       demo::alice_sverse_session);
}

std::string kgen_line(std::string_view url) {
    return fmt::format(
        R"(curl -s {0}/fe/wallet/balance -H "user-jwt-token: $(curl -s {0}/s2s/session )"
        R"~(-H 'x-client-id: {1}' -H 'x-client-secret: {2}' -d '{{"user_id":"alice"}}' | {3})")~",
        url, demo::kgen_id, demo::kgen_secret, sed_for("access_token"));
}

std::string native_line(std::string_view url) {
    return fmt::format("curl -s {}/v1/players/{}/wallets -H 'Authorization: Bearer {}'", url,
                       demo::alice, demo::read_key);
}

}  // namespace

std::string demo_curl_lines(std::string_view url) {
    return fmt::format(
        "# operator\n{}\n# integrator\n{}\n# rgs\n{}\n# sverse\n{}\n# kgen\n{}\n# native\n{}\n",
        operator_line(url), integrator_line(url), rgs_line(url), sverse_line(url), kgen_line(url),
        native_line(url));
}

}  // namespace coffer
