// Any call of an integrator either is an intent that the ledger may be given, or is refused with
// one of the published codes.

#include "dialect/written_call_fuzz.h"

namespace {

using namespace coffer;

FuzzWorld world() {
    Integration integration{
        .id = 1, .tenant = 1, .dialect = DialectId::integrator, .currencies = {fuzz_currency}};
    integration.settings.provider_ids = {1, 18'446'744'073'709'551'615U};
    const Credential client{.uid = "client",
                            .tenant = 1,
                            .integration = 1,
                            .kind = CredentialKind::basic,
                            .name = "demo-integrator",
                            .digest = sha256("demo-integrator-secret")};
    const Credential key{
        .uid = "key", .tenant = 1, .integration = 1, .kind = CredentialKind::signing_key};
    FuzzWorld made{.directory = directory_of(
                       Currency{.id = fuzz_currency, .tenant = 1, .code = "EUR", .scale = 2},
                       integration, client, key),
                   .keyring = std::make_shared<const Keyring>(
                       Keyring{.signing = {{"key", "demo-integrator-signing-key"}}})};
    made.authority = {.integration = made.directory->integration(1),
                      .credential = made.directory->credential("client"),
                      .tenant = 1};
    return made;
}

bool is_provider(std::uint64_t id) { return id == 1 || id == 18'446'744'073'709'551'615U; }

void examine_integrator(const Request& request, const Intent& intent) {
    if (const Move* const move = std::get_if<Move>(&intent)) {
        CHECK(is_provider(move->provider) && !move->round.empty() && !move->external_id.empty());
        CHECK(move->caller.session.has_value());
        const bool takes_back = move->kind == TransactionKind::rollback;
        CHECK(takes_back == !move->reference.empty());
    } else if (const AskStatus* const ask = std::get_if<AskStatus>(&intent)) {
        CHECK(is_provider(ask->provider) && !ask->external_id.empty());
    } else {
        CHECK(std::holds_alternative<AskBalance>(intent) ||
              std::holds_alternative<ActivateToken>(intent));
    }
    const Reply reply = integrator_dialect.write(request, intent, done(intent));
    CHECK(reply.status == 200 && reply.body.starts_with("{\"status\":true,\"code\":1,"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const FuzzWorld tried = world();
    return try_call(integrator_dialect, tried, view({bytes, size}), examine_integrator);
}
