#include "app/control.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "app/data_directory.h"

namespace coffer {
namespace {

constexpr std::size_t request_bytes_max = std::size_t{64} * 1024;
constexpr std::size_t answer_bytes_max = std::size_t{64} * 1024 * 1024;

std::string words(int error) { return std::error_code(error, std::generic_category()).message(); }

class File {
public:
    explicit File(int number) : number_(number) {}
    ~File() {
        if (number_ >= 0) ::close(number_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }

private:
    int number_;
};

// An address holds 108 bytes of path and directories are often deeper, so the socket is named
// through the open directory.
sockaddr_un address_in(const File& directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path =
        "/proc/self/fd/" + std::to_string(directory.number()) + "/control.sock";
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::send(file, text.data(), text.size(), MSG_NOSIGNAL);
        if (size <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

// Reads until the text is complete; empty when the other side hung up before it was, or went on too
// long.
template <class IsComplete>
std::string read_until(int file, std::size_t bytes_max, const IsComplete& is_complete) {
    std::string text;
    char bytes[4096];
    while (text.size() < bytes_max) {
        const ssize_t size = ::recv(file, bytes, sizeof bytes, 0);
        if (size < 0 || (size == 0 && !is_complete(text, true))) return {};
        text.append(bytes, static_cast<std::size_t>(size));
        if (is_complete(text, size == 0)) return text;
    }
    return {};
}

std::string read_line(int file) {
    std::string line = read_until(file, request_bytes_max, [](const std::string& text, bool) {
        return text.ends_with('\n');
    });
    if (!line.empty()) line.pop_back();
    return line;
}

std::string read_all(int file) {
    return read_until(file, answer_bytes_max, [](const std::string&, bool ended) { return ended; });
}

}  // namespace

Result<Control> Control::listen(const std::string& directory) {
    const File folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    File file(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const std::string path = control_socket(directory);
    ::unlink(path.c_str());
    const sockaddr_un address = address_in(folder);
    const mode_t mask = ::umask(0177);
    const int bound = ::bind(file.number(), as_sockaddr(address), sizeof address);
    ::umask(mask);
    if (bound != 0 || ::listen(file.number(), 4) != 0) {
        return fail(ErrorCode::io, "cannot listen on " + path + ": " + words(errno));
    }
    return Control(file.release(), path);
}

Control::Control(Control&& other) noexcept
    : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)) {}

Control& Control::operator=(Control&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(path_, other.path_);
    return *this;
}

Control::~Control() {
    if (file_ < 0) return;
    ::unlink(path_.c_str());
    ::close(file_);
}

void Control::answer_one(const Answer& answer) const {
    const File peer(::accept4(file_, nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.number() < 0) return;
    // The thread that answers also waits for signals: a silent peer must not hold it for long.
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(peer.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(peer.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const std::string request = read_line(peer.number());
    if (request.empty()) return;
    const Result<std::string> result = answer(request);
    write_all(peer.number(), result ? "ok " + *result : "error " + result.error().detail);
}

Result<std::optional<std::string>> ask_server(const std::string& directory,
                                              std::string_view request) {
    const File folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (folder.number() < 0) return fail(ErrorCode::not_found, "no data directory " + directory);
    const File file(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_in(folder);
    if (::connect(file.number(), as_sockaddr(address), sizeof address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
        return fail(ErrorCode::io,
                    "cannot reach " + control_socket(directory) + ": " + words(errno));
    }
    if (!write_all(file.number(), std::string(request) + "\n")) {
        return fail(ErrorCode::io, "the server hung up");
    }
    const std::string answer = read_all(file.number());
    if (answer.starts_with("ok ")) return std::optional(answer.substr(3));
    if (answer.starts_with("error ")) return fail(ErrorCode::invalid, answer.substr(6));
    return fail(ErrorCode::io, "the server hung up without an answer");
}

}  // namespace coffer
