// The network of the store's tests (postgres_proxy_fixture.h) as a program, for tests of the whole:
//
//     postgres_proxy SERVER_PORT
//
// prints the port that it listens on, then takes one command a line and prints a line when it is
// done: FAULT client|server AFTER [SQLSTATE], fired, release, cut-all, delay MILLISECONDS.

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "store/postgres_proxy_fixture.h"

namespace coffer {
namespace {

const std::map<std::string, PostgresProxy::Fault> faults = {
    {"cut", PostgresProxy::Fault::cut},         {"stall", PostgresProxy::Fault::stall},
    {"swallow", PostgresProxy::Fault::swallow}, {"refuse", PostgresProxy::Fault::refuse},
    {"spoil", PostgresProxy::Fault::spoil},
};

// What is printed for it; empty if it is no command.
std::string carry_out(PostgresProxy& proxy, const std::string& line) {
    std::istringstream words(line);
    std::string command, from;
    words >> command;
    if (const auto fault = faults.find(command); fault != faults.end()) {
        PostgresProxy::Plan plan{.fault = fault->second};
        if (!(words >> from >> plan.after)) return "";
        words >> plan.state;
        plan.from = from == "server" ? PostgresProxy::From::server : PostgresProxy::From::client;
        proxy.arm(plan);
        return "armed";
    }
    if (command == "fired") return proxy.fired() ? "yes" : "no";
    if (command == "release") {
        proxy.release();
        return "released";
    }
    if (command == "cut-all") {
        proxy.cut_all();
        return "cut";
    }
    int milliseconds = 0;
    if (command == "delay" && words >> milliseconds) {
        proxy.delay(milliseconds);
        return "delayed";
    }
    return "";
}

}  // namespace
}  // namespace coffer

int main(int count, char** words) {
    const int port = count == 2 ? std::atoi(words[1]) : 0;
    if (port == 0) {
        std::fprintf(stderr, "usage: postgres_proxy SERVER_PORT\n");
        return 2;
    }
    coffer::PostgresProxy proxy(port);
    std::cout << proxy.port() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        const std::string done = coffer::carry_out(proxy, line);
        if (done.empty()) {
            std::fprintf(stderr, "postgres_proxy: not a command: %s\n", line.c_str());
            return 2;
        }
        std::cout << done << std::endl;
    }
    return 0;
}
