#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

namespace coffer {
namespace {

using testing::HasSubstr;

TEST(Metrics, print_help_and_type_once_for_each_name) {
    Metrics metrics;
    metrics.counter("coffer_calls_total", "Calls answered.", R"(verb="debit")").add(3);
    metrics.counter("coffer_calls_total", "Calls answered.", R"(verb="credit")").add();
    metrics.gauge("coffer_connections", "Open connections.").set(-2);
    EXPECT_EQ(metrics.expose(),
              "# HELP coffer_calls_total Calls answered.\n"
              "# TYPE coffer_calls_total counter\n"
              "coffer_calls_total{verb=\"credit\"} 1\n"
              "coffer_calls_total{verb=\"debit\"} 3\n"
              "# HELP coffer_connections Open connections.\n"
              "# TYPE coffer_connections gauge\n"
              "coffer_connections -2\n");
}

TEST(Metrics, give_the_same_object_for_the_same_series) {
    Metrics metrics;
    Counter& first = metrics.counter("a_total", "A.", R"(x="1")");
    EXPECT_EQ(&metrics.counter("a_total", "A.", R"(x="1")"), &first);
    EXPECT_NE(&metrics.counter("a_total", "A.", R"(x="2")"), &first);
    EXPECT_EQ(&metrics.histogram("h", "H.", 1), &metrics.histogram("h", "H.", 1));
}

TEST(Metrics, escape_line_ends_in_the_help_text) {
    Metrics metrics;
    metrics.gauge("a", "one\ntwo \\ three");
    EXPECT_THAT(metrics.expose(), HasSubstr("# HELP a one\\ntwo \\\\ three\n"));
}

TEST(Metrics, lose_no_count_between_threads) {
    Metrics metrics;
    Counter& counter = metrics.counter("a_total", "A.");
    Histogram& histogram = metrics.histogram("h", "H.", 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (std::uint64_t n = 0; n < 10'000; ++n) {
                counter.add();
                histogram.observe(n);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(counter.value(), 40'000U);
    EXPECT_EQ(histogram.count(), 40'000U);
    EXPECT_EQ(histogram.sum(), 4U * 49'995'000U);
}

TEST(MetricsDeathTest, stop_the_program_when_one_name_is_used_for_two_kinds) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    Metrics metrics;
    metrics.counter("a_total", "A.");
    EXPECT_DEATH(metrics.gauge("a_total", "A."), "CHECK failed");
    EXPECT_DEATH(metrics.gauge("Not-A-Name", "A."), "CHECK failed");
}

TEST(Histogram, puts_a_value_into_the_bucket_of_the_next_power_of_two) {
    Histogram histogram;
    for (const std::uint64_t value : {0U, 1U, 2U, 3U, 4U, 5U, 8U}) histogram.observe(value);
    EXPECT_EQ(histogram.bucket(0), 2U);  // 0 and 1
    EXPECT_EQ(histogram.bucket(1), 1U);  // 2
    EXPECT_EQ(histogram.bucket(2), 2U);  // 3 and 4
    EXPECT_EQ(histogram.bucket(3), 2U);  // 5 and 8
    EXPECT_EQ(histogram.count(), 7U);
    EXPECT_EQ(histogram.sum(), 23U);
}

TEST(Histogram, keeps_what_is_above_the_last_bound) {
    Histogram histogram;
    histogram.observe(std::uint64_t{1} << 27);
    histogram.observe((std::uint64_t{1} << 27) + 1);
    histogram.observe(std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(histogram.bucket(27), 1U);
    EXPECT_EQ(histogram.bucket(28), 2U);
}

TEST(Histogram, is_printed_cumulatively_and_in_its_unit) {
    Metrics metrics;
    Histogram& histogram = metrics.histogram("call_seconds", "Time.", 1e-6, R"(verb="debit")");
    histogram.observe(1);
    histogram.observe(50);
    histogram.observe(200'000'000);
    const std::string text = metrics.expose();
    EXPECT_THAT(text, HasSubstr("# TYPE call_seconds histogram\n"
                                "call_seconds_bucket{verb=\"debit\",le=\"1e-06\"} 1\n"
                                "call_seconds_bucket{verb=\"debit\",le=\"2e-06\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("call_seconds_bucket{verb=\"debit\",le=\"6.4e-05\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("call_seconds_bucket{verb=\"debit\",le=\"134.217728\"} 2\n"
                                "call_seconds_bucket{verb=\"debit\",le=\"+Inf\"} 3\n"
                                "call_seconds_sum{verb=\"debit\"} 200.000051\n"
                                "call_seconds_count{verb=\"debit\"} 3\n"));
}

TEST(Histogram, without_labels_has_only_the_bound_between_its_braces) {
    Metrics metrics;
    metrics.histogram("h", "H.", 1).observe(2);
    const std::string text = metrics.expose();
    EXPECT_THAT(text, HasSubstr("h_bucket{le=\"1\"} 0\nh_bucket{le=\"2\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("h_sum 2\nh_count 1\n"));
}

}  // namespace
}  // namespace coffer
