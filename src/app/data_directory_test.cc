#include "app/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/temporary_folder.h"

namespace coffer {
namespace {

using testing::HasSubstr;

TEST(DataDirectoryTest, IsMadeForItsOwnerAloneWithItsParents) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/a/b/c";
    ASSERT_TRUE(make_directory(path));
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    EXPECT_TRUE(make_directory(path)) << "one that exists is fine";
    EXPECT_TRUE(is_absent_or_empty(path));
    EXPECT_TRUE(is_absent_or_empty(folder.path() + "/none"));
    EXPECT_FALSE(is_absent_or_empty(folder.path()));
}

TEST(DataDirectoryTest, AFileIsNoDirectory) {
    const TemporaryFolder folder;
    folder.write("file", "");
    EXPECT_FALSE(make_directory(folder.path() + "/file"));
    EXPECT_FALSE(is_absent_or_empty(folder.path() + "/file"));
}

TEST(DirectoryLockTest, KeepsASecondHolderOutAndSaysWhoHasIt) {
    const TemporaryFolder folder;
    auto first = DirectoryLock::take(folder.path(), "serve");
    ASSERT_TRUE(first);
    const auto second = DirectoryLock::take(folder.path(), "verify");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);
    EXPECT_THAT(second.error().detail,
                HasSubstr("process " + std::to_string(::getpid()) + " (coffer serve)"));
}

TEST(DirectoryLockTest, IsFreeAgainWhenItsHolderIsGone) {
    const TemporaryFolder folder;
    {
        ASSERT_TRUE(DirectoryLock::take(folder.path(), "a longer word than the next"));
    }
    const auto again = DirectoryLock::take(folder.path(), "key");
    ASSERT_TRUE(again);
    const auto second = DirectoryLock::take(folder.path(), "verify");
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().detail, HasSubstr("(coffer key)"));
}

TEST(DirectoryLockTest, NeedsADirectory) {
    const TemporaryFolder folder;
    const auto lock = DirectoryLock::take(folder.path() + "/none", "serve");
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace coffer
