#include "http/http1_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/session_fixture.h"

namespace coffer {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Http1SessionTest : public testing::Test {
protected:
    Session& open() { return room.open<Http1Session>(); }
    std::string exchange(std::string_view bytes) { return room.exchange(bytes); }
    static std::string post(std::string_view path, std::string_view body) {
        return "POST " + std::string(path) +
               " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + std::string(body);
    }
    static std::string get(std::string_view path) {
        return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    }
    const Call& last_call() const { return room.desk.calls.back(); }

    SessionRoom room;
};

TEST_F(Http1SessionTest, fills_the_call_and_answers_it) {
    open();
    const std::string answer = exchange(
        "POST /api/wallet/d%C3%A9bit?a=1&b=%20 HTTP/1.1\r\nHost: wallet.example\r\n"
        "X-Thing:  two words \r\nx-thing: again\r\nContent-Length: 5\r\n\r\nhello");
    ASSERT_EQ(room.desk.calls.size(), 1u);
    const Call& call = last_call();
    EXPECT_EQ(call.method, Method::post);
    EXPECT_EQ(call.path, "/api/wallet/d%C3%A9bit");
    EXPECT_EQ(call.query, "a=1&b=%20");
    EXPECT_EQ(call.body, "hello");
    EXPECT_EQ(call.header("x-thing"), "two words");
    EXPECT_EQ(call.header_count("x-thing"), 2u);
    EXPECT_EQ(call.header("host"), "wallet.example");
    EXPECT_EQ(call.peer_address, "192.0.2.7");
    EXPECT_EQ(call.dialects, 5u);
    EXPECT_EQ(call.arrived, room.clock.wall());
    EXPECT_EQ(call.request_id.size(), 36u);
    EXPECT_NE(call.random, (std::array<std::uint8_t, 64>{}));

    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Request-Id: " + call.request_id + "\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Query: a=1&b=%20\r\n"));
    EXPECT_THAT(answer, HasSubstr("Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection:")));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nhello"));
}

TEST_F(Http1SessionTest, keeps_a_well_formed_request_id_and_replaces_another) {
    open();
    EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: a.b_c:d-9\r\n\r\n"),
                HasSubstr("X-Request-Id: a.b_c:d-9\r\n"));
    EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: no spaces\r\n\r\n"),
                Not(HasSubstr("no spaces")));
    EXPECT_THAT(
        exchange("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + std::string(65, 'a') + "\r\n\r\n"),
        Not(HasSubstr("aaaa")));
}

TEST_F(Http1SessionTest, reads_the_same_request_byte_by_byte) {
    open();
    const std::string request =
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n4;name=value\r\ndefg\r\n0\r\nTrailer: ignored\r\n\r\n" +
        get("/b");
    std::string answers;
    for (const char byte : request) answers += exchange({&byte, 1});
    ASSERT_EQ(room.desk.calls.size(), 2u);
    EXPECT_EQ(room.desk.calls[0].body, "abcdefg");
    EXPECT_EQ(room.desk.calls[0].header("trailer"), "");
    EXPECT_THAT(answers, EndsWith("\r\n\r\n/b"));
}

TEST_F(Http1SessionTest, answers_pipelined_requests_in_their_order_whatever_the_desks) {
    open();
    EXPECT_THAT(exchange(post("/hold/1", "one") + post("/x", "two") + post("/hold/3", "three")),
                IsEmpty());
    ASSERT_EQ(room.desk.calls.size(), 3u);
    room.desk.release(1);
    EXPECT_THAT(room.output(), IsEmpty());
    room.desk.release(0);
    const std::string answers = room.output();
    EXPECT_LT(answers.find("one"), answers.find("two"));
    EXPECT_LT(answers.find("two"), answers.find("three"));
    EXPECT_THAT(answers, EndsWith("three"));
}

TEST_F(Http1SessionTest, stops_taking_requests_when_too_many_wait_and_goes_on_later) {
    room.limits.pipeline_max = 2;
    Session& session = open();
    exchange(get("/hold/1") + get("/hold/2") + get("/hold/3"));
    EXPECT_EQ(room.desk.calls.size(), 2u);
    EXPECT_FALSE(session.wants_input());
    room.desk.release(0);
    room.output();
    EXPECT_EQ(room.desk.calls.size(), 3u);
    EXPECT_EQ(last_call().path, "/hold/3");
}

TEST_F(Http1SessionTest, leaves_the_connection_usable_after_a_refused_call) {
    open();
    EXPECT_THAT(exchange(post("/refused", "x")), StartsWith("HTTP/1.1 409 Conflict\r\n"));
    EXPECT_THAT(exchange(get("/a")), StartsWith("HTTP/1.1 200"));
}

TEST_F(Http1SessionTest, leaves_out_the_body_of_head_and_of_204) {
    open();
    const std::string head = exchange("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(last_call().method, Method::head);
    EXPECT_THAT(head, HasSubstr("Content-Length: 4\r\n"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
    const std::string nothing = exchange(get("/nothing"));
    EXPECT_THAT(nothing, StartsWith("HTTP/1.1 204 No Content\r\n"));
    EXPECT_THAT(nothing, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(nothing, EndsWith("\r\n\r\n"));
}

TEST_F(Http1SessionTest, takes_the_forms_of_a_target) {
    open();
    exchange("GET HTTP://example.com:80/p?q=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(last_call().path, "/p");
    EXPECT_EQ(last_call().query, "q=1");
    exchange("GET https://example.com HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(last_call().path, "/");
    exchange("GET http://example.com?q HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(last_call().path, "/");
    EXPECT_EQ(last_call().query, "q");
    exchange("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(last_call().path, "*");
    EXPECT_EQ(last_call().method, Method::options);
}

TEST_F(Http1SessionTest, ignores_an_offer_to_upgrade_and_empty_lines_between_requests) {
    open();
    EXPECT_THAT(exchange("GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                         "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
                StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(exchange("\r\n\r\n" + get("/b")), EndsWith("/b"));
}

TEST_F(Http1SessionTest, closes_when_asked_and_for_old_clients) {
    Session* session = &open();
    EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + get("/b")),
                HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(session->end(), SessionEnd::linger);
    EXPECT_EQ(room.desk.calls.size(), 1u) << "nothing after the last request is read";

    session = &open();
    EXPECT_THAT(exchange("GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(session->end(), SessionEnd::linger);

    session = &open();
    EXPECT_THAT(exchange("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
                HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_EQ(session->end(), SessionEnd::open);
}

TEST_F(Http1SessionTest, lets_no_reply_write_headers_of_its_own) {
    open();
    EXPECT_THAT(exchange(get("/injection")), Not(HasSubstr("x-worse")));
}

TEST_F(Http1SessionTest, drops_the_reply_to_a_session_that_has_gone) {
    open();
    exchange(get("/hold/1"));
    room.close();
    Session& next = open();
    room.desk.release(0);
    EXPECT_THAT(room.output(), IsEmpty());
    EXPECT_EQ(next.end(), SessionEnd::open);
    EXPECT_EQ(
        room.metrics.counter("coffer_calls_total", "", R"(dialect="echo",verb="echo",outcome="ok")")
            .value(),
        1u);
}

TEST_F(Http1SessionTest, answers_what_is_inside_when_the_peer_stops_sending) {
    Session& session = open();
    exchange(get("/hold/1"));
    session.input_ended(room.switchboard.now());
    EXPECT_EQ(session.end(), SessionEnd::open);
    room.desk.release(0);
    EXPECT_THAT(room.output(), HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(session.end(), SessionEnd::linger);
}

TEST_F(Http1SessionTest, drains_an_idle_connection_at_once) {
    Session& session = open();
    exchange(get("/a"));
    session.drain(room.switchboard.now());
    EXPECT_NE(session.end(), SessionEnd::open);
}

TEST_F(Http1SessionTest, drains_a_busy_connection_after_its_last_answer) {
    Session& session = open();
    exchange(get("/hold/1") + get("/hold/2"));
    session.drain(room.switchboard.now());
    room.desk.release(0);
    EXPECT_THAT(room.output(), Not(HasSubstr("Connection: close")));
    room.desk.release(0);
    EXPECT_THAT(room.output(), HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(session.end(), SessionEnd::linger);
}

TEST_F(Http1SessionTest, drains_a_half_received_request_after_its_answer) {
    Session& session = open();
    const std::string request = post("/a", "hello");
    exchange(std::string_view(request).substr(0, request.size() - 2));
    session.drain(room.switchboard.now());
    EXPECT_EQ(session.end(), SessionEnd::open);
    EXPECT_THAT(exchange("lo"), HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(session.end(), SessionEnd::linger);
}

}  // namespace
}  // namespace coffer
