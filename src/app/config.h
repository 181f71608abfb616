#pragma once
// The configuration of `coffer serve`: what config/coffer.toml documents, key by key.
//
// Only this floor reads it; what lies below is handed the one part it needs. Paths in it are
// relative to the folder of the file.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/store_choice.h"
#include "app/toml_tree.h"
#include "base/log.h"
#include "dialect/desk.h"
#include "http/server.h"
#include "ledger/ledger.h"
#include "settle/settler.h"

namespace coffer {

// How long calls inside may take to finish by default. Closing the ledger and the store takes up to
// a second or two more, and whoever stops a service expects its end within ten.
inline constexpr std::int64_t drain_default_ms = 8'000;

struct Config {
    std::string data_directory;   // absolute
    std::string master_key_file;  // absolute
    StoreChoice store;
    ServerOptions server;
    LedgerOptions ledger;
    std::uint32_t login_failures_max = 10;
    Log::Options log;
    std::vector<ChainOptions> chains;  // none: withdrawals to a chain wait
    DepositOptions deposits;           // without a seed: there are none from chains
};

// Every mistake in the text, in its order; `folder` is what relative paths start from.
std::expected<Config, std::vector<Mistake>> parse_config(std::string_view text,
                                                         const std::string& folder);
// The same for a file. A file that cannot be read is a mistake without a place.
std::expected<Config, std::vector<Mistake>> read_config(const std::string& path);

// Reads it, or prints every mistake to standard error, as `path:line:column: words`.
std::optional<Config> config_or_complain(const std::string& path);

// Every key that exists, as `section.key`; for the test that holds config/coffer.toml to it.
std::vector<std::string> config_keys();

// `127.0.0.1:8080` or `[::1]:8080`; the address is numeric. Nothing when it is neither.
struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
    bool is_loopback = false;
    bool is_ipv6 = false;
};
std::optional<ListenAddress> parse_listen_address(std::string_view text);
// How it stands in a URL: IPv6 in brackets.
std::string url_host(std::string_view address, std::uint16_t port);

}  // namespace coffer
