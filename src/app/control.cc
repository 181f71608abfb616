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

constexpr std::size_t line_bytes_max = 64 * 1024;

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

// A line without its end; empty when the other side hung up before it was complete.
std::string read_line(int file) {
    std::string line;
    char bytes[1024];
    while (line.size() < line_bytes_max) {
        const ssize_t size = ::recv(file, bytes, sizeof bytes, 0);
        if (size <= 0) return {};
        line.append(bytes, static_cast<std::size_t>(size));
        if (line.ends_with('\n')) {
            line.pop_back();
            return line;
        }
    }
    return {};
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
    write_all(peer.number(),
              result ? "ok " + *result + "\n" : "error " + result.error().detail + "\n");
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
    std::string answer = read_line(file.number());
    if (answer.starts_with("ok ")) return std::optional(answer.substr(3));
    if (answer.starts_with("error ")) return fail(ErrorCode::invalid, answer.substr(6));
    return fail(ErrorCode::io, "the server hung up without an answer");
}

}  // namespace coffer
