// `coffer bench`: prepares a demo, loads it, says what that cost, and looks whether every call that
// was acknowledged is in the books.

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "app/commands.h"
#include "app/complain.h"
#include "app/version.h"
#include "bench/books_count.h"
#include "bench/call_id.h"
#include "bench/demo_process.h"
#include "bench/load.h"
#include "bench/machine.h"
#include "bench/script.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;

// Without a length of its own a run takes so long.
constexpr std::int64_t seconds_by_default = 10;
// What saturates a server on two cores: more only makes the queues longer.
constexpr std::size_t h2_connections = 4, h2_streams = 128, h1_connections = 256;
// How many of the first and of the last calls a server that goes on running is asked for.
constexpr std::uint64_t sample_calls = 500;

void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

double as_ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

// 1234567 -> 1,234,567
std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

DialectId dialect_named(const std::string& name) {
    static const std::map<std::string, DialectId> dialects{
        {"native", DialectId::native},         {"operator", DialectId::operator_},
        {"integrator", DialectId::integrator}, {"rgs", DialectId::rgs},
        {"sverse", DialectId::sverse},         {"kgen", DialectId::kgen}};
    return dialects.at(name);
}

// The data directory of the demo: the one that was named, or one that goes when we go.
class BenchFolder {
public:
    explicit BenchFolder(const std::string& named) : path_(named) {
        if (!named.empty()) return;
        std::error_code error;
        path_ = (fs::temp_directory_path(error) / "coffer-bench-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) path_.clear();
        is_ours_ = true;
    }
    ~BenchFolder() {
        std::error_code ignored;
        if (is_ours_ && !path_.empty()) fs::remove_all(path_, ignored);
    }
    BenchFolder(const BenchFolder&) = delete;
    BenchFolder& operator=(const BenchFolder&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
    bool is_ours_ = false;
};

// What had been spent at some moment.
struct Costs {
    ProcessorTime server;
    MachineTime machine;
    std::int64_t client_ns = 0;
};

Costs costs_now(pid_t server) {
    return {processor_time_of(server), machine_time(), processor_time_of(::getpid()).total_ns};
}

class Bench {
public:
    explicit Bench(const BenchOptions& options)
        : options_(options),
          dialect_(dialect_named(options.dialect)),
          script_(script_of(dialect_, options.players)) {
        load_.protocol = options.protocol == "h1" ? LoadProtocol::h1 : LoadProtocol::h2;
        const bool is_h1 = load_.protocol == LoadProtocol::h1;
        load_.connections = options.connections;
        if (load_.connections == 0) load_.connections = is_h1 ? h1_connections : h2_connections;
        load_.streams = options.streams;
        if (load_.streams == 0) load_.streams = is_h1 ? 1 : h2_streams;
    }

    Result<bool> run();

private:
    Result<void> find_server();
    Result<void> prepare();
    Result<void> measure();
    void report(const Costs& before, const Costs& after) const;
    void report_costs(const Costs& before, const Costs& after) const;
    Result<bool> check_books();
    Result<bool> check_by_asking();
    std::string authority() const { return fmt::format("{}:{}", load_.host, load_.port); }

    const BenchOptions& options_;
    const DialectId dialect_;
    const Script script_;
    LoadOptions load_;
    std::optional<BenchFolder> folder_;
    std::unique_ptr<DemoProcess> demo_;
    pid_t server_ = 0;
    std::vector<std::string> secrets_;
    std::string run_word_ = new_run_word();
    LoadReport report_;
};

Result<void> Bench::find_server() {
    if (!options_.connect.empty()) {
        const std::size_t colon = options_.connect.rfind(':');
        if (colon == std::string::npos) {
            return fail(ErrorCode::invalid, "--connect is HOST:PORT");
        }
        load_.host = options_.connect.substr(0, colon);
        if (load_.host.starts_with('[') && load_.host.ends_with(']')) {
            load_.host = load_.host.substr(1, load_.host.size() - 2);
        }
        const char* const port = options_.connect.data() + colon + 1;
        std::from_chars(port, options_.connect.data() + options_.connect.size(), load_.port);
        server_ = static_cast<pid_t>(options_.server_pid);
        return {};
    }
    folder_.emplace(options_.data);
    if (folder_->path().empty()) return fail(ErrorCode::io, "cannot make a temporary folder");
    auto demo = DemoProcess::start({.directory = folder_->path(),
                                    .players = options_.players,
                                    .more = {"--io-threads", std::to_string(options_.io_threads)}});
    if (!demo) return std::unexpected(demo.error());
    demo_ = std::move(*demo);
    load_.host = "127.0.0.1";
    load_.port = demo_->port();
    server_ = demo_->pid();
    const auto sync = probe_sync(folder_->path());
    if (!sync) return std::unexpected(sync.error());
    say(fmt::format("disk       fdatasync of 4 KiB: p50 {} us, p99 {} us, max {} us", sync->p50_us,
                    sync->p99_us, sync->max_us));
    const Pauses pauses = probe_pauses();
    say(
        fmt::format("cores      while busy for a second kept waiting {} times for over 1 ms, {} us "
                    "at the longest",
                    pauses.count, pauses.max_us));
    return {};
}

// The value of a text field, as servers print it: `"name":"value"`, spaces or not.
std::string text_field(const std::string& body, const std::string& name) {
    std::size_t at = body.find('"' + name + '"');
    if (at == std::string::npos) return {};
    at = body.find('"', body.find(':', at));
    const std::size_t end = at == std::string::npos ? at : body.find('"', at + 1);
    return end == std::string::npos ? std::string() : body.substr(at + 1, end - at - 1);
}

Result<void> Bench::prepare() {
    for (const Preparation& step : script_.preparations) {
        CallMaker maker({step.pattern},
                        {.players = std::max<std::uint64_t>(options_.players, 1),
                         .run_word = new_run_word(),
                         .secrets = secrets_,
                         .order = Crowd::Order::in_turn},
                        authority());
        LoadOptions load = load_;
        load.calls = step.calls;
        load.bodies = step.captured_field.empty() ? Bodies::of_failures : Bodies::of_all;
        std::vector<std::string> captured(step.captured_field.empty() ? 0 : step.calls);
        const auto report = run_load(load, maker, [&](const Answer& answer) {
            if (answer.number >= captured.size()) return;
            captured[answer.number] = text_field(answer.body, step.captured_field);
        });
        if (!report) return std::unexpected(report.error());
        if (report->acknowledged != step.calls) {
            const std::string why =
                report->failures.empty() ? "no answer" : report->failures.begin()->first;
            return fail(ErrorCode::unavailable,
                        fmt::format("the preparation that {} failed: {}", step.words, why));
        }
        if (!step.captured_field.empty()) secrets_ = std::move(captured);
    }
    return {};
}

Result<void> Bench::measure() {
    CallMaker maker(script_.calls,
                    {.players = std::max<std::uint64_t>(options_.players, 1),
                     .run_word = run_word_,
                     .secrets = secrets_},
                    authority());
    LoadOptions load = load_;
    load.calls = options_.calls;
    load.seconds = options_.seconds;
    if (load.calls == 0 && load.seconds == 0) load.seconds = seconds_by_default;
    load.rate = options_.rate;
    std::int64_t told_ms = 0;
    load.progress = [&](std::int64_t elapsed_ms, std::uint64_t calls) {
        const std::uint64_t passed_ms = static_cast<std::uint64_t>(elapsed_ms - told_ms);
        told_ms = elapsed_ms;
        say(fmt::format("           at {} s: {} calls/s", elapsed_ms / 1000,
                        grouped(calls * 1000 / passed_ms)));
    };
    const Costs before = costs_now(server_);
    auto measured = run_load(load, maker);
    if (!measured) return std::unexpected(measured.error());
    report_ = std::move(*measured);
    report(before, costs_now(server_));
    return {};
}

void Bench::report(const Costs& before, const Costs& after) const {
    const double seconds = static_cast<double>(report_.elapsed_ns) / 1e9;
    say(fmt::format("calls/s    {:.0f} ({} in {:.2f} s)",
                    static_cast<double>(report_.acknowledged) / seconds,
                    grouped(report_.acknowledged), seconds));
    const Histogram& latency = report_.latency;
    say(fmt::format("latency    p50 {:.2f} ms, p99 {:.2f} ms, p99.9 {:.2f} ms, max {:.2f} ms",
                    as_ms(latency.quantile_ns(500'000)), as_ms(latency.quantile_ns(990'000)),
                    as_ms(latency.quantile_ns(999'000)), as_ms(latency.max_ns())));
    std::string failures;
    for (const auto& [word, count] : report_.failures) {
        failures += fmt::format("{}{} x {}", failures.empty() ? "" : "; ", grouped(count), word);
    }
    if (report_.unanswered > 0) {
        failures += fmt::format("{}{} x no answer", failures.empty() ? "" : "; ",
                                grouped(report_.unanswered));
    }
    say("failures   " + (failures.empty() ? "none" : failures));
    if (report_.is_cut_short) say("           cut short: the server closed or fell silent");
    report_costs(before, after);
}

void Bench::report_costs(const Costs& before, const Costs& after) const {
    const double calls = static_cast<double>(std::max<std::uint64_t>(report_.acknowledged, 1));
    const double server = static_cast<double>(after.server.total_ns - before.server.total_ns);
    const double client = static_cast<double>(after.client_ns - before.client_ns);
    if (server > 0) {
        std::string threads;
        for (const auto& [name, ns] : after.server.by_thread) {
            const auto known = before.server.by_thread.find(name);
            const bool is_new = known == before.server.by_thread.end();
            const double spent = static_cast<double>(ns - (is_new ? 0 : known->second));
            if (spent / calls >= 5)
                threads += fmt::format(", {} {:.2f}", name, spent / 1e3 / calls);
        }
        say(fmt::format("server CPU {:.2f} us a call{}", server / 1e3 / calls, threads));
    }
    const double busy = static_cast<double>(after.machine.busy_ns - before.machine.busy_ns);
    const double all = busy + static_cast<double>(after.machine.idle_ns - before.machine.idle_ns);
    const double others = std::max(0.0, busy - server - client);
    say(fmt::format("client CPU {:.2f} us a call", client / 1e3 / calls));
    say(fmt::format("machine    {:.0f} % busy: server {:.0f} %, client {:.0f} %, others {:.0f} %",
                    100 * busy / all, 100 * server / all, 100 * client / all, 100 * others / all));
}

// The demo is stopped first: nobody else may use the directory.
Result<bool> Bench::check_books() {
    TRY(demo_->stop());
    bool right = true;
    if (script_.moves_money) {
        const auto count = count_in_books(folder_->path(), run_word_, report_.is_acknowledged);
        if (!count) return std::unexpected(count.error());
        say(fmt::format("books      {} acknowledged, {} in the books, {} twice, {} missing",
                        grouped(report_.acknowledged), grouped(count->applied),
                        grouped(count->twice), grouped(count->missing)));
        right = count->missing == 0 && count->twice == 0;
    }
    const auto verified = verify_in_process(folder_->path());
    if (!verified) return std::unexpected(verified.error());
    return right && *verified;
}

// Asks a server that goes on running for some of the first and of the last calls.
Result<bool> Bench::check_by_asking() {
    if (!script_.moves_money || report_.acknowledged == 0) return true;
    const CallPattern ask{
        .method = "GET",
        .target = fmt::format("/v1/transactions?player=<player>&external_id={}&limit=1",
                              dialect_ == DialectId::integrator ? "<short_id>" : "<id>"),
        .headers = {{"authorization", "Bearer demo-read-key"}}};
    CallMaker maker(std::vector<CallPattern>(script_.calls.size(), ask),
                    {.players = std::max<std::uint64_t>(options_.players, 1),
                     .run_word = run_word_,
                     .secrets = secrets_},
                    authority());
    std::uint64_t asked = 0, found = 0;
    const std::uint64_t numbers = report_.is_acknowledged.size();
    for (const std::uint64_t first :
         {std::uint64_t{0}, numbers - std::min(numbers, sample_calls)}) {
        LoadOptions load = load_;
        load.first_number = first;
        load.calls = std::min(numbers, sample_calls);
        load.bodies = Bodies::of_all;
        std::string id;
        const auto answered = run_load(load, maker, [&](const Answer& answer) {
            if (!report_.is_acknowledged[answer.number]) return;
            ++asked;
            write_id(run_word_, answer.number, 1, short_id_bytes, id);
            // The longer id begins like the short one.
            if (answer.body.find(id.substr(0, run_word_bytes + 12)) != std::string::npos) ++found;
        });
        if (!answered) return std::unexpected(answered.error());
    }
    say(fmt::format("books      {} of {} acknowledged calls asked for are there", found, asked));
    return found == asked;
}

Result<bool> Bench::run() {
    say(fmt::format("coffer {} ({})", version_text(), commit_text()));
    say(fmt::format("call       {}: {}", options_.dialect, script_.words));
    const std::string loop = options_.rate == 0
                                 ? std::string("closed loop")
                                 : fmt::format("open loop at {} calls/s", grouped(options_.rate));
    say(fmt::format("load       {}, {} connections with up to {} calls under way, {}, {} players",
                    options_.protocol, load_.connections, load_.streams, loop,
                    grouped(options_.players)));
    TRY(find_server());
    TRY(prepare());
    TRY(measure());
    const bool answered = report_.acknowledged > 0 && !report_.is_cut_short;
    if (!options_.verify) return answered;
    const auto right = demo_ ? check_books() : check_by_asking();
    if (!right) return std::unexpected(right.error());
    return *right && answered;
}

}  // namespace

int run(const BenchOptions& options) {
    const auto right = Bench(options).run();
    if (!right) return complain(right.error());
    return *right ? 0 : complain("not every acknowledged call is in the books, or none was");
}

}  // namespace coffer
