#pragma once
// What nodes and signers answer, as JSON, read as what they were asked for. Nothing where it makes
// no sense as that, whatever the bytes are: a node is somebody else's, and may be wrong, old or
// hostile.

#include <cstdint>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/uint256.h"
#include "settle/chain.h"

namespace coffer {

// A QUANTITY: of any size, or of 64 bits at most.
std::optional<Uint256> answered_quantity(const std::string& json);
std::optional<std::uint64_t> answered_number(const std::string& json);
// What a contract returned: one word of 32 bytes.
std::optional<Uint256> answered_word(const std::string& json);
// `null`: the node knows nothing of what it was asked about.
bool is_nothing(const std::string& json);
std::optional<ChainHead> answered_block(const std::string& json);
// The hash of the transaction that is shown.
std::optional<Digest> answered_transaction(const std::string& json);
// Of that transaction and no other.
std::optional<ChainReceipt> answered_receipt(const std::string& json, const Digest& transaction);
// Of the next block, and the middle tip of those before it.
std::optional<ChainFees> answered_fees(const std::string& json);
// What was signed. Nodes answer with the bytes alone, signers also with the transaction beside
// them. Empty where there is nothing signed.
std::string answered_bytes(const std::string& json);

}  // namespace coffer
