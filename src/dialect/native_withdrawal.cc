// The operator's view of withdrawals to a chain, and his one word in it: cancelling, until
// something is signed.

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t reason_characters_max = 1024;

// The transaction that was mined, or else the one that was signed last.
const Digest& hash_of(const Settlement& settlement) {
    return settlement.block != 0 ? settlement.mined : settlement.attempts.back().hash;
}

void append_chain(JsonWriter& json, const Settlement* settlement) {
    if (settlement == nullptr) {
        json.null();
        return;
    }
    json.open_object();
    json.key("chain_id").integer_unsigned(settlement->chain);
    json.key("hot_wallet").string(settlement->hot_wallet);
    json.key("nonce").integer_unsigned(settlement->nonce);
    json.key("tx_hash").string("0x" + to_hex(view(hash_of(*settlement))));
    json.key("attempts").integer_unsigned(settlement->attempts.size());
    json.key("block_number");
    if (settlement->block == 0) {
        json.null();
    } else {
        json.integer_unsigned(settlement->block);
    }
    json.key("gas_fee").string(format_shortest(settlement->gas_fee, scale_max));
    json.close_object();
}

void append(JsonWriter& json, const Request& request, const Withdrawal& withdrawal,
            const Settlement* settlement) {
    const NativeMoney money = native_money(request, withdrawal.currency);
    json.open_object();
    json.key("id").string(
        public_id(withdrawal.requested_by, withdrawal.created, request.keyring->id_key));
    json.key("state").string(native_withdrawal_word(withdrawal.state));
    json.key("player").string(withdrawal.player);
    json.key("integration");
    native_append_integration(json, request, withdrawal.integration);
    json.key("currency").string(money.code);
    json.key("amount");
    native_append_amount(json, withdrawal.amount, money.scale);
    json.key("destination").string(withdrawal.destination);
    json.key("chain");
    append_chain(json, settlement);
    json.key("created_at");
    native_append_time(json, withdrawal.created);
    json.key("modified_at");
    native_append_time(json, withdrawal.modified);
    json.close_object();
}

}  // namespace

std::string_view native_withdrawal_word(WithdrawalState state) {
    switch (state) {
        case WithdrawalState::approval: return "approval";
        case WithdrawalState::queued: return "queued";
        case WithdrawalState::signed_: return "signed";
        case WithdrawalState::broadcast: return "broadcast";
        case WithdrawalState::mined: return "mined";
        case WithdrawalState::final_: return "final";
        case WithdrawalState::completed: return "completed";
        case WithdrawalState::released: return "released";
    }
    return "unknown";
}

namespace {

NativeRead read_verdict(const Request& request, JudgeWithdrawal judge) {
    const auto id = parse_public_id(request.segments[0], request.keyring->id_key);
    if (!id) return native_unknown();
    judge.tenant = request.authority.tenant;
    judge.requested_by = id->sequence;
    judge.created = id->time_ms * millisecond_us;
    return judge;
}

}  // namespace

NativeRead native_read_cancel_withdrawal(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    JudgeWithdrawal judge{.verdict = Verdict::cancel};
    judge.reason = fields.words("reason", 1, reason_characters_max);
    if (fields.failed()) return native_malformed(fields.message());
    return read_verdict(request, std::move(judge));
}

NativeRead native_read_approve_withdrawal(const Request& request) {
    if (const auto body = native_body(request); !body) return std::unexpected(body.error());
    return read_verdict(request, {.verdict = Verdict::approve});
}

NativeRead native_read_retry_withdrawal(const Request& request) {
    if (const auto body = native_body(request); !body) return std::unexpected(body.error());
    return read_verdict(request, {.verdict = Verdict::retry});
}

Reply native_write_withdrawal(const Request& request, const Intent&, const Outcome& outcome) {
    if (!outcome.withdrawal) return native_problem(request, Decline::not_found);
    std::string body;
    JsonWriter json(body);
    append(json, request, *outcome.withdrawal, outcome.settlement.get());
    return native_reply(200, std::move(body));
}

Reply native_write_withdrawals(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    json.open_array();
    for (std::size_t at = 0; at + 1 < outcome.records.size(); at += 2) {
        const auto* withdrawal = std::get_if<Ptr<Withdrawal>>(&outcome.records[at]);
        const auto* settlement = std::get_if<Ptr<Settlement>>(&outcome.records[at + 1]);
        if (withdrawal == nullptr) continue;
        append(json, request, **withdrawal, settlement == nullptr ? nullptr : settlement->get());
    }
    json.close_array();
    Reply reply = native_reply(200, std::move(body));
    native_add_next(reply, request, outcome);
    return reply;
}

}  // namespace coffer
