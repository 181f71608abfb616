// The program `coffer`.
//
// What happens, whichever command: the command line becomes one options struct (options.cc), and
// the command of that struct runs (commands.h names its file). The two that answer calls, `serve`
// and `demo`, go the same way from there:
//
//   1 the signals that end or nudge a server are kept for one thread          signals.h
//   2 the configuration is read, every mistake reported at once               config.h
//   3 the data directory is entered and locked, the master key read           data_directory.h
//   4 the store is opened, and the ledger over it                             books.h
//   5 (demo) the world is filled                                              demo_world.h
//   6 the server starts; a line says so; calls are answered until told to stop serving.h
//   7 the server drains, the ledger finishes, the store closes, the lock goes
//
// Nothing is found by name and nothing registers itself: what exists is built here and handed down.

#include <csignal>
#include <variant>

#include "app/commands.h"

int main(int count, char** words) {
    // A peer that hangs up while we write is an error of that write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = coffer::parse_options(count, words);
    if (!options) return options.error();
    return std::visit([](const auto& chosen) { return coffer::run(chosen); }, *options);
}
