// Any call of a game server either is an intent that the ledger may be given, or is refused in the
// page's words.

#include "dialect/written_call_fuzz.h"

namespace {

using namespace coffer;

FuzzWorld world() {
    const Integration integration{
        .id = 1, .tenant = 1, .dialect = DialectId::operator_, .currencies = {fuzz_currency}};
    const Credential secret{.uid = "secret",
                            .tenant = 1,
                            .integration = 1,
                            .kind = CredentialKind::secret,
                            .digest = sha256("demo-operator-secret")};
    FuzzWorld made{.directory = directory_of(
                       Currency{.id = fuzz_currency, .tenant = 1, .code = "CRD", .scale = 2},
                       integration, secret),
                   .keyring = std::make_shared<const Keyring>()};
    made.authority = {.integration = made.directory->integration(1),
                      .credential = made.directory->credential("secret"),
                      .tenant = 1};
    return made;
}

void examine_operator(const Request& request, const Intent& intent) {
    if (const Move* const move = std::get_if<Move>(&intent)) {
        CHECK(move->amount.is_positive() && move->currency == fuzz_currency);
        CHECK(move->kind == TransactionKind::wager || move->kind == TransactionKind::payout);
        CHECK(!move->caller.player.id.empty() && move->caller.rule == SessionRule::bearer);
    } else if (const ListMovements* const list = std::get_if<ListMovements>(&intent)) {
        // A page of our own leads to the page after it.
        CHECK(list->only_integration == 1 && (list->to == 0 || list->from <= list->to));
        const Reply reply = operator_dialect.write(request, intent, done(intent));
        const auto link = std::ranges::find(reply.headers, "link", &Header::name);
        CHECK(link != reply.headers.end());
        std::string_view next = link->value;
        take_until(next, "<");
        const std::string target(take_until(next, ">"));
        const auto again = request_of(operator_dialect, {request.directory, request.keyring, {}},
                                      "GET " + target + "\n\n");
        CHECK(again);
        Request second = *again;
        second.authority = request.authority;
        second.session = request.session;
        const auto older = operator_dialect.read(second);
        CHECK(older && std::get<ListMovements>(*older).before == 5);
    } else {
        CHECK(std::holds_alternative<AskBalance>(intent) ||
              std::holds_alternative<OpenSession>(intent));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const FuzzWorld tried = world();
    return try_call(operator_dialect, tried, view({bytes, size}), examine_operator);
}
