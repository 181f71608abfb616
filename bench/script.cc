#include "bench/script.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"

namespace coffer {
namespace {

// The demo's public secrets (demo.md), as any caller has them.
constexpr std::string_view admin_bearer = "Bearer demo-admin-key";
constexpr std::string_view sverse_integration = "d0000000-0000-4000-8000-0000000000a4";

// So many players get a token of their own where the demo gave them none: enough that their wallets
// are many, few enough that the preparation is short.
constexpr std::uint64_t tokens_max = 10'000;

Script operator_script(std::uint64_t players) {
    const auto transaction = [](std::string_view verb, std::string_view amount) {
        return CallPattern{
            .target = fmt::format("/transaction/{}", verb),
            .headers = {{"authorization", "Bearer <secret>"}, {"idempotency-key", "<id>"}},
            .body = fmt::format(R"({{"user_id":"<player>","amount":{},)"
                                R"("message":"bench","pow_id":"<round>"}})",
                                amount)};
    };
    return {.preparations = {{.words = "buys a session token",
                              .pattern = {.target = "/auth/get-token",
                                          .body = R"({"secret":"demo-operator-secret"})"},
                              .captured_field = "session_token"},
                             {.words = "credits 1,000,000 CRD to each player",
                              .pattern = transaction("credit", "1000000"),
                              .calls = players}},
            .calls = {transaction("debit", "1")},
            .words = "POST /transaction/debit of 1 CRD with an Idempotency-Key"};
}

Script integrator_script() {
    CallPattern debit;
    debit.target = "/api/wallet/debit";
    debit.headers = {
        {"authorization", "Basic " + to_base64("demo-integrator:demo-integrator-secret")},
        {"x-request-signature", "<signature>"}};
    debit.body = R"({"token":"<player>","player_id":<player_number>,"site_id":1,"provider_id":1,)"
                 R"("game_id":"1","currency":"EUR","amount":1.00,"round_id":"<short_round>",)"
                 R"("transaction_id":"<short_id>"})";
    debit.signing_key = "demo-integrator-signing-key";
    return {.calls = {debit}, .words = "POST /api/wallet/debit of EUR 1.00, signed"};
}

Script rgs_script() {
    CallPattern wager;
    wager.target = "/credit-debit";
    wager.headers = {{"x-auth-token", "demo-rgs-token"}};
    wager.body =
        R"({"playerId":"<player>","creditAmount":1.00,"debitAmount":0,)"
        R"("gameUuid":"b23e45a7-9be8-d312-56a4-174000426614","sessionId":"<player>",)"
        R"("roundId":"<round>","transactionId":"<id>","transactionType":"CREDIT_DEBIT_SPIN",)"
        R"("transactionTimestamp":1632771475000,"roundStarted":true,"roundFinished":false,)"
        R"("currency":"USD"})";
    return {.calls = {wager}, .words = "POST /credit-debit of USD 1.00 with debitAmount 0"};
}

Script sverse_script(std::uint64_t players) {
    const auto transaction = [](std::string_view type, std::string_view amount) {
        return CallPattern{
            .target = "/api/public/wallets/GOLD/transactions",
            .headers = {{"x-api-key", "demo-sverse-key"}, {"idempotency-key", "<id>"}},
            .body = fmt::format(R"({{"sessionId":"<secret>","amount":{},)"
                                R"("type":"{}","reason":"bench"}})",
                                amount, type)};
    };
    const std::uint64_t sessions = std::min(players, tokens_max);
    return {.preparations = {{.words = fmt::format("opens {} sessions", sessions),
                              .pattern = {.target = "/v1/sessions",
                                          .headers = {{"authorization", std::string(admin_bearer)},
                                                      {"idempotency-key", "<id>"}},
                                          .body = fmt::format(
                                              R"({{"integration":"{}","player":"<player>",)"
                                              R"("currency":"GOLD"}})",
                                              sverse_integration)},
                              .calls = sessions,
                              .captured_field = "token"},
                             {.words = "credits 1,000 GOLD to each of their players",
                              .pattern = transaction("credit", "1000"),
                              .calls = sessions}},
            .calls = {transaction("debit", "1"), transaction("credit", "1")},
            .words = "POST .../wallets/GOLD/transactions of 1, debit and credit in turns"};
}

Script kgen_script(std::uint64_t players) {
    const std::uint64_t sessions = std::min(players, tokens_max);
    return {.preparations = {{.words = fmt::format("opens {} sessions", sessions),
                              .pattern = {.target = "/s2s/session",
                                          .headers = {{"x-client-id", "demo-kgen"},
                                                      {"x-client-secret", "demo-kgen-secret"}},
                                          .body = R"({"user_id":"<player>"})"},
                              .calls = sessions,
                              .captured_field = "access_token"}},
            .calls = {{.method = "GET",
                       .target = "/fe/wallet/balance",
                       .headers = {{"user-jwt-token", "<secret>"}}}},
            // A withdrawal takes all there is and waits for a chain that the demo does not have, so
            // a player could make one and then no more.
            .words = "GET /fe/wallet/balance: the demo has no movement that kgen could repeat",
            .moves_money = false};
}

Script native_script() {
    return {.calls = {{.target = "/v1/players/<player>/deposits",
                       .headers = {{"authorization", std::string(admin_bearer)},
                                   {"idempotency-key", "<id>"}},
                       .body = R"({"currency":"EUR","amount":"1.00","reason":"bench"})"}},
            .words = "POST /v1/players/{id}/deposits of EUR 1.00"};
}

}  // namespace

Script script_of(DialectId dialect, std::uint64_t players) {
    switch (dialect) {
        case DialectId::native: return native_script();
        case DialectId::operator_: return operator_script(players);
        case DialectId::integrator: return integrator_script();
        case DialectId::rgs: return rgs_script();
        case DialectId::sverse: return sverse_script(players);
        case DialectId::kgen: return kgen_script(players);
    }
    return {};
}

}  // namespace coffer
