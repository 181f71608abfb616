#pragma once
// What a chain's sweeper counts, and its alarms for a person.

#include <array>
#include <cstdint>
#include <string>

#include "base/log.h"
#include "base/metrics.h"

namespace coffer {

enum class SweepAlarm : std::uint8_t {
    no_node,      // no node answers, or it is of another chain
    no_gas,       // the hot wallet has not the coins to top up
    fee_cap,      // the chain asks for more than the cap
    nonce_taken,  // a nonce was mined as nothing that was signed for it
    reverted,     // a transfer did nothing: its address is left alone until the next start
    held,         // another process has the account
    threshold,    // a token's sweep_above has more decimals than its currency
    late,         // under way for longer than anything should be
};

class SweepFigures {
public:
    SweepFigures(Metrics& metrics, const std::string& chain);

    void clear_alarms() { ringing_ = {}; }
    void ring(SweepAlarm alarm) { ringing_[static_cast<std::size_t>(alarm)] = true; }
    // The alarms of this look; begins and ends of one are told once.
    void show_alarms(Log& log);

    Counter *swept, *topped_up, *replaced, *lost;
    Gauge* under_way;

private:
    static constexpr std::size_t alarm_count = 8;
    const std::string chain_;
    std::array<Gauge*, alarm_count> alarms_{};
    std::array<bool, alarm_count> ringing_{};
};

}  // namespace coffer
