#pragma once
// The words in which nodes write numbers and hashes, and the events of their token transfers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/chain_address.h"
#include "base/digest.h"
#include "settle/chain.h"

namespace coffer {

// `0x` and 64 digits.
std::optional<Digest> read_digest(std::string_view text);
// A QUANTITY of 64 bits at most.
std::optional<std::uint64_t> read_number(std::string_view text);

// Topics of ERC-20's Transfer(address indexed, address indexed, uint256): its name, and an account.
std::string transfer_topic();
std::string account_topic(const ChainAddress& account);
// What eth_getLogs answered for a contract. Nothing where it is no such answer. What is told as
// taken back by a reorganisation, and events of other shapes (tokens that cannot be divided have
// one of the same name), are left out.
std::optional<std::vector<TransferLog>> read_transfer_logs(const std::string& json,
                                                           const ChainAddress& contract);

}  // namespace coffer
