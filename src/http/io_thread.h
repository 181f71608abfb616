#pragma once
// One io thread: its event loop, its listening sockets, its connections and its desk.

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dialect/desk.h"
#include "http/address.h"
#include "http/server.h"
#include "http/tls.h"

namespace coffer {

// What the threads of one server share; lives longer than they.
struct ServerCommons {
    ServerOptions options;
    ProxyList proxies;
    const Clock& clock;
    Log* log;
    Metrics& metrics;
    std::atomic<std::size_t> connections{0};
};

class IoThread {
public:
    explicit IoThread(ServerCommons& commons);
    ~IoThread();  // joined by then
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    struct Listening {
        int descriptor = -1;  // bound and listening; owned from here on
        bool is_ipv6 = false;
        const TlsIdentity* identity = nullptr;  // nullptr: cleartext
        std::uint32_t dialects = ~0u;
    };
    void listen(const Listening& socket);  // before start()
    void start(const DeskMaker& make_desk);
    void drain();  // any thread
    void join();

private:
    struct Loop;
    std::shared_ptr<Loop> loop_;  // shared with the wake functions, which may outlive the thread
};

}  // namespace coffer
