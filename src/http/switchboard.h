#pragma once
// Connects the calls of one io thread with its desk, and each reply with the session that waits.
//
// A call's token names a slot here and not a session, so a reply whose connection or stream has
// gone is counted, logged and dropped. Slots are reused with their strings' memory; each carries a
// generation, as does each line (a connection's place), so an old name never reaches a new owner.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "dialect/desk.h"
#include "http/address.h"
#include "http/call_meter.h"
#include "http/limits.h"
#include "http/memory_budget.h"
#include "http/request_rules.h"
#include "http/session.h"

namespace coffer {

struct LineId {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
};

class Switchboard final : public ReplySink {
public:
    Switchboard(const HttpLimits& limits, const ProxyList& proxies, const Clock& clock,
                CallMeter& meter);

    // The desk needs a sink to be made and the sink a desk to be of use: this ties the knot.
    void connect(Desk& desk) { desk_ = &desk; }

    LineId open_line();
    void set_session(LineId line, Session* session);  // nullptr: replies are dropped from now on
    void close_line(LineId line);                     // the index may be given out again

    struct Origin {
        LineId line;
        std::uint32_t stream = 0;
        const Peer& peer;
        std::string_view protocol;
        std::string_view method;  // as sent, for the log
    };
    // Completes the call (request id, random bytes, addresses) and hands it to the desk.
    void accept(const Origin& origin, Call&& call, Moment arrived);
    void reply(CallToken token, Reply reply) override;

    // Lines that were answered since the last time and may have output.
    void take_answered(std::vector<std::uint32_t>& lines);
    // Whether a call was accepted and not answered at once since this was last asked.
    bool take_new_calls() { return std::exchange(has_new_calls_, false); }
    bool has_new_calls() const { return has_new_calls_; }

    // Of requests that are still coming in, over all sessions of this thread.
    MemoryBudget& request_memory() { return request_memory_; }

    const HttpLimits& limits() const { return limits_; }
    CallMeter& meter() { return meter_; }
    Moment now() const { return {clock_.wall(), clock_.monotonic()}; }
    std::string_view date(Time wall) { return date_.at(wall); }

private:
    struct Line {
        Session* session = nullptr;
        std::uint32_t generation = 0;
        bool answered = false;
    };
    struct Slot {
        std::uint32_t generation = 1;  // of the call inside; even numbers are free slots
        std::uint32_t stream = 0;
        LineId line;
        CallRecord record;
    };
    std::uint32_t take_slot();
    void take_memory(Answer& answer);

    const HttpLimits& limits_;
    const ProxyList& proxies_;
    const Clock& clock_;
    CallMeter& meter_;
    Desk* desk_ = nullptr;
    std::vector<Line> lines_;
    std::vector<std::uint32_t> free_lines_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::vector<std::uint32_t> answered_;
    MemoryBudget request_memory_;
    MemoryBudget answer_memory_;
    bool has_new_calls_ = false;
    DateText date_;
};

}  // namespace coffer
