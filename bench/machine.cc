#include "bench/machine.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace coffer {
namespace {

namespace fs = std::filesystem;

constexpr int probes = 300;

std::int64_t tick_ns() { return 1'000'000'000 / ::sysconf(_SC_CLK_TCK); }

std::int64_t now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

ProcessorTime processor_time_of(pid_t process) {
    ProcessorTime time;
    std::error_code error;
    for (const auto& task :
         fs::directory_iterator("/proc/" + std::to_string(process) + "/task", error)) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        std::int64_t ns = 0;
        std::ifstream(task.path() / "schedstat") >> ns;
        time.by_thread[name] += ns;
    }
    // Threads that have ended are in here only.
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (text.rfind(')') == std::string::npos) return time;
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field <= 13; ++field) fields >> skipped;
    std::int64_t user = 0, system = 0;
    fields >> user >> system;
    time.total_ns = (user + system) * tick_ns();
    return time;
}

MachineTime machine_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    file >> word;
    std::array<std::int64_t, 8> ticks{};  // user nice system idle iowait irq softirq steal
    for (std::int64_t& each : ticks) file >> each;
    MachineTime time;
    time.idle_ns = (ticks[3] + ticks[4]) * tick_ns();
    time.busy_ns = (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]) * tick_ns();
    return time;
}

Result<SyncLatency> probe_sync(const std::string& directory) {
    const std::string path = directory + "/sync-probe";
    const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return fail(ErrorCode::io, "cannot write " + path);
    const std::vector<char> block(4096, 'x');
    std::vector<std::int64_t> times;
    bool ok = true;
    for (int i = 0; i < probes && ok; ++i) {
        const std::int64_t start = now_us();
        ok = ::write(file, block.data(), block.size()) > 0 && ::fdatasync(file) == 0;
        times.push_back(now_us() - start);
    }
    ::close(file);
    std::error_code ignored;
    fs::remove(path, ignored);
    if (!ok) return fail(ErrorCode::io, "cannot sync " + path);
    std::ranges::sort(times);
    return SyncLatency{times[times.size() / 2], times[times.size() * 99 / 100], times.back()};
}

Pauses probe_pauses() {
    constexpr std::int64_t probe_us = 1'000'000, pause_us_min = 1'000;
    std::vector<Pauses> by_core(std::max(1U, std::thread::hardware_concurrency()));
    {
        std::vector<std::jthread> threads;
        for (Pauses& pauses : by_core) {
            threads.emplace_back([&pauses] {
                std::int64_t last = now_us();
                for (const std::int64_t end = last + probe_us; last < end;) {
                    const std::int64_t now = now_us();
                    pauses.count += now - last > pause_us_min ? 1 : 0;
                    pauses.max_us = std::max(pauses.max_us, now - last);
                    last = now;
                }
            });
        }
    }
    Pauses all;
    for (const Pauses& pauses : by_core) {
        all.count += pauses.count;
        all.max_us = std::max(all.max_us, pauses.max_us);
    }
    return all;
}

}  // namespace coffer
