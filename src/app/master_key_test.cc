#include "app/master_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "app/temporary_folder.h"

namespace coffer {
namespace {

using testing::HasSubstr;

// Sets a variable of the environment for as long as it lives.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    ~Variable() {
        ::unsetenv(name_);  // NOLINT(concurrency-mt-unsafe): one thread
    }

private:
    const char* name_;
};

const std::string other_key(64, 'a');

TEST(MasterKeyTest, IsMadeOnceAndReadBack) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/master.key";
    const auto made = make_master_key(path);
    ASSERT_TRUE(made);
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(*read_master_key(path), *made);
    const auto again = make_master_key(path);
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().detail, HasSubstr("not overwritten"));
    EXPECT_EQ(*read_master_key(path), *made);
}

TEST(MasterKeyTest, TwoAreNeverTheSame) {
    const TemporaryFolder folder;
    EXPECT_NE(*make_master_key(folder.path() + "/1"), *make_master_key(folder.path() + "/2"));
}

TEST(MasterKeyTest, AFileThatOthersCanReadIsRefused) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/master.key";
    ASSERT_TRUE(make_master_key(path));
    for (const mode_t mode : {0604U, 0640U, 0620U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        const auto read = read_master_key(path);
        ASSERT_FALSE(read) << mode;
        EXPECT_THAT(read.error().detail, HasSubstr("chmod 600"));
    }
}

TEST(MasterKeyTest, WhatIsNoKeyIsRefused) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/master.key";
    EXPECT_EQ(read_master_key(path).error().code, ErrorCode::not_found);
    for (const std::string& text :
         {std::string(), std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'g')}) {
        folder.write("master.key", text);
        ::chmod(path.c_str(), 0600);
        EXPECT_FALSE(read_master_key(path)) << text;
    }
    folder.write("master.key", other_key + "\r\n");
    EXPECT_TRUE(read_master_key(path));
}

TEST(MasterKeyTest, TheEnvironmentWins) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/master.key";
    ASSERT_TRUE(make_master_key(path));
    EXPECT_FALSE(master_key_in_environment());
    {
        const Variable hex("COFFER_MASTER_KEY", other_key);
        EXPECT_TRUE(master_key_in_environment());
        EXPECT_EQ(read_master_key(path)->front(), 0xaa);
    }
    folder.write("other.key", other_key);
    ::chmod((folder.path() + "/other.key").c_str(), 0600);
    const Variable file("COFFER_MASTER_KEY_FILE", folder.path() + "/other.key");
    EXPECT_EQ(read_master_key(path)->front(), 0xaa);
}

TEST(MasterKeyTest, ACopyIsTheSameKeyAndAsPrivate) {
    const TemporaryFolder folder;
    const auto made = make_master_key(folder.path() + "/1");
    ASSERT_TRUE(copy_master_key(folder.path() + "/1", folder.path() + "/2"));
    EXPECT_EQ(*read_master_key(folder.path() + "/2"), *made);
    EXPECT_FALSE(copy_master_key(folder.path() + "/1", folder.path() + "/2"));
}

}  // namespace
}  // namespace coffer
