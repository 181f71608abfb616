#pragma once
// Brings the withdrawals of one chain there, one look at a time: the state machine of
// docs/SETTLEMENT.md.
//
// A look asks the chain and the ledger what is so and does what follows; it keeps nothing that it
// could not find again. What is sent was made durable first, by a report to the ledger that it
// accepted. One thread; what is passed in must outlive it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ledger/ledger.h"
#include "settle/chain.h"
#include "settle/chain_policy.h"
#include "settle/signer.h"

namespace coffer {

class SettleFigures;

struct ChainSettlerParts {
    Ledger& ledger;
    Chain& chain;
    std::span<const std::unique_ptr<Signer>> signers;  // of the hot wallets
    const Clock& clock;
    Log& log;
    Metrics& metrics;
    std::string holder;  // this process, by a name that no other has
    bool alone = false;  // no other process can write to the books
    // Called at the named points of the way, for tests that stop there.
    std::function<void(std::string_view point)> passes;
};

class ChainSettler {
public:
    ChainSettler(ChainPolicy policy, const ChainSettlerParts& parts);
    ~ChainSettler();

    // Withdrawals that are new or may have changed; of other chains too.
    void learn(const Outcome& listed);
    // Looks once at everything that is under way. True when something is.
    bool look();

private:
    struct Open {
        Ptr<Withdrawal> withdrawal;
        Ptr<Settlement> settlement;
        Time sent = 0;          // monotonic; when its latest was last sent by this process
        bool is_stale = false;  // a report of it was not accepted: read it again
    };
    struct Hot {
        Signer* signer = nullptr;
        std::string address;
        Ptr<HotWallet> record;  // as held; null: not held
        std::uint64_t mined = 0;
        std::vector<Open*> under_way;  // by nonce
        bool is_short = false;         // of gas money
        bool is_out_of_tokens = false;
    };
    using Reply = Result<void>;

    const TokenOnChain* token_of(const Withdrawal& withdrawal) const;
    bool is_ours(const Open& open) const;
    void refresh();
    Result<bool> hold(Hot& hot);
    Reply settle();
    Reply watch(Hot& hot);
    Reply watch_sent(Hot& hot, Open& open);
    Reply watch_mined(Hot& hot, Open& open);
    Reply end(Hot& hot, Open& open);
    Reply find_mined(Hot& hot, Open& open, bool& found);
    Reply send_latest(Hot& hot, Open& open);
    Reply replace(Hot& hot, Open& open, bool cancels);
    Reply retry(Hot& hot, Open& open);
    Result<bool> is_paused() const;
    Reply assign();
    Reply assign(Hot& hot, Open& open, const TokenOnChain& token);
    Result<bool> can_pay(Hot& hot, const ChainTransaction& next, const TokenOnChain& token,
                         const Uint256& amount);
    void give_back(Open& open, std::string reason);
    Hot* next_hot();

    static ChainAttempt attempt_of(std::string raw, bool cancels);
    static FeeQuote quote(const ChainFees& fees) { return {fees.base_fee, fees.tip}; }
    AdvanceWithdrawal report(const Hot& hot, const Open& open, WithdrawalState to) const;
    bool tell(Hot* hot, Open& open, AdvanceWithdrawal intent);
    void pass(std::string_view point) const {
        if (parts_.passes) parts_.passes(point);
    }
    bool is_late(const Open& open, Time now) const;
    void show() const;

    const ChainPolicy policy_;
    const ChainSettlerParts parts_;
    std::unique_ptr<SettleFigures> figures_;
    std::map<Sequence, Open> open_;
    std::vector<Hot> hots_;
    std::size_t turn_ = 0;
    ChainHead head_;
    std::optional<std::uint64_t> finalized_;
    std::optional<ChainFees> fees_;
    bool is_right_chain_ = false;
    bool is_over_cap_ = false;
    bool is_unreachable_ = false;
};

}  // namespace coffer
