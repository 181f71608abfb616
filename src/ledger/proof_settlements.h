#pragma once
// The proof's part about chains: that a withdrawal goes its way step by step, and so does a
// transfer between accounts of the house, that a nonce serves one of them, that what was signed is
// what its hash says and was put down before anything came of it, and that the end is the one that
// the mined transaction says.

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/past.h"

namespace coffer {

class SettlementProof {
public:
    SettlementProof(const Past& past, Findings& findings) : past_(past), findings_(findings) {}

    // Before the record is noted as past.
    void record(const Change& change);

private:
    struct Puts {
        const Withdrawal* withdrawal = nullptr;
        const Settlement* settlement = nullptr;
        const HotWallet* hot_wallet = nullptr;
        const ChainTransfer* transfer = nullptr;
        const WithdrawalRetry* retry = nullptr;
    };
    void first(Sequence at, const Puts& puts);
    void next(Sequence at, const Settlement& before, const Puts& puts);
    void anew(Sequence at, const Settlement& before, const Puts& puts);
    void retry(const Change& change, const WithdrawalRetry& retry);
    using Attempts = std::vector<ChainAttempt>;
    void attempts(Sequence at, const Attempts* before, const Attempts& after);
    void transfer(Sequence at, const Puts& puts);
    void lost(Sequence at, const ChainTransfer& before, const ChainTransfer& after);
    void new_transfer(Sequence at, const Puts& puts);
    void takes_nonce(Sequence at, std::uint64_t chain, const std::string& account,
                     std::uint64_t nonce, const HotWallet* put);
    void mined(Sequence at, const Puts& puts);
    void way(Sequence at, const Puts& puts);
    void hot_wallet(Sequence at, const Puts& puts);

    const Past& past_;
    Findings& findings_;
    std::set<std::tuple<std::uint64_t, std::string, std::uint64_t>> nonces_;
};

}  // namespace coffer
