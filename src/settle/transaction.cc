#include "settle/transaction.h"

#include <algorithm>

#include "base/keccak.h"
#include "settle/rlp.h"
#include "settle/signing_key.h"

namespace coffer {

namespace {

constexpr char type_2 = 2;
constexpr std::size_t unsigned_fields = 9;
constexpr std::size_t signed_fields = 12;
constexpr std::string_view transfer_selector("\xa9\x05\x9c\xbb",
                                             4);  // keccak("transfer(address,uint256)")
constexpr std::string_view balance_selector("\x70\xa0\x82\x31", 4);  // keccak("balanceOf(address)")

Uint256 wide(std::uint64_t value) { return Uint256{value}; }

std::string fields_of(const ChainTransaction& transaction) {
    return rlp_integer(wide(transaction.chain_id)) + rlp_integer(wide(transaction.nonce)) +
           rlp_integer(transaction.tip) + rlp_integer(transaction.max_fee) +
           rlp_integer(wide(transaction.gas_limit)) + rlp_string(transaction.to.view()) +
           rlp_integer(transaction.value) + rlp_string(transaction.data) + rlp_list("");
}

std::string typed(std::string_view fields) { return type_2 + rlp_list(fields); }

// r and s are integers, so that one in 128 of them begins with a zero that must not be written.
std::string rlp_integer_of_bytes(const std::array<std::uint8_t, 32>& bytes) {
    return rlp_integer(*from_big_endian(view(bytes)));
}

bool read_number(const RlpItem& item, std::uint64_t& number) {
    const auto value = rlp_integer_of(item);
    const auto narrowed = value ? narrow(*value) : std::nullopt;
    if (!narrowed || *narrowed > ~std::uint64_t{0}) return false;
    number = static_cast<std::uint64_t>(*narrowed);
    return true;
}

bool read_wide(const RlpItem& item, Uint256& number) {
    const auto value = rlp_integer_of(item);
    if (value) number = *value;
    return value.has_value();
}

bool read_scalar(const RlpItem& item, std::array<std::uint8_t, 32>& bytes) {
    const auto value = rlp_integer_of(item);
    if (!value || value->is_zero()) return false;
    std::ranges::transform(to_word(*value), bytes.begin(),
                           [](char byte) { return static_cast<std::uint8_t>(byte); });
    return true;
}

bool read_fields(const std::vector<RlpItem>& items, ChainTransaction& transaction) {
    const auto to = items[5].is_list ? std::nullopt : address_of_bytes(items[5].bytes);
    if (!to || items[7].is_list || !items[8].is_list || !items[8].bytes.empty()) return false;
    transaction.to = *to;
    transaction.data = items[7].bytes;
    return read_number(items[0], transaction.chain_id) &&
           read_number(items[1], transaction.nonce) && read_wide(items[2], transaction.tip) &&
           read_wide(items[3], transaction.max_fee) &&
           read_number(items[4], transaction.gas_limit) && read_wide(items[6], transaction.value);
}

}  // namespace

Digest signing_digest(const ChainTransaction& transaction) {
    return keccak256(typed(fields_of(transaction)));
}

std::string raw_transaction(const ChainTransaction& transaction, const ChainSignature& signature) {
    return typed(fields_of(transaction) + rlp_integer(wide(signature.odd ? 1 : 0)) +
                 rlp_integer_of_bytes(signature.r) + rlp_integer_of_bytes(signature.s));
}

Digest transaction_hash(std::string_view raw) { return keccak256(raw); }

std::optional<SignedTransaction> read_raw_transaction(std::string_view raw) {
    if (raw.empty() || raw.front() != type_2) return std::nullopt;
    const auto items = read_rlp_list(raw.substr(1));
    if (!items || items->size() != signed_fields) return std::nullopt;
    SignedTransaction read;
    ChainSignature signature;
    std::uint64_t parity = 0;
    if (!read_fields(*items, read.transaction) || !read_number((*items)[unsigned_fields], parity) ||
        parity > 1 || !read_scalar((*items)[unsigned_fields + 1], signature.r) ||
        !read_scalar((*items)[unsigned_fields + 2], signature.s)) {
        return std::nullopt;
    }
    signature.odd = parity == 1;
    const auto sender = recover_signer(signing_digest(read.transaction), signature);
    if (!sender) return std::nullopt;
    read.sender = *sender;
    return read;
}

std::string transfer_data(const ChainAddress& to, const Uint256& amount) {
    return std::string(transfer_selector) + std::string(12, '\0') + std::string(to.view()) +
           to_word(amount);
}

std::string balance_data(const ChainAddress& owner) {
    return std::string(balance_selector) + std::string(12, '\0') + std::string(owner.view());
}

std::optional<TokenTransfer> read_transfer_data(std::string_view data) {
    if (data.size() != 4 + 64 || !data.starts_with(transfer_selector)) return std::nullopt;
    if (data.substr(4, 12) != std::string(12, '\0')) return std::nullopt;
    return TokenTransfer{*address_of_bytes(data.substr(16, 20)), *from_big_endian(data.substr(36))};
}

std::string to_hex_0x(std::string_view bytes) { return "0x" + to_hex(bytes); }

std::optional<std::string> from_hex_0x(std::string_view text) {
    if (!text.starts_with("0x")) return std::nullopt;
    return from_hex(text.substr(2));
}

}  // namespace coffer
