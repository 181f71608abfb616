#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "app/config_section.h"

namespace coffer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint32_t native_bit = 1;
constexpr std::uint32_t every_bit = (1U << dialect_count) - 1;

Config good(std::string_view text) {
    auto config = parse_config(text, "/etc/coffer");
    if (!config) {
        for (const Mistake& mistake : config.error()) ADD_FAILURE() << mistake.words;
        return {};
    }
    return *config;
}

// The mistakes as check-config prints them, without the file's name.
std::vector<std::string> mistakes(std::string_view text) {
    const auto config = parse_config(text, "/etc/coffer");
    std::vector<std::string> lines;
    if (config) return lines;
    for (const auto& [place, words] : config.error()) {
        lines.push_back(std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
                        words);
    }
    return lines;
}

std::string documented() {
    std::ifstream file(COFFER_SOURCE "/config/coffer.toml");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The file with every `#key = value` and `#[[block]]` in force.
std::string uncommented() {
    std::istringstream lines(documented());
    std::string text, line;
    const std::regex setting(R"(#([a-z_]+ = .*|\[\[.*))");
    while (std::getline(lines, line)) {
        text += std::regex_match(line, setting) ? line.substr(1) : line;
        text += '\n';
    }
    return text;
}

void expect_same(const HttpLimits& left, const HttpLimits& right) {
    EXPECT_EQ(left.header_bytes_max, right.header_bytes_max);
    EXPECT_EQ(left.headers_max, right.headers_max);
    EXPECT_EQ(left.read_on_bytes_max, right.read_on_bytes_max);
    EXPECT_EQ(left.read_on_ms, right.read_on_ms);
    EXPECT_EQ(left.streams_max, right.streams_max);
    EXPECT_EQ(left.pipeline_max, right.pipeline_max);
    EXPECT_EQ(left.write_buffer_bytes_max, right.write_buffer_bytes_max);
    EXPECT_EQ(left.header_timeout_ms, right.header_timeout_ms);
    EXPECT_EQ(left.body_timeout_ms, right.body_timeout_ms);
    EXPECT_EQ(left.idle_timeout_ms, right.idle_timeout_ms);
    EXPECT_EQ(left.write_timeout_ms, right.write_timeout_ms);
    EXPECT_EQ(left.abuse_window_ms, right.abuse_window_ms);
    EXPECT_EQ(left.resets_max, right.resets_max);
    EXPECT_EQ(left.control_frames_max, right.control_frames_max);
    EXPECT_EQ(left.continuations_max, right.continuations_max);
    EXPECT_EQ(left.connections_max, right.connections_max);
    EXPECT_EQ(left.requests_waiting_bytes_max, right.requests_waiting_bytes_max);
}

void expect_same(const Config& left, const Config& right) {
    EXPECT_EQ(left.data_directory, right.data_directory);
    EXPECT_EQ(left.master_key_file, right.master_key_file);
    EXPECT_EQ(left.store, right.store);
    EXPECT_EQ(left.login_failures_max, right.login_failures_max);
    EXPECT_EQ(left.log.level, right.log.level);
    EXPECT_EQ(left.log.format, right.log.format);
    EXPECT_EQ(left.log.path, right.log.path);
    EXPECT_EQ(left.server.call_lines, right.server.call_lines);
    EXPECT_EQ(left.server.io_threads, right.server.io_threads);
    EXPECT_EQ(left.server.drain_ms, right.server.drain_ms);
    EXPECT_EQ(left.server.trusted_proxies, right.server.trusted_proxies);
    EXPECT_EQ(left.ledger.batch_intents_max, right.ledger.batch_intents_max);
    EXPECT_EQ(left.ledger.port_intents_max, right.ledger.port_intents_max);
    EXPECT_EQ(left.ledger.password_queue_max, right.ledger.password_queue_max);
    EXPECT_EQ(left.ledger.history_queue_max, right.ledger.history_queue_max);
    expect_same(left.server.limits, right.server.limits);
    ASSERT_EQ(left.server.listen.size(), right.server.listen.size());
    for (std::size_t index = 0; index < left.server.listen.size(); ++index) {
        const ListenOptions& one = left.server.listen[index];
        const ListenOptions& other = right.server.listen[index];
        EXPECT_EQ(one.address, other.address);
        EXPECT_EQ(one.port, other.port);
        EXPECT_EQ(one.dialects, other.dialects);
        EXPECT_EQ(one.certificate_path, other.certificate_path);
        EXPECT_EQ(one.transport, other.transport);
    }
}

TEST(ConfigTest, WhatTheDocumentedFileSaysIsTheDefault) {
    expect_same(good(uncommented()), good(""));
    expect_same(good(documented()), good(""));
}

TEST(ConfigTest, TheDocumentedFileHasEveryKey) {
    const std::string text = uncommented();
    for (const std::string& key : config_keys()) {
        const std::size_t dot = key.find('.');
        const std::string name = key.substr(dot == std::string::npos ? 0 : dot + 1);
        const bool is_section = dot == std::string::npos;
        const bool there = is_section ? text.find("[" + name + "]") != std::string::npos
                                      : text.find("\n" + name + " = ") != std::string::npos;
        EXPECT_TRUE(there) << key;
    }
}

TEST(ConfigTest, ByDefaultOnlyThisMachineReachesTheNativeApi) {
    const Config config = good("");
    ASSERT_EQ(config.server.listen.size(), 2U);
    EXPECT_EQ(config.server.listen[0].dialects, every_bit & ~native_bit);
    EXPECT_EQ(config.server.listen[1].dialects, native_bit);
    EXPECT_EQ(config.server.listen[1].address, "127.0.0.1");
}

TEST(ConfigTest, PathsStartFromTheFolderOfTheFile) {
    const Config config = good("data.directory = \"books\"\nlog.path = \"../log/coffer.log\"");
    EXPECT_EQ(config.data_directory, "/etc/coffer/books");
    EXPECT_EQ(config.master_key_file, "/etc/coffer/books/master.key");
    EXPECT_EQ(config.log.path, "/etc/log/coffer.log");
    EXPECT_EQ(good("data.directory = \"/var/lib/coffer\"").data_directory, "/var/lib/coffer");
}

TEST(ConfigTest, EveryMistakeIsReportedAtOnceInItsPlace) {
    EXPECT_THAT(mistakes("[server]\n"
                         "io_thread = 2\n"
                         "drain_ms = 600001\n"
                         "[http]\n"
                         "streams_max = \"many\"\n"
                         "[log]\n"
                         "level = \"loud\"\n"
                         "calls = 1\n"
                         "[storage]\n"),
                ElementsAre("2:1: unknown key server.io_thread; did you mean io_threads?",
                            "3:12: server.drain_ms is from 0 to 600000, not 600001",
                            "5:15: http.streams_max is a whole number",
                            "7:9: log.level is one of \"debug\", \"info\", \"warning\", "
                            "\"error\", not \"loud\"",
                            "8:9: log.calls is true or false", "9:2: unknown key storage"));
}

TEST(ConfigTest, TheBooksMayBeInADatabase) {
    const auto config = parse_config("[data]\nstore = \"postgres://me:secret@db/books\"\n", "/etc");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->store.kind, StoreKind::postgres);
    EXPECT_EQ(config->store.uri, "postgres://me:secret@db/books");
    // What is wrong is said without its words.
    const auto found = mistakes("[data]\nstore = \"postgre://me:secret@db/books\"\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0], HasSubstr("2:9: data.store is"));
    EXPECT_THAT(found[0], Not(HasSubstr("secret")));
}

TEST(ConfigTest, ABrokenTextIsOneMistake) {
    const auto found = mistakes("[data]\ndirectory = \"unfinished\nstore = 1\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0], HasSubstr("2:"));
}

TEST(ConfigTest, CleartextThatOthersCanReachIsRefusedUnlessAllowed) {
    const auto found = mistakes("[[listen]]\naddress = \"0.0.0.0:80\"\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0], HasSubstr("2:11: cleartext"));
    EXPECT_THAT(mistakes("[[listen]]\naddress = \"0.0.0.0:80\"\ninsecure_transport = true\n"),
                IsEmpty());
    EXPECT_THAT(mistakes("[[listen]]\naddress = \"0.0.0.0:443\"\n"
                         "certificate = \"c.pem\"\nkey = \"k.pem\"\n"),
                IsEmpty());
    EXPECT_THAT(mistakes("[[listen]]\naddress = \"[::1]:80\"\n"), IsEmpty());
}

TEST(ConfigTest, ACertificateNeedsItsKey) {
    const auto found = mistakes("[[listen]]\naddress = \"127.0.0.1:80\"\ncertificate = \"c\"\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0], HasSubstr("3:15: listen.certificate and listen.key come together"));
}

TEST(ConfigTest, ListenBlocksAreCheckedOneByOneAndAgainstEachOther) {
    EXPECT_THAT(mistakes("[[listen]]\n"
                         "address = \"localhost:80\"\n"
                         "[[listen]]\n"
                         "address = \"127.0.0.1:80\"\n"
                         "dialects = [\"rgs\", \"kgem\"]\n"
                         "[[listen]]\n"
                         "address = \"127.0.0.1:80\"\n"
                         "[[listen]]\n"
                         "dialects = []\n"),
                ElementsAre(HasSubstr("2:11: listen.address is a numeric address with a port"),
                            "5:12: listen.dialects: there is no dialect \"kgem\"; did you mean "
                            "kgen?",
                            "7:11: two [[listen]] blocks have the address 127.0.0.1:80",
                            "8:1: listen.address is missing", "9:12: listen.dialects is empty"));
}

TEST(ConfigTest, AListenBlockNamesItsDialects) {
    const Config config = good(
        "[[listen]]\naddress = \"127.0.0.1:1\"\ndialects = [\"rgs\", \"native\"]\n"
        "[[listen]]\naddress = \"127.0.0.1:2\"\n");
    ASSERT_EQ(config.server.listen.size(), 2U);
    EXPECT_EQ(config.server.listen[0].dialects,
              native_bit | 1U << static_cast<unsigned>(DialectId::rgs));
    EXPECT_EQ(config.server.listen[1].dialects, every_bit);
}

TEST(ConfigTest, ListsAndSectionsOfTheWrongShapeAreMistakes) {
    EXPECT_THAT(
        mistakes("listen = 1\nhttp = \"x\"\n[server]\ntrusted_proxies = [1, \"10.0.0.1\"]"),
        ElementsAre("1:10: listen is written as [[listen]] blocks", "2:8: http is a section",
                    "4:20: server.trusted_proxies is a list of texts"));
}

TEST(ConfigTest, AFileThatCannotBeReadIsAMistakeWithoutAPlace) {
    const auto config = read_config("/nowhere/coffer.toml");
    ASSERT_FALSE(config);
    ASSERT_EQ(config.error().size(), 1U);
    EXPECT_EQ(config.error()[0].place.line, 0);
}

TEST(ListenAddressTest, ReadsNumericAddressesOfBothFamilies) {
    const auto four = parse_listen_address("127.0.0.1:8080");
    ASSERT_TRUE(four);
    EXPECT_EQ(four->address, "127.0.0.1");
    EXPECT_EQ(four->port, 8080);
    EXPECT_TRUE(four->is_loopback);
    const auto six = parse_listen_address("[2001:db8::1]:0");
    ASSERT_TRUE(six);
    EXPECT_EQ(six->address, "2001:db8::1");
    EXPECT_FALSE(six->is_loopback);
    EXPECT_TRUE(parse_listen_address("127.9.9.9:1")->is_loopback);
    EXPECT_TRUE(parse_listen_address("[::1]:1")->is_loopback);
    EXPECT_FALSE(parse_listen_address("0.0.0.0:1")->is_loopback);
}

TEST(ListenAddressTest, RefusesEverythingElse) {
    for (const char* text :
         {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
          "localhost:80", "::1:80", "[::1:80", "[127.0.0.1]:80", "[::1]80"}) {
        EXPECT_FALSE(parse_listen_address(text)) << text;
    }
}

TEST(UrlHostTest, PutsIpv6InBrackets) {
    EXPECT_EQ(url_host("127.0.0.1", 80), "127.0.0.1:80");
    EXPECT_EQ(url_host("::1", 80), "[::1]:80");
}

TEST(NearestWordTest, FindsSlipsAndNotOtherWords) {
    const std::vector<std::string> words{"io_threads", "drain_ms", "certificate"};
    EXPECT_EQ(nearest_word("io_thread", words), "io_threads");
    EXPECT_EQ(nearest_word("darin_ms", words), "drain_ms");
    EXPECT_EQ(nearest_word("certifcate", words), "certificate");
    EXPECT_EQ(nearest_word("port", words), "");
}

}  // namespace
}  // namespace coffer
