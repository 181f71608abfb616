// Peers that are slow, rude or hostile, over real sockets; the sessions' own tests know more of
// them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "http/http2_peer.h"
#include "http/server_fixture.h"

namespace coffer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HostilePeerTest : public testing::Test {
protected:
    TestServer server;
};

TEST_F(HostilePeerTest, who_sends_headers_slowly_is_told_and_cut_off) {
    server.options.limits.header_timeout_ms = 50;
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    peer.send("GET / HTTP/1.1\r\n");
    EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(HostilePeerTest, who_sends_a_body_slowly_is_told_and_cut_off) {
    server.options.limits.body_timeout_ms = 50;
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
    EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HostilePeerTest, who_says_nothing_or_half_a_preface_is_cut_off) {
    server.options.limits.header_timeout_ms = 50;
    ASSERT_TRUE(server.start());
    RawPeer silent(server.port());
    RawPeer half(server.port());
    half.send("PRI * HTTP/2.0\r\n");
    EXPECT_THAT(silent.receive_all(), IsEmpty());
    EXPECT_THAT(half.receive_all(), IsEmpty());
    EXPECT_EQ(server.refused("tcp", "slow_handshake"), 2u);
}

TEST_F(HostilePeerTest, who_stays_idle_is_let_go) {
    server.options.limits.idle_timeout_ms = 50;
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    peer.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HostilePeerTest, who_does_not_read_is_cut_off) {
    server.options.limits.write_timeout_ms = 50;
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port(), RawPeer::Reading::reluctant);
    std::string requests;
    for (int count = 0; count < 60; ++count) {
        requests += "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    }
    peer.send(requests);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (server.refused("tcp", "slow_reader") == 0) {
        ASSERT_LT(std::chrono::steady_clock::now(), limit);
        std::this_thread::yield();
    }
}

TEST_F(HostilePeerTest, who_writes_all_of_a_large_body_before_reading_can_read_the_answer) {
    ASSERT_TRUE(server.start());
    for (const std::size_t size : {300'000u, 900'000u}) {
        RawPeer peer(server.port());
        peer.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t sent = 0; sent < size; sent += 10'000) {
            ASSERT_TRUE(peer.send("2710\r\n" + std::string(10'000, 'b') + "\r\n")) << sent;
        }
        const std::string answer = peer.receive_all();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 ")) << size;
        EXPECT_THAT(answer, HasSubstr("too large")) << size;
    }
}

TEST_F(HostilePeerTest, who_is_malformed_is_told_and_cut_off) {
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    peer.send(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = peer.receive_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "one answer only";
    EXPECT_EQ(server.gate.accepted(), 0u);
}

TEST_F(HostilePeerTest, who_resets_rapidly_is_asked_for_calm) {
    ASSERT_TRUE(server.start());
    RawPeer peer(server.port());
    peer.send(Http2Peer::hello());
    std::string burst;
    for (std::uint32_t stream = 1; stream < 800; stream += 2) {
        burst += Http2Peer::get(stream, "/later") +
                 Http2Peer::frame(Http2Peer::rst_stream, 0, stream, Http2Peer::number(8));
    }
    peer.send(burst);
    Http2Peer understood;
    understood.take(peer.receive_all());
    EXPECT_EQ(understood.goaway_code(), NGHTTP2_ENHANCE_YOUR_CALM);
    EXPECT_LE(server.gate.accepted(), 201u);
    EXPECT_EQ(server.refused("h2", "resets"), 1u);
}

TEST_F(HostilePeerTest, who_leaves_with_calls_inside_leaves_nothing_behind) {
    ASSERT_TRUE(server.start());
    {
        RawPeer one(server.port());
        one.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
        RawPeer two(server.port());
        two.send(Http2Peer::hello() + Http2Peer::get(1, "/hold"));
        server.gate.wait_until_held(2);
    }
    server.gate.open();
    server.stop();
    EXPECT_EQ(server.gate.answered(), 2u);
    EXPECT_THAT(server.metrics.expose(), HasSubstr("coffer_connections_open 0"));
}

}  // namespace
}  // namespace coffer
