#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace coffer {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

class LogFile : public testing::Test {
protected:
    LogFile() {
        std::string pattern = std::filesystem::temp_directory_path() / "coffer_log_XXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~LogFile() override { std::filesystem::remove_all(folder_); }

    Log::Options options(LogFormat format) const {
        return {.level = LogLevel::info, .format = format, .path = folder_ / "log"};
    }
    std::string written() const {
        std::ostringstream text;
        text << std::ifstream(folder_ / "log").rdbuf();
        return text.str();
    }
    // The line that one call writes, the time taken off.
    std::string one_line(LogFormat format, std::string_view message,
                         std::initializer_list<LogField> fields = {}) const {
        std::filesystem::remove(folder_ / "log");
        {
            Log(options(format)).info(message, fields);
        }
        const std::string text = written();
        const std::size_t start = format == LogFormat::json ? text.find("\"level") : 25;
        return start < text.size() ? text.substr(start) : text;
    }

    std::filesystem::path folder_;
};

TEST_F(LogFile, begins_each_json_line_with_time_level_and_message) {
    {
        Log(options(LogFormat::json)).error("store failed", {{"code", "io"}, {"tries", 3}});
    }
    EXPECT_THAT(written(), MatchesRegex("\\{\"time\":\"20[0-9-]+T[0-9:]+\\.[0-9]+Z\","
                                        "\"level\":\"error\",\"message\":\"store failed\","
                                        "\"code\":\"io\",\"tries\":3\\}\n"));
}

TEST_F(LogFile, begins_each_text_line_with_time_level_and_message) {
    {
        Log(options(LogFormat::text)).warning("slow sync", {{"took_ms", -1}, {"disk", "sda"}});
    }
    EXPECT_THAT(written(), MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9]+Z warning slow sync "
                                        "took_ms=-1 disk=sda\n"));
}

TEST_F(LogFile, quotes_text_values_that_are_not_one_word) {
    EXPECT_EQ(one_line(LogFormat::text, "m",
                       {{"a", "two words"}, {"b", ""}, {"c", "x=y"}, {"d", "say \"hi\""}}),
              "info m a=\"two words\" b=\"\" c=\"x=y\" d=\"say \\\"hi\\\"\"\n");
}

TEST_F(LogFile, lets_no_value_break_a_line_or_move_the_cursor) {
    EXPECT_EQ(one_line(LogFormat::text, "m", {{"a", "x\ny\x1b[2J\x7f"}}),
              "info m a=\"x\\u000ay\\u001b[2J\\u007f\"\n");
    EXPECT_EQ(one_line(LogFormat::text, "m\n2030-01-01T00:00:00.000Z error forged"),
              "info \"m\\u000a2030-01-01T00:00:00.000Z error forged\"\n");
    // Next line (C1), line separator, right-to-left override.
    EXPECT_EQ(one_line(LogFormat::text, "m", {{"a", "\xc2\x85\xe2\x80\xa8\xe2\x80\xae"}}),
              "info m a=\"\\u0085\\u2028\\u202e\"\n");
}

TEST_F(LogFile, keeps_good_utf_8_and_replaces_the_rest) {
    EXPECT_EQ(one_line(LogFormat::json, "m", {{"a", "z\xc5\x82oty \xf0\x9f\x92\xb0"}}),
              "\"level\":\"info\",\"message\":\"m\",\"a\":\"z\xc5\x82oty \xf0\x9f\x92\xb0\"}\n");
    for (const std::string_view bad :
         {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc5", "\x80",
          "\xe2\x82", "\xf5\x80\x80\x80"}) {
        const std::string line = one_line(LogFormat::json, "m", {{"a", bad}});
        std::string replaced;
        for (std::size_t i = 0; i < bad.size(); ++i) replaced += "\\ufffd";
        EXPECT_THAT(line, EndsWith("\"a\":\"" + replaced + "\"}\n"));
    }
}

TEST_F(LogFile, leaves_out_what_is_below_its_level) {
    {
        Log log(options(LogFormat::text));
        EXPECT_FALSE(log.wants(LogLevel::debug));
        EXPECT_TRUE(log.wants(LogLevel::info));
        log.line(LogLevel::debug, "not this", {});
    }
    EXPECT_EQ(written(), "");
}

TEST_F(LogFile, writes_every_line_of_every_thread_in_the_threads_order) {
    constexpr int lines = 5000;
    {
        Log log(options(LogFormat::text));
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 3; ++thread) {
            threads.emplace_back([&log, thread] {
                for (int i = 0; i < lines; ++i) log.info("m", {{"thread", thread}, {"line", i}});
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(log.dropped(), 0U);
    }
    std::vector<int> next(3, 0);
    std::istringstream text(written());
    for (std::string line; std::getline(text, line);) {
        const std::size_t thread_at = line.find("thread=") + 7;
        const std::size_t line_at = line.find("line=") + 5;
        const auto thread = static_cast<std::size_t>(std::stoi(line.substr(thread_at)));
        ASSERT_EQ(std::stoi(line.substr(line_at)), next.at(thread)++);
    }
    EXPECT_EQ(next, std::vector<int>(3, lines));
}

TEST_F(LogFile, appends_to_a_file_that_is_there) {
    {
        Log(options(LogFormat::text)).info("first");
    }
    {
        Log(options(LogFormat::text)).info("second");
    }
    EXPECT_THAT(written(), HasSubstr("info first\n"));
    EXPECT_THAT(written(), EndsWith("info second\n"));
}

TEST_F(LogFile, counts_a_line_that_is_larger_than_the_queue_as_dropped) {
    {
        Log log(options(LogFormat::text));
        log.info("m", {{"a", std::string(5'000'000, 'x')}});
        log.info("n");
        EXPECT_EQ(log.dropped(), 1U);
    }
    EXPECT_THAT(written(), EndsWith("info n\n"));
}

TEST(Log, falls_back_to_standard_error_when_its_file_cannot_be_opened) {
    testing::internal::CaptureStderr();
    {
        Log({.path = "/nonexistent/folder/log"}).info("still here");
    }
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_THAT(text, HasSubstr("the log file cannot be opened"));
    EXPECT_THAT(text, EndsWith("info still here\n"));
}

// /dev/full says "no space left" to every write.
TEST(Log, counts_what_a_full_disk_does_not_take) {
    Log log({.path = "/dev/full"});
    log.info("lost");
    while (log.dropped() == 0) std::this_thread::yield();
    EXPECT_EQ(log.dropped(), 1U);
}

}  // namespace
}  // namespace coffer
