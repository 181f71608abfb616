#pragma once
// Collects what players sent to their addresses: gives an address coins for gas, and moves its
// tokens to a hot wallet. docs/SETTLEMENT.md.
//
// What is sent was made durable first, as for withdrawals, and whatever is under way is found again
// in the ledger. An address is emptied only of what is final, and one transfer at a time. One
// thread; what is passed in must outlive it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/extended_key.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ledger/ledger.h"
#include "settle/chain.h"
#include "settle/chain_policy.h"
#include "settle/signer.h"

namespace coffer {

class SweepFigures;

struct SweeperParts {
    Ledger& ledger;
    Chain& chain;
    std::span<const std::unique_ptr<Signer>> signers;  // of the hot wallets: the first is the one
    const ExtendedKey& key;                            // above all deposit addresses
    const Clock& clock;
    Log& log;
    Metrics& metrics;
    std::string holder;  // as the settler of the same hot wallets calls itself
    bool alone = false;
    // Called at the named points of the way, for tests that stop there.
    std::function<void(std::string_view point)> passes;
};

class Sweeper {
public:
    Sweeper(ChainPolicy policy, const SweeperParts& parts);
    ~Sweeper();

    // Tokens of that currency came to the address in that block, which is final.
    void notice(const AddressOwner& owner, CurrencyId currency, std::uint64_t block);
    // Looks once at everything that is under way, and begins what can be. True when something is.
    bool look();

private:
    // An address with tokens that may be worth a transfer.
    struct Candidate {
        const TokenOnChain* token = nullptr;
        Uint256 least;            // in the token's units: less is not worth it
        std::uint64_t block = 0;  // in which the latest came, as far as that is known
    };
    struct Open {
        Ptr<ChainTransfer> record;
        Time sent = 0;  // monotonic; when its latest was last sent by this process
    };
    using Name = std::pair<std::string, std::uint64_t>;  // account and nonce
    using Place = std::pair<std::string, CurrencyId>;    // address and currency
    using Reply = Result<void>;

    Reply read_books();
    Reply look_at_chain();
    Reply watch(Open& open, bool& is_over);
    Reply watch_sent(Open& open, const HotWallet& account, bool& is_over);
    Reply watch_mined(Open& open, const HotWallet& account, bool& is_over);
    Reply find_mined(Open& open, const HotWallet& account, std::uint64_t mined, bool& found);
    Reply send_latest(Open& open, const HotWallet& account);
    Reply replace(Open& open, const HotWallet& account);
    Reply leave(Open& open, const HotWallet& account, bool& is_over);
    Reply begin(const Place& place, const Candidate& candidate, bool& is_done);
    Reply sweep(const std::string& address, const Candidate& candidate, const Uint256& units,
                const FeeBid& bid);
    Reply top_up(const std::string& address, const Uint256& shortage, const FeeBid& bid);
    Result<Uint256> final_units(const ChainAddress& address, const TokenOnChain& token);
    Reply sign_first(AdvanceTransfer intent, ChainTransaction transaction, Signer& signer);
    bool is_busy(const std::string& address) const;
    bool knows_all_of(const HotWallet& account);

    Result<Ptr<HotWallet>> hold(const std::string& address);
    Result<Ptr<HotWallet>> hold_anew(const std::string& address);
    Result<std::unique_ptr<Signer>> signer_of_address(const std::string& address);
    Result<std::string> sign(const std::string& from, const ChainTransaction& transaction);
    AdvanceTransfer report(const Open& open, const HotWallet& account, WithdrawalState to) const;
    bool tell(Open& open, AdvanceTransfer intent);
    void pass(std::string_view point) const {
        if (parts_.passes) parts_.passes(point);
    }

    const ChainPolicy policy_;
    const SweeperParts parts_;
    const std::string treasury_;  // the address of the hot wallet
    std::unique_ptr<SweepFigures> figures_;
    std::map<Name, Open> open_;
    std::map<Place, Candidate> candidates_;
    std::map<std::string, Ptr<HotWallet>> held_;
    std::map<std::string, std::uint64_t> epochs_;  // under which all of an account is in open_
    ChainHead head_;
    std::uint64_t beyond_ = 0;  // blocks from here on are not final
    std::optional<ChainFees> fees_;
    std::set<std::string> left_alone_;  // addresses whose transfer did nothing
    bool is_threshold_wrong_ = false;
    bool has_read_ = false;  // what the books know is in open_ and candidates_
    Time read_ = 0;          // monotonic; when it was
    bool is_right_chain_ = false;
    bool is_unreachable_ = false;
};

}  // namespace coffer
