// What moves money by hand: deposits, withdrawals, adjustments, reversals, and the promotions that
// pay for free bets. Amounts are strings here, so that no client's JSON library makes floats of
// them.

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t code_bytes_max = 32;
constexpr std::size_t reason_characters_max = 1024;
constexpr std::size_t reference_bytes_max = 255;
constexpr std::size_t promotion_id_bytes_max = 255;
constexpr std::size_t player_id_bytes_max = 255;

const Currency* find_currency(const Request& request, Fields& fields) {
    const std::string_view code = fields.text("currency", 1, code_bytes_max);
    return request.directory->currency(request.authority.tenant, code);
}

// The scale of an unknown currency is unknown too: any amount is then well-formed, and the ledger
// says in its turn that there is no such currency.
int scale_of(const Currency* currency, const Fields& fields, std::string_view name) {
    return currency != nullptr ? currency->scale : fields.finest_scale({name});
}

std::expected<std::string, Refusal> required_key(const Call& call) {
    auto key = idempotency_key(call);
    if (key && key->empty()) return native_malformed("the header Idempotency-Key is needed");
    return key;
}

NativeRead read_move(const Request& request, TransactionKind kind, KeyGroup group) {
    auto key = required_key(request.call);
    if (!key) return std::unexpected(key.error());
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    const Currency* currency = find_currency(request, fields);
    Move move;
    move.caller = native_caller(request, request.segments[0]);
    move.kind = kind;
    move.group = group;
    move.external_id = std::move(*key);
    move.currency = currency != nullptr ? currency->id : 0;
    move.scale = static_cast<std::uint8_t>(scale_of(currency, fields, "amount"));
    move.amount = fields.amount_text("amount", move.scale);
    if (kind == TransactionKind::adjust) {
        if (move.amount.is_zero()) fields.mistake("amount must not be 0");
    } else if (!move.amount.is_positive()) {
        fields.mistake("amount must be more than 0");
    }
    move.bucket = native_bucket(fields, "bucket");
    if (kind == TransactionKind::withdraw && currency != nullptr && currency->has_chain() &&
        move.bucket.value_or(AccountCode::earned) != AccountCode::earned) {
        fields.mistake("bucket must be earned, which is what leaves for a chain");
    }
    move.reason = fields.words("reason", 1, reason_characters_max);
    move.reference = fields.text_or_empty("reference", reference_bytes_max);
    if (fields.failed()) return native_malformed(fields.message());
    return move;
}

}  // namespace

NativeRead native_read_deposit(const Request& request) {
    return read_move(request, TransactionKind::deposit, KeyGroup::native_deposit);
}

NativeRead native_read_withdrawal(const Request& request) {
    return read_move(request, TransactionKind::withdraw, KeyGroup::native_withdrawal);
}

NativeRead native_read_adjustment(const Request& request) {
    return read_move(request, TransactionKind::adjust, KeyGroup::native_adjustment);
}

NativeRead native_read_reversal(const Request& request) {
    auto key = required_key(request.call);
    if (!key) return std::unexpected(key.error());
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    Move move;
    move.caller = native_caller(request);
    move.kind = TransactionKind::reversal;
    move.group = KeyGroup::native_reversal;
    move.external_id = std::move(*key);
    move.reason = fields.words("reason", 1, reason_characters_max);
    if (fields.failed()) return native_malformed(fields.message());
    const auto id = parse_public_id(request.segments[0], request.keyring->id_key);
    if (!id) return native_unknown();
    move.reverses = id->sequence;
    move.reverses_time = id->time_ms * millisecond_us;
    return move;
}

NativeRead native_read_create_promotion(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    const Currency* currency = find_currency(request, fields);
    Promotion promotion;
    promotion.tenant = request.authority.tenant;
    promotion.id = fields.text("id", 1, promotion_id_bytes_max);
    if (!is_plain_text(promotion.id)) fields.mistake("id holds a control character");
    promotion.player = fields.text("player", 1, player_id_bytes_max);
    promotion.budget = fields.amount_text("budget", scale_of(currency, fields, "budget"));
    if (!promotion.budget.is_positive()) fields.mistake("budget must be more than 0");
    if (const auto bucket = native_bucket(fields, "payout_bucket")) {
        promotion.payout_bucket = static_cast<std::uint8_t>(*bucket);
    }
    promotion.expires = native_expiry(request, fields);
    if (fields.failed()) return native_malformed(fields.message());
    if (currency == nullptr) return native_unknown("currency");
    promotion.currency = currency->id;
    return CreatePromotion{std::move(promotion)};
}

}  // namespace coffer
