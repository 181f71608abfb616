#include "app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace coffer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::expected<Options, int> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "coffer");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    auto options = parse_options(static_cast<int>(words.size()), words.data());
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return options;
}

std::string complaint_of(std::vector<const char*> words) {
    words.insert(words.begin(), "coffer");
    testing::internal::CaptureStderr();
    EXPECT_FALSE(parse_options(static_cast<int>(words.size()), words.data()));
    return testing::internal::GetCapturedStderr();
}

template <class Chosen>
Chosen parse_as(std::vector<const char*> words) {
    const auto options = parse(std::move(words));
    if (!options || !std::holds_alternative<Chosen>(*options)) {
        ADD_FAILURE() << "another command, or none";
        return {};
    }
    return std::get<Chosen>(*options);
}

TEST(OptionsTest, TheDemoNeedsNoOptions) {
    const auto demo = parse_as<DemoOptions>({"demo"});
    EXPECT_EQ(demo.listen, "127.0.0.1:8080");
    EXPECT_EQ(demo.data, "");
    EXPECT_EQ(demo.players, 0U);
    EXPECT_EQ(demo.store, "rocksdb");
    EXPECT_FALSE(demo.public_secrets_are_fine);
    EXPECT_TRUE(demo.log.calls);
}

TEST(OptionsTest, TheDemoTakesThemAll) {
    const auto demo = parse_as<DemoOptions>(
        {"demo", "--listen", "[::]:0", "--public-secrets-are-fine", "--data", "world", "--players",
         "100000", "--store", "memory", "--io-threads", "2", "--log-level", "warning",
         "--log-format", "json", "--log-path", "log", "--no-log-calls"});
    EXPECT_EQ(demo.listen, "[::]:0");
    EXPECT_TRUE(demo.public_secrets_are_fine);
    EXPECT_EQ(demo.data, "world");
    EXPECT_EQ(demo.players, 100'000U);
    EXPECT_EQ(demo.store, "memory");
    EXPECT_EQ(demo.io_threads, 2);
    EXPECT_EQ(demo.log.log.level, LogLevel::warning);
    EXPECT_EQ(demo.log.log.format, LogFormat::json);
    EXPECT_EQ(demo.log.log.path, "log");
    EXPECT_FALSE(demo.log.calls);
}

TEST(OptionsTest, EachCommandIsItsOwn) {
    EXPECT_EQ(parse_as<InitOptions>({"init", "--config", "c"}).config, "c");
    EXPECT_EQ(parse_as<ServeOptions>({"serve", "-c", "c"}).config, "c");
    EXPECT_EQ(parse_as<ServeOptions>({"serve", "-c", "c", "--store", "postgres://db/b"}).store,
              "postgres://db/b");
    EXPECT_EQ(
        parse_as<MigrateCommandOptions>({"migrate", "-s", "postgres://db/b", "--runtime-role", "r"})
            .runtime_role,
        "r");
    EXPECT_EQ(parse_as<CheckConfigOptions>({"check-config", "-c", "c"}).config, "c");
    EXPECT_EQ(parse_as<VerifyOptions>({"verify", "--data", "d"}).place.data, "d");
    EXPECT_EQ(parse_as<ReindexOptions>({"reindex", "-d", "d"}).place.data, "d");
    EXPECT_EQ(parse_as<BackupOptions>({"backup", "-c", "c", "--to", "t"}).to, "t");
    EXPECT_EQ(parse_as<RestoreOptions>({"restore", "--from", "f", "--data", "d"}).from, "f");
    EXPECT_EQ(parse_as<ExplainOptions>({"explain", "-c", "c", "id"}).id, "id");
    EXPECT_EQ(parse_as<KeyListOptions>({"key", "list", "-c", "c"}).place.config, "c");
    EXPECT_EQ(parse_as<KeyRevokeOptions>({"key", "revoke", "-c", "c", "id"}).id, "id");
    parse_as<VersionOptions>({"version"});
}

TEST(OptionsTest, ScopesAreAListOrRepeated) {
    const auto list = parse_as<KeyCreateOptions>(
        {"key", "create", "-c", "c", "--scope", "read,play", "--tenant", "t", "--days", "3"});
    EXPECT_THAT(list.scopes, ElementsAre("read", "play"));
    EXPECT_EQ(list.tenant, "t");
    EXPECT_EQ(list.days, 3);
    const auto repeated = parse_as<KeyCreateOptions>(
        {"key", "create", "-c", "c", "--scope", "read", "--scope", "play"});
    EXPECT_THAT(repeated.scopes, ElementsAre("read", "play"));
}

TEST(OptionsTest, WhatIsWrongEndsWithAnErrorAndHelpWithout) {
    EXPECT_EQ(parse({"--help"}).error(), 0);
    EXPECT_EQ(parse({"demo", "--help"}).error(), 0);
    for (const std::vector<const char*>& words :
         std::vector<std::vector<const char*>>{{},
                                               {"dmeo"},
                                               {"serve"},
                                               {"verify"},
                                               {"verify", "-c", "c", "-d", "d"},
                                               {"demo", "--players", "-1"},
                                               {"demo", "--players", "many"},
                                               {"demo", "--store", "paper"},
                                               {"verify", "--store", "rocksdb"},
                                               {"verify", "-d", "d", "-s", "postgres://db/b"},
                                               {"migrate", "--distribute", "everywhere"},
                                               {"demo", "--io-threads", "0"},
                                               {"demo", "--log-level", "loud"},
                                               {"key"},
                                               {"key", "create", "-c", "c"},
                                               {"explain", "-c", "c"},
                                               {"backup", "-c", "c"},
                                               {"restore", "--from", "f"}}) {
        const auto options = parse(words);
        ASSERT_FALSE(options) << (words.empty() ? "" : words[0]);
        EXPECT_NE(options.error(), 0);
    }
}

TEST(OptionsTest, WhatIsMissingIsSaidByItsName) {
    EXPECT_THAT(complaint_of({"key"}), HasSubstr("which? create, list, revoke"));
    EXPECT_THAT(complaint_of({"key"}), HasSubstr("`coffer key --help`"));
    const auto one_of = HasSubstr("One of --config, --data and --store");
    EXPECT_THAT(complaint_of({"verify"}), one_of);
    EXPECT_THAT(complaint_of({"verify", "-c", "c", "-d", "d"}), one_of);
    EXPECT_THAT(complaint_of({"key", "list"}), one_of);
    EXPECT_THAT(complaint_of({"serve"}), HasSubstr("--config is required"));
    EXPECT_THAT(complaint_of({"verfy"}), HasSubstr("nothing here is called verfy"));
    EXPECT_THAT(complaint_of({}), HasSubstr("coffer demo"));
}

}  // namespace
}  // namespace coffer
