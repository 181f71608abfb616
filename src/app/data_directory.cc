#include "app/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace coffer {
namespace {

namespace fs = std::filesystem;

std::string words(int error) { return std::error_code(error, std::generic_category()).message(); }

// What the holder wrote into its lock file, on one line.
std::string holder(int file) {
    char text[128];
    const ssize_t size = ::pread(file, text, sizeof text, 0);
    std::string line(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    line.erase(std::min(line.find('\n'), line.size()));
    return line.empty() ? "another process" : line;
}

}  // namespace

std::string store_folder(const std::string& directory) { return directory + "/store"; }
std::string default_master_key_file(const std::string& directory) {
    return directory + "/master.key";
}
std::string control_socket(const std::string& directory) { return directory + "/control.sock"; }

Result<void> make_directory(const std::string& directory) {
    std::error_code error;
    const fs::path parent = fs::path(directory).parent_path();
    if (!parent.empty()) fs::create_directories(parent, error);
    if (::mkdir(directory.c_str(), 0700) == 0) return {};
    if (errno == EEXIST && fs::is_directory(directory, error)) return {};
    return fail(ErrorCode::io, "cannot make the directory " + directory + ": " + words(errno));
}

bool is_absent_or_empty(const std::string& directory) {
    std::error_code error;
    if (!fs::exists(directory, error)) return true;
    return fs::is_directory(directory, error) && fs::is_empty(directory, error);
}

Result<DirectoryLock> DirectoryLock::take(const std::string& directory, std::string_view command) {
    const std::string path = directory + "/lock";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        if (errno == ENOENT) return fail(ErrorCode::not_found, "no data directory " + directory);
        return fail(ErrorCode::io, "cannot open " + path + ": " + words(errno));
    }
    DirectoryLock lock(file);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return fail(ErrorCode::io, "cannot lock " + path + ": " + words(errno));
        }
        return fail(ErrorCode::unavailable, "the data directory " + directory + " is in use by " +
                                                holder(file) +
                                                "; one process at a time may use it");
    }
    const std::string text =
        "process " + std::to_string(::getpid()) + " (coffer " + std::string(command) + ")\n";
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, text.data(), text.size(), 0) < 0) {
        return fail(ErrorCode::io, "cannot write " + path + ": " + words(errno));
    }
    return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
}

DirectoryLock::~DirectoryLock() {
    if (file_ >= 0) ::close(file_);
}

}  // namespace coffer
