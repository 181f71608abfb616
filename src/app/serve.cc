// `coffer serve`: answers calls as the configuration says, until told to stop.

#include <cstdio>
#include <memory>
#include <utility>

#include "app/books.h"
#include "app/commands.h"
#include "app/complain.h"
#include "app/config.h"
#include "app/data_directory.h"
#include "app/master_key.h"
#include "app/secret_environment.h"
#include "app/serving.h"
#include "settle/settler.h"

namespace coffer {
namespace {

// One line, so that scripts can wait for it and read where to call.
void announce(const Config& config, const std::vector<BoundAddress>& bound) {
    std::string line = "coffer is listening on";
    for (std::size_t index = 0; index < bound.size(); ++index) {
        const bool tls = !config.server.listen[index].certificate_path.empty();
        line += tls ? " https://" : " http://";
        line += url_host(bound[index].address, bound[index].port);
    }
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

Result<void> serve(Config& config, Signals& signals) {
    TRY(take_secrets(config.chains, config.deposits));
    auto lock = DirectoryLock::take(config.data_directory, "serve");
    if (!lock) {
        if (lock.error().code != ErrorCode::not_found) return std::unexpected(lock.error());
        return fail(ErrorCode::not_found, lock.error().detail + "; `coffer init` makes one");
    }
    const auto key = read_master_key(config.master_key_file);
    if (!key) return std::unexpected(key.error());
    const auto control = Control::listen(config.data_directory);
    if (!control) return std::unexpected(control.error());

    const SystemClock clock;
    Log log(config.log);
    Metrics metrics;
    auto books = Books::open(
        {.store = config.store, .directory = config.data_directory, .ledger = config.ledger}, clock,
        log, metrics);
    if (!books) return std::unexpected(books.error());
    TRY((*books)->check_master_key(*key));
    // After the books, so that it goes away before them.
    std::unique_ptr<Settler> settler;
    if (!config.chains.empty()) {
        auto started = Settler::start(std::move(config.chains), std::move(config.deposits),
                                      {.ledger = (*books)->ledger(),
                                       .clock = clock,
                                       .log = log,
                                       .metrics = metrics,
                                       .alone = !(*books)->store().is_shared()});
        if (!started) return std::unexpected(started.error());
        settler = std::move(*started);
    }
    const DeskOptions desk{.master_key = *key, .login_failures_max = config.login_failures_max};
    return serve_until_stopped(
        {**books, clock, log, metrics, signals, *control}, config.server, desk,
        [&](const std::vector<BoundAddress>& bound) { announce(config, bound); });
}

}  // namespace

int run(const ServeOptions& options) {
    auto config = config_or_complain(options.config);
    if (!config) return 1;
    if (!options.store.empty()) config->store = *parse_store(options.store);
    Signals signals;
    const auto served = serve(*config, signals);
    return served ? 0 : complain(served.error());
}

}  // namespace coffer
