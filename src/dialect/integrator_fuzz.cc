// Any bytes in any of the integrator's calls either are an intent that the ledger may be given, or
// are refused in the vendor's words. The first byte chooses the call, the rest is the body.

#include <cstdlib>

#include "dialect/body.h"
#include "dialect/dialects.h"

namespace {

using namespace coffer;

struct World {
    std::shared_ptr<const Directory> directory;
    std::shared_ptr<const Keyring> keyring = std::make_shared<const Keyring>();

    World() {
        Integration integration{.id = 1, .tenant = 1, .dialect = DialectId::integrator};
        integration.currencies = {1};
        integration.settings.provider_ids = {1};
        const Record records[] = {std::make_shared<const Currency>(
                                      Currency{.id = 1, .tenant = 1, .code = "EUR", .scale = 2}),
                                  std::make_shared<const Integration>(std::move(integration))};
        directory = std::make_shared<const Directory>(Directory().with(records));
    }
};

void demand(bool held) {
    if (!held) std::abort();
}

void examine(const Intent& intent) {
    if (const Move* move = std::get_if<Move>(&intent)) {
        demand(!move->amount.is_negative() && move->provider == 1 && !move->round.empty());
        demand(move->external_id.size() <= 4 * 36 + 42 && move->caller.session.has_value());
    } else if (const AskStatus* ask = std::get_if<AskStatus>(&intent)) {
        demand(!ask->amount.is_negative() && ask->provider == 1 && !ask->external_id.empty());
    } else {
        demand(std::holds_alternative<AskBalance>(intent) ||
               std::holds_alternative<ActivateToken>(intent));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const World world;
    if (size == 0) return 0;
    Request request;
    request.route = &integrator_dialect.routes[bytes[0] % integrator_dialect.routes.size()];
    request.call.method = Method::post;
    request.call.body = std::string(view({bytes + 1, size - 1}));
    request.directory = world.directory;
    request.keyring = world.keyring;
    request.authority.integration = world.directory->integration(1);
    request.authority.tenant = 1;
    const auto intent = integrator_dialect.read(request);
    if (!intent) {
        demand(Body::parse(integrator_dialect.refuse(request, intent.error()).body).has_value());
        return 0;
    }
    examine(*intent);
    Outcome outcome;
    outcome.currency = 1;
    const Reply reply = integrator_dialect.write(request, *intent, outcome);
    demand(reply.status == 200 && Body::parse(reply.body).has_value());
    return 0;
}
