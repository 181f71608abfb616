#pragma once
// Verifying books and saying so: what `verify`, `backup` and `restore` share.

#include <string>

#include "base/result.h"

namespace coffer {

// Verifies the store of that data directory. Prints each mistake to standard error; the line that
// says how much was found right comes back. Errors: that the books are wrong, or could not be read.
// Nobody else may have the store open.
Result<std::string> prove_books(const std::string& directory);
// The same for a PostgreSQL store, as of one moment; others may go on writing.
Result<std::string> prove_database(const std::string& uri);

}  // namespace coffer
