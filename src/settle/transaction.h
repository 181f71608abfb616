#pragma once
// A transaction as the chain wants it: EIP-1559, type 2, with an empty access list; its signature;
// and the raw bytes of both, which are what is sent.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/chain_address.h"
#include "base/digest.h"
#include "base/uint256.h"

namespace coffer {

struct ChainTransaction {
    std::uint64_t chain_id = 0;
    std::uint64_t nonce = 0;
    Uint256 tip;      // max_priority_fee_per_gas, in wei
    Uint256 max_fee;  // max_fee_per_gas, in wei
    std::uint64_t gas_limit = 0;
    ChainAddress to;
    Uint256 value;  // wei
    std::string data;
    friend bool operator==(const ChainTransaction&, const ChainTransaction&) = default;
};

struct ChainSignature {
    std::array<std::uint8_t, 32> r{}, s{};
    bool odd = false;  // the parity of the curve point's y
};

// What is signed: the Keccak-256 of the type and the unsigned fields.
Digest signing_digest(const ChainTransaction& transaction);
// The bytes to send. Their Keccak-256 is the transaction's hash.
std::string raw_transaction(const ChainTransaction& transaction, const ChainSignature& signature);
Digest transaction_hash(std::string_view raw);

// What raw bytes say and who signed them; nothing unless they are exactly one such transaction with
// a low s, without leading zeros, by a key that can be recovered.
struct SignedTransaction {
    ChainTransaction transaction;
    ChainAddress sender;
};
std::optional<SignedTransaction> read_raw_transaction(std::string_view raw);

// The data of ERC-20's transfer(address,uint256) and balanceOf(address), and what the former says.
std::string transfer_data(const ChainAddress& to, const Uint256& amount);
std::string balance_data(const ChainAddress& owner);
struct TokenTransfer {
    ChainAddress to;
    Uint256 amount;
};
std::optional<TokenTransfer> read_transfer_data(std::string_view data);

// 0x and hex, and back.
std::string to_hex_0x(std::string_view bytes);
std::optional<std::string> from_hex_0x(std::string_view text);

}  // namespace coffer
