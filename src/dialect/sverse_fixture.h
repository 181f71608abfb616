#pragma once
// The small world in which sverse is tested: one game with its two keys, another game beside it.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dialect/dialects.h"

namespace coffer {

// Game 7 of tenant 3: GOLD (currency 5, no decimals) and DUST (6, two decimals). Game 8 has a key
// of its own, and currency 9 (GEM), which is not game 7's.
struct SverseWorld {
    Integration game{.id = 7, .tenant = 3, .dialect = DialectId::sverse};
    Integration other{.id = 8, .tenant = 3, .dialect = DialectId::sverse};

    SverseWorld() {
        game.currencies = {5, 6};
        game.settings.game_code = "game";
        other.currencies = {9};
        other.settings.game_code = "other";
    }

    // The answers of authenticate() are not asked for: the game calls, with its client key.
    Request request(std::string_view verb) const {
        const auto share = []<class T>(T value) {
            return Record(std::make_shared<const T>(std::move(value)));
        };
        const auto key = [](IntegrationId integration, CredentialKind kind, std::string_view text) {
            return Credential{.uid = std::string(text),
                              .tenant = 3,
                              .integration = integration,
                              .kind = kind,
                              .digest = sha256(text)};
        };
        const std::array<Record, 8> records{
            share(Currency{.id = 5, .tenant = 3, .code = "GOLD", .name = "Gold"}),
            share(Currency{.id = 6, .tenant = 3, .code = "DUST", .name = "Dust", .scale = 2}),
            share(Currency{.id = 9, .tenant = 3, .code = "GEM", .name = "Gems"}),
            share(game),
            share(other),
            share(key(7, CredentialKind::client_key, "client")),
            share(key(7, CredentialKind::server_key, "server")),
            share(key(8, CredentialKind::client_key, "others"))};
        Request request;
        for (const Route& route : sverse_dialect.routes) {
            if (route.verb == verb) request.route = &route;
        }
        request.call.method = request.route->method;
        for (std::size_t at = 0; at < request.call.random.size(); ++at) {
            request.call.random[at] = static_cast<std::uint8_t>(at);
        }
        request.now = 1'700'000'000 * second_us;
        request.directory = std::make_shared<const Directory>(Directory().with(records));
        request.keyring = std::make_shared<const Keyring>();
        request.authority.integration = request.directory->integration(7);
        request.authority.credential = request.directory->credential("client");
        request.authority.tenant = 3;
        return request;
    }
    Request post(std::string_view verb, std::string body) const {
        Request request = this->request(verb);
        request.call.body = std::move(body);
        return request;
    }
    // A call on the wallet of a currency.
    Request wallet(std::string_view verb, std::string currency, std::string body = {}) const {
        Request request = post(verb, std::move(body));
        request.segments = {std::move(currency)};
        return request;
    }
};

}  // namespace coffer
