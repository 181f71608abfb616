#include "settle/sweep_figures.h"

#include <string_view>

namespace coffer {

namespace {

constexpr std::array<std::string_view, 8> alarm_words{
    "node", "gas", "fee_cap", "nonce_taken", "reverted", "held_elsewhere", "threshold", "late"};

}  // namespace

SweepFigures::SweepFigures(Metrics& metrics, const std::string& chain) : chain_(chain) {
    const std::string label = "chain=\"" + chain + "\"";
    swept = &metrics.counter("coffer_sweeps_total",
                             "Transfers of tokens from players' addresses that are final", label);
    topped_up = &metrics.counter("coffer_sweep_top_ups_total",
                                 "Transfers of coins to players' addresses that are final", label);
    replaced = &metrics.counter("coffer_sweep_replaced_total",
                                "Transfers that were replaced by dearer ones", label);
    lost = &metrics.counter("coffer_sweep_lost_total",
                            "Transfers that ended because somebody else used their nonce", label);
    under_way = &metrics.gauge("coffer_sweep_transfers", "Transfers under way", label);
    for (std::size_t at = 0; at < alarm_count; ++at) {
        alarms_[at] =
            &metrics.gauge("coffer_sweep_alarm", "1 while sweeps wait for the reason in the label",
                           label + ",reason=\"" + std::string(alarm_words[at]) + "\"");
    }
}

void SweepFigures::show_alarms(Log& log) {
    for (std::size_t at = 0; at < alarm_count; ++at) {
        const bool rang = alarms_[at]->value() == 1;
        if (ringing_[at] && !rang) {
            log.error("sweeps wait", {{"chain", chain_}, {"for", alarm_words[at]}});
        } else if (!ringing_[at] && rang) {
            log.info("sweeps wait no longer", {{"chain", chain_}, {"for", alarm_words[at]}});
        }
        alarms_[at]->set(ringing_[at] ? 1 : 0);
    }
}

}  // namespace coffer
