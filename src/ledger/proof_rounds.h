#pragma once
// The proof's part about rounds: their figures are the sums of their movements, and what is over is
// over.

#include "ledger/past.h"
#include "ledger/step.h"

namespace coffer {

class RoundProof {
public:
    explicit RoundProof(const Past& past, Findings& findings) : past_(past), findings_(findings) {}

    // The round that an applied transaction names, as it stood before; null if it names none, or
    // opens it.
    Ptr<Round> before(const Transaction& transaction, const Transaction* original) const;
    // One applied transaction, with a round among its puts or without.
    void movement(const Step& step);
    // A round put by a record without a transaction: closed by hand.
    void closed_by_hand(const Change& change, const Round& after);

private:
    void judge(const Step& step);
    void compare(Sequence at, const Round& said, const Round& is);

    const Past& past_;
    Findings& findings_;
};

}  // namespace coffer
