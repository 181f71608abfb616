#pragma once
// What the hot wallets of a chain have, looked at now and then for whoever lists them. One thread;
// what is passed in must outlive it.

#include <memory>
#include <span>

#include "base/clock.h"
#include "ledger/ledger.h"
#include "settle/chain.h"
#include "settle/chain_policy.h"
#include "settle/signer.h"

namespace coffer {

struct HotSightsParts {
    Ledger& ledger;
    Chain& chain;
    std::span<const std::unique_ptr<Signer>> signers;
    const Clock& clock;
};

class HotSights {
public:
    HotSights(const ChainPolicy& policy, const HotSightsParts& parts);

    // Asks the chain if the last time is a while ago, and shows the ledger. What nobody answers is
    // asked again the next time; what was seen before stays, with its time.
    void look();

private:
    bool look_at(const Signer& signer, Time now);

    const std::uint64_t chain_id_;
    std::vector<ChainAddress> contracts_;
    const HotSightsParts parts_;
    Time looked_ = 0;  // monotonic
};

}  // namespace coffer
