#pragma once
// One line in the log and two series in the metrics for each answered call.
//
// One CallMeter per io thread; the series are shared through Metrics, the look-up table is not.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dialect/call.h"

namespace coffer {

// What the log line needs of a call after the Call itself has moved to the desk.
struct CallRecord {
    std::string request_id;
    std::string path;
    std::string method;
    std::string traceparent;  // empty unless the caller sent a well-formed one
    std::string peer_masked;
    std::string_view protocol;
    Time arrived_monotonic = 0;
};

class CallMeter {
public:
    CallMeter(Log* log, Metrics& metrics);  // without a log there are no lines
    bool writes_lines() const { return log_ != nullptr; }

    void answered(const CallRecord& call, const Reply& reply, Time now_monotonic);
    // A request that never became a Call: malformed, too slow, over a limit.
    void refused(std::string_view protocol, std::string_view reason);

    Gauge& connections_open;
    Counter& connections_accepted;
    Counter& connections_refused;
    Counter& bytes_received;
    Counter& bytes_sent;

private:
    struct Series {
        std::string dialect, verb, outcome;
        Counter* calls = nullptr;
        Histogram* seconds = nullptr;
    };
    const Series& series(const CallNote& note);
    void write_line(const CallRecord& call, const Reply& reply, Duration took) const;

    Log* log_;
    Metrics& metrics_;
    std::vector<Series> table_;  // open addressing by the addresses of the note's literals
};

}  // namespace coffer
