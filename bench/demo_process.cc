#include "bench/demo_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace coffer {
namespace {

// Runs this program with other words; its standard output goes to `output`, or where ours goes.
Result<pid_t> run_ourselves(const std::vector<std::string>& words, int output) {
    // Not as /proc/self/exe, or every tool would call the process "exe".
    std::error_code error;
    const std::string ourselves = std::filesystem::read_symlink("/proc/self/exe", error).string();
    std::vector<char*> arguments;
    // execv promises not to write through these.
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) return fail(ErrorCode::io, "cannot start a process");
    if (pid > 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (output >= 0) ::dup2(output, STDOUT_FILENO);
    ::execv(ourselves.c_str(), arguments.data());
    ::_exit(127);
}

bool ended_well(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

Result<std::unique_ptr<DemoProcess>> DemoProcess::start(const Options& options) {
    std::unique_ptr<DemoProcess> demo(new DemoProcess);
    std::vector<std::string> words{"coffer",         "demo",      "--listen",
                                   "127.0.0.1:0",    "--players", std::to_string(options.players),
                                   "--no-log-calls", "--data",    options.directory,
                                   "--log-level",    "warning"};
    words.insert(words.end(), options.more.begin(), options.more.end());
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail(ErrorCode::io, "no pipe");
    const auto pid = run_ourselves(words, pipe[1]);
    ::close(pipe[1]);
    demo->output_ = pipe[0];
    if (!pid) return std::unexpected(pid.error());
    demo->pid_ = *pid;
    // The demo's first line ends with its address.
    std::string said;
    while (said.find('\n') == std::string::npos) {
        std::array<char, 4096> bytes;
        const ssize_t count = ::read(demo->output_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return fail(ErrorCode::unavailable, "the demo did not start");
        said.append(bytes.data(), static_cast<std::size_t>(count));
    }
    const std::string line = said.substr(0, said.find('\n'));
    const std::size_t colon = line.rfind(':') + 1;
    std::from_chars(line.data() + colon, line.data() + line.size(), demo->port_);
    if (demo->port_ == 0) return fail(ErrorCode::unavailable, "the demo said: " + line);
    return demo;
}

DemoProcess::~DemoProcess() {
    if (pid_ > 0) {
        ::kill(pid_, SIGTERM);
        ended_well(pid_);
    }
    if (output_ >= 0) ::close(output_);
}

Result<void> DemoProcess::stop() {
    if (pid_ <= 0) return {};
    ::kill(pid_, SIGTERM);
    const bool well = ended_well(pid_);
    pid_ = -1;
    if (!well) return fail(ErrorCode::io, "the demo did not end well");
    return {};
}

Result<bool> verify_in_process(const std::string& directory) {
    const auto pid = run_ourselves({"coffer", "verify", "--data", directory}, -1);
    if (!pid) return std::unexpected(pid.error());
    return ended_well(*pid);
}

}  // namespace coffer
