#pragma once
// Who signs for a hot wallet: a key in this process, or somebody else who has it.

#include <memory>
#include <string>

#include "settle/json_rpc.h"
#include "settle/signing_key.h"
#include "settle/transaction.h"

namespace coffer {

class Signer {
public:
    virtual ~Signer() = default;
    virtual const ChainAddress& address() const = 0;
    // The raw bytes of the transaction with its signature. Errors: unavailable, when nobody signed.
    virtual Result<std::string> sign(const ChainTransaction& transaction) = 0;
};

std::unique_ptr<Signer> make_key_signer(SigningKey key);
// Over eth_signTransaction. What comes back is taken apart, and is an error unless it is exactly
// that transaction, signed by that address.
std::unique_ptr<Signer> make_remote_signer(const ChainAddress& address, JsonRpcOptions options,
                                           const Clock& clock);

}  // namespace coffer
