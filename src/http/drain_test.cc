// Stopping: nothing new comes in, what is inside gets out, and it ends in time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "http/server_fixture.h"

namespace coffer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::future<void> stop_elsewhere(TestServer& server) {
    return std::async(std::launch::async, [&server] { server.stop(); });
}

void wait_until_nobody_listens(const TestServer& server) {
    while (RawPeer(server.port()).is_connected()) std::this_thread::yield();
}

TEST(DrainTest, lets_an_http1_call_inside_finish_and_closes_after_it) {
    TestServer server;
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    peer.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    server.gate.wait_until_held(1);
    std::future<void> stopped = stop_elsewhere(server);
    wait_until_nobody_listens(server);
    server.gate.open();
    const std::string answer = peer.receive_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    stopped.get();
}

TEST(DrainTest, lets_an_http2_call_inside_finish) {
    TestServer server;
    ASSERT_TRUE(server.start());
    std::future<CommandResult> client = std::async(std::launch::async, [&server] {
        return run_command("curl -sS --max-time 20 -i --http2-prior-knowledge " +
                           server.url("/hold"));
    });
    server.gate.wait_until_held(1);
    std::future<void> stopped = stop_elsewhere(server);
    wait_until_nobody_listens(server);
    server.gate.open();
    EXPECT_THAT(client.get().output, StartsWith("HTTP/2 200"));
    stopped.get();
}

TEST(DrainTest, closes_idle_connections_at_once) {
    TestServer server;
    ASSERT_TRUE(server.start());
    RawPeer used(server.port());
    used.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    used.receive();
    RawPeer fresh(server.port());
    const auto begin = std::chrono::steady_clock::now();
    std::future<void> stopped = stop_elsewhere(server);
    EXPECT_THAT(used.receive_all(), IsEmpty());
    EXPECT_THAT(fresh.receive_all(), IsEmpty());
    stopped.get();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(DrainTest, waits_for_a_call_that_never_ends_only_until_the_deadline) {
    TestServer server;
    server.options.drain_ms = 50;
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    peer.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    server.gate.wait_until_held(1);
    server.stop();
    EXPECT_THAT(peer.receive_all(), IsEmpty());
}

TEST(DrainTest, answers_everything_that_it_accepted_under_load) {
    for (const std::string_view mode : {"-m 10", "--h1"}) {
        TestServer server;
        server.options.io_threads = 2;
        ASSERT_TRUE(server.start());
        std::future<CommandResult> load = std::async(std::launch::async, [&] {
            return run_command("h2load -n 1000000 -c 8 " + std::string(mode) + " " +
                               server.url("/later"));
        });
        while (server.gate.answered() < 2'000) std::this_thread::yield();
        const auto begin = std::chrono::steady_clock::now();
        server.stop();
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8)) << mode;
        EXPECT_EQ(server.gate.accepted(), server.gate.answered()) << mode;
        load.get();
    }
}

TEST(DrainTest, leaves_a_wake_function_that_may_still_be_called) {
    std::function<void()> kept;
    SystemClock clock;
    Metrics metrics;
    {
        class IdleDesk final : public Desk {
        public:
            void accept(CallToken, Call) override {}
            void poll() override {}
            std::size_t calls_inside() const override { return 0; }
        };
        ServerOptions options;
        options.listen.emplace_back();
        std::promise<void> made;
        auto server = Server::start(
            options,
            [&](ReplySink&, std::function<void()> wake) {
                kept = std::move(wake);
                made.set_value();
                return std::make_unique<IdleDesk>();
            },
            clock, nullptr, metrics);
        ASSERT_TRUE(server);
        made.get_future().get();
        kept();
        (*server)->stop();
        kept();
    }
    kept();
}

}  // namespace
}  // namespace coffer
