#include "http/http2_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/http2_peer.h"
#include "http/session_fixture.h"

namespace coffer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Http2SessionTest : public testing::Test {
protected:
    void open() {
        room.open<Http2Session>();
        send(Http2Peer::hello() + Http2Peer::frame(Http2Peer::settings, Http2Peer::ack, 0, ""));
    }
    void send(std::string_view bytes) { peer.take(room.exchange(bytes)); }
    void hear() { peer.take(room.output()); }
    Http2Answer& answer(std::uint32_t stream) { return peer.answers[stream]; }
    std::string status(std::uint32_t stream) { return answer(stream).headers[":status"]; }

    SessionRoom room;
    Http2Peer peer;
};

TEST_F(Http2SessionTest, fills_the_call_and_answers_it) {
    open();
    send(Http2Peer::post(1, "/api/d%C3%A9bit?a=1", {{"x-thing", "one"}, {"x-thing", "two"}}) +
         Http2Peer::body(1, "hel", 0) + Http2Peer::body(1, "lo", Http2Peer::end_stream));
    ASSERT_EQ(room.desk.calls.size(), 1u);
    const Call& call = room.desk.calls[0];
    EXPECT_EQ(call.method, Method::post);
    EXPECT_EQ(call.path, "/api/d%C3%A9bit");
    EXPECT_EQ(call.query, "a=1");
    EXPECT_EQ(call.body, "hello");
    EXPECT_EQ(call.header("host"), "wallet.example");
    EXPECT_EQ(call.header_count("x-thing"), 2u);
    EXPECT_EQ(call.header(":path"), "");
    EXPECT_EQ(call.dialects, 5u);
    EXPECT_EQ(call.arrived, room.clock.wall());

    EXPECT_EQ(status(1), "200");
    EXPECT_EQ(answer(1).headers["content-type"], "application/json");
    EXPECT_EQ(answer(1).headers["content-length"], "5");
    EXPECT_EQ(answer(1).headers["x-request-id"], call.request_id);
    EXPECT_EQ(answer(1).headers["x-query"], "a=1") << "names go out in lower case";
    EXPECT_EQ(answer(1).headers["date"], "Tue, 14 Nov 2023 22:13:20 GMT");
    EXPECT_EQ(answer(1).body, "hello");
    EXPECT_TRUE(answer(1).is_complete);
}

TEST_F(Http2SessionTest, answers_streams_in_the_order_of_the_desk) {
    open();
    send(Http2Peer::get(1, "/hold/1") + Http2Peer::get(3, "/x") + Http2Peer::get(5, "/hold/5"));
    EXPECT_EQ(status(3), "200");
    EXPECT_EQ(status(1), "");
    room.desk.release(1);
    hear();
    EXPECT_EQ(answer(5).body, "/hold/5");
    room.desk.release(0);
    hear();
    EXPECT_EQ(answer(1).body, "/hold/1");
}

TEST_F(Http2SessionTest, leaves_out_the_body_of_head_and_of_204) {
    open();
    send(Http2Peer::frame(Http2Peer::headers, Http2Peer::end_headers | Http2Peer::end_stream, 1,
                          Http2Peer::request_block("HEAD", "/abc")));
    EXPECT_EQ(room.desk.calls.back().method, Method::head);
    EXPECT_EQ(answer(1).headers["content-length"], "4");
    EXPECT_EQ(answer(1).body, "");
    EXPECT_TRUE(answer(1).is_complete);
    send(Http2Peer::get(3, "/nothing"));
    EXPECT_EQ(status(3), "204");
    EXPECT_FALSE(answer(3).headers.contains("content-length"));
}

TEST_F(Http2SessionTest, accepts_and_ignores_trailers) {
    open();
    send(Http2Peer::post(1, "/a") + Http2Peer::body(1, "hello", 0) +
         Http2Peer::frame(Http2Peer::headers, Http2Peer::end_headers | Http2Peer::end_stream, 1,
                          Http2Peer::block({{"x-trailer", "ignored"}})));
    ASSERT_EQ(room.desk.calls.size(), 1u);
    EXPECT_EQ(room.desk.calls[0].body, "hello");
    EXPECT_EQ(room.desk.calls[0].header("x-trailer"), "");
    EXPECT_EQ(status(1), "200");
}

TEST_F(Http2SessionTest, asks_for_the_body_when_the_caller_waits_to_be_asked) {
    open();
    send(Http2Peer::post(1, "/a", {{"expect", "100-continue"}}));
    EXPECT_THAT(answer(1).interim, ElementsAre("100"));
    send(Http2Peer::body(1, "hello", Http2Peer::end_stream));
    EXPECT_EQ(answer(1).body, "hello");
}

TEST_F(Http2SessionTest, drops_the_reply_to_a_stream_that_was_reset) {
    open();
    send(Http2Peer::get(1, "/hold/1"));
    send(Http2Peer::frame(Http2Peer::rst_stream, 0, 1, Http2Peer::number(8)));
    room.desk.release(0);
    hear();
    EXPECT_EQ(status(1), "");
    send(Http2Peer::get(3, "/x"));
    EXPECT_EQ(status(3), "200");
}

TEST_F(Http2SessionTest, sends_a_large_answer_as_the_peer_opens_its_windows) {
    open();
    send(Http2Peer::get(1, "/large"));
    EXPECT_EQ(answer(1).body.size(), 65'535u);
    send(Http2Peer::frame(Http2Peer::window_update, 0, 0, Http2Peer::number(2'000'000)) +
         Http2Peer::frame(Http2Peer::window_update, 0, 1, Http2Peer::number(2'000'000)));
    EXPECT_EQ(answer(1).body.size(), 1'000'000u);
    EXPECT_TRUE(answer(1).is_complete);
}

TEST_F(Http2SessionTest, drains_with_notice_and_finishes_what_is_inside) {
    open();
    send(Http2Peer::get(1, "/hold/1"));
    room.session->drain(room.switchboard.now());
    hear();
    EXPECT_EQ(peer.goaway_code(), 0);
    send(Http2Peer::get(3, "/hold/3"));  // was on its way when the notice came
    EXPECT_EQ(room.desk.held.size(), 2u);
    room.pass_ms(60);
    hear();
    EXPECT_EQ(peer.count(Http2Peer::goaway), 2u);
    send(Http2Peer::get(5, "/x"));
    EXPECT_EQ(status(5), "") << "too late: to be asked elsewhere";
    EXPECT_EQ(room.session->end(), SessionEnd::open);
    room.desk.release(1);
    room.desk.release(0);
    hear();
    EXPECT_EQ(status(1), "200");
    EXPECT_EQ(status(3), "200");
    EXPECT_EQ(room.session->end(), SessionEnd::linger);
}

TEST_F(Http2SessionTest, drains_an_idle_connection_after_the_notice) {
    open();
    room.session->drain(room.switchboard.now());
    room.pass_ms(60);
    hear();
    EXPECT_EQ(room.session->end(), SessionEnd::linger);
}

TEST_F(Http2SessionTest, refuses_malformed_requests_and_lives_on) {
    open();
    // Without :path; an upper-case name; a connection's header; a target that is none.
    send(Http2Peer::frame(Http2Peer::headers, 5, 1,
                          Http2Peer::block({{":method", "GET"}, {":scheme", "http"}})));
    send(Http2Peer::get(3, "/a", {{"X-Upper", "a"}}));
    send(Http2Peer::get(5, "/a", {{"connection", "close"}}));
    send(Http2Peer::get(7, "/a",
                        {{"x-control",
                          "a\x01"
                          "b"}}));
    EXPECT_THAT(room.desk.calls, IsEmpty());
    for (const std::uint32_t stream : {1u, 3u, 5u, 7u}) {
        EXPECT_EQ(answer(stream).reset_code, NGHTTP2_PROTOCOL_ERROR) << stream;
    }
    send(Http2Peer::get(9, "/a#b"));
    EXPECT_EQ(status(9), "400");
    send(Http2Peer::get(11, "/a"));
    EXPECT_EQ(status(11), "200");
}

TEST_F(Http2SessionTest, resets_a_body_that_is_not_as_long_as_it_said) {
    open();
    send(Http2Peer::post(1, "/a", {{"content-length", "7"}}) +
         Http2Peer::body(1, "hello", Http2Peer::end_stream));
    EXPECT_THAT(room.desk.calls, IsEmpty());
    EXPECT_EQ(answer(1).reset_code, NGHTTP2_PROTOCOL_ERROR);
}

}  // namespace
}  // namespace coffer
