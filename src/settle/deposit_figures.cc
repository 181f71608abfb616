#include "settle/deposit_figures.h"

#include <string_view>

namespace coffer {

namespace {

constexpr std::array<std::string_view, 4> alarm_words{"node", "chain_id", "refused", "watch"};

}  // namespace

DepositFigures::DepositFigures(Metrics& metrics, const std::string& chain) : chain_(chain) {
    const std::string label = "chain=\"" + chain + "\"";
    recorded = &metrics.counter("coffer_deposits_recorded_total",
                                "Transfers from the chain that were taken into the books", label);
    aside = &metrics.counter("coffer_deposits_aside_total",
                             "Those of them of which something was kept aside", label);
    behind = &metrics.gauge("coffer_deposits_behind_blocks",
                            "Final blocks that were not looked at yet", label);
    for (std::size_t at = 0; at < alarm_count; ++at) {
        alarms_[at] = &metrics.gauge("coffer_deposits_alarm",
                                     "1 while deposits wait for the reason in the label",
                                     label + ",reason=\"" + std::string(alarm_words[at]) + "\"");
    }
}

void DepositFigures::show_alarms(Log& log) {
    for (std::size_t at = 0; at < alarm_count; ++at) {
        const bool rang = alarms_[at]->value() == 1;
        if (ringing_[at] && !rang) {
            log.error("deposits wait", {{"chain", chain_}, {"for", alarm_words[at]}});
        } else if (!ringing_[at] && rang) {
            log.info("deposits wait no longer", {{"chain", chain_}, {"for", alarm_words[at]}});
        }
        alarms_[at]->set(ringing_[at] ? 1 : 0);
    }
}

}  // namespace coffer
