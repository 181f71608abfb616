// Any call of the app either is an intent that the ledger may be given, or is refused in the page's
// words; and no token that the fuzzer writes is taken for one of ours.

#include "dialect/written_call_fuzz.h"

namespace {

using namespace coffer;

FuzzWorld world() {
    const Integration integration{.id = 1,
                                  .tenant = 1,
                                  .uid = "demo-kgen",
                                  .dialect = DialectId::kgen,
                                  .currencies = {fuzz_currency}};
    const Credential client{.uid = "client",
                            .tenant = 1,
                            .integration = 1,
                            .kind = CredentialKind::basic,
                            .name = "demo-kgen",
                            .digest = sha256("demo-kgen-secret")};
    const Credential key{
        .uid = "key", .tenant = 1, .integration = 1, .kind = CredentialKind::signing_key};
    FuzzWorld made{.directory = directory_of(
                       Currency{.id = fuzz_currency, .tenant = 1, .code = "KGN", .scale = 2},
                       integration, client, key),
                   .keyring = std::make_shared<const Keyring>(
                       Keyring{.signing = {{"key", "a key that no fuzzer knows"}}})};
    made.authority = {.integration = made.directory->integration(1),
                      .credential = made.directory->credential("client"),
                      .tenant = 1};
    made.authority.subject = "p";  // whom every outcome is about
    return made;
}

void examine_kgen(const Request& request, const Intent& intent) {
    if (request.call.path.starts_with("/fe/")) CHECK(!kgen_dialect.authenticate(request));
    if (const auto* const open = std::get_if<OpenUser>(&intent)) {
        CHECK(is_bounded_text(open->caller.player.id, 255) && !open->caller.player.id.empty());
        CHECK(open->session != open->refresh && open->ttl > 0 && open->refresh_ttl > 0);
    } else if (const auto* const list = std::get_if<ListMovements>(&intent)) {
        CHECK(list->limit <= 100 && list->before == 0);
    } else if (const Move* const move = std::get_if<Move>(&intent)) {
        CHECK(move->kind == TransactionKind::withdraw && move->amount.is_zero());
    }
    CHECK(kgen_dialect.write(request, intent, done(intent)).status == 200);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const FuzzWorld tried = world();
    return try_call(kgen_dialect, tried, view({bytes, size}), examine_kgen);
}
