#include "http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "http/server_fixture.h"

namespace coffer {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class TlsTest : public testing::Test {
protected:
    void SetUp() override {
        make_certificate("first");
        server.options.listen[0].certificate_path = folder.path("certificate.pem");
        server.options.listen[0].key_path = folder.path("key.pem");
        // With TLS any address will do; the tests still listen on loopback.
    }
    void make_certificate(const std::string& name) {
        const CommandResult made = run_command(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
            "-subj /CN=" +
            name + " -addext subjectAltName=IP:127.0.0.1 -keyout " + folder.path("key.pem") +
            " -out " + folder.path("certificate.pem"));
        ASSERT_EQ(made.status, 0) << made.output;
    }
    CommandResult curl(const std::string& arguments) {
        return run_command("curl -sS --max-time 20 -i --cacert " + folder.path("certificate.pem") +
                           " " + arguments + " " + server.url("/a?b=c", "https"));
    }
    std::string presented_name() {
        return run_command("openssl s_client -connect 127.0.0.1:" + std::to_string(server.port()) +
                           " </dev/null")
            .output;
    }

    TemporaryFolder folder;
    TestServer server;
};

TEST_F(TlsTest, offers_both_versions_by_alpn) {
    ASSERT_TRUE(server.start());
    EXPECT_THAT(curl("-d hello").output,
                AllOf(StartsWith("HTTP/2 200"), HasSubstr("x-query: b=c"), EndsWith("hello")));
    EXPECT_THAT(curl("--http1.1 -d hello").output,
                AllOf(StartsWith("HTTP/1.1 200"), EndsWith("hello")));
    EXPECT_THAT(curl("--no-alpn -d hello").output, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(run_command("nghttp -v " + server.url("/a", "https")).output,
                HasSubstr(":status: 200"));
}

TEST_F(TlsTest, carries_load_and_late_answers) {
    ASSERT_TRUE(server.start());
    for (const std::string_view mode : {"-m 10", "--h1"}) {
        EXPECT_THAT(run_command("h2load -n 1000 -c 4 " + std::string(mode) + " " +
                                server.url("/later", "https"))
                        .output,
                    HasSubstr("1000 2xx"))
            << mode;
    }
    EXPECT_THAT(
        run_command("curl -sSk --max-time 20 " + server.url("/large", "https") + " | wc -c").output,
        HasSubstr("1000000"));
}

TEST_F(TlsTest, speaks_1_2_and_1_3_and_nothing_older) {
    ASSERT_TRUE(server.start());
    EXPECT_THAT(curl("--tls-max 1.2").output, StartsWith("HTTP/2 200"));
    EXPECT_THAT(curl("--tlsv1.3").output, StartsWith("HTTP/2 200"));
    for (const std::string_view old : {"-tls1", "-tls1_1"}) {
        const CommandResult refused =
            run_command("openssl s_client -connect 127.0.0.1:" + std::to_string(server.port()) +
                        " -cipher DEFAULT:@SECLEVEL=0 " + std::string(old) + " </dev/null");
        EXPECT_NE(refused.status, 0) << old;
        EXPECT_THAT(refused.output, HasSubstr("alert protocol version")) << old;
    }
    EXPECT_NE(curl("--tls-max 1.2 --ciphers AES128-SHA").status, 0) << "no forward secrecy";
}

TEST_F(TlsTest, refuses_a_protocol_that_it_does_not_know) {
    ASSERT_TRUE(server.start());
    EXPECT_THAT(run_command("openssl s_client -alpn spdy/1 -connect 127.0.0.1:" +
                            std::to_string(server.port()) + " </dev/null")
                    .output,
                HasSubstr("alert no application protocol"));
}

TEST_F(TlsTest, hangs_up_on_cleartext_and_on_slow_handshakes) {
    server.options.limits.header_timeout_ms = 50;
    ASSERT_TRUE(server.start());
    RawPeer clear(server.port());
    clear.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(clear.receive_all(), Not(HasSubstr("HTTP/1.1 200")));
    RawPeer slow(server.port());
    slow.send("\x16\x03\x01");
    EXPECT_THAT(slow.receive_all(), IsEmpty());
    EXPECT_EQ(server.gate.accepted(), 0u);
}

TEST_F(TlsTest, shows_the_new_certificate_after_a_reload) {
    ASSERT_TRUE(server.start());
    EXPECT_THAT(presented_name(), HasSubstr("CN = first"));
    make_certificate("second");
    EXPECT_THAT(presented_name(), HasSubstr("CN = first")) << "not before it is asked to";
    ASSERT_TRUE(server.server->reload_certificates());
    EXPECT_THAT(presented_name(), HasSubstr("CN = second"));
    EXPECT_THAT(curl("-d hello").output, StartsWith("HTTP/2 200"));
}

TEST_F(TlsTest, keeps_the_old_certificate_when_the_new_one_is_of_no_use) {
    ASSERT_TRUE(server.start());
    std::ofstream(folder.path("certificate.pem")) << "not a certificate";
    const Result<void> reloaded = server.server->reload_certificates();
    ASSERT_FALSE(reloaded);
    EXPECT_THAT(reloaded.error().detail, HasSubstr("certificate.pem"));
    EXPECT_THAT(presented_name(), HasSubstr("CN = first"));
}

TEST_F(TlsTest, needs_a_key_that_fits) {
    run_command("openssl ecparam -name prime256v1 -genkey -noout -out " + folder.path("key.pem"));
    const Result<void> started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace coffer
