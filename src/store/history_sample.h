#pragma once
// Changes for the tests and the bench of this floor: not what the ledger would write, but of the
// same shape and size, and a function of a seed.

#include <random>

#include "store/store.h"

namespace coffer {

// Everything that two equal records have equal, as text: for comparing what stores give.
std::string describe(const Record& record);
std::string describe(const Change& change);  // its bytes in the journal

// Plays the journal of `store` into a MemoryStore and compares: every record chained to the one
// before, every key ever written found alike. Empty if they agree, else the first trouble in words.
std::string disagreement(const Reader& store);

// Writes wagers and payouts of a few players, with rounds, rollbacks and rows of the directory
// among them.
class HistorySample {
public:
    struct Options {
        std::uint64_t seed = 1;
        std::uint32_t players = 5;
        std::uint32_t rounds_kept = 3;         // of a player; a new round forgets the oldest
        std::uint32_t directory_percent = 10;  // changes that are of the directory
    };
    HistorySample(const Options& options, const JournalEnd& end);

    // The next changes, to be committed in this order and then never made again.
    std::vector<Change> next(std::size_t count);

private:
    struct Gambler {
        Wallet wallet;
        std::vector<Round> rounds;
        std::vector<Ptr<Transaction>> wagers;  // that were not rolled back
    };
    Change movement();
    Change wager(Gambler& gambler);
    Change rollback(Gambler& gambler);
    Change directory_change();
    std::uint64_t below(std::uint64_t limit);
    Transaction begin(const Gambler& gambler);
    Change finish(Gambler& gambler, Transaction transaction, std::vector<Record> others);

    Options options_;
    std::mt19937_64 random_;
    Sequence sequence_;
    Time time_;
    std::vector<Gambler> gamblers_;
};

}  // namespace coffer
