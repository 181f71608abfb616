// Deposits from a chain: a player's address, and what came.

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t code_bytes_max = 32;

void append(JsonWriter& json, const Request& request, const ChainDeposit& deposit) {
    const NativeMoney money = native_money(request, deposit.currency);
    json.open_object();
    json.key("id").string(public_id(deposit.recorded_by, deposit.created, request.keyring->id_key));
    json.key("player").string(deposit.player);
    json.key("currency").string(money.code);
    json.key("amount");
    native_append_amount(json, deposit.amount, money.scale);
    json.key("units").string(deposit.units);
    json.key("rest").string(deposit.rest);
    json.key("decimals").integer(deposit.decimals);
    json.key("address").string(deposit.address);
    json.key("sender").string(deposit.sender);
    json.key("chain_id").integer_unsigned(deposit.chain);
    json.key("tx_hash").string("0x" + to_hex(view(deposit.transaction)));
    json.key("log_index").integer_unsigned(deposit.log_index);
    json.key("block_number").integer_unsigned(deposit.block);
    json.key("created_at");
    native_append_time(json, deposit.created);
    json.close_object();
}

}  // namespace

NativeRead native_read_deposit_address(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    const std::string code(fields.text("currency", 1, code_bytes_max));
    if (fields.failed()) return native_malformed(fields.message());
    const Currency* currency = request.directory->currency(request.authority.tenant, code);
    if (currency == nullptr) return native_unknown("currency");
    return GiveDepositAddress{.tenant = request.authority.tenant,
                              .player = request.segments[0],
                              .currency = currency->id};
}

Reply native_write_deposit_address(const Request& request, const Intent&, const Outcome& outcome) {
    const auto* address = native_record<DepositAddress>(outcome);
    const auto* watch = native_record<DepositWatch>(outcome);
    if (address == nullptr || watch == nullptr) return native_problem(request, Decline::not_found);
    std::string body;
    JsonWriter json(body);
    json.open_object();
    json.key("player").string(address->player);
    json.key("currency").string(native_money(request, watch->currency).code);
    json.key("address").string(address->address);
    json.key("index").integer_unsigned(address->index);
    json.key("chain_id").integer_unsigned(watch->chain);
    json.key("contract").string(watch->contract);
    json.key("created_at");
    native_append_time(json, address->created);
    json.close_object();
    return native_reply(outcome.created ? 201 : 200, std::move(body));
}

Reply native_write_deposits(const Request& request, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    json.open_array();
    for (const Record& record : outcome.records) {
        const auto* deposit = std::get_if<Ptr<ChainDeposit>>(&record);
        if (deposit != nullptr) append(json, request, **deposit);
    }
    json.close_array();
    Reply reply = native_reply(200, std::move(body));
    native_add_next(reply, request, outcome);
    return reply;
}

}  // namespace coffer
