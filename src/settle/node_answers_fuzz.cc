// Whatever a node answers is read as what it was asked for, or refused: no answer breaks anything,
// and what is taken holds what the rest relies on.

#include "base/check.h"
#include "settle/chain_policy.h"
#include "settle/json_rpc.h"
#include "settle/node_answers.h"
#include "settle/node_words.h"
#include "settle/transaction.h"

namespace coffer {
namespace {

const Digest asked_for = [] {
    Digest digest;
    digest.fill(0x22);
    return digest;
}();
const ChainAddress contract = *parse_chain_address("0x00000000000000000000000000000000000000cc");

void try_numbers(const std::string& json) {
    const auto quantity = answered_quantity(json);
    CHECK(!quantity || parse_quantity(format_quantity(*quantity)) == quantity);
    const auto number = answered_number(json);
    CHECK(!number || (quantity && Uint256{*number} == *quantity));
    const auto word = answered_word(json);
    CHECK(!word || from_big_endian(to_word(*word)) == word);
    CHECK(!is_nothing(json) || (!quantity && !word));
}

void try_objects(const std::string& json) {
    const auto receipt = answered_receipt(json, asked_for);
    CHECK(!receipt || !is_nothing(json));
    const auto block = answered_block(json);
    const auto transaction = answered_transaction(json);
    CHECK(!block || (transaction && *transaction == block->hash));
    const auto fees = answered_fees(json);
    if (!fees) return;
    const ChainPolicy policy;
    const auto bid = first_bid(policy, {fees->base_fee, fees->tip});
    CHECK(!bid || (bid->max_fee <= policy.max_fee_cap && bid->tip <= bid->max_fee));
}

void try_transfers(const std::string& json) {
    const auto transfers = read_transfer_logs(json, contract);
    if (!transfers) return;
    for (const TransferLog& one : *transfers) {
        CHECK(parse_decimal(format_decimal(one.amount)) == one.amount);
        CHECK(account_topic(one.to).size() == account_topic(one.from).size());
    }
}

void try_all(const std::string& json) {
    try_numbers(json);
    try_objects(json);
    try_transfers(json);
    const std::string signed_bytes = answered_bytes(json);
    CHECK(!read_raw_transaction(signed_bytes) || !signed_bytes.empty());
}

}  // namespace
}  // namespace coffer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace coffer;
    const std::string given(view({bytes, size}));
    try_all(given);
    const auto reply = read_json_rpc_reply(given);
    if (!reply) {
        CHECK(reply.error().code == ErrorCode::unavailable);
        return 0;
    }
    CHECK(reply->error.size() <= json_rpc_words_max);
    CHECK(reply->error.empty() || reply->result.empty());
    if (reply->error.empty()) try_all(reply->result);
    return 0;
}
