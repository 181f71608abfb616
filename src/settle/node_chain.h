#pragma once
// A chain by way of its nodes' JSON-RPC (the Ethereum execution API).

#include <memory>

#include "settle/chain.h"
#include "settle/json_rpc.h"

namespace coffer {

// A node's answer that makes no sense is `unavailable`, as none would be.
std::unique_ptr<Chain> make_node_chain(JsonRpcOptions options, const Clock& clock);

}  // namespace coffer
