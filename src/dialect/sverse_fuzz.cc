// Any bytes in any of the sverse calls either are an intent that the ledger may be given, or are
// refused in the vendor's words. The first byte chooses the call and the key, the rest is the body
// or, for a GET, the query.

#include <array>
#include <cstdlib>

#include "dialect/body.h"
#include "dialect/dialects.h"

namespace {

using namespace coffer;

struct World {
    std::shared_ptr<const Directory> directory;
    std::shared_ptr<const Keyring> keyring = std::make_shared<const Keyring>();
    Credential client{.tenant = 1, .integration = 1, .kind = CredentialKind::client_key};
    Credential server{.tenant = 1, .integration = 1, .kind = CredentialKind::server_key};

    World() {
        Integration game{.id = 1, .tenant = 1, .dialect = DialectId::sverse};
        game.currencies = {1};
        game.settings.game_code = "g";
        const std::array<Record, 2> records{std::make_shared<const Currency>(Currency{
                                                .id = 1, .tenant = 1, .code = "GOLD", .scale = 2}),
                                            std::make_shared<const Integration>(std::move(game))};
        directory = std::make_shared<const Directory>(Directory().with(records));
    }
};

void demand(bool held) {
    if (!held) std::abort();
}

void examine(const Intent& intent) {
    if (const Move* const move = std::get_if<Move>(&intent)) {
        demand(move->amount >= parse_amount("1", 2).value() && !move->reason.empty());
        demand(move->caller.session.has_value());
        demand(move->meta.empty() || Body::parse(move->meta).has_value());
    } else if (const auto* const list = std::get_if<ListMovements>(&intent)) {
        demand(list->limit >= 1 && list->limit <= 100);
    } else if (const auto* const registration = std::get_if<Register>(&intent)) {
        demand(!registration->username.empty() && !registration->password.empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const World world;
    if (size == 0) return 0;
    Request request;
    request.route = &sverse_dialect.routes[(bytes[0] / 2) % sverse_dialect.routes.size()];
    const std::string rest(view({bytes + 1, size - 1}));
    request.call.method = request.route->method;
    (request.call.method == Method::get ? request.call.query : request.call.body) = rest;
    request.segments = {"GOLD"};
    request.directory = world.directory;
    request.keyring = world.keyring;
    request.authority.integration = world.directory->integration(1);
    request.authority.credential = bytes[0] % 2 == 0 ? &world.client : &world.server;
    request.authority.tenant = 1;
    (void)sverse_dialect.account_tried(request);
    const auto intent = sverse_dialect.read(request);
    if (intent) {
        examine(*intent);
    } else {
        const Reply reply = sverse_dialect.refuse(request, intent.error());
        demand(reply.status == 400 || reply.status == 401);
        demand(Body::parse(reply.body).has_value());
    }
    return 0;
}
