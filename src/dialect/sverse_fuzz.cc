// Any call of a game either is an intent that the ledger may be given, or is refused in the page's
// words. Each call is tried with the game's client key and with its server key.

#include "dialect/written_call_fuzz.h"

namespace {

using namespace coffer;

FuzzWorld world(CredentialKind kind) {
    Integration game{
        .id = 1, .tenant = 1, .dialect = DialectId::sverse, .currencies = {fuzz_currency}};
    game.settings.game_code = "demo-game";
    const Credential key{.uid = "key",
                         .tenant = 1,
                         .integration = 1,
                         .kind = kind,
                         .digest = sha256("demo-sverse-key")};
    FuzzWorld made{
        .directory = directory_of(
            Currency{.id = fuzz_currency, .tenant = 1, .code = "GOLD", .scale = 2}, game, key),
        .keyring = std::make_shared<const Keyring>()};
    made.authority = {.integration = made.directory->integration(1),
                      .credential = made.directory->credential("key"),
                      .tenant = 1};
    return made;
}

void examine_sverse(const Request& request, const Intent& intent) {
    const bool is_client = request.authority.credential->kind == CredentialKind::client_key;
    if (const Move* const move = std::get_if<Move>(&intent)) {
        const int scale = move->currency == fuzz_currency ? 2 : move->scale;
        CHECK(move->amount >= parse_amount("1", scale).value() && !move->reason.empty());
        CHECK(move->caller.session.has_value());
        // What a client gives itself is always marked, so that the ledger can limit it.
        CHECK(move->client_grant == (is_client && move->kind == TransactionKind::grant));
    } else if (const auto* const list = std::get_if<ListMovements>(&intent)) {
        CHECK(list->limit <= 100 && list->currency.has_value());
    } else if (const auto* const registration = std::get_if<Register>(&intent)) {
        CHECK(!registration->username.empty() && !registration->password.empty());
        CHECK(registration->email.find('@') != std::string::npos);
    }
    const Reply reply = sverse_dialect.write(request, intent, done(intent));
    CHECK(reply.status == 200 && reply.body.starts_with("{\"error\":false,\"data\":"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const FuzzWorld client = world(CredentialKind::client_key);
    static const FuzzWorld server = world(CredentialKind::server_key);
    const std::string_view text = view({bytes, size});
    const int use = try_call(sverse_dialect, client, text, examine_sverse);
    return use == 0 ? try_call(sverse_dialect, server, text, examine_sverse) : use;
}
