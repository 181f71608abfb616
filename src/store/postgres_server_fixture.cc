#include "store/postgres_server_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "base/check.h"

namespace coffer {

namespace {

namespace fs = std::filesystem;

const std::string debian = "/usr/lib/postgresql/15/bin/";

// A program of the server; another version's may be tried, which need not have programs for
// clients.
std::string server_program(const std::string& name) {
    const char* folder = std::getenv("COFFER_POSTGRES_BIN");  // NOLINT(concurrency-mt-unsafe)
    return folder == nullptr ? debian + name : std::string(folder) + "/" + name;
}

const passwd* other_user() {
    if (::geteuid() != 0) return nullptr;
    const passwd* user = ::getpwnam("postgres");  // NOLINT(concurrency-mt-unsafe)
    CHECK(user != nullptr);
    return user;
}

int free_port() {
    const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(file >= 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(file, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    ::close(file);
    return ntohs(address.sin_port);
}

// Starts a program whose output goes to a file; its process id. It ends when this program does.
int spawn(const std::vector<std::string>& words, const std::string& log) {
    const passwd* user = other_user();
    const int process = ::fork();
    CHECK(process >= 0);
    if (process > 0) return process;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0) ::_exit(126);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                            ::setuid(user->pw_uid) != 0)) {
        ::_exit(126);
    }
    // Changing the user cleared it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (::chdir("/") == 0) ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

int wait_for(int process) {
    int status = 0;
    ::waitpid(process, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

PostgresServer& PostgresServer::shared() {
    static PostgresServer server;
    return server;
}

const std::string& PostgresServer::password() {
    static const std::string password = "p@ss/word";
    return password;
}

PostgresServer::PostgresServer() {
    std::string name = (fs::temp_directory_path() / "coffer-postgres-XXXXXX").string();
    CHECK(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    make_cluster();
    port_ = free_port();
    start();
}

PostgresServer::~PostgresServer() {
    if (process_ != 0) {
        ::kill(process_, SIGINT);  // its "fast shutdown"
        wait_for(process_);
    }
    std::error_code error;
    fs::remove_all(folder_, error);
}

void PostgresServer::make_cluster() {
    std::ofstream(folder_ + "/password") << password();
    if (const passwd* user = other_user()) {
        CHECK(::chown(folder_.c_str(), user->pw_uid, user->pw_gid) == 0);
    }
    const int made = wait_for(spawn(
        {server_program("initdb"), "-D", folder_ + "/data", "-U", "owner", "-A", "scram-sha-256",
         "--pwfile", folder_ + "/password", "-E", "UTF8", "--locale", "C", "--no-sync"},
        folder_ + "/log"));
    if (made != 0) std::fprintf(stderr, "%s\n", text_of(folder_ + "/log").c_str());
    CHECK(made == 0);
}

void PostgresServer::start() {
    process_ = spawn({server_program("postgres"), "-D", folder_ + "/data", "-c",
                      "listen_addresses=127.0.0.1", "-c", "port=" + std::to_string(port_), "-c",
                      "unix_socket_directories=" + folder_, "-c", "shared_buffers=64MB"},
                     folder_ + "/log");
    const std::vector<std::string> ask = {debian + "pg_isready", "-q", "-h",
                                          "127.0.0.1",           "-p", std::to_string(port_)};
    for (int attempt = 0; wait_for(spawn(ask, "/dev/null")) != 0; ++attempt) {
        if (attempt == 600) std::fprintf(stderr, "%s\n", text_of(folder_ + "/log").c_str());
        CHECK(attempt < 600);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

void PostgresServer::kill() {
    ::kill(process_, SIGKILL);
    wait_for(process_);
    process_ = 0;
    // Its children see that it is gone and end; a new one cannot start before.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

std::string PostgresServer::uri() const {
    return "postgres://owner:p%40ss%2Fword@127.0.0.1:" + std::to_string(port_) + "/postgres";
}

std::string PostgresServer::new_place() {
    const std::string name = "books_" + std::to_string(++places_);
    sql(uri(), "create schema " + name);
    return uri() + "?options=-csearch_path%3D" + name;
}

std::string PostgresServer::sql(const std::string& uri, const std::string& text) const {
    static std::atomic<int> calls = 0;  // several threads may ask at once
    const std::string out = folder_ + "/psql-" + std::to_string(++calls);
    const int done = wait_for(spawn(
        {debian + "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", uri, "-c", text},
        out));
    std::string said = text_of(out);
    std::error_code error;
    fs::remove(out, error);
    if (done != 0) std::fprintf(stderr, "psql: %s\n", said.c_str());
    CHECK(done == 0);
    return said;
}

}  // namespace coffer
