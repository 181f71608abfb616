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

// To be made on the chain: a token of which everybody sends as much as he likes, for which 89 bytes
// do. transfer(to, amount) adds to what `to` has and tells the event; any other call answers what
// the account has.
constexpr std::string_view token_code =
    "605980600b6000396000f3"            // copies what follows and is it from then on
    "6044361460135760043554600052"      // 0x44 bytes are a transfer; else balance[account]
    "60206000f3"                        // is the answer
    "5b602435600052600435805460243501"  // balance[to] + amount
    "905560043533"                      // is put there; who gets it, and who sends it
    "7fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  // Transfer
    "60206000a3600160005260206000f3";  // is told, and the answer is 1

// A transaction of an account that the node has the key of.
std::string chain_line(std::string_view chain_url, std::string_view fields) {
    return fmt::format(
        "curl -s {} -H 'content-type: application/json' -d '{{\"jsonrpc\":\"2.0\",\"id\":1,"
        "\"method\":\"eth_sendTransaction\",\"params\":[{{\"from\":\"{}\",{}}}]}}'",
        chain_url, demo::chain_payer, fields);
}

}  // namespace

std::string demo_chain_lines(std::string_view url, std::string_view chain_url) {
    const std::string address = fmt::format(
        R"~('$(curl -s {}/v1/players/{}/deposit-address -H 'Authorization: Bearer {}' )~"
        R"~(-d '{{"currency":"GEM"}}' | sed 's/.*"address": *"0x\([^"]*\)".*/\1/')')~",
        url, demo::alice, demo::admin_key);
    // Five of it, with 18 decimals.
    const std::string transfer = fmt::format(R"("to":"{}","data":"0xa9059cbb{:0>24}{}{:0>64}")",
                                             demo::chain_token, "", address, "4563918244f40000");
    return fmt::format(
        "# a token on the chain, 5 of it to alice's deposit address, and a moment later what came\n"
        "{}\n{}\ncurl -s '{}/v1/deposits?player={}' -H 'Authorization: Bearer {}'\n",
        chain_line(chain_url, fmt::format(R"("data":"0x{}")", token_code)),
        chain_line(chain_url, transfer), url, demo::alice, demo::read_key);
}

std::string demo_curl_lines(std::string_view url) {
    return fmt::format(
        "# operator\n{}\n# integrator\n{}\n# rgs\n{}\n# sverse\n{}\n# kgen\n{}\n# native\n{}\n",
        operator_line(url), integrator_line(url), rgs_line(url), sverse_line(url), kgen_line(url),
        native_line(url));
}

}  // namespace coffer
