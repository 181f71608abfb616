// `coffer backup`: a consistent copy of the books in a new directory, verified.
//
// Only the process that has the store open can copy it consistently. So a running server is asked,
// over its control socket; without one the books are opened here. The copy is verified by this
// process either way, so that the server is not kept from its calls. What lies at `--to` looks like
// a data directory without a master key, which belongs somewhere else.

#include <cstdio>
#include <filesystem>

#include "app/books.h"
#include "app/commands.h"
#include "app/complain.h"
#include "app/control.h"
#include "app/data_directory.h"
#include "app/place.h"
#include "app/proof.h"
#include "store/rocks_store.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;

Result<void> copy_closed_books(const std::string& directory, const std::string& to) {
    const auto lock = DirectoryLock::take(directory, "backup");
    if (!lock) return std::unexpected(lock.error());
    const auto store = open_store(directory, IfAbsent::refuse);
    if (!store) return std::unexpected(store.error());
    return (*store)->checkpoint(to);
}

Result<void> copy_books(const std::string& directory, const std::string& to) {
    const auto answer = ask_server(directory, "backup " + to);
    if (!answer) return std::unexpected(answer.error());
    if (*answer) return {};
    return copy_closed_books(directory, to);
}

}  // namespace

int run(const BackupOptions& options) {
    const auto place = book_place_or_complain(options.place);
    if (!place) return 1;
    if (place->store.kind == StoreKind::postgres) {
        return complain(std::string(postgres_backup_words));
    }
    if (!is_absent_or_empty(options.to)) {
        return complain(options.to + " is not empty; a backup overwrites nothing");
    }
    if (const auto made = make_directory(options.to); !made) return complain(made.error());
    std::error_code error;
    const std::string to = fs::canonical(options.to, error).string();
    if (error) return complain("cannot find " + options.to + ": " + error.message());
    if (to.find('\n') != std::string::npos) return complain("a newline in the name of --to");
    if (const auto copied = copy_books(place->directory, store_folder(to)); !copied) {
        return complain(copied.error());
    }
    const auto proven = prove_books(to);
    if (!proven) return complain(proven.error());
    std::printf("%s: %s\n", to.c_str(), proven->c_str());
    return 0;
}

}  // namespace coffer
