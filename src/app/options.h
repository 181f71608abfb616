#pragma once
// What the command line asks for: one struct a command, filled by parse_options().
//
// The help that teaches lives in options.cc. A command gets its own struct and nothing else; adding
// a command is a struct here, a block there, a line in commands.h and its own file.

#include <cstdint>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "base/log.h"

namespace coffer {

// Where the books are: a configuration file says it, or the data directory is named, or the
// database. One of them.
struct Place {
    std::string config;
    std::string data;
    std::string store;  // postgres://...
};

struct LogChoice {
    Log::Options log;
    bool calls = true;  // one line a call
};

struct InitOptions {
    std::string config;
};
struct KeyCreateOptions {
    Place place;
    std::string tenant;  // name or id; empty for scope install
    std::vector<std::string> scopes;
    std::string label;
    std::int64_t days = 0;  // 0: never expires
};
struct KeyListOptions {
    Place place;
};
struct KeyRevokeOptions {
    Place place;
    std::string id;
};
struct ServeOptions {
    std::string config;
    std::string store;  // instead of the configuration's; empty: as that says
};
struct MigrateCommandOptions {
    Place place;
    std::string runtime_role;
    unsigned shards = 0;     // of a store that is made; 0: as many as one has by default
    std::string distribute;  // "citus", or empty
};
struct DemoOptions {
    std::string listen = "127.0.0.1:8080";
    bool public_secrets_are_fine = false;
    std::string data;  // empty: a fresh temporary folder
    std::uint64_t players = 0;
    std::string store = "rocksdb";
    unsigned shards = 0;  // of a PostgreSQL store that it makes
    int io_threads = 1;
    std::string chain;  // a node's URL; empty: withdrawals wait
    LogChoice log;
};
struct VerifyOptions {
    Place place;
};
struct BackupOptions {
    Place place;
    std::string to;
};
struct RestoreOptions {
    std::string from;
    std::string data;
    std::string master_key_file;  // empty: the key is brought by hand
};
struct ExplainOptions {
    Place place;
    std::string id;
};
struct CopyOptions {
    std::string from;  // rocksdb:DIR or postgres://...
    std::string to;    // the same
};
struct ReindexOptions {
    Place place;
};
struct CheckConfigOptions {
    std::string config;
};
struct BenchOptions {
    std::string connect;  // HOST:PORT; empty: a demo of its own is started
    std::string data;     // the demo's data directory; empty: a fresh temporary folder
    std::string dialect = "rgs";
    std::string protocol = "h2";
    std::uint64_t connections = 0;  // 0: what suits the protocol
    std::uint64_t streams = 0;      // calls under way on each; 0: the same
    std::uint64_t players = 100'000;
    std::uint64_t calls = 0;   // 0: no end by number
    std::int64_t seconds = 0;  // 0: no end by time
    std::uint64_t rate = 0;    // calls a second; 0: closed loop
    bool verify = true;
    std::int64_t server_pid = 0;  // with connect: whose processor time is counted
    int io_threads = 1;           // of the demo
};
struct VersionOptions {};

using Options = std::variant<InitOptions, MigrateCommandOptions, KeyCreateOptions, KeyListOptions,
                             KeyRevokeOptions, ServeOptions, DemoOptions, VerifyOptions,
                             BackupOptions, RestoreOptions, ExplainOptions, CopyOptions,
                             ReindexOptions, CheckConfigOptions, BenchOptions, VersionOptions>;

// The command asked for; or, when there is none to run (help was shown, a mistake was explained),
// the exit code. Prints to standard output and standard error.
std::expected<Options, int> parse_options(int count, const char* const* words);

}  // namespace coffer
