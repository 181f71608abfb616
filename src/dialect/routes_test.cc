#include "dialect/routes.h"

#include <gtest/gtest.h>

#include "dialect/dialects.h"

namespace coffer {
namespace {

TEST(Routes, EveryRouteOfEveryDialectIsFoundAtItsOwnPath) {
    const RouteTable table(dialects, "/metrics");
    for (const Dialect* dialect : dialects) {
        EXPECT_EQ(dialects[static_cast<std::size_t>(dialect->id)], dialect) << "order of DialectId";
        for (const Route& route : dialect->routes) {
            std::string path(route.pattern);
            std::size_t braces = 0;
            for (std::size_t at; (at = path.find('{')) != std::string::npos; ++braces) {
                path.replace(at, path.find('}') - at + 1, "x%20" + std::to_string(braces));
            }
            std::vector<std::string> segments;
            const PathEntry* entry = table.find(path, segments);
            ASSERT_NE(entry, nullptr) << path;
            EXPECT_EQ(entry->dialect, dialect) << "the paths of two dialects collide: " << path;
            EXPECT_EQ(entry->route(route.method), &route) << path;
            ASSERT_EQ(segments.size(), braces) << path;
            if (braces != 0) {
                EXPECT_EQ(segments.front(), "x 0");
            }
        }
    }
}

TEST(Routes, HeadIsAnsweredWhereGetIs) {
    const RouteTable table(dialects, "/metrics");
    std::vector<std::string> segments;
    const PathEntry* entry = table.find("/transactions", segments);
    EXPECT_EQ(entry->route(Method::head), entry->route(Method::get));
    EXPECT_EQ(entry->route(Method::post), nullptr);
    EXPECT_EQ(table.find("/transaction/debit", segments)->route(Method::head), nullptr);
}

TEST(Routes, AGetThatSpendsOrMakesSomethingTakesNoHead) {
    const RouteTable table(dialects, "/metrics");
    std::vector<std::string> segments;
    const PathEntry* entry = table.find("/session", segments);
    EXPECT_NE(entry->route(Method::get), nullptr);
    EXPECT_EQ(entry->route(Method::head), nullptr);
    EXPECT_EQ(entry->allow, "GET");
    EXPECT_EQ(table.find("/balance", segments)->allow, "GET, HEAD");
}

}  // namespace
}  // namespace coffer
