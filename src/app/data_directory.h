#pragma once
// A data directory: what lies where in it, and the lock that keeps a second process out.
//
//   DIR/lock          held by the process that uses the directory; says which one that is
//   DIR/store/        the store's own files
//   DIR/master.key    the master key, unless the configuration puts it elsewhere
//   DIR/control.sock  where the running server listens to `coffer backup` (mode 0600)

#include <string>
#include <string_view>

#include "base/result.h"

namespace coffer {

std::string store_folder(const std::string& directory);
std::string default_master_key_file(const std::string& directory);
std::string control_socket(const std::string& directory);

// Makes it with mode 0700, parents included; one that exists is left as it is.
Result<void> make_directory(const std::string& directory);
// True when there is no such directory, or nothing in it.
bool is_absent_or_empty(const std::string& directory);

// Held as long as the object lives; the system lets go of it when the process dies.
class DirectoryLock {
public:
    // `command` is what a second process is told that the first one runs. Errors: not_found (no
    // such directory), unavailable (in use; the detail says by whom), io.
    static Result<DirectoryLock> take(const std::string& directory, std::string_view command);
    DirectoryLock(DirectoryLock&& other) noexcept;
    DirectoryLock& operator=(DirectoryLock&& other) noexcept;
    ~DirectoryLock();

private:
    explicit DirectoryLock(int file) : file_(file) {}
    int file_ = -1;
};

}  // namespace coffer
