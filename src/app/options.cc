// The command line: what can be asked, and the help that teaches it. The only place that knows
// CLI11.

#include "app/options.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/store_choice.h"
#include "store/postgres_store.h"

namespace coffer {
namespace {

constexpr const char* program_words =
    "Coffer: one durable wallet ledger behind five published wallet APIs.\n\n"
    "Try it:     coffer demo\n"
    "Install it: coffer init --config coffer.toml, then coffer serve --config coffer.toml\n"
    "Learn more: coffer COMMAND --help";

// One command being described: its words and its options. The struct that the options fill lives
// here and becomes the result when the command was the one asked for.
template <class Chosen>
class Command {
public:
    Command(CLI::App& parent, std::optional<Options>& result, const char* name, const char* words,
            const char* examples)
        : app_(parent.add_subcommand(name, words)) {
        app_->footer(std::string("Examples:\n") + examples);
        app_->callback([&result, options = options_] { result = *options; });
    }
    CLI::App* operator->() { return app_; }
    Chosen& options() { return *options_; }

private:
    CLI::App* app_;
    std::shared_ptr<Chosen> options_ = std::make_shared<Chosen>();
};

void add_config(CLI::App& app, std::string& config) {
    app.add_option("-c,--config", config, "The configuration file (TOML); see config/coffer.toml")
        ->required()
        ->type_name("FILE");
}

// What is wrong with a value, or nothing; without the value, which may hold a password.
std::string is_postgres(const std::string& text) {
    const auto choice = parse_store(text);
    return choice && choice->kind == StoreKind::postgres
               ? ""
               : "a database is named as postgres://user@host:port/database";
}

std::string is_copyable(const std::string& text) {
    return text.starts_with("rocksdb:") ? "" : is_postgres(text);
}

std::string is_store(const std::string& text) {
    return parse_store(text) ? "" : "a store is rocksdb, memory or postgres://...";
}

void add_place(CLI::App& app, Place& place) {
    auto* group = app.add_option_group("Where the books are", "One of them");
    group->add_option("-c,--config", place.config, "The configuration file that says where")
        ->type_name("FILE");
    group->add_option("-d,--data", place.data, "The data directory itself")->type_name("DIR");
    group->add_option("-s,--store", place.store, "The PostgreSQL database that holds them")
        ->check(is_postgres)
        ->type_name("postgres://...");
    group->require_option(1);
}

void add_shards(CLI::App& app, unsigned& shards) {
    app.add_option("--shards", shards,
                   "Into how many shards a new store is divided, for good (" +
                       std::to_string(shards_default) + ")")
        ->check(CLI::Range(1U, unsigned{shards_max}))
        ->type_name("N");
}

void add_log(CLI::App& app, LogChoice& choice) {
    static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::debug},
                                                        {"info", LogLevel::info},
                                                        {"warning", LogLevel::warning},
                                                        {"error", LogLevel::error}};
    static const std::map<std::string, LogFormat> formats{{"text", LogFormat::text},
                                                          {"json", LogFormat::json}};
    app.add_option("--log-level", choice.log.level, "The least that is logged (info)")
        ->transform(CLI::CheckedTransformer(levels))
        ->type_name("debug|info|warning|error");
    app.add_option("--log-format", choice.log.format, "How a line looks (text)")
        ->transform(CLI::CheckedTransformer(formats))
        ->type_name("text|json");
    app.add_option("--log-path", choice.log.path, "A file instead of standard error")
        ->type_name("FILE");
    app.add_flag("--log-calls,!--no-log-calls", choice.calls, "One line a call (on)");
}

void add_first_steps(CLI::App& program, std::optional<Options>& result) {
    Command<DemoOptions> demo(
        program, result, "demo",
        "Run a wallet with a fixed, public world in it: players, keys, balances.\n"
        "Prints its address and one curl line for each dialect when it is ready.",
        "  coffer demo                                  in a temporary folder, on 127.0.0.1:8080\n"
        "  coffer demo --data /tmp/world                kept, and continued the next time\n"
        "  coffer demo --players 100000 --no-log-calls  a crowd to load it with\n"
        "  coffer demo --data DIR --store postgres://me@localhost/books\n"
        "                                               in an empty database, tables included\n"
        "  coffer demo --chain http://127.0.0.1:8545    KGN as the coin of anvil's chain 31337");
    DemoOptions& options = demo.options();
    demo->add_option("--listen", options.listen,
                     "Where to listen (127.0.0.1:8080); port 0 takes any free one")
        ->type_name("ADDR:PORT");
    demo->add_flag("--public-secrets-are-fine", options.public_secrets_are_fine,
                   "Allow an address that others can reach, though all secrets are public");
    demo->add_option("--data", options.data,
                     "The data directory (a fresh temporary folder, removed at the end)")
        ->type_name("DIR");
    demo->add_option("--players", options.players, "So many players more, for load (0)")
        ->check(CLI::Range(0, 100'000'000))
        ->type_name("N");
    demo->add_option("--store", options.store, "What keeps the books (rocksdb)")
        ->check(is_store)
        ->type_name("rocksdb|memory|postgres://...");
    add_shards(*demo.operator->(), options.shards);
    demo->add_option(
            "--chain", options.chain,
            "A node of a test chain, such as anvil: withdrawals of KGN arrive there as its "
            "coin, paid by the account whose key everybody knows")
        ->type_name("URL");
    demo->add_option("--io-threads", options.io_threads, "Threads that talk to callers (1)")
        ->check(CLI::Range(1, 64))
        ->type_name("N");
    add_log(*demo.operator->(), options.log);

    Command<InitOptions> init(
        program, result, "init",
        "Make a data directory with empty books, a master key (mode 0600) and one installation\n"
        "key, which is printed once. Overwrites nothing.",
        "  cp config/coffer.toml coffer.toml\n"
        "  coffer init --config coffer.toml");
    add_config(*init.operator->(), init.options().config);

    Command<ServeOptions> serve(
        program, result, "serve",
        "Answer calls as the configuration says. One line tells when it is ready.\n"
        "SIGTERM and SIGINT finish the calls inside and end; SIGHUP reads certificates again.",
        "  coffer serve --config coffer.toml\n"
        "  COFFER_MASTER_KEY_FILE=/run/secrets/coffer coffer serve --config coffer.toml");
    add_config(*serve.operator->(), serve.options().config);
    serve->add_option("--store", serve.options().store, "Instead of data.store")
        ->check(is_store)
        ->type_name("rocksdb|memory|postgres://...");

    Command<MigrateCommandOptions> migrate(
        program, result, "migrate",
        "Make the tables of a PostgreSQL store, or bring older ones up to date. May be run again,\n"
        "and by several at once; refuses tables of a newer Coffer. Run it as their owner.",
        "  coffer migrate --store postgres://owner@db/books --runtime-role coffer\n"
        "  coffer migrate --config coffer.toml");
    add_place(*migrate.operator->(), migrate.options().place);
    migrate
        ->add_option("--runtime-role", migrate.options().runtime_role,
                     "A role that may then serve: it can neither alter nor delete")
        ->type_name("ROLE");
    add_shards(*migrate.operator->(), migrate.options().shards);
    migrate
        ->add_option("--distribute", migrate.options().distribute,
                     "Spread the tables over the workers of Citus, by shard")
        ->check(CLI::IsMember({"citus"}))
        ->type_name("citus");

    Command<CheckConfigOptions> check(
        program, result, "check-config",
        "Print every mistake of a configuration at once, as FILE:LINE:COLUMN: WORDS.",
        "  coffer check-config --config coffer.toml");
    add_config(*check.operator->(), check.options().config);
}

void add_keys(CLI::App& program, std::optional<Options>& result) {
    CLI::App* key = program.add_subcommand(
        "key", "Keys of the native API, while no server runs: a lost key is not a lost wallet.");
    key->require_subcommand(1);
    Command<KeyCreateOptions> create(
        *key, result, "create", "Make a key and print it once.",
        "  coffer key create --config coffer.toml --scope install\n"
        "  coffer key create --data DIR --tenant casino --scope read,cashier --days 90");
    add_place(*create.operator->(), create.options().place);
    create
        ->add_option("--scope", create.options().scopes,
                     "What it may do: read, play, cashier, admin; or install, alone")
        ->required()
        ->delimiter(',')
        ->type_name("SCOPE[,SCOPE]");
    create->add_option("--tenant", create.options().tenant, "Whose it is: name or id")
        ->type_name("TENANT");
    create->add_option("--label", create.options().label, "A word to know it by")
        ->type_name("TEXT");
    create->add_option("--days", create.options().days, "How long it lives (for ever)")
        ->check(CLI::Range(1, 36'500))
        ->type_name("DAYS");

    Command<KeyListOptions> list(*key, result, "list",
                                 "List all keys with scopes, owner, expiry and last use.",
                                 "  coffer key list --config coffer.toml");
    add_place(*list.operator->(), list.options().place);

    Command<KeyRevokeOptions> revoke(*key, result, "revoke", "Revoke a key for good.",
                                     "  coffer key revoke --config coffer.toml ID");
    add_place(*revoke.operator->(), revoke.options().place);
    revoke->add_option("id", revoke.options().id, "The key's id, as `key list` shows it")
        ->required()
        ->type_name("ID");
}

void add_bench(CLI::App& program, std::optional<Options>& result) {
    Command<BenchOptions> bench(
        program, result, "bench",
        "Load a demo with one movement a call and say what it did: calls a second, latencies,\n"
        "processor time, and whether every acknowledged call is in the books (exit 1 if not).\n"
        "Without --connect a demo of its own is started, stopped and verified.",
        "  coffer bench                                    rgs over HTTP/2, as fast as it goes\n"
        "  coffer bench --dialect integrator --calls 3000000\n"
        "  coffer bench --protocol h1 --connections 512 --seconds 30\n"
        "  coffer bench --rate 10000                       open loop: latency at a given rate");
    BenchOptions& options = bench.options();
    bench->add_option("--connect", options.connect, "A demo that is running (one of its own)")
        ->type_name("HOST:PORT");
    bench->add_option("--server-pid", options.server_pid, "With --connect: its process")
        ->needs("--connect")
        ->type_name("PID");
    bench->add_option("--data", options.data, "The own demo's directory (a temporary one)")
        ->excludes("--connect")
        ->type_name("DIR");
    bench->add_option("--io-threads", options.io_threads, "Of the own demo (1)")
        ->check(CLI::Range(1, 64))
        ->type_name("N");
    bench->add_option("--dialect", options.dialect, "Whose calls (rgs)")
        ->check(CLI::IsMember({"operator", "integrator", "rgs", "sverse", "kgen", "native"}))
        ->type_name("DIALECT");
    bench->add_option("--protocol", options.protocol, "HTTP/2 without TLS, or HTTP/1.1 (h2)")
        ->check(CLI::IsMember({"h1", "h2"}))
        ->type_name("h1|h2");
    bench->add_option("--connections", options.connections, "How many (h2: 4, h1: 256)")
        ->check(CLI::Range(1, 20'000))
        ->type_name("N");
    bench->add_option("--streams", options.streams, "Calls under way on each (h2: 128, h1: 1)")
        ->check(CLI::Range(1, 10'000))
        ->type_name("N");
    bench->add_option("--players", options.players, "Load players of the demo (100000)")
        ->check(CLI::Range(1, 100'000'000))
        ->type_name("N");
    bench->add_option("--calls", options.calls, "End after so many")->type_name("N");
    bench->add_option("--seconds", options.seconds, "End after so long (10, without --calls)")
        ->type_name("N");
    bench->add_option("--rate", options.rate, "Open loop: so many calls a second fall due")
        ->type_name("N");
    bench->add_flag("--verify,!--no-verify", options.verify, "Look into the books at the end (on)");
}

void add_care(CLI::App& program, std::optional<Options>& result) {
    Command<VerifyOptions> verify(
        program, result, "verify",
        "Work every balance, round, key and total out again from the journal, and check the hash\n"
        "chain. Prints one line and ends with 0 when all is right; else says what is wrong where\n"
        "and ends with 1. No server may run on a directory; books in PostgreSQL are verified as\n"
        "they are at this moment, while servers go on.",
        "  coffer verify --data /var/lib/coffer\n"
        "  coffer verify --store postgres://me@localhost/books");
    add_place(*verify.operator->(), verify.options().place);

    Command<BackupOptions> backup(
        program, result, "backup",
        "Copy the books to a new directory and verify the copy. A running server goes on and is\n"
        "asked for it; the copy is as of one moment. The master key is not in it: keep it apart.",
        "  coffer backup --config coffer.toml --to /backup/2026-11-21");
    add_place(*backup.operator->(), backup.options().place);
    backup->add_option("--to", backup.options().to, "The new directory")
        ->required()
        ->type_name("DIR");

    Command<RestoreOptions> restore(
        program, result, "restore",
        "Make a data directory out of a backup and verify it. The target must be absent or empty.",
        "  coffer restore --from /backup/2026-11-21 --data /var/lib/coffer \\\n"
        "      --master-key-file /safe/master.key");
    restore->add_option("--from", restore.options().from, "The backup")
        ->required()
        ->type_name("DIR");
    restore->add_option("--data", restore.options().data, "The new data directory")
        ->required()
        ->type_name("DIR");
    restore
        ->add_option("--master-key-file", restore.options().master_key_file,
                     "The master key of the books, to be copied into the directory")
        ->type_name("FILE");

    Command<ExplainOptions> explain(
        program, result, "explain",
        "Tell a transaction's whole story, for support: what was asked, by whom, in which "
        "dialect,\n"
        "what moved, its round, and what took it back. A running server is asked for it. A "
        "caller's\n"
        "id is looked for in the whole journal, which takes seconds for each million records.",
        "  coffer explain --data DIR 0193f0c2-7b1d-8123-8000-0123456789ab   a Coffer id\n"
        "  coffer explain --data DIR d47ac10b-58cc-4372-a567-0e02b2c3d479   a caller's id");
    add_place(*explain.operator->(), explain.options().place);
    explain->add_option("id", explain.options().id, "Coffer's id of it, or the caller's")
        ->required()
        ->type_name("ID");

    Command<ReindexOptions> reindex(
        program, result, "reindex",
        "Throw the index away and make it again from the journal, which is the truth. No server\n"
        "may run on the directory.",
        "  coffer reindex --data /var/lib/coffer");
    add_place(*reindex.operator->(), reindex.options().place);

    Command<CopyOptions> copy(
        program, result, "copy",
        "Copy books from one store to another and prove that they are equal: the same hash chain,\n"
        "and everything verified. Goes on where an earlier copy broke off. No server may run on\n"
        "either. The master key is not copied.",
        "  coffer copy --from rocksdb:/var/lib/coffer --to postgres://me@localhost/books");
    copy->add_option("--from", copy.options().from, "The books")
        ->required()
        ->check(is_copyable)
        ->type_name("rocksdb:DIR|postgres://...");
    copy->add_option("--to", copy.options().to,
                     "Where they go: empty, or begun by an earlier copy of the same")
        ->required()
        ->check(is_copyable)
        ->type_name("rocksdb:DIR|postgres://...");

    add_bench(program, result);

    Command<VersionOptions> version(program, result, "version",
                                    "Print version, commit, build and journal format.",
                                    "  coffer version");
}

constexpr int usage_error = 2;  // as shells and getopt have it

// What is wrong, in words of the command line where CLI11 counts options or only says that there
// are subcommands.
std::string words_of(const CLI::App& command, const CLI::ParseError& error) {
    std::string names;
    for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
        if (sub->get_name().empty()) continue;  // a group of options
        names += (names.empty() ? "" : ", ") + sub->get_name();
    }
    if (!names.empty()) return "which? " + names;
    std::string words = error.what();
    if (!words.starts_with("Exactly 1 option from")) return words;
    return "where are the books? One of --config, --data and --store says it";
}

// CLI11 says first what is missing, although the missing word is mostly there with a slip of the
// pen: a word that no command takes is named before anything else.
int explain_usage(const CLI::App& program, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // help was asked for
    std::string command = "coffer";
    const CLI::App* innermost = &program;
    while (!innermost->get_subcommands().empty()) {
        innermost = innermost->get_subcommands().front();
        command += " " + innermost->get_name();
    }
    const std::vector<std::string> unknown = program.remaining(true);
    if (!unknown.empty()) {
        std::fprintf(stderr, "coffer: nothing here is called %s\n", unknown.front().c_str());
    } else if (innermost == &program) {
        std::fputs(program.help().c_str(), stderr);
        return usage_error;
    } else {
        std::fprintf(stderr, "coffer: %s\n", words_of(*innermost, error).c_str());
    }
    std::fprintf(stderr, "`%s --help` shows what it takes, with examples.\n", command.c_str());
    return usage_error;
}

}  // namespace

std::expected<Options, int> parse_options(int count, const char* const* words) {
    CLI::App program(program_words, "coffer");
    program.require_subcommand(1);
    program.set_help_all_flag("--help-all", "Print the help of every command");
    std::optional<Options> result;
    add_first_steps(program, result);
    add_keys(program, result);
    add_care(program, result);
    try {
        program.parse(count, words);
    } catch (const CLI::ParseError& error) {
        return std::unexpected(explain_usage(program, error));
    }
    if (!result) return std::unexpected(1);
    return std::move(*result);
}

}  // namespace coffer
