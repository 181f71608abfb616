// `coffer restore`: a data directory made out of a backup, verified before anybody may use it.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/complain.h"
#include "app/data_directory.h"
#include "app/master_key.h"
#include "app/proof.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;

Result<void> sync_path(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    if (!synced) return fail(ErrorCode::io, "cannot make " + path.string() + " last");
    return {};
}

// Copies the store's files and makes them last: from then on the directory may be relied on.
Result<void> copy_store(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::copy(from, to, fs::copy_options::recursive, error);
    if (error) return fail(ErrorCode::io, "cannot copy " + from + ": " + error.message());
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(to, error)) {
        TRY(sync_path(entry.path()));
    }
    if (error) return fail(ErrorCode::io, "cannot list " + to + ": " + error.message());
    return sync_path(to);
}

Result<std::string> restore(const RestoreOptions& options) {
    if (!fs::is_directory(store_folder(options.from))) {
        return fail(ErrorCode::not_found,
                    options.from + " is not a backup: it has no folder store");
    }
    if (!is_absent_or_empty(options.data)) {
        return fail(ErrorCode::invalid, options.data + " is not empty; restore overwrites nothing");
    }
    TRY(make_directory(options.data));
    const auto lock = DirectoryLock::take(options.data, "restore");
    if (!lock) return std::unexpected(lock.error());
    TRY(copy_store(store_folder(options.from), store_folder(options.data)));
    if (!options.master_key_file.empty()) {
        TRY(copy_master_key(options.master_key_file, default_master_key_file(options.data)));
    }
    TRY(sync_path(options.data));
    return prove_books(options.data);
}

}  // namespace

int run(const RestoreOptions& options) {
    const auto proven = restore(options);
    if (!proven) return complain(proven.error());
    std::printf("%s: %s\n", options.data.c_str(), proven->c_str());
    if (options.master_key_file.empty()) {
        std::printf(
            "The master key is not part of a backup: put it at %s, mode 0600, before "
            "serving.\n",
            default_master_key_file(options.data).c_str());
    }
    return 0;
}

}  // namespace coffer
