#pragma once
// A server to measure, in a process of its own: the same program, run as `coffer demo`.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace coffer {

class DemoProcess {
public:
    struct Options {
        std::string directory;
        std::uint64_t players = 0;
        std::vector<std::string> more;  // words for its command line
    };
    // Starts it and waits until it listens. It dies with us. Errors: io; unavailable (it ended).
    static Result<std::unique_ptr<DemoProcess>> start(const Options& options);
    ~DemoProcess();
    DemoProcess(const DemoProcess&) = delete;
    DemoProcess& operator=(const DemoProcess&) = delete;

    std::uint16_t port() const { return port_; }
    pid_t pid() const { return pid_; }
    // Lets it drain and waits for its end. Errors: io (it did not end well).
    Result<void> stop();

private:
    DemoProcess() = default;
    pid_t pid_ = -1;
    int output_ = -1;
    std::uint16_t port_ = 0;
};

// Runs `coffer verify --data DIRECTORY`, which prints its line; true if the books are right.
Result<bool> verify_in_process(const std::string& directory);

}  // namespace coffer
