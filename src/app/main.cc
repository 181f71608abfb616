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

#ifdef COFFER_MIMALLOC
#include <mimalloc.h>
#endif

#include <csignal>
#include <variant>

#include "app/commands.h"

int main(int count, char** words) {
#ifdef COFFER_MIMALLOC
    // The records of a hundred thousand players lie everywhere: a call cost the lane 15.3 us with
    // pages of 4 KiB and costs 12.7 with pages of 2 MiB, where the kernel has them to give.
    mi_option_enable(mi_option_large_os_pages);
#endif
    // A peer that hangs up while we write is an error of that write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = coffer::parse_options(count, words);
    if (!options) return options.error();
    return std::visit([](const auto& chosen) { return coffer::run(chosen); }, *options);
}
