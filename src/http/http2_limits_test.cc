// What the HTTP/2 session bounds: sizes, times, and floods of frames that cost the sender nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "http/http2_peer.h"
#include "http/http2_session.h"
#include "http/session_fixture.h"

namespace coffer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Http2LimitsTest : public testing::Test {
protected:
    void open() {
        room.open<Http2Session>();
        send(Http2Peer::hello() + Http2Peer::frame(Http2Peer::settings, Http2Peer::ack, 0, ""));
    }
    void send(std::string_view bytes) { peer.take(room.exchange(bytes)); }
    void hear() { peer.take(room.output()); }
    Http2Answer& answer(std::uint32_t stream) { return peer.answers[stream]; }
    std::string status(std::uint32_t stream) { return answer(stream).headers[":status"]; }
    void expect_calm_was_asked_for() {
        hear();
        EXPECT_EQ(peer.goaway_code(), NGHTTP2_ENHANCE_YOUR_CALM);
        EXPECT_NE(room.session->end(), SessionEnd::open);
    }

    SessionRoom room;
    Http2Peer peer;
};

TEST_F(Http2LimitsTest, answers_413_to_an_announced_large_body_and_reads_on) {
    open();
    send(Http2Peer::post(1, "/a", {{"content-length", "70000"}}));
    EXPECT_EQ(status(1), "413");
    EXPECT_TRUE(room.desk.calls.at(0).body_too_large);
    send(Http2Peer::body(1, std::string(70'000, 'b'), Http2Peer::end_stream));
    EXPECT_EQ(answer(1).reset_code, -1);
    send(Http2Peer::get(3, "/x"));
    EXPECT_EQ(status(3), "200");
}

TEST_F(Http2LimitsTest, answers_413_as_soon_as_a_body_turns_out_large) {
    open();
    send(Http2Peer::post(1, "/a") + Http2Peer::body(1, std::string(65'537, 'b'), 0));
    EXPECT_EQ(status(1), "413");
    EXPECT_EQ(answer(1).reset_code, -1);
    room.pass_ms(1'000);
    hear();
    EXPECT_EQ(answer(1).reset_code, NGHTTP2_NO_ERROR) << "the rest is not waited for";
    send(Http2Peer::get(3, "/x"));
    EXPECT_EQ(status(3), "200");
}

TEST_F(Http2LimitsTest, reads_on_no_further_than_its_limit) {
    open();
    send(Http2Peer::post(1, "/a"));
    const std::string piece(64 * 1024, 'b');
    for (int count = 0; count < 17; ++count) {
        EXPECT_EQ(answer(1).reset_code, -1) << count;
        send(Http2Peer::body(1, piece, 0));
    }
    EXPECT_EQ(answer(1).reset_code, NGHTTP2_NO_ERROR);
}

TEST_F(Http2LimitsTest, takes_a_body_just_within_the_limit) {
    open();
    const std::string body(body_bytes_max, 'b');
    send(Http2Peer::post(1, "/a") + Http2Peer::body(1, body, Http2Peer::end_stream));
    EXPECT_EQ(room.desk.calls.at(0).body, body);
}

TEST_F(Http2LimitsTest, answers_431_to_headers_beyond_the_limit) {
    open();
    const std::string block =
        Http2Peer::request_block("GET", "/a", {{"x", std::string(16'200, 'a')}});
    send(Http2Peer::frame(Http2Peer::headers, Http2Peer::end_stream, 1, block.substr(0, 8'000)) +
         Http2Peer::frame(Http2Peer::continuation, Http2Peer::end_headers, 1, block.substr(8'000)));
    EXPECT_EQ(status(1), "431");
    EXPECT_THAT(answer(1).body, HasSubstr(R"("error":"HEADERS_TOO_LARGE")"));
    Http2Peer::Fields many(200, {"x", "y"});
    send(Http2Peer::get(3, "/a", many));
    EXPECT_EQ(status(3), "431");
    EXPECT_THAT(room.desk.calls, IsEmpty());
    send(Http2Peer::get(5, "/a"));
    EXPECT_EQ(status(5), "200");
}

TEST_F(Http2LimitsTest, keeps_the_callers_request_id_in_what_it_refuses_itself) {
    open();
    const std::pair<std::string, std::string> id{"x-request-id", "id-1"};
    Http2Peer::Fields many(200, {"x", "y"});
    Http2Peer::Fields id_first = many;
    id_first.insert(id_first.begin(), id);
    Http2Peer::Fields id_last = many;
    id_last.push_back(id);
    send(Http2Peer::get(1, "/a", id_first) + Http2Peer::get(3, "/a", id_last) +
         Http2Peer::get(5, "/a#b", {id}) + Http2Peer::post(7, "/a", {id}));
    room.pass_ms(20'000);
    hear();
    const std::map<std::uint32_t, std::string> statuses{
        {1, "431"}, {3, "431"}, {5, "400"}, {7, "408"}};
    for (const auto& [stream, wanted] : statuses) {
        EXPECT_EQ(status(stream), wanted);
        EXPECT_EQ(answer(stream).headers["x-request-id"], "id-1") << stream;
    }
    many.push_back({"x-request-id", "not good"});
    send(Http2Peer::get(9, "/a", many));
    EXPECT_EQ(status(9), "431");
    EXPECT_EQ(answer(9).headers["x-request-id"].size(), 36u);
}

TEST_F(Http2LimitsTest, refuses_streams_beyond_the_number_that_the_peer_has_not_heard_of) {
    room.limits.streams_max = 2;
    room.open<Http2Session>();
    send(Http2Peer::hello());
    send(Http2Peer::get(1, "/hold/1") + Http2Peer::get(3, "/hold/3") + Http2Peer::get(5, "/x"));
    EXPECT_EQ(room.desk.calls.size(), 2u);
    EXPECT_EQ(answer(5).reset_code, NGHTTP2_REFUSED_STREAM);
    EXPECT_EQ(room.session->end(), SessionEnd::open);
}

TEST_F(Http2LimitsTest, hangs_up_on_streams_beyond_the_number_that_the_peer_agreed_to) {
    room.limits.streams_max = 2;
    open();
    send(Http2Peer::get(1, "/hold/1") + Http2Peer::get(3, "/hold/3") + Http2Peer::get(5, "/x"));
    EXPECT_EQ(room.desk.calls.size(), 2u);
    EXPECT_EQ(peer.goaway_code(), NGHTTP2_PROTOCOL_ERROR);
}

TEST_F(Http2LimitsTest, counts_calls_inside_whose_streams_were_reset) {
    room.limits.streams_max = 4;
    open();
    for (std::uint32_t stream = 1; stream < 40; stream += 2) {
        send(Http2Peer::get(stream, "/hold") +
             Http2Peer::frame(Http2Peer::rst_stream, 0, stream, Http2Peer::number(8)));
    }
    EXPECT_EQ(room.desk.held.size(), 4u);
    while (!room.desk.held.empty()) room.desk.release(0);
    send(Http2Peer::get(41, "/x"));
    EXPECT_EQ(status(41), "200");
}

TEST_F(Http2LimitsTest, asks_for_calm_after_rapid_resets) {
    open();
    for (std::uint32_t stream = 1; stream < 600; stream += 2) {
        send(Http2Peer::get(stream, "/hold") +
             Http2Peer::frame(Http2Peer::rst_stream, 0, stream, Http2Peer::number(8)));
        if (room.session->end() != SessionEnd::open) break;
    }
    EXPECT_LE(room.desk.calls.size(), 202u);
    expect_calm_was_asked_for();
}

TEST_F(Http2LimitsTest, takes_resets_that_come_slowly) {
    open();
    for (std::uint32_t stream = 1; stream < 1'000; stream += 2) {
        send(Http2Peer::get(stream, "/x") + Http2Peer::post(stream + 1'000, "/x") +
             Http2Peer::frame(Http2Peer::rst_stream, 0, stream + 1'000, Http2Peer::number(8)));
        room.pass_ms(100);
        ASSERT_EQ(room.session->end(), SessionEnd::open) << stream;
        if (stream > 400) break;
    }
}

TEST_F(Http2LimitsTest, counts_the_resets_that_a_peer_provokes) {
    open();
    for (std::uint32_t stream = 1; stream < 600; stream += 2) {
        // A window that overflows is the stream's error, so the server resets it.
        send(Http2Peer::get(stream, "/hold") +
             Http2Peer::frame(Http2Peer::window_update, 0, stream, Http2Peer::number(0x7fffffff)));
        if (room.session->end() != SessionEnd::open) break;
    }
    expect_calm_was_asked_for();
}

TEST_F(Http2LimitsTest, asks_for_calm_in_a_flood_of_pings) {
    open();
    const std::string ping = Http2Peer::frame(Http2Peer::ping, 0, 0, "12345678");
    for (int count = 0; count < 1'200; ++count) send(ping);
    expect_calm_was_asked_for();
}

TEST_F(Http2LimitsTest, asks_for_calm_in_a_flood_of_settings) {
    open();
    const std::string settings = Http2Peer::frame(Http2Peer::settings, 0, 0, "");
    for (int count = 0; count < 1'200; ++count) send(settings);
    expect_calm_was_asked_for();
}

TEST_F(Http2LimitsTest, asks_for_calm_in_a_flood_of_empty_data) {
    open();
    send(Http2Peer::post(1, "/a"));
    const std::string nothing = Http2Peer::frame(Http2Peer::data, 0, 1, "");
    for (int count = 0; count < 1'200; ++count) send(nothing);
    expect_calm_was_asked_for();
}

TEST_F(Http2LimitsTest, ends_a_flood_of_continuations) {
    open();
    std::string flood =
        Http2Peer::frame(Http2Peer::headers, 0, 1, Http2Peer::request_block("GET", "/"));
    for (int count = 0; count < 100; ++count) {
        flood += Http2Peer::frame(Http2Peer::continuation, 0, 1, Http2Peer::block({{"a", "b"}}));
    }
    send(flood);
    hear();
    EXPECT_NE(room.session->end(), SessionEnd::open);
    EXPECT_THAT(room.desk.calls, IsEmpty());
}

TEST_F(Http2LimitsTest, lets_a_busy_peer_send_a_control_frame_or_two_a_call) {
    open();
    for (std::uint32_t call = 0; call < 3'000; ++call) {
        send(Http2Peer::get(call * 2 + 1, "/x") +
             Http2Peer::frame(Http2Peer::window_update, 0, 0, Http2Peer::number(100)) +
             Http2Peer::frame(Http2Peer::ping, 0, 0, "12345678"));
    }
    EXPECT_EQ(status(5'999), "200");
    EXPECT_EQ(room.session->end(), SessionEnd::open);
}

TEST_F(Http2LimitsTest, ends_when_headers_are_slow_and_answers_408_when_a_body_is) {
    open();
    send(Http2Peer::post(1, "/a") + Http2Peer::body(1, "hel", 0));
    room.pass_ms(20'000);
    hear();
    EXPECT_EQ(status(1), "408");
    send(Http2Peer::frame(Http2Peer::headers, 0, 3, Http2Peer::request_block("GET", "/")));
    room.pass_ms(10'000);
    expect_calm_was_asked_for();
}

TEST_F(Http2LimitsTest, resets_an_answer_that_the_peer_does_not_take) {
    open();
    send(Http2Peer::get(1, "/large"));
    room.pass_ms(30'000);
    hear();
    EXPECT_EQ(answer(1).reset_code, NGHTTP2_CANCEL);
    EXPECT_EQ(room.session->end(), SessionEnd::open);
}

TEST_F(Http2LimitsTest, closes_an_idle_connection_but_never_one_with_a_call_inside) {
    open();
    send(Http2Peer::get(1, "/hold"));
    room.pass_ms(200'000);
    hear();
    EXPECT_EQ(room.session->end(), SessionEnd::open);
    room.desk.release(0);
    hear();
    room.pass_ms(74'000);
    EXPECT_EQ(room.session->end(), SessionEnd::open);
    send(Http2Peer::frame(Http2Peer::ping, 0, 0, "12345678"));  // keeps nothing alive
    room.pass_ms(1'001);
    hear();
    EXPECT_EQ(peer.goaway_code(), 0);
    EXPECT_EQ(room.session->end(), SessionEnd::linger);
}

TEST_F(Http2LimitsTest, answers_503_when_too_many_bodies_are_half_received) {
    room.limits.requests_waiting_bytes_max = 1'500;
    open();
    send(Http2Peer::post(1, "/a", {{"content-length", "800"}}) +
         Http2Peer::post(3, "/a", {{"content-length", "800"}}));
    EXPECT_EQ(status(3), "503");
    send(Http2Peer::frame(Http2Peer::rst_stream, 0, 1, Http2Peer::number(8)) +
         Http2Peer::post(5, "/a", {{"content-length", "800"}}) +
         Http2Peer::body(5, std::string(800, 'b'), Http2Peer::end_stream));
    EXPECT_EQ(status(5), "200");
}

TEST_F(Http2LimitsTest, answers_503_when_too_many_large_answers_are_untaken) {
    room.limits.answers_waiting_bytes_max = 2'500'000;
    open();
    send(Http2Peer::get(1, "/large") + Http2Peer::get(3, "/large") + Http2Peer::get(5, "/large") +
         Http2Peer::get(7, "/x"));
    EXPECT_EQ(status(3), "200");
    EXPECT_EQ(status(5), "503");
    EXPECT_EQ(answer(5).headers["retry-after"], "1");
    EXPECT_EQ(status(7), "200") << "small answers are not counted";
    send(Http2Peer::frame(Http2Peer::rst_stream, 0, 1, Http2Peer::number(8)) +
         Http2Peer::get(9, "/large"));
    EXPECT_EQ(status(9), "200");
}

TEST_F(Http2LimitsTest, hangs_up_on_a_wrong_preface) {
    room.open<Http2Session>();
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" + Http2Peer::frame(Http2Peer::settings, 0, 0, ""));
    EXPECT_EQ(room.session->end(), SessionEnd::close);
}

}  // namespace
}  // namespace coffer
