#pragma once
// A real server on a free port with a desk that echoes, and clients to be hostile with. For tests.

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/server.h"

namespace coffer {

// What the desks of a server and the test have in common. Calls under /hold stay inside until
// open(); calls under /later are answered by another thread through wake.
class Gate {
public:
    void open();
    void wait_until_held(std::size_t calls);

    bool is_open();
    void hold(std::function<void()> wake);
    std::size_t accepted();
    std::size_t answered();
    void count_accepted();
    void count_answered();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::function<void()>> wakes_;
    std::size_t accepted_ = 0;
    std::size_t answered_ = 0;
    bool is_open_ = false;
};

class TestServer {
public:
    TestServer();
    ~TestServer();

    ServerOptions options;  // one cleartext listener on loopback; to be changed before start()
    Result<void> start();
    void stop();
    std::uint16_t port(std::size_t listener = 0) const;
    std::string url(std::string_view path, std::string_view scheme = "http") const;
    // The value of a counter that another line of this process has named.
    std::uint64_t refused(std::string_view protocol, std::string_view reason);

    Gate gate;
    Metrics metrics;
    SystemClock clock;
    Log* log = nullptr;
    std::unique_ptr<Server> server;
};

struct CommandResult {
    int status = -1;
    std::string output;  // both streams
};
CommandResult run_command(const std::string& command);

class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    std::string path(std::string_view name) const;

private:
    std::filesystem::path folder_;
};

// A blocking socket to loopback that gives up after 20 s.
class RawPeer {
public:
    enum class Reading { eager, reluctant };  // reluctant: with the smallest receive buffer
    explicit RawPeer(std::uint16_t port, Reading reading = Reading::eager);
    ~RawPeer();
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;

    bool is_connected() const { return is_connected_; }
    bool send(std::string_view bytes);  // false when the server has hung up
    std::string receive();              // some bytes; empty at the end, after a reset or 20 s
    std::string receive_until(std::string_view text);
    std::string receive_all();

private:
    int socket_ = -1;
    bool is_connected_ = false;
};

}  // namespace coffer
