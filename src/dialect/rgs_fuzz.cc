// Any bytes in any of the rgs calls either are an intent that the ledger may be given, or are
// refused in the vendor's words. The first byte chooses the call and the direction, the rest is the
// body or, for a GET, the query.

#include <algorithm>
#include <cstdlib>

#include "dialect/body.h"
#include "dialect/dialects.h"

namespace {

using namespace coffer;

struct World {
    std::shared_ptr<const Directory> directory;
    std::shared_ptr<const Keyring> keyring = std::make_shared<const Keyring>();

    World() {
        Integration pays{.id = 1, .tenant = 1, .dialect = DialectId::rgs};
        pays.currencies = {1};
        Integration charge = pays;
        charge.id = 2;
        charge.settings.debit_direction = DebitDirection::charge;
        const Record records[] = {std::make_shared<const Currency>(
                                      Currency{.id = 1, .tenant = 1, .code = "USD", .scale = 2}),
                                  std::make_shared<const Integration>(std::move(pays)),
                                  std::make_shared<const Integration>(std::move(charge))};
        directory = std::make_shared<const Directory>(Directory().with(records));
    }
};

void demand(bool held) {
    if (!held) std::abort();
}

bool is_id(const std::string& text) { return !text.empty() && text.size() <= 255; }

void examine(const Intent& intent) {
    const Move* move = std::get_if<Move>(&intent);
    if (move == nullptr) {
        demand(std::holds_alternative<AskBalance>(intent) ||
               std::holds_alternative<StartSession>(intent));
        return;
    }
    demand(!move->amount.is_negative() && !move->payout.is_negative());
    demand(is_id(move->caller.player.id) && (is_id(move->external_id) || is_id(move->reference)));
    demand(!move->free_bet || is_id(move->promotion));
    demand((move->kind == TransactionKind::prize) == move->round.empty());
}

// What goes into a header must be printable.
void examine(const Reply& reply) {
    demand(Body::parse(reply.body).has_value());
    for (const Header& header : reply.headers) {
        demand(std::ranges::all_of(header.value, [](char c) { return c >= ' ' && c <= '~'; }));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const World world;
    if (size == 0) return 0;
    Request request;
    request.route = &rgs_dialect.routes[(bytes[0] / 2) % rgs_dialect.routes.size()];
    const std::string rest(view({bytes + 1, size - 1}));
    request.call.method = request.route->method;
    (request.call.method == Method::get ? request.call.query : request.call.body) = rest;
    request.directory = world.directory;
    request.keyring = world.keyring;
    request.authority.integration = world.directory->integration(1 + bytes[0] % 2);
    request.authority.tenant = 1;
    const auto intent = rgs_dialect.read(request);
    if (!intent) {
        examine(rgs_dialect.refuse(request, intent.error()));
        return 0;
    }
    examine(*intent);
    Outcome outcome;
    outcome.currency = 1;
    outcome.player = std::make_shared<const Player>(Player{.tenant = 1, .id = "p"});
    const Reply reply = rgs_dialect.write(request, *intent, outcome);
    demand(reply.status == 200);
    examine(reply);
    return 0;
}
