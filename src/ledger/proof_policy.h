#pragma once
// The proof's part about what tenants allow of withdrawals: each kept the policy of its moment, and
// the day's sums are the sums.

#include "ledger/past.h"

namespace coffer {

class PolicyProof {
public:
    PolicyProof(const Past& past, Findings& findings) : past_(past), findings_(findings) {}

    // Before the record is noted as past.
    void record(const Change& change);

private:
    void new_withdrawal(const Change& change, const Withdrawal& withdrawal);
    void day(const Change& change, const Withdrawal& withdrawal, std::string_view player,
             Amount bound);

    const Past& past_;
    Findings& findings_;
};

}  // namespace coffer
