#include "app/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/random.h"

namespace coffer {
namespace {

std::string words(int error) { return std::error_code(error, std::generic_category()).message(); }

// Nothing of ours ever sets a variable, so reading one races with nobody.
const char* variable(const char* name) {
    return std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
}

Result<MasterKey> parse_key(std::string text, const std::string& origin) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    auto bytes = from_hex(text);
    wipe(text);
    MasterKey key{};
    if (!bytes || bytes->size() != key.size()) {
        return fail(ErrorCode::invalid, origin + " is not a master key: 64 hexadecimal digits");
    }
    std::ranges::transform(*bytes, key.begin(),
                           [](char byte) { return static_cast<std::uint8_t>(byte); });
    wipe(*bytes);
    return key;
}

Result<MasterKey> read_key_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        if (errno == ENOENT) {
            return fail(ErrorCode::not_found,
                        "there is no master key at " + path +
                            "; it was made with the books and is in no backup: put the copy that "
                            "was kept apart back, mode 0600");
        }
        return fail(ErrorCode::io, "cannot open the master key file " + path + ": " + words(errno));
    }
    struct stat status{};
    char text[256];
    const bool known = ::fstat(file, &status) == 0;
    const ssize_t size = known ? ::read(file, text, sizeof text) : -1;
    ::close(file);
    if (size < 0) {
        return fail(ErrorCode::io, "cannot read the master key file " + path + ": " + words(errno));
    }
    if ((status.st_mode & 077) != 0) {
        return fail(ErrorCode::invalid, "the master key file " + path +
                                            " can be read by others than its owner; chmod 600 it");
    }
    return parse_key(std::string(text, static_cast<std::size_t>(size)), path);
}

Result<void> write_key_file(const std::string& path, const MasterKey& key) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        if (errno == EEXIST) {
            return fail(ErrorCode::invalid,
                        "there is a master key at " + path + " already; it is not overwritten");
        }
        return fail(ErrorCode::io, "cannot make the master key file " + path + ": " + words(errno));
    }
    std::string text = to_hex(view(key)) + "\n";
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const int error = errno;
    ::close(file);
    wipe(text);
    if (!written) return fail(ErrorCode::io, "cannot write " + path + ": " + words(error));
    return {};
}

}  // namespace

Result<MasterKey> make_master_key(const std::string& path) {
    MasterKey key{};
    fill_random(key);
    TRY(write_key_file(path, key));
    return key;
}

Result<void> copy_master_key(const std::string& from, const std::string& to) {
    const auto key = read_key_file(from);
    if (!key) return std::unexpected(key.error());
    return write_key_file(to, *key);
}

bool master_key_in_environment() {
    return variable("COFFER_MASTER_KEY") != nullptr ||
           variable("COFFER_MASTER_KEY_FILE") != nullptr;
}

Result<MasterKey> read_master_key(const std::string& path) {
    if (const char* hex = variable("COFFER_MASTER_KEY")) {
        return parse_key(hex, "COFFER_MASTER_KEY");
    }
    if (const char* file = variable("COFFER_MASTER_KEY_FILE")) return read_key_file(file);
    return read_key_file(path);
}

}  // namespace coffer
