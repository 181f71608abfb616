#include "settle/settle_figures.h"

namespace coffer {

namespace {

constexpr std::array<std::string_view, SettleFigures::alarm_count> alarm_words{
    "node",        "chain_id",       "gas",    "tokens", "fee_cap",
    "nonce_taken", "held_elsewhere", "paused", "late"};
constexpr std::array<std::string_view, SettleFigures::open_states> state_words{
    "approval", "queued", "signed", "broadcast", "mined", "final"};

}  // namespace

SettleFigures::SettleFigures(Metrics& metrics, const std::string& chain) : chain_(chain) {
    const std::string label = "chain=\"" + chain + "\"";
    const auto counter = [&](std::string_view name, std::string_view help) {
        return &metrics.counter(name, help, label);
    };
    sent = counter("coffer_settle_sent_total", "Transactions sent to the chain");
    refused = counter("coffer_settle_refused_total",
                      "Transactions that a node refused and does not know");
    replaced = counter("coffer_settle_replaced_total", "Transactions replaced by dearer ones");
    stepped_back =
        counter("coffer_settle_stepped_back_total", "Mined transactions that were mined no longer");
    completed = counter("coffer_settle_completed_total", "Withdrawals that reached the chain");
    released = counter("coffer_settle_released_total", "Withdrawals that came back");
    oldest_ = &metrics.gauge("coffer_settle_oldest_seconds",
                             "Age of the oldest withdrawal that is under way", label);
    for (std::size_t at = 0; at < alarm_count; ++at) {
        alarms_[at] = &metrics.gauge("coffer_settle_alarm",
                                     "1 while withdrawals wait for the reason in the label",
                                     label + ",reason=\"" + std::string(alarm_words[at]) + "\"");
    }
    for (std::size_t at = 0; at < open_states; ++at) {
        states_[at] = &metrics.gauge("coffer_settle_withdrawals", "Withdrawals under way, by state",
                                     label + ",state=\"" + std::string(state_words[at]) + "\"");
    }
}

void SettleFigures::show_alarms(Log& log) {
    for (std::size_t at = 0; at < alarm_count; ++at) {
        const bool rang = alarms_[at]->value() == 1;
        if (ringing_[at] && !rang) {
            log.error("withdrawals wait", {{"chain", chain_}, {"for", alarm_words[at]}});
        } else if (!ringing_[at] && rang) {
            log.info("withdrawals wait no longer", {{"chain", chain_}, {"for", alarm_words[at]}});
        }
        alarms_[at]->set(ringing_[at] ? 1 : 0);
    }
}

void SettleFigures::show(const std::array<std::int64_t, open_states>& withdrawals,
                         std::int64_t oldest_seconds) {
    for (std::size_t at = 0; at < open_states; ++at) states_[at]->set(withdrawals[at]);
    oldest_->set(oldest_seconds);
}

}  // namespace coffer
