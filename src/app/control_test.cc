#include "app/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "app/data_directory.h"
#include "app/temporary_folder.h"

namespace coffer {
namespace {

// Answers one request of another thread.
void answer_next(const Control& control, const Control::Answer& answer) {
    pollfd file{control.file(), POLLIN, 0};
    ASSERT_EQ(::poll(&file, 1, 10'000), 1);
    control.answer_one(answer);
}

Result<std::optional<std::string>> exchange(const std::string& directory, std::string_view request,
                                            const Control::Answer& answer) {
    const auto control = Control::listen(directory);
    EXPECT_TRUE(control);
    Result<std::optional<std::string>> heard;
    std::thread asker([&] { heard = ask_server(directory, request); });
    answer_next(*control, answer);
    asker.join();
    return heard;
}

TEST(ControlTest, CarriesARequestAndAnAnswerOfManyLines) {
    const TemporaryFolder folder;
    const std::string story = "first line\nsecond line\n" + std::string(100'000, 'x');
    const auto heard = exchange(folder.path(), "explain 1", [&](std::string_view request) {
        EXPECT_EQ(request, "explain 1");
        return Result<std::string>(story);
    });
    ASSERT_TRUE(heard && *heard);
    EXPECT_EQ(**heard, story);
}

TEST(ControlTest, CarriesAnError) {
    const TemporaryFolder folder;
    const auto heard = exchange(folder.path(), "backup /x", [](std::string_view) {
        return Result<std::string>(fail(ErrorCode::io, "no space"));
    });
    ASSERT_FALSE(heard);
    EXPECT_EQ(heard.error().detail, "no space");
}

TEST(ControlTest, WithoutAServerThereIsNoAnswer) {
    const TemporaryFolder folder;
    const auto heard = ask_server(folder.path(), "backup /x");
    ASSERT_TRUE(heard);
    EXPECT_FALSE(*heard);
}

TEST(ControlTest, ASocketOfADeadServerIsReplaced) {
    const TemporaryFolder folder;
    folder.write("control.sock", "");
    const auto control = Control::listen(folder.path());
    ASSERT_TRUE(control);
    struct stat status{};
    ASSERT_EQ(::stat(control_socket(folder.path()).c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(ControlTest, APeerThatHangsUpAsksNothing) {
    const TemporaryFolder folder;
    const auto control = Control::listen(folder.path());
    ASSERT_TRUE(control);
    const Control::Answer never = [](std::string_view) -> Result<std::string> {
        ADD_FAILURE() << "nothing was asked";
        return "";
    };
    control->answer_one(never);  // nobody is there
    const int peer = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_GE(peer, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    control_socket(folder.path()).copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::send(peer, "backup", 6, 0), 6);
    ::close(peer);
    answer_next(*control, never);
}

TEST(ControlTest, WorksInDirectoriesDeeperThanASocketAddress) {
    const TemporaryFolder folder;
    const std::string deep = folder.path() + "/" + std::string(200, 'd');
    std::filesystem::create_directory(deep);
    const auto heard =
        exchange(deep, "backup /x", [](std::string_view) { return Result<std::string>("copied"); });
    ASSERT_TRUE(heard && *heard);
    EXPECT_EQ(**heard, "copied");
}

}  // namespace
}  // namespace coffer
