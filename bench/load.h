#pragma once
// The load itself: many calls over many connections, on one thread with epoll.
//
// Closed loop: each answer makes room for the next call, and a latency counts from the sending.
// Open loop: calls are due at a given rate, and a latency counts from the moment that the call was
// due, so that a server that stands still is charged for everybody who had to wait.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/histogram.h"
#include "bench/line.h"

namespace coffer {

enum class LoadProtocol { h1, h2 };

struct LoadOptions {
    std::string host;  // numeric, IPv4 or IPv6
    std::uint16_t port = 0;
    LoadProtocol protocol = LoadProtocol::h2;
    std::size_t connections = 1;
    std::size_t streams = 1;         // calls under way on each
    std::uint64_t calls = 0;         // 0: as many as fit
    std::uint64_t first_number = 0;  // of the first call
    std::int64_t seconds = 0;        // 0: as long as it takes
    std::uint64_t rate = 0;          // calls a second; 0: closed loop
    Bodies bodies = Bodies::of_failures;
    // Called every few seconds with the calls acknowledged since the last time.
    std::function<void(std::int64_t elapsed_ms, std::uint64_t calls)> progress;
};

struct LoadReport {
    std::uint64_t issued = 0, acknowledged = 0, unanswered = 0;
    std::int64_t elapsed_ns = 0;                    // from the first call to the last answer
    Histogram latency;                              // of those acknowledged
    std::map<std::string, std::uint64_t> failures;  // by status and word
    std::vector<bool> is_acknowledged;              // by call number
    // All connections were lost, or there was no answer for half a minute.
    bool is_cut_short = false;
};

// Hears of every answer, with its body where that was asked for.
using Hear = std::function<void(const Answer& answer)>;

// Errors: io (cannot connect), invalid (not an address).
Result<LoadReport> run_load(const LoadOptions& options, CallMaker& maker, const Hear& hear = {});

}  // namespace coffer
