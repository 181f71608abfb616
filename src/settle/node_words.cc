#include "settle/node_words.h"

#include <simdjson.h>

#include <algorithm>

#include "base/keccak.h"
#include "base/uint256.h"
#include "settle/transaction.h"

namespace coffer {

namespace {

constexpr std::size_t transfer_topics = 3;

std::string_view text_of(const simdjson::dom::element& from, const char* pointer) {
    std::string_view text;
    if (from.at_pointer(pointer).get_string().get(text) != simdjson::SUCCESS) return {};
    return text;
}

// A word of 32 bytes that holds an account.
std::optional<ChainAddress> read_account(std::string_view text) {
    const auto bytes = from_hex_0x(text);
    if (!bytes || bytes->size() != 32 || !bytes->starts_with(std::string(12, '\0'))) {
        return std::nullopt;
    }
    return address_of_bytes(std::string_view(*bytes).substr(12));
}

// Whether it is a transfer of an amount, and one that still stands.
bool is_wanted(const simdjson::dom::element& event) {
    bool is_removed = false;
    if (event.at_pointer("/removed").get_bool().get(is_removed) == simdjson::SUCCESS &&
        is_removed) {
        return false;
    }
    simdjson::dom::array topics;
    return event.at_pointer("/topics").get_array().get(topics) == simdjson::SUCCESS &&
           topics.size() == transfer_topics && text_of(event, "/topics/0") == transfer_topic();
}

std::optional<TransferLog> read_transfer(const simdjson::dom::element& event,
                                         const ChainAddress& contract) {
    const auto emitter = parse_chain_address(text_of(event, "/address"));
    const auto from = read_account(text_of(event, "/topics/1"));
    const auto to = read_account(text_of(event, "/topics/2"));
    const auto data = from_hex_0x(text_of(event, "/data"));
    const auto block = read_number(text_of(event, "/blockNumber"));
    const auto block_hash = read_digest(text_of(event, "/blockHash"));
    const auto transaction = read_digest(text_of(event, "/transactionHash"));
    const auto index = read_number(text_of(event, "/logIndex"));
    if (!emitter || *emitter != contract || !from || !to || !data || data->size() != 32 || !block ||
        !block_hash || !transaction || !index) {
        return std::nullopt;
    }
    return TransferLog{.from = *from,
                       .to = *to,
                       .amount = *from_big_endian(*data),
                       .block = *block,
                       .block_hash = *block_hash,
                       .transaction = *transaction,
                       .log_index = *index};
}

}  // namespace

std::optional<Digest> read_digest(std::string_view text) {
    const auto bytes = from_hex_0x(text);
    Digest digest;
    if (!bytes || bytes->size() != digest.size()) return std::nullopt;
    std::ranges::transform(*bytes, digest.begin(),
                           [](char byte) { return static_cast<std::uint8_t>(byte); });
    return digest;
}

std::optional<std::uint64_t> read_number(std::string_view text) {
    const auto wide = parse_quantity(text);
    const auto narrowed = wide ? narrow(*wide) : std::nullopt;
    if (!narrowed || *narrowed > ~std::uint64_t{0}) return std::nullopt;
    return static_cast<std::uint64_t>(*narrowed);
}

std::string transfer_topic() {
    return to_hex_0x(view(keccak256("Transfer(address,address,uint256)")));
}

std::string account_topic(const ChainAddress& account) {
    return to_hex_0x(std::string(12, '\0') + std::string(account.view()));
}

std::optional<std::vector<TransferLog>> read_transfer_logs(const std::string& json,
                                                           const ChainAddress& contract) {
    const simdjson::padded_string text(json);
    simdjson::dom::parser parser;
    simdjson::dom::array events;
    if (parser.parse(text).get_array().get(events) != simdjson::SUCCESS) return std::nullopt;
    std::vector<TransferLog> transfers;
    for (const simdjson::dom::element event : events) {
        if (!is_wanted(event)) continue;
        const auto transfer = read_transfer(event, contract);
        if (!transfer) return std::nullopt;
        transfers.push_back(*transfer);
    }
    return transfers;
}

}  // namespace coffer
