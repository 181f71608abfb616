#pragma once
// The small world in which kgen is tested: an integration with two signing keys, another beside it.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dialect/dialects.h"
#include "dialect/jwt.h"

namespace coffer {

// Integration 7 ("issuer") of tenant 3 moves KGN (currency 5, two decimals); its client "id" has
// the secret "secret", its keys are "old key" and "new key". Integration 8 ("other") signs with
// "other key". It is second 1,700,000,000.
struct KgenWorld {
    static constexpr std::int64_t now_s = 1'700'000'000;
    static constexpr std::string_view sid = "5e550000-0000-4000-8000-000000000001";
    Integration integration{
        .id = 7, .tenant = 3, .uid = "issuer", .dialect = DialectId::kgen, .currencies = {5}};
    Integration other{
        .id = 8, .tenant = 4, .uid = "other", .dialect = DialectId::kgen, .currencies = {9}};

    KgenWorld() {
        integration.settings.platform_wallet = "0x4d000000000000000000000000000000000000a3";
    }

    // Nobody has been let in yet.
    Request request(std::string_view verb) const {
        const auto share = []<class T>(T value) {
            return Record(std::make_shared<const T>(std::move(value)));
        };
        const auto key = [](IntegrationId of, std::string_view text, Time created) {
            return Credential{.uid = std::string(text),
                              .tenant = of == 7 ? 3u : 4u,
                              .integration = of,
                              .kind = CredentialKind::signing_key,
                              .created = created};
        };
        const std::array<Record, 7> records{
            share(Currency{
                .id = 5, .tenant = 3, .code = "KGN", .name = "KGN", .scale = 2, .chain_scale = 18}),
            share(integration),
            share(other),
            share(Credential{.uid = "client",
                             .tenant = 3,
                             .integration = 7,
                             .kind = CredentialKind::basic,
                             .name = "id",
                             .digest = sha256("secret")}),
            share(key(7, "old key", 1)),
            share(key(7, "new key", 2)),
            share(key(8, "other key", 1))};
        Request request;
        for (const Route& route : kgen_dialect.routes) {
            if (route.verb == verb) request.route = &route;
        }
        request.call.method = request.route->method;
        for (std::size_t at = 0; at < request.call.random.size(); ++at) {
            request.call.random[at] = static_cast<std::uint8_t>(at);
        }
        request.now = now_s * second_us;
        request.directory = std::make_shared<const Directory>(Directory().with(records));
        auto keyring = std::make_shared<Keyring>();
        for (const std::string name : {"old key", "new key", "other key"}) {
            keyring->signing[name] = name;
        }
        keyring->cursor_key = "cursors";
        request.keyring = std::move(keyring);
        return request;
    }

    JwtClaims claims() const {
        return {.issuer = "issuer",
                .subject = "alice",
                .session = std::string(sid),
                .user = "alice",
                .wallet_address = "",
                .issued_at_s = now_s - 10,
                .expires_at_s = now_s + 10};
    }
    Request with_token(std::string_view verb, std::string token) const {
        Request request = this->request(verb);
        request.call.headers = {{"user-jwt-token", std::move(token)}};
        return request;
    }
    // A call of alice, let in.
    Request user(std::string_view verb) const {
        Request request = with_token(verb, sign_jws(format_claims(claims()), "new key"));
        request.authority = kgen_dialect.authenticate(request).value_or(Authority{});
        return request;
    }
    // A call of the platform's server, let in.
    Request server(std::string_view verb, std::string body) const {
        Request request = this->request(verb);
        request.call.body = std::move(body);
        request.call.headers = {{"x-client-id", "id"}, {"x-client-secret", "secret"}};
        request.authority = kgen_dialect.authenticate(request).value_or(Authority{});
        return request;
    }
};

}  // namespace coffer
