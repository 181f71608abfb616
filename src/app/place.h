#pragma once
// Where the books of a command are, from what its command line said.

#include <optional>
#include <string>

#include "app/options.h"

namespace coffer {

struct BookPlace {
    std::string directory;
    std::string master_key_file;
};

// Reads the configuration where one was named; prints what is wrong and gives nothing. A
// configuration whose store is in memory has no books to work on.
std::optional<BookPlace> book_place_or_complain(const Place& place);

}  // namespace coffer
