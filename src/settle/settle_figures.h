#pragma once
// What a chain's settler counts, and the alarms for a person: each a reason why withdrawals wait
// that should not.

#include <array>
#include <cstdint>
#include <string>

#include "base/log.h"
#include "base/metrics.h"

namespace coffer {

enum class SettleAlarm : std::uint8_t {
    no_node,      // no node answers
    wrong_chain,  // the nodes are of another chain
    no_gas,       // a hot wallet has not the coins for a transaction
    no_tokens,    // none has the tokens for a withdrawal
    fee_cap,      // the chain asks for more than the cap
    nonce_taken,  // a nonce was mined as nothing that was signed for it
    held,         // another process has the hot wallet
    paused,       // by a person's word
    late,         // under way for longer than anything should be
};

class SettleFigures {
public:
    static constexpr std::size_t alarm_count = 9;
    static constexpr std::size_t open_states = 6;  // approval to final

    SettleFigures(Metrics& metrics, const std::string& chain);

    void clear_alarms() { ringing_ = {}; }
    void ring(SettleAlarm alarm) { ringing_[static_cast<std::size_t>(alarm)] = true; }
    // The alarms of this look; begins and ends of one are told once.
    void show_alarms(Log& log);
    void show(const std::array<std::int64_t, open_states>& withdrawals,
              std::int64_t oldest_seconds);

    Counter *sent, *refused, *replaced, *stepped_back, *completed, *released;

private:
    const std::string chain_;
    Gauge* oldest_;
    std::array<Gauge*, alarm_count> alarms_{};
    std::array<Gauge*, open_states> states_{};
    std::array<bool, alarm_count> ringing_{};
};

}  // namespace coffer
