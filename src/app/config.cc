// The keys of the configuration with their bounds. Defaults stand in the structs that are filled,
// each where it is used; config/coffer.toml repeats them for people and a test compares the two.

#include "app/config.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <tuple>

#include "app/config_chain.h"
#include "app/config_section.h"
#include "app/data_directory.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kibibyte = 1024;
constexpr std::int64_t mebibyte = 1024 * kibibyte;
constexpr std::int64_t hour_ms = 3'600'000;

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> log_levels{
    {{"debug", LogLevel::debug},
     {"info", LogLevel::info},
     {"warning", LogLevel::warning},
     {"error", LogLevel::error}}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 2> log_formats{
    {{"text", LogFormat::text}, {"json", LogFormat::json}}};
constexpr std::array<std::pair<std::string_view, DialectId>, dialect_count> dialect_words{
    {{"native", DialectId::native},
     {"operator", DialectId::operator_},
     {"integrator", DialectId::integrator},
     {"rgs", DialectId::rgs},
     {"sverse", DialectId::sverse},
     {"kgen", DialectId::kgen}}};

constexpr std::uint32_t bit_of(DialectId id) { return 1U << static_cast<unsigned>(id); }
constexpr std::uint32_t every_dialect = (1U << dialect_count) - 1;

std::string absolute(const std::string& folder, const std::string& path) {
    if (path.empty()) return path;
    return (fs::path(folder) / path).lexically_normal().string();
}

// Reads one configuration from the top down.
class Reading {
public:
    Reading(const TomlNode& root, std::string folder) : folder_(std::move(folder)), root_(&root) {}

    Config read() {
        ConfigSection top(root_, "", notes_);
        read_data(top.table("data"));
        read_listen(top);
        read_server(top.table("server"));
        read_http(top.table("http"));
        read_ledger(top.table("ledger"));
        read_log(top.table("log"));
        config_.chains = read_chains(top, folder_, notes_);
        config_.deposits = read_deposits(top.table("deposits"), folder_, notes_);
        top.finish();
        return std::move(config_);
    }
    ConfigNotes& notes() { return notes_; }

private:
    void read_data(const TomlNode* table) {
        ConfigSection section(table, "data", notes_);
        std::string directory = "data", key_file;
        section.text("directory", directory);
        section.text("master_key_file", key_file);
        std::string store = "rocksdb";
        section.text("store", store);
        if (const auto choice = parse_store(store)) {
            config_.store = *choice;
        } else {
            // Without its words, since there may be a password among them.
            section.mistake("store",
                            "data.store is \"rocksdb\", \"memory\" or "
                            "\"postgres://user@host:port/database\"");
        }
        if (directory.empty()) section.mistake("directory", "data.directory is empty");
        config_.data_directory = absolute(folder_, directory);
        config_.master_key_file = key_file.empty() ? default_master_key_file(config_.data_directory)
                                                   : absolute(folder_, key_file);
        section.finish();
    }

    void read_listen(ConfigSection& top) {
        if (!top.has("listen")) {
            // The five for the world behind a proxy; the native API and /metrics for this machine
            // only.
            const std::uint32_t native = bit_of(DialectId::native);
            config_.server.listen = {{.port = 8080, .dialects = every_dialect & ~native},
                                     {.port = 8081, .dialects = native}};
        }
        const std::vector<const TomlNode*> blocks = top.tables("listen");
        for (const TomlNode* block : blocks) read_listen_block(block);
        // Without a block the keys of one are asked for all the same, so that they are known to
        // exist.
        if (blocks.empty()) {
            const auto defaults = config_.server.listen;
            read_listen_block(nullptr);
            config_.server.listen = defaults;
        }
    }

    void read_listen_block(const TomlNode* block) {
        ConfigSection section(block, "listen", notes_);
        ListenOptions listen{.dialects = every_dialect};
        std::string address = "127.0.0.1:8080";
        section.text("address", address);
        section.text("certificate", listen.certificate_path);
        section.text("key", listen.key_path);
        std::vector<std::string> dialects;
        section.texts("dialects", dialects);
        bool insecure = false;
        section.boolean("insecure_transport", insecure);
        section.finish();

        if (block != nullptr && !section.has("address"))
            section.mistake("", "listen.address is missing");
        if (const auto parsed = parse_listen_address(address)) {
            listen.address = parsed->address;
            listen.port = parsed->port;
            judge_transport(section, listen, *parsed, insecure);
            if (parsed->port != 0 && !addresses_.insert(address).second) {
                section.mistake("address", "two [[listen]] blocks have the address " + address);
            }
        } else {
            section.mistake("address",
                            "listen.address is a numeric address with a port, such as "
                            "\"127.0.0.1:8080\" or \"[::1]:8080\", not \"" +
                                address + "\"");
        }
        if (section.has("dialects")) listen.dialects = read_dialects(section, dialects);
        listen.certificate_path = absolute(folder_, listen.certificate_path);
        listen.key_path = absolute(folder_, listen.key_path);
        if (insecure) listen.transport = ListenOptions::Transport::insecure_allowed;
        config_.server.listen.push_back(std::move(listen));
    }

    void judge_transport(ConfigSection& section, const ListenOptions& listen,
                         const ListenAddress& address, bool insecure) {
        const bool has_certificate = !listen.certificate_path.empty();
        if (has_certificate == listen.key_path.empty()) {
            section.mistake(has_certificate ? "certificate" : "key",
                            "listen.certificate and listen.key come together or not at all");
        }
        if (!has_certificate && !address.is_loopback && !insecure) {
            section.mistake("address",
                            "cleartext on an address that others can reach: give a certificate and "
                            "its key, or set insecure_transport = true if something in front of "
                            "Coffer does TLS");
        }
    }

    std::uint32_t read_dialects(ConfigSection& section, const std::vector<std::string>& words) {
        std::uint32_t dialects = 0;
        std::vector<std::string> known;
        known.reserve(dialect_words.size());
        for (const auto& [word, id] : dialect_words) known.emplace_back(word);
        for (const std::string& word : words) {
            const auto found = std::ranges::find(dialect_words, std::string_view(word),
                                                 &decltype(dialect_words)::value_type::first);
            if (found != dialect_words.end()) {
                dialects |= bit_of(found->second);
                continue;
            }
            std::string mistake = "listen.dialects: there is no dialect \"" + word + "\"";
            const std::string_view nearest = nearest_word(word, known);
            if (!nearest.empty()) mistake.append("; did you mean ").append(nearest).append("?");
            section.mistake("dialects", std::move(mistake));
        }
        if (words.empty()) section.mistake("dialects", "listen.dialects is empty");
        return dialects;
    }

    void read_server(const TomlNode* table) {
        ConfigSection section(table, "server", notes_);
        section.integer("io_threads", config_.server.io_threads, 1, 64);
        config_.server.drain_ms = drain_default_ms;
        section.integer("drain_ms", config_.server.drain_ms, 0, 600'000);
        section.texts("trusted_proxies", config_.server.trusted_proxies);
        section.integer("login_failures_max", config_.login_failures_max, 1, 1'000'000);
        section.finish();
    }

    void read_http(const TomlNode* table) {
        ConfigSection section(table, "http", notes_);
        HttpLimits& http = config_.server.limits;
        section.integer("header_bytes_max", http.header_bytes_max, kibibyte, mebibyte);
        section.integer("headers_max", http.headers_max, 16, 4096);
        section.integer("read_on_bytes_max", http.read_on_bytes_max, 0, 64 * mebibyte);
        section.integer("read_on_ms", http.read_on_ms, 0, 60'000);
        section.integer("streams_max", http.streams_max, 1, 65'536);
        section.integer("pipeline_max", http.pipeline_max, 1, 65'536);
        section.integer("write_buffer_bytes_max", http.write_buffer_bytes_max, 16 * kibibyte,
                        64 * mebibyte);
        section.integer("header_timeout_ms", http.header_timeout_ms, 100, hour_ms);
        section.integer("body_timeout_ms", http.body_timeout_ms, 100, hour_ms);
        section.integer("idle_timeout_ms", http.idle_timeout_ms, 100, 24 * hour_ms);
        section.integer("write_timeout_ms", http.write_timeout_ms, 100, hour_ms);
        section.integer("abuse_window_ms", http.abuse_window_ms, 100, hour_ms);
        section.integer("resets_max", http.resets_max, 1, 1'000'000);
        section.integer("control_frames_max", http.control_frames_max, 10, 1'000'000);
        section.integer("continuations_max", http.continuations_max, 1, 1'000);
        section.integer("connections_max", http.connections_max, 1, 1'000'000);
        section.integer("requests_waiting_bytes_max", http.requests_waiting_bytes_max, mebibyte,
                        kibibyte * 64 * mebibyte);
        section.finish();
    }

    void read_ledger(const TomlNode* table) {
        ConfigSection section(table, "ledger", notes_);
        LedgerOptions& ledger = config_.ledger;
        section.integer("batch_intents_max", ledger.batch_intents_max, 1, 65'536);
        section.integer("port_intents_max", ledger.port_intents_max, 1, 1'048'576);
        section.integer("password_queue_max", ledger.password_queue_max, 1, 65'536);
        section.integer("history_queue_max", ledger.history_queue_max, 1, 65'536);
        section.finish();
    }

    void read_log(const TomlNode* table) {
        ConfigSection section(table, "log", notes_);
        section.choice<LogLevel>("level", config_.log.level, log_levels);
        section.choice<LogFormat>("format", config_.log.format, log_formats);
        section.text("path", config_.log.path);
        config_.log.path = absolute(folder_, config_.log.path);
        bool calls = true;
        section.boolean("calls", calls);
        config_.server.call_lines =
            calls ? ServerOptions::CallLines::on : ServerOptions::CallLines::off;
        section.finish();
    }

    std::string folder_;
    const TomlNode* root_;
    ConfigNotes notes_;
    Config config_;
    std::set<std::string> addresses_;
};

}  // namespace

std::expected<Config, std::vector<Mistake>> parse_config(std::string_view text,
                                                         const std::string& folder) {
    const auto root = parse_toml(text);
    if (!root) return std::unexpected(std::vector<Mistake>{root.error()});
    Reading reading(*root, folder);
    Config config = reading.read();
    std::vector<Mistake>& mistakes = reading.notes().mistakes;
    if (mistakes.empty()) return config;
    std::ranges::sort(mistakes, {}, [](const Mistake& mistake) {
        return std::tuple(mistake.place.line, mistake.place.column, mistake.words);
    });
    return std::unexpected(std::move(mistakes));
}

std::expected<Config, std::vector<Mistake>> read_config(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::error_code error;
    const fs::path whole = fs::absolute(path, error);
    if (!file || error) {
        return std::unexpected(std::vector<Mistake>{
            {{}, "cannot be read; config/coffer.toml in the sources is one to begin with"}});
    }
    return parse_config(text, whole.parent_path().string());
}

std::optional<Config> config_or_complain(const std::string& path) {
    auto config = read_config(path);
    if (config) return std::move(*config);
    for (const auto& [place, words] : config.error()) {
        if (place.line == 0) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), words.c_str());
        } else {
            std::fprintf(stderr, "%s:%d:%d: %s\n", path.c_str(), place.line, place.column,
                         words.c_str());
        }
    }
    return std::nullopt;
}

std::vector<std::string> config_keys() {
    const TomlNode nothing{.type = TomlNode::Type::table};
    Reading reading(nothing, "/");
    reading.read();
    return reading.notes().keys;
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    ListenAddress result;
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        result.address = host.substr(1, host.size() - 2);
        in6_addr address{};
        if (inet_pton(AF_INET6, result.address.c_str(), &address) != 1) return std::nullopt;
        result.is_loopback = IN6_IS_ADDR_LOOPBACK(&address);
        result.is_ipv6 = true;
        return result;
    }
    result.address = host;
    in_addr address{};
    if (inet_pton(AF_INET, result.address.c_str(), &address) != 1) return std::nullopt;
    result.is_loopback = (ntohl(address.s_addr) >> 24) == 127;
    return result;
}

std::string url_host(std::string_view address, std::uint16_t port) {
    const bool is_ipv6 = address.find(':') != std::string_view::npos;
    std::string text = is_ipv6 ? "[" + std::string(address) + "]" : std::string(address);
    return text + ":" + std::to_string(port);
}

}  // namespace coffer
