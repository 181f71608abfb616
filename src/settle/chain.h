#pragma once
// What a chain is asked and told: the door behind which there is a node, several of them, or a
// simulated chain.
//
// Every question may fail with `unavailable`: nobody answered, and of what was told nobody knows
// whether it was heard. A Chain belongs to one thread. Two answers may come from two nodes that do
// not see the same, so that what one says is never a reason to forget what was signed.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/chain_address.h"
#include "base/digest.h"
#include "base/result.h"
#include "base/uint256.h"

namespace coffer {

struct ChainHead {
    std::uint64_t number = 0;
    Digest hash{};
};

struct ChainFees {
    Uint256 base_fee;  // of the next block, in wei per gas
    Uint256 tip;       // what others give the miners on top, in the middle
};

struct ChainReceipt {
    std::uint64_t block = 0;
    Digest block_hash{};
    bool reverted = false;
    Uint256 fee;  // what the sender paid, in wei
};

// A transfer of a token, as an event of a block tells it.
struct TransferLog {
    ChainAddress from, to;
    Uint256 amount;
    std::uint64_t block = 0;
    Digest block_hash{};
    Digest transaction{};
    std::uint64_t log_index = 0;  // in its block
};

struct TransferQuestion {
    ChainAddress contract;
    std::span<const ChainAddress> to;   // accounts
    std::uint64_t first = 0, last = 0;  // blocks, both included
};

class Chain {
public:
    virtual ~Chain() = default;
    virtual Result<std::uint64_t> chain_id() = 0;
    virtual Result<ChainHead> head() = 0;
    // The latest block that is final by the chain's own rules; nothing where the node has no idea.
    virtual Result<std::optional<std::uint64_t>> finalized() = 0;
    // The hash of the canonical block of that number; nothing beyond the head.
    virtual Result<std::optional<Digest>> block_hash(std::uint64_t number) = 0;
    // How many transactions of the account are mined: the next nonce that can be.
    virtual Result<std::uint64_t> mined_nonces(const ChainAddress& account) = 0;
    // The same as it was after that block, which is one of the last hundred or so.
    virtual Result<std::uint64_t> mined_nonces_at(const ChainAddress& account,
                                                  std::uint64_t block) = 0;
    virtual Result<Uint256> coins(const ChainAddress& account) = 0;
    virtual Result<Uint256> tokens(const ChainAddress& contract, const ChainAddress& owner) = 0;
    // The same as it was after that block, which is one of the last hundred or so.
    virtual Result<Uint256> tokens_at(const ChainAddress& contract, const ChainAddress& owner,
                                      std::uint64_t block) = 0;
    virtual Result<ChainFees> fees() = 0;
    // Why the node refuses it, or nothing. A node also refuses what it has already, and its words
    // and codes for that are no two nodes' the same: ask knows() or receipt() what became of it.
    virtual Result<std::optional<std::string>> send(std::string_view raw) = 0;
    // Whether the transaction is waiting or mined there.
    virtual Result<bool> knows(const Digest& hash) = 0;
    virtual Result<std::optional<ChainReceipt>> receipt(const Digest& hash) = 0;
    // The transfers of a token to these accounts. One node answers, which has the last of the
    // blocks. Errors also: invalid, where a node does not look at so many blocks at once.
    virtual Result<std::vector<TransferLog>> transfers(const TransferQuestion& question) = 0;
};

}  // namespace coffer
