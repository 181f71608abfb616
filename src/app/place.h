#pragma once
// Where the books of a command are, from what its command line said.

#include <optional>
#include <string>

#include "app/data_directory.h"
#include "app/options.h"
#include "app/store_choice.h"

namespace coffer {

struct BookPlace {
    std::string directory;        // empty where only a database was named
    std::string master_key_file;  // the same
    StoreChoice store;            // of rocksdb or postgres
    // How messages call it.
    std::string name() const;
};

// The directory's lock for a command, where the books are in the directory. A database has many
// users at once.
Result<std::optional<DirectoryLock>> lock_books(const BookPlace& place, std::string_view command);

// Reads the configuration where one was named; prints what is wrong and gives nothing. A
// configuration whose store is in memory has no books to work on.
std::optional<BookPlace> book_place_or_complain(const Place& place);

}  // namespace coffer
