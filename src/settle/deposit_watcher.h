#pragma once
// Looks at one chain for what players send to their addresses, and reports it to the ledger when it
// is final: docs/SETTLEMENT.md.
//
// How far it has looked is in the ledger, always behind what it reported; whatever it reads again
// the ledger knows already. So it needs no lease: two that look at the same blocks credit a
// transfer once. One thread; what is passed in must outlive it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/extended_key.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ledger/ledger.h"
#include "settle/chain.h"
#include "settle/chain_policy.h"

namespace coffer {

class DepositFigures;

struct DepositWatcherParts {
    Ledger& ledger;
    Chain& chain;
    Log& log;
    Metrics& metrics;
    ExtendedPublicKey root;  // that the ledger has been told
    // Called for each transfer that is in the books, also if it was there already.
    std::function<void(const AddressOwner& owner, CurrencyId currency, std::uint64_t block)>
        credited;
    // Called at the named points of the way, for tests that stop there.
    std::function<void(std::string_view point)> passes;
};

class DepositWatcher {
public:
    DepositWatcher(ChainPolicy policy, const DepositWatcherParts& parts);
    ~DepositWatcher();

    // Looks at what has become final since. True when there is more than it looked at.
    bool look();

private:
    // A transfer that the ledger has, so that it is not told again at every look.
    using Told = std::tuple<std::uint64_t, Digest, std::uint64_t>;  // block, transaction, event
    struct Watch {
        CurrencyId currency = 0;
        const TokenOnChain* token = nullptr;
        Ptr<DepositWatch> record;          // as the ledger has it; null: not told yet
        std::uint64_t next = 0;            // looked at up to here, never less than the record says
        std::uint64_t blocks_at_once = 0;  // as many as the nodes take
        bool is_refused = false;           // the ledger has another chain or contract for it
        std::set<Told> told;
    };
    using Reply = Result<void>;

    Reply look_at_chain();
    void find_currencies();
    Reply open(Watch& watch, std::uint64_t first_block);
    Reply read_books();
    Reply look_at(Watch& watch, std::uint64_t last);
    Reply look_at_range(Watch& watch, std::uint64_t last);
    Reply record(Watch& watch, const TransferLog& transfer, bool& is_new);
    Reply move(Watch& watch, bool at_once);
    Result<bool> is_canonical(const TransferLog& transfer);
    void pass(std::string_view point) const {
        if (parts_.passes) parts_.passes(point);
    }

    const ChainPolicy policy_;
    const DepositWatcherParts parts_;
    std::unique_ptr<DepositFigures> figures_;
    std::vector<Watch> watches_;
    std::uint64_t directory_ = 0;
    std::vector<ChainAddress> addresses_;  // that were given to players
    std::uint32_t derived_ = 0;            // numbers below it are in `addresses_`
    bool is_right_chain_ = false;
    bool has_more_ = false;
    bool is_unreachable_ = false;
};

}  // namespace coffer
