// `coffer demo`: a whole wallet with a fixed, public world in it, for trying, for tests and for
// examples.

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "app/books.h"
#include "app/commands.h"
#include "app/complain.h"
#include "app/data_directory.h"
#include "app/demo_curl.h"
#include "app/demo_world.h"
#include "app/master_key.h"
#include "app/serving.h"
#include "app/temporary_folder.h"
#include "settle/settler.h"
#include "store/postgres_store.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;

Result<MasterKey> master_key_in(const std::string& directory) {
    const std::string path = default_master_key_file(directory);
    std::error_code error;
    return fs::exists(path, error) ? read_master_key(path) : make_master_key(path);
}

// For convenience the demo makes the tables itself; `serve` never does. Books that are there
// already are continued by whoever has their master key.
Result<void> prepare_database(const std::string& uri, unsigned shards,
                              const std::string& directory) {
    if (const auto made = migrate_postgres({.uri = uri, .shards = static_cast<Shard>(shards)});
        !made)
        return std::unexpected(made.error());
    const auto store = PostgresStore::open({.uri = uri});
    if (!store) return std::unexpected(store.error());
    const auto end = (*store)->poll();
    if (!end) return std::unexpected(end.error());
    std::error_code error;
    if (end->sequence == 0 || fs::exists(default_master_key_file(directory), error)) return {};
    return fail(ErrorCode::invalid,
                postgres_place(uri) +
                    " holds books already, and their master key is in another directory; name it "
                    "by --data");
}

Result<ListenAddress> judged_address(const DemoOptions& options) {
    const auto address = parse_listen_address(options.listen);
    if (!address) {
        return fail(ErrorCode::invalid,
                    "--listen is a numeric address with a port, such as "
                    "127.0.0.1:8080 or [::1]:0, not " +
                        options.listen);
    }
    if (!address->is_loopback && !options.public_secrets_are_fine) {
        return fail(ErrorCode::invalid,
                    options.listen +
                        " can be reached by others, and everybody knows the demo's "
                        "secrets; if that is what you want, add --public-secrets-are-fine");
    }
    return *address;
}

// Withdrawals of KGN are paid in the chain's own coin; what comes of a token is GEM.
ChainOptions demo_chain(const std::string& url) {
    ChainOptions chain{.urls = {url}, .look_every_ms = 200};
    chain.policy.name = "demo";
    chain.policy.chain_id = demo::chain_id;
    chain.policy.confirmations = 1;
    chain.policy.wait_for_finalized = false;
    const std::string tenant(demo::tenant_uid);
    chain.policy.tokens = {{.tenant = tenant, .code = "KGN", .gas_limit = 21'000},
                           {.tenant = tenant,
                            .code = "GEM",
                            .contract = parse_chain_address(demo::chain_token),
                            .decimals = 18}};
    chain.hot_wallets = {{.key_digits = std::string(demo::chain_key)}};
    return chain;
}

Result<void> run_demo(const DemoOptions& options, const std::string& directory,
                      const ListenAddress& address, Signals& signals) {
    auto lock = DirectoryLock::take(directory, "demo");
    if (!lock) return std::unexpected(lock.error());
    const StoreChoice store = *parse_store(options.store);
    if (store.kind == StoreKind::postgres)
        TRY(prepare_database(store.uri, options.shards, directory));
    const auto key = master_key_in(directory);
    if (!key) return std::unexpected(key.error());
    auto control = Control::listen(directory);
    if (!control) return std::unexpected(control.error());

    const SystemClock clock;
    Log log(options.log.log);
    Metrics metrics;
    auto books =
        Books::open({.store = store, .directory = directory, .if_absent = IfAbsent::create}, clock,
                    log, metrics);
    if (!books) return std::unexpected(books.error());
    TRY((*books)->check_master_key(*key));

    const DemoSite site{.store = (*books)->store(),
                        .ledger = (*books)->ledger(),
                        .master_key = *key,
                        .stop_asked = [&] { return signals.stop_asked(); }};
    TRY(fill_demo(site));
    TRY(fill_demo_players(site, options.players));

    std::unique_ptr<Settler> settler;
    if (!options.chain.empty()) {
        auto started = Settler::start({demo_chain(options.chain)},
                                      {.seed_digits = std::string(demo::deposit_seed)},
                                      {.ledger = (*books)->ledger(),
                                       .clock = clock,
                                       .log = log,
                                       .metrics = metrics,
                                       .alone = !(*books)->store().is_shared()});
        if (!started) return std::unexpected(started.error());
        settler = std::move(*started);
    }
    const ServerOptions server{
        .listen = {{.address = address.address,
                    .port = address.port,
                    .transport = options.public_secrets_are_fine
                                     ? ListenOptions::Transport::insecure_allowed
                                     : ListenOptions::Transport::secure_or_loopback}},
        .io_threads = options.io_threads,
        .drain_ms = drain_default_ms,
        .call_lines =
            options.log.calls ? ServerOptions::CallLines::on : ServerOptions::CallLines::off};
    const ServingParts parts{**books, clock, log, metrics, signals, *control};
    return serve_until_stopped(
        parts, server, DeskOptions{.master_key = *key},
        [&](const std::vector<BoundAddress>& bound) {
            const std::string url = "http://" + url_host(bound[0].address, bound[0].port);
            std::string lines = demo_curl_lines(url);
            if (!options.chain.empty()) lines += demo_chain_lines(url, options.chain);
            std::printf("coffer is listening on %s\n\n%s", url.c_str(), lines.c_str());
            std::fflush(stdout);
        });
}

}  // namespace

int run(const DemoOptions& options) {
    const auto address = judged_address(options);
    if (!address) return complain(address.error());
    Signals signals;
    std::optional<TemporaryFolder> ours;
    std::string directory = options.data;
    if (directory.empty()) {
        directory = ours.emplace("coffer-demo-").path();
        if (directory.empty())
            return complain("cannot make a temporary folder; name one by --data");
    }
    if (const auto made = make_directory(directory); !made) return complain(made.error());
    const auto ran = run_demo(options, directory, *address, signals);
    return ran ? 0 : complain(ran.error());
}

}  // namespace coffer
