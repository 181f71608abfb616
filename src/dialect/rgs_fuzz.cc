// Any call of a remote game server either is an intent that the ledger may be given, or is refused
// in the page's words. Each call is tried with both directions of `debit`.

#include "dialect/written_call_fuzz.h"

namespace {

using namespace coffer;

FuzzWorld world(DebitDirection direction) {
    Integration integration{
        .id = 1, .tenant = 1, .dialect = DialectId::rgs, .currencies = {fuzz_currency}};
    integration.settings.debit_direction = direction;
    const Credential secret{.uid = "secret",
                            .tenant = 1,
                            .integration = 1,
                            .kind = CredentialKind::secret,
                            .digest = sha256("demo-rgs-token")};
    FuzzWorld made{.directory = directory_of(
                       Currency{.id = fuzz_currency, .tenant = 1, .code = "USD", .scale = 2},
                       integration, secret),
                   .keyring = std::make_shared<const Keyring>()};
    made.authority = {.integration = made.directory->integration(1),
                      .credential = made.directory->credential("secret"),
                      .tenant = 1};
    return made;
}

bool is_id(const std::string& text) { return !text.empty() && text.size() <= 255; }

void examine_rgs(const Request& request, const Intent& intent) {
    if (const Move* const move = std::get_if<Move>(&intent)) {
        CHECK(is_id(move->caller.player.id) &&
              (is_id(move->external_id) || is_id(move->reference)));
        CHECK(!move->free_bet || is_id(move->promotion));
        CHECK((move->kind == TransactionKind::prize) == move->round.empty());
        // One of the two only ever takes, the other only ever pays.
        const bool charges =
            request.authority.integration->settings.debit_direction == DebitDirection::charge;
        if (request.route->verb == "debit") {
            CHECK((move->kind == TransactionKind::wager) == charges);
        } else if (request.route->verb == "credit") {
            CHECK((move->kind == TransactionKind::wager) == !charges);
        }
    } else {
        CHECK(std::holds_alternative<AskBalance>(intent) ||
              std::holds_alternative<StartSession>(intent));
    }
    const Reply no = rgs_dialect.write(request, intent, not_done(request.call.body.size()));
    CHECK(no.status == 400 && no.body.starts_with("{\"error_code\":\""));
    CHECK(rgs_dialect.write(request, intent, done(intent)).status == 200);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const FuzzWorld pays = world(DebitDirection::pays);
    static const FuzzWorld charges = world(DebitDirection::charge);
    const std::string_view text = view({bytes, size});
    const int use = try_call(rgs_dialect, pays, text, examine_rgs);
    return use == 0 ? try_call(rgs_dialect, charges, text, examine_rgs) : use;
}
