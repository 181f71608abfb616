#pragma once
// What a chain's watcher of deposits counts, and its alarms for a person.

#include <array>
#include <cstdint>
#include <string>

#include "base/log.h"
#include "base/metrics.h"

namespace coffer {

enum class DepositAlarm : std::uint8_t {
    no_node,      // no node answers, or none that knows the blocks
    wrong_chain,  // the nodes are of another chain
    refused,      // a node does not look at even one block
    other_watch,  // the books look for a currency's deposits elsewhere
};

class DepositFigures {
public:
    DepositFigures(Metrics& metrics, const std::string& chain);

    void clear_alarms() { ringing_ = {}; }
    void ring(DepositAlarm alarm) { ringing_[static_cast<std::size_t>(alarm)] = true; }
    // The alarms of this look; begins and ends of one are told once.
    void show_alarms(Log& log);

    Counter *recorded, *aside;
    Gauge* behind;

private:
    static constexpr std::size_t alarm_count = 4;
    const std::string chain_;
    std::array<Gauge*, alarm_count> alarms_{};
    std::array<bool, alarm_count> ringing_{};
};

}  // namespace coffer
