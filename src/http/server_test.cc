#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "http/server_fixture.h"

namespace coffer {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view curl = "curl -sS --max-time 20 -i ";

TEST(ServerTest, refuses_cleartext_off_loopback_unless_it_is_allowed_by_name) {
    TestServer server;
    server.options.listen[0].address = "0.0.0.0";
    const Result<void> refused = server.start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    EXPECT_THAT(refused.error().detail, HasSubstr("insecure_transport"));
    server.options.listen[0].transport = ListenOptions::Transport::insecure_allowed;
    EXPECT_TRUE(server.start());
}

TEST(ServerTest, refuses_options_that_make_no_sense) {
    const auto refusal = [](const std::function<void(ServerOptions&)>& change) {
        TestServer server;
        change(server.options);
        const Result<void> started = server.start();
        return started ? "started" : started.error().detail;
    };
    EXPECT_THAT(refusal([](auto& o) { o.listen.clear(); }), HasSubstr("an address"));
    EXPECT_THAT(refusal([](auto& o) { o.listen[0].address = "localhost"; }),
                HasSubstr("not a numeric address"));
    EXPECT_THAT(refusal([](auto& o) { o.listen[0].key_path = "key.pem"; }),
                HasSubstr("certificate"));
    EXPECT_THAT(refusal([](auto& o) { o.trusted_proxies = {"10.0.0.0/33"}; }),
                HasSubstr("10.0.0.0/33"));
    EXPECT_THAT(refusal([](auto& o) {
                    o.listen[0].certificate_path = "/nonexistent.pem";
                    o.listen[0].key_path = "/nonexistent.pem";
                }),
                HasSubstr("/nonexistent.pem"));
}

TEST(ServerTest, refuses_a_port_that_another_server_has_also_with_several_threads) {
    TestServer first;
    first.options.io_threads = 2;
    ASSERT_TRUE(first.start());
    TestServer second;
    second.options.io_threads = 2;
    second.options.listen[0].port = first.port();
    const Result<void> started = second.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ErrorCode::io);
    EXPECT_THAT(started.error().detail, HasSubstr("Address already in use"));
}

TEST(ServerTest, speaks_both_versions_on_one_port) {
    TestServer server;
    ASSERT_TRUE(server.start());
    const std::string arguments = std::string("-d hello '") + server.url("/a?b=c") + "'";
    EXPECT_THAT(run_command(std::string(curl) + arguments).output,
                AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("X-Query: b=c"), EndsWith("hello")));
    EXPECT_THAT(run_command(std::string(curl) + "--http2-prior-knowledge " + arguments).output,
                AllOf(StartsWith("HTTP/2 200"), HasSubstr("x-query: b=c"), EndsWith("hello")));
    EXPECT_THAT(run_command(std::string(curl) + "--http2 " + arguments).output,
                StartsWith("HTTP/1.1 200"))
        << "an offer to upgrade is ignored";
    EXPECT_THAT(run_command("nghttp -v " + server.url("/b")).output, HasSubstr(":status: 200"));
}

TEST(ServerTest, passes_on_answers_that_come_later_from_another_thread) {
    TestServer server;
    server.options.io_threads = 2;
    ASSERT_TRUE(server.start());
    for (const std::string_view mode : {"-m 10", "--h1 -m 4"}) {
        const CommandResult load =
            run_command("h2load -n 2000 -c 8 " + std::string(mode) + " " + server.url("/later"));
        EXPECT_THAT(load.output, HasSubstr("2000 succeeded, 0 failed")) << mode;
        EXPECT_THAT(load.output, HasSubstr("2000 2xx")) << mode;
    }
    EXPECT_EQ(server.gate.answered(), 4'000u);
}

TEST(ServerTest, answers_a_pipeline_in_order_although_some_answers_come_later) {
    TestServer server;
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    std::string requests;
    for (int count = 0; count < 200; ++count) {
        const std::string path = (count % 3 == 0 ? "/later" : "/now") + std::to_string(count);
        requests += "GET " + path + " HTTP/1.1\r\nHost: x\r\n" +
                    (count == 199 ? "Connection: close\r\n\r\n" : "\r\n");
    }
    ASSERT_TRUE(peer.send(requests));
    const std::string answers = peer.receive_all();
    std::size_t at = 0;
    for (int count = 0; count < 200; ++count) {
        const std::string path = (count % 3 == 0 ? "/later" : "/now") + std::to_string(count);
        at = answers.find("\r\n\r\n" + path, at);
        ASSERT_NE(at, std::string::npos) << path;
    }
}

TEST(ServerTest, lets_the_refusal_of_a_large_body_be_read) {
    TestServer server;
    ASSERT_TRUE(server.start());
    const TemporaryFolder folder;
    for (const std::size_t size : {100'000u, 900'000u, 20'000'000u}) {
        std::ofstream(folder.path("body")) << std::string(size, 'b');
        for (const std::string_view mode : {"--http1.1", "--http2-prior-knowledge",
                                            "--http1.1 -H 'Transfer-Encoding: chunked'"}) {
            for (const std::string_view expect : {"-H 'Expect:'", "-H 'Expect: 100-continue'"}) {
                const CommandResult refused =
                    run_command(std::string(curl) + std::string(mode) + " " + std::string(expect) +
                                " --data-binary @" + folder.path("body") + " " + server.url("/a"));
                EXPECT_THAT(refused.output, HasSubstr(" 413")) << mode << expect << size;
                EXPECT_THAT(refused.output, HasSubstr("too large")) << mode << expect << size;
            }
        }
    }
}

TEST(ServerTest, takes_a_body_of_just_the_limit_from_every_client) {
    TestServer server;
    ASSERT_TRUE(server.start());
    const TemporaryFolder folder;
    std::ofstream(folder.path("body")) << std::string(body_bytes_max, 'b');
    for (const std::string_view mode :
         {"--http1.1", "--http2-prior-knowledge", "--http1.1 -H 'Transfer-Encoding: chunked'"}) {
        for (const std::string_view expect : {"-H 'Expect:'", "-H 'Expect: 100-continue'"}) {
            const CommandResult taken = run_command(
                "curl -sS --max-time 20 -w '%{http_code} %{size_download}' -o /dev/null " +
                std::string(mode) + " " + std::string(expect) + " --data-binary @" +
                folder.path("body") + " " + server.url("/a"));
            EXPECT_EQ(taken.output, "200 65536") << mode << expect;
        }
    }
}

TEST(ServerTest, believes_the_forwarded_address_of_trusted_proxies_only) {
    TestServer trusting;
    trusting.options.trusted_proxies = {"127.0.0.0/8", "10.0.0.0/8"};
    ASSERT_TRUE(trusting.start());
    const std::string header = "-H 'X-Forwarded-For: 192.0.2.99, 203.0.113.9, 10.1.2.3' ";
    EXPECT_THAT(run_command(std::string(curl) + header + trusting.url("/a")).output,
                HasSubstr("X-Peer: 203.0.113.9\r\n"));
    TestServer wary;
    ASSERT_TRUE(wary.start());
    EXPECT_THAT(run_command(std::string(curl) + header + wary.url("/a")).output,
                HasSubstr("X-Peer: 127.0.0.1\r\n"));
}

TEST(ServerTest, tells_the_desk_which_listener_a_call_came_through) {
    TestServer server;
    server.options.listen[0].dialects = 3;
    server.options.listen.push_back({.address = "::1", .dialects = 4});
    ASSERT_TRUE(server.start());
    EXPECT_THAT(run_command(std::string(curl) + server.url("/a")).output,
                HasSubstr("X-Dialects: 3\r\n"));
    const CommandResult six =
        run_command(std::string(curl) + "'http://[::1]:" + std::to_string(server.port(1)) + "/a'");
    EXPECT_THAT(six.output, AllOf(HasSubstr("X-Dialects: 4\r\n"), HasSubstr("X-Peer: ::1\r\n")));
}

TEST(ServerTest, refuses_connections_beyond_its_limit_fast) {
    TestServer server;
    server.options.limits.connections_max = 1;
    ASSERT_TRUE(server.start());
    RawPeer first(server.port());
    first.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(first.receive(), StartsWith("HTTP/1.1 200"));
    RawPeer second(server.port());
    EXPECT_THAT(second.receive_all(), IsEmpty());
    first.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(first.receive(), StartsWith("HTTP/1.1 200"));
}

TEST(ServerTest, writes_a_line_a_call_that_holds_no_query_and_no_full_address) {
    const TemporaryFolder folder;
    TestServer server;
    {
        Log log({.level = LogLevel::info, .format = LogFormat::json, .path = folder.path("log")});
        server.log = &log;
        ASSERT_TRUE(server.start());
        const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        run_command(std::string(curl) + "-H 'X-Request-Id: id-1' -H 'Traceparent: " + trace +
                    "' '" + server.url("/a?secret=b") + "'");
        run_command(std::string(curl) + "--http2-prior-knowledge " + server.url("/b"));
        server.stop();
    }
    std::stringstream lines;
    lines << std::ifstream(folder.path("log")).rdbuf();
    std::string first;
    std::string second;
    std::getline(lines, first);
    std::getline(lines, second);
    EXPECT_THAT(first, AllOf(HasSubstr("\"id-1\""), HasSubstr("0af7651916cd43dd8448eb211c80319c"),
                             HasSubstr("\"tenant\""), HasSubstr("\"/a\""), HasSubstr("200"),
                             HasSubstr("\"h1\""), HasSubstr("\"GET\""), HasSubstr("127.0.0.0")));
    EXPECT_THAT(first, AllOf(Not(HasSubstr("secret")), Not(HasSubstr("127.0.0.1"))));
    EXPECT_THAT(second, AllOf(HasSubstr("\"h2\""), Not(HasSubstr("traceparent"))));
}

TEST(ServerTest, counts_calls_bytes_and_connections) {
    TestServer server;
    ASSERT_TRUE(server.start());
    run_command(std::string(curl) + server.url("/a"));
    server.stop();
    const std::string text = server.metrics.expose();
    EXPECT_THAT(text,
                HasSubstr(R"(coffer_calls_total{dialect="echo",verb="echo",outcome="ok"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(coffer_call_seconds_count{dialect="echo",verb="echo"} 1)"));
    EXPECT_THAT(text, HasSubstr("coffer_connections_total 1"));
    EXPECT_THAT(text, HasSubstr("coffer_connections_open 0"));
    EXPECT_THAT(text, Not(HasSubstr("coffer_received_bytes_total 0")));
    EXPECT_THAT(text, Not(HasSubstr("coffer_sent_bytes_total 0")));
}

}  // namespace
}  // namespace coffer
