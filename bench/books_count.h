#pragma once
// Which calls of a run are in the books.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace coffer {

struct BooksCount {
    std::uint64_t applied = 0;  // different calls of the run with an applied transaction
    std::uint64_t twice = 0;    // transactions beyond the first of a call: must be none
    std::uint64_t missing = 0;  // acknowledged and not in the books: must be none
};

// Walks the journal of a data directory that no server uses.
Result<BooksCount> count_in_books(const std::string& directory, const std::string& run_word,
                                  const std::vector<bool>& is_acknowledged);

}  // namespace coffer
