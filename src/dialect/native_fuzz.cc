// Any call to /v1 either is an intent that the ledger may be given, or is refused with a problem.

#include "dialect/native.h"
#include "dialect/written_call_fuzz.h"

namespace {

using namespace coffer;

Integration integration_of(DialectId id) {
    const auto number = static_cast<IntegrationId>(id);
    return {.id = number,
            .tenant = 1,
            .uid = "demo-" + std::string(native_dialect_word(id)),
            .dialect = id,
            .currencies = {fuzz_currency}};
}

FuzzWorld world() {
    const Credential key{.uid = "key",
                         .tenant = 1,
                         .kind = CredentialKind::native_key,
                         .digest = sha256("demo-admin-key"),
                         .scopes = scope_read | scope_play | scope_cashier | scope_admin};
    FuzzWorld made{.directory = directory_of(
                       Currency{.id = fuzz_currency, .tenant = 1, .code = "EUR", .scale = 2},
                       integration_of(DialectId::operator_), integration_of(DialectId::integrator),
                       integration_of(DialectId::rgs), integration_of(DialectId::sverse),
                       integration_of(DialectId::kgen), key),
                   .keyring = std::make_shared<const Keyring>(Keyring{.cursor_key = "key"})};
    made.authority = {.credential = made.directory->credential("key"), .tenant = 1};
    return made;
}

void examine_native(const Request& request, const Intent& intent) {
    if (const Move* const move = std::get_if<Move>(&intent)) {
        CHECK(move->group != KeyGroup::self && !move->reason.empty());
        CHECK(move->kind == TransactionKind::reversal || !move->amount.is_zero());
    } else if (const auto* const limits = std::get_if<ChangePlayer>(&intent)) {
        CHECK(limits->tenant == 1);
    } else if (const auto* const promotion = std::get_if<CreatePromotion>(&intent)) {
        CHECK(promotion->promotion.budget.is_positive() && promotion->promotion.tenant == 1);
    } else if (const auto* const rounds = std::get_if<ListRounds>(&intent)) {
        // An age asked for is never taken for none.
        const auto parameters = parse_query(request.call.query);
        const std::string* const age = find_parameter(*parameters, "older_than");
        const bool has_age = age != nullptr && !age->empty();
        CHECK(request.route->verb != "rounds" || has_age == (rounds->opened_before != 0));
    }
    native_wants_csv(request.call);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const FuzzWorld tried = world();
    return try_call(native_dialect, tried, view({bytes, size}), examine_native);
}
