#pragma once
// The proof's part about chains: that a withdrawal goes its way step by step, that a nonce of a hot
// wallet serves one withdrawal, that what was signed is what its hash says and was put down before
// anything came of it, and that the end is the one that the mined transaction says.

#include <set>
#include <string>
#include <tuple>

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
    };
    void first(Sequence at, const Puts& puts);
    void next(Sequence at, const Settlement& before, const Puts& puts);
    void attempts(Sequence at, const Settlement* before, const Settlement& after);
    void mined(Sequence at, const Puts& puts);
    void way(Sequence at, const Withdrawal& withdrawal, bool is_signed);
    void hot_wallet(Sequence at, const Puts& puts);

    const Past& past_;
    Findings& findings_;
    std::set<std::tuple<std::uint64_t, std::string, std::uint64_t>> nonces_;
};

}  // namespace coffer
