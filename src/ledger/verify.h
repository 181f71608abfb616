#pragma once
// The proof: everything that the books claim, derived again from the journal alone.
//
// Reads the whole journal in order with a model of its own (it shares the laws with the deciders,
// not their code), checks every record against it, and then asks the indexes for everything the
// model knows. The store must not be written to meanwhile.

#include <cstdint>
#include <string>
#include <vector>

#include "store/store.h"

namespace coffer {

struct VerifyReport {
    std::uint64_t records = 0, transactions = 0, wallets = 0, rounds = 0, keys = 0, others = 0;
    // What is wrong where, in words; at most mistakes_max of them are kept.
    std::vector<std::string> mistakes;
    std::uint64_t mistakes_found = 0;
    bool clean() const { return mistakes_found == 0; }
};
inline constexpr std::size_t mistakes_max = 100;

// Errors only when the journal cannot be read at all; what it says wrongly is in the report.
Result<VerifyReport> verify_books(const Reader& reader);

}  // namespace coffer
