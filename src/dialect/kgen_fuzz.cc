// Any bytes in any of the kgen calls either are an intent that the ledger may be given, or are
// refused in the vendor's words. The first byte chooses the call, the rest is the body, for a GET
// the query, and in either case the user's token too.

#include <array>
#include <cstdlib>

#include "dialect/body.h"
#include "dialect/dialects.h"

namespace {

using namespace coffer;

struct World {
    std::shared_ptr<const Directory> directory;
    std::shared_ptr<const Keyring> keyring;

    World() {
        Integration integration{.id = 1, .tenant = 1, .uid = "i", .dialect = DialectId::kgen};
        integration.currencies = {1};
        const std::array<Record, 3> records{
            std::make_shared<const Currency>(
                Currency{.id = 1, .tenant = 1, .code = "KGN", .scale = 2}),
            std::make_shared<const Integration>(std::move(integration)),
            std::make_shared<const Credential>(Credential{
                .uid = "key", .tenant = 1, .integration = 1, .kind = CredentialKind::signing_key})};
        directory = std::make_shared<const Directory>(Directory().with(records));
        Keyring keys;
        keys.signing["key"] = "a key that no fuzzer knows";
        keyring = std::make_shared<const Keyring>(std::move(keys));
    }
};

void demand(bool held) {
    if (!held) std::abort();
}

void examine(const Intent& intent) {
    if (const auto* const open = std::get_if<OpenUser>(&intent)) {
        const std::string& user = open->caller.player.id;
        demand(!user.empty() && user.size() <= 255);
    } else if (const auto* const list = std::get_if<ListMovements>(&intent)) {
        demand(list->limit >= 1 && list->limit <= 100 && list->before == 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const World world;
    if (size == 0) return 0;
    Request request;
    request.route = &kgen_dialect.routes[bytes[0] % kgen_dialect.routes.size()];
    const std::string rest(view({bytes + 1, size - 1}));
    request.call.method = request.route->method;
    (request.call.method == Method::get ? request.call.query : request.call.body) = rest;
    request.call.headers = {{.name = "user-jwt-token", .value = rest}};
    request.directory = world.directory;
    request.keyring = world.keyring;
    demand(!kgen_dialect.authenticate(request));
    request.authority.integration = world.directory->integration(1);
    request.authority.tenant = 1;
    const auto intent = kgen_dialect.read(request);
    if (intent) {
        examine(*intent);
    } else {
        const Reply reply = kgen_dialect.refuse(request, intent.error());
        demand(reply.status == 400);
        demand(Body::parse(reply.body).has_value());
    }
    return 0;
}
