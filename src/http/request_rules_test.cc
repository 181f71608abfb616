#include "http/request_rules.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

TEST(RequestRulesTest, knows_a_well_formed_request_id) {
    EXPECT_TRUE(is_request_id("a"));
    EXPECT_TRUE(is_request_id("AZaz09._:-"));
    EXPECT_TRUE(is_request_id(std::string(64, 'x')));
    EXPECT_FALSE(is_request_id(""));
    EXPECT_FALSE(is_request_id(std::string(65, 'x')));
    EXPECT_FALSE(is_request_id("a b"));
    EXPECT_FALSE(is_request_id("a/b"));
}

TEST(RequestRulesTest, knows_a_well_formed_traceparent) {
    EXPECT_TRUE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    EXPECT_FALSE(is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
    EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
    EXPECT_FALSE(is_traceparent("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    EXPECT_FALSE(is_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"));
    EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01"));
    EXPECT_FALSE(is_traceparent(""));
}

TEST(RequestRulesTest, writes_the_date_of_each_second) {
    DateText date;
    EXPECT_EQ(date.at(784'111'777 * second_us), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(date.at(784'111'777 * second_us + 999'999), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(date.at(784'111'778 * second_us), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace coffer
