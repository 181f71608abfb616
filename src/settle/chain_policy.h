#pragma once
// How withdrawals are brought to one chain: what the configuration says of it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/chain_address.h"
#include "base/clock.h"
#include "base/uint256.h"
#include "ledger/directory.h"

namespace coffer {

// A currency of the ledger as it is on the chain.
struct TokenOnChain {
    std::string tenant;                    // its uid or its name
    std::string code;                      // of the currency
    std::optional<ChainAddress> contract;  // ERC-20; none: the chain's own coin
    std::uint64_t gas_limit = 100'000;
    // Of a currency that has no decimals of its own on a chain.
    std::optional<std::uint8_t> decimals;
    // Of a token with a contract: whether what players send to their addresses is credited, and
    // from which block on, where that is earlier than the first look.
    bool takes_deposits = true;
    std::optional<std::uint64_t> deposits_from;
    // In the currency: an address that has so much is emptied into a hot wallet. None: it is not.
    std::optional<std::string> sweep_above;
};

// The token of a currency of the ledger; null where it has none on this chain.
const TokenOnChain* token_of(const std::vector<TokenOnChain>& tokens, const Directory& directory,
                             CurrencyId currency);

struct ChainPolicy {
    std::string name;  // in logs and metrics
    std::uint64_t chain_id = 0;
    std::vector<TokenOnChain> tokens;
    std::uint64_t confirmations = 12;
    bool wait_for_finalized = true;                 // where the node knows what that is
    Uint256 max_fee_cap{Uint128{500'000'000'000}};  // wei per gas
    Uint256 tip_min{Uint128{1'000'000'000}};
    Duration stuck_after = minute_us;         // then it is replaced
    Duration give_up_after = 0;               // then its nonce is used up otherwise; 0: never
    Duration resend_after = 15 * second_us;   // a node that lost it gets it again
    Duration late_after = 3'600 * second_us;  // under way for so long, a person should look
    std::uint64_t under_way_max = 16;         // per hot wallet
    Duration lease = minute_us;
    std::uint64_t deposit_blocks_max = 500;   // looked at in one question
    std::uint64_t deposit_blocks_again = 20;  // before those, against nodes that are of two minds
};

// The least that a node takes for another transaction of the same nonce: an eighth more.
Uint256 bumped(const Uint256& fee);

// The fees of a new transaction: twice the base fee, so that it stays payable for six full blocks,
// and the tip on top; nothing while the base fee alone is over the cap.
struct FeeBid {
    Uint256 tip, max_fee;
};
struct FeeQuote {
    Uint256 base_fee, tip;
};
std::optional<FeeBid> first_bid(const ChainPolicy& policy, const FeeQuote& quote);
// Those of one that replaces `last`: an eighth more at least, and what is asked now if that is
// more; nothing beyond the cap, which is twice as high for one that `cancels`.
std::optional<FeeBid> next_bid(const ChainPolicy& policy, const FeeBid& last,
                               const std::optional<FeeQuote>& quote, bool cancels);

}  // namespace coffer
