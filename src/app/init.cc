// `coffer init`: a data directory with empty books, a master key, and the first key of all.

#include <cstdio>

#include "app/books.h"
#include "app/commands.h"
#include "app/complain.h"
#include "app/config.h"
#include "app/data_directory.h"
#include "app/master_key.h"
#include "app/native_key.h"
#include "store/postgres_store.h"

namespace coffer {
namespace {

// Before anything is made.
Result<void> refuse_books_that_are_there(const Config& config) {
    if (config.store.kind == StoreKind::postgres) {
        const auto store = PostgresStore::open({.uri = config.store.uri});
        if (!store) return std::unexpected(store.error());
        const auto end = (*store)->poll();
        if (!end) return std::unexpected(end.error());
        if (end->sequence == 0) return {};
        return fail(ErrorCode::invalid,
                    postgres_place(config.store.uri) +
                        " holds books already; a further server needs a data directory of its own "
                        "and the same master key, and no init");
    }
    if (is_absent_or_empty(store_folder(config.data_directory))) return {};
    return fail(ErrorCode::invalid,
                config.data_directory + " holds books already; init does not overwrite them");
}

// The secret of the installation key.
Result<std::string> init(const Config& config) {
    TRY(make_directory(config.data_directory));
    const auto lock = DirectoryLock::take(config.data_directory, "init");
    if (!lock) return std::unexpected(lock.error());
    TRY(refuse_books_that_are_there(config));
    // Makes one but for where the environment brings it, and refuses where there is one: what the
    // old one sealed would be lost with it.
    const auto key = master_key_in_environment() ? read_master_key(config.master_key_file)
                                                 : make_master_key(config.master_key_file);
    if (!key) return std::unexpected(key.error());
    const SystemClock clock;
    Log log({.level = LogLevel::warning});
    Metrics metrics;
    auto books = Books::open(
        {.store = config.store, .directory = config.data_directory, .if_absent = IfAbsent::create},
        clock, log, metrics);
    if (!books) return std::unexpected(books.error());
    TRY((*books)->check_master_key(*key));
    const auto made = make_native_key(
        (*books)->ledger(), NewNativeKey{.label = "installation", .scopes = scope_install});
    if (!made) return std::unexpected(made.error());
    return made->secret;
}

}  // namespace

int run(const InitOptions& options) {
    const auto config = config_or_complain(options.config);
    if (!config) return 1;
    if (config->store.kind == StoreKind::memory) {
        return complain(options.config + " keeps its books in memory: there is nothing to make");
    }
    const auto secret = init(*config);
    if (!secret) return complain(secret.error());
    const std::string key_place =
        master_key_in_environment() ? "(from the environment)" : config->master_key_file;
    std::printf(
        "data directory    %s\n"
        "master key        %s (keep a copy apart from the backups)\n"
        "installation key  %s\n\n"
        "The installation key is shown this once. It makes tenants and their first keys:\n"
        "  POST /v1/tenants with `Authorization: Bearer KEY`.\n"
        "Another can be made with `coffer key create --scope install` while no server runs.\n",
        config->data_directory.c_str(), key_place.c_str(), secret->c_str());
    return 0;
}

}  // namespace coffer
