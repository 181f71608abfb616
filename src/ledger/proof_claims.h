#pragma once
// The proof's part about what is owed: the budgets of promotions and the withdrawals on their way.

#include "ledger/past.h"
#include "ledger/step.h"

namespace coffer {

class ClaimProof {
public:
    ClaimProof(const Past& past, Findings& findings) : past_(past), findings_(findings) {}

    void movement(const Step& step);
    // Put by a record without a transaction.
    void made(const Change& change, const Promotion& promotion);
    void advanced(const Change& change, const Withdrawal& withdrawal);

private:
    void budget(const Step& step);
    void withdrawal(const Step& step);

    const Past& past_;
    Findings& findings_;
};

}  // namespace coffer
