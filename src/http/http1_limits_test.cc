// What the HTTP/1.1 session refuses: the malformed, the too large, the too slow.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/http1_session.h"
#include "http/session_fixture.h"

namespace coffer {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Http1LimitsTest : public testing::Test {
protected:
    Session& open() { return room.open<Http1Session>(); }
    std::string exchange(std::string_view bytes) { return room.exchange(bytes); }
    SessionRoom room;
};

struct Malformed {
    std::string name;
    std::string request;
};

class MalformedRequestTest : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedRequestTest, is_answered_with_400_and_closes_the_connection) {
    SessionRoom room;
    room.open<Http1Session>();
    const std::string answer = room.exchange(GetParam().request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Request-Id: "));
    EXPECT_THAT(answer, HasSubstr(R"({"error":"BAD_REQUEST","message":")"));
    EXPECT_EQ(room.session->end(), SessionEnd::linger);
    EXPECT_THAT(room.desk.calls, IsEmpty());
}

std::string with(std::string_view headers) {
    return "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n\r\nhello";
}

INSTANTIATE_TEST_SUITE_P(
    , MalformedRequestTest,
    testing::Values(
        Malformed{"length_and_encoding", with("Content-Length: 5\r\nTransfer-Encoding: chunked")},
        Malformed{"encoding_and_length", with("Transfer-Encoding: chunked\r\nContent-Length: 5")},
        Malformed{"two_lengths", with("Content-Length: 5\r\nContent-Length: 6")},
        Malformed{"length_twice", with("Content-Length: 5\r\nContent-Length: 5")},
        Malformed{"length_list", with("Content-Length: 5, 5")},
        Malformed{"length_with_sign", with("Content-Length: +5")},
        Malformed{"length_negative", with("Content-Length: -5")},
        Malformed{"length_too_long", with("Content-Length: 99999999999999999999999")},
        Malformed{"length_empty", with("Content-Length:")},
        Malformed{"encoding_gzip", with("Transfer-Encoding: gzip")},
        Malformed{"encoding_gzip_chunked", with("Transfer-Encoding: gzip, chunked")},
        Malformed{"encoding_twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: x")},
        Malformed{"encoding_chunked_twice", with("Transfer-Encoding: chunked, chunked")},
        Malformed{"encoding_odd", with("Transfer-Encoding: \x0b"
                                       "chunked")},
        Malformed{"encoding_in_http10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Malformed{"chunk_size_bad", with("Transfer-Encoding: chunked") + "\r\n"},
        Malformed{"chunk_size_signed",
                  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n"},
        Malformed{"chunk_without_line_end",
                  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n"},
        Malformed{"folded_header", with("X-A: one\r\n two")},
        Malformed{"folded_from_nothing", with("X-A:\r\n two")},
        Malformed{"folded_to_nothing", with("X-A: one\r\n \r\nX-B: c")},
        Malformed{"space_before_colon", with("Content-Length : 5")},
        Malformed{"space_before_name", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
        Malformed{"empty_name", with(": value")}, Malformed{"no_colon", with("just words")},
        Malformed{"nul_in_value", with(std::string("X-A: a\0b", 8))},
        Malformed{"return_in_value", with("X-A: a\rb")},
        Malformed{"bare_line_feeds", "GET / HTTP/1.1\nHost: x\n\n"},
        Malformed{"no_host", "GET / HTTP/1.1\r\n\r\n"},
        Malformed{"two_hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
        Malformed{"version_2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
        Malformed{"version_1_2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n"},
        Malformed{"no_version", "GET /\r\n\r\n"},
        Malformed{"two_spaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"target_without_slash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"target_with_fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"target_star_for_get", "GET * HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"target_without_authority", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"connect", "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"tls_hello", std::string("\x16\x03\x01\x02\x00\x01", 6)}),
    [](const auto& row) { return row.param.name; });

TEST_F(Http1LimitsTest, answers_431_to_headers_beyond_the_limit_however_they_come) {
    const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
    std::string many = start;
    for (int count = 0; count < 200; ++count) many += "X-A: b\r\n";
    const std::string one_line = start + "X-A: " + std::string(17'000, 'a');
    std::string large = start;
    for (int count = 0; count < 100; ++count) large += "X-A: " + std::string(200, 'a') + "\r\n";
    for (const std::string& request : {many + "\r\n", one_line, one_line + "\r\n\r\n",
                                       large + "\r\n", "GET /" + std::string(17'000, 'a')}) {
        open();
        const std::string answer = exchange(request);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
        EXPECT_THAT(answer, HasSubstr(R"({"error":"HEADERS_TOO_LARGE")"));
        EXPECT_EQ(room.session->end(), SessionEnd::linger);

        open();
        std::string answers;
        for (std::size_t at = 0; at < request.size(); at += 100) {
            answers += exchange(std::string_view(request).substr(at, 100));
        }
        EXPECT_THAT(answers, StartsWith("HTTP/1.1 431 ")) << "in pieces";
    }
    EXPECT_THAT(room.desk.calls, IsEmpty());
}

TEST_F(Http1LimitsTest, keeps_the_callers_request_id_in_what_it_refuses_itself) {
    const std::string line = "POST /a HTTP/1.1\r\nHost: x\r\n";
    const std::string id = "x-REQUEST-id:\t id-1 \r\n";
    const std::string large = "X-A: " + std::string(17'000, 'a') + "\r\n";
    std::string many;
    for (int count = 0; count < 200; ++count) many += "X-A: b\r\n";
    for (const std::string& request :
         {line + id + large + "\r\n", line + large + id + "\r\n", line + id + large,
          line + id + many + "\r\n", line + many + id + "\r\n",
          line + "Expect: miracles\r\n" + id + "\r\n", line + id + "Content-Length: x\r\n\r\n",
          line + "Host: y\r\n" + id + "\r\n", "POST no/path HTTP/1.1\r\n" + id + "\r\n",
          line + id + "Transfer-Encoding: chunked\r\n\r\nno size\r\n"}) {
        open();
        const std::string answer = exchange(request);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 4")) << request;
        EXPECT_THAT(answer, HasSubstr("\r\nX-Request-Id: id-1\r\n")) << request;
    }
    for (const std::string_view request : {"", "Content-Length: 5\r\n\r\nhell"}) {
        open();
        exchange(line + id + std::string(request));
        room.pass_ms(20'000);
        EXPECT_THAT(room.output(), HasSubstr("\r\nX-Request-Id: id-1\r\n")) << "too slow";
    }
    EXPECT_THAT(room.desk.calls, IsEmpty());
}

TEST_F(Http1LimitsTest, takes_no_request_id_that_is_not_whole_good_and_of_this_request) {
    const std::string line = "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n";
    for (const std::string headers :
         {"X-Request-Id: id-1", "X-Request-Id: a b\r\n\r\n", "X-Request-Id:\r\n\r\n",
          "X-Request-Id-2: id-1\r\n\r\n", "\r\nX-Request-Id: id-1\r\n\r\n"}) {
        open();
        std::string answer = exchange(line + headers);
        room.pass_ms(20'000);
        answer += room.output();
        EXPECT_THAT(answer, testing::ContainsRegex("X-Request-Id: [0-9a-f-]{36}\r\n")) << headers;
    }
}

TEST_F(Http1LimitsTest, takes_headers_and_a_body_just_within_their_limits) {
    open();
    const std::string body(body_bytes_max, 'b');
    const std::string answer =
        exchange("POST /a HTTP/1.1\r\nHost: x\r\nX-A: " + std::string(15 * 1024, 'a') +
                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(room.desk.calls.back().body, body);
}

TEST_F(Http1LimitsTest, tells_the_desk_of_an_announced_large_body_and_reads_on) {
    Session& session = open();
    const std::string size = std::to_string(body_bytes_max + 1);
    EXPECT_THAT(exchange("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + "\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    ASSERT_EQ(room.desk.calls.size(), 1u);
    EXPECT_TRUE(room.desk.calls[0].body_too_large);
    EXPECT_THAT(room.desk.calls[0].body, IsEmpty());
    EXPECT_THAT(exchange(std::string(body_bytes_max + 1, 'b')), IsEmpty());
    EXPECT_THAT(exchange("GET /b HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200"))
        << "the connection is still of use";
    EXPECT_EQ(session.end(), SessionEnd::open);
}

TEST_F(Http1LimitsTest, gives_up_on_a_large_body_that_does_not_come) {
    Session& session = open();
    exchange("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n");
    room.pass_ms(999);
    EXPECT_EQ(session.end(), SessionEnd::open);
    room.pass_ms(1);
    EXPECT_EQ(session.end(), SessionEnd::close);
}

TEST_F(Http1LimitsTest, closes_after_refusing_a_body_whose_end_it_will_not_wait_for) {
    Session* session = &open();
    EXPECT_THAT(exchange("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"),
                HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(session->end(), SessionEnd::linger);
}

TEST_F(Http1LimitsTest, reads_on_for_the_end_of_a_large_chunked_body) {
    const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string chunk = "1000\r\n" + std::string(4096, 'c') + "\r\n";
    const auto send_chunks = [&](int count) {
        std::string answer;
        while (count-- > 0) answer += exchange(chunk);
        return answer;
    };
    Session* session = &open();
    EXPECT_THAT(exchange(head), IsEmpty());
    const std::string answer = send_chunks(17);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer, Not(HasSubstr("Connection: close\r\n")));
    EXPECT_TRUE(room.desk.calls.back().body_too_large);
    EXPECT_THAT(exchange("0\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200"))
        << "the connection is still of use";
    EXPECT_EQ(session->end(), SessionEnd::open);

    exchange(head);
    EXPECT_THAT(send_chunks(256), StartsWith("HTTP/1.1 413 "));
    EXPECT_EQ(session->end(), SessionEnd::open);
    EXPECT_THAT(send_chunks(1), IsEmpty());
    EXPECT_EQ(session->end(), SessionEnd::linger) << "more than 1 MiB";

    session = &open();
    exchange(head);
    send_chunks(17);
    room.pass_ms(1'000);
    EXPECT_EQ(session->end(), SessionEnd::close) << "the end did not come within a second";
}

TEST_F(Http1LimitsTest, asks_for_the_body_when_the_caller_waits_to_be_asked) {
    open();
    const std::string start = "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n";
    EXPECT_EQ(exchange(start + "Content-Length: 5\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_THAT(exchange("hello"), EndsWith("hello"));
    EXPECT_THAT(exchange(start + "Content-Length: 5\r\n\r\nhello"), StartsWith("HTTP/1.1 200"))
        << "a body that came along needs no asking";
    const std::string refused = exchange(start + "Content-Length: 70000\r\n\r\n");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(refused, HasSubstr("Connection: close\r\n"));
    open();
    EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"),
                StartsWith("HTTP/1.1 417 "));
}

TEST_F(Http1LimitsTest, asks_for_a_body_only_after_the_answers_before_it) {
    open();
    EXPECT_THAT(exchange("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
                         "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                         "Content-Length: 5\r\n\r\n"),
                IsEmpty());
    room.desk.release(0);
    const std::string answers = room.output();
    EXPECT_THAT(answers, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answers, EndsWith("HTTP/1.1 100 Continue\r\n\r\n"));
}

TEST_F(Http1LimitsTest, answers_408_to_slow_headers_and_slow_bodies) {
    Session* session = &open();
    exchange("GET / HT");
    room.pass_ms(9'000);
    exchange("TP/1.1\r\n");  // a drop now and then does not move the deadline
    room.pass_ms(999);
    EXPECT_THAT(room.output(), IsEmpty());
    room.pass_ms(1);
    EXPECT_THAT(room.output(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
    EXPECT_EQ(session->end(), SessionEnd::linger);

    session = &open();
    exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell");
    room.pass_ms(19'999);
    EXPECT_EQ(session->end(), SessionEnd::open);
    room.pass_ms(1);
    EXPECT_THAT(room.output(), StartsWith("HTTP/1.1 408 "));
    EXPECT_EQ(session->end(), SessionEnd::linger);
    EXPECT_THAT(room.desk.calls, IsEmpty());
}

TEST_F(Http1LimitsTest, closes_an_idle_connection_but_never_one_with_a_call_inside) {
    Session& session = open();
    exchange("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    room.pass_ms(200'000);
    EXPECT_EQ(session.end(), SessionEnd::open);
    room.desk.release(0);
    room.output();
    room.pass_ms(74'999);
    EXPECT_EQ(session.end(), SessionEnd::open);
    room.pass_ms(1);
    EXPECT_EQ(session.end(), SessionEnd::close);
    EXPECT_THAT(room.output(), IsEmpty());
}

TEST_F(Http1LimitsTest, answers_503_when_too_many_bodies_are_half_received) {
    room.limits.requests_waiting_bytes_max = 1'000;
    const LineId other_line = room.switchboard.open_line();
    Http1Session other(room.switchboard, other_line, room.peer, room.switchboard.now());
    const std::string half =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 800\r\n\r\n" + std::string(700, 'a');
    other.receive(half, room.switchboard.now());
    open();
    EXPECT_THAT(exchange(half), StartsWith("HTTP/1.1 503 "));
    other.input_ended(room.switchboard.now());
    open();
    EXPECT_THAT(exchange(half + std::string(100, 'a')), StartsWith("HTTP/1.1 200"));
}

TEST_F(Http1LimitsTest, answers_503_when_too_many_large_answers_are_untaken) {
    room.limits.answers_waiting_bytes_max = 2'500'000;
    open();
    const std::string request = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::string held = "GET /hold/x HTTP/1.1\r\nHost: x\r\n\r\n";
    std::string answers = exchange(held + request + request + request);
    EXPECT_THAT(answers, IsEmpty());
    room.desk.release(0);
    answers = room.output();
    EXPECT_THAT(answers, HasSubstr("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_GT(answers.size(), 2'000'000u);
    EXPECT_LT(answers.size(), 2'500'000u);
    EXPECT_THAT(exchange(request), StartsWith("HTTP/1.1 200")) << "taken is given back";
}

}  // namespace
}  // namespace coffer
