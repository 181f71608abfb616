#include "http/switchboard.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/check.h"
#include "base/random.h"
#include "http/request_rules.h"

namespace coffer {
namespace {

constexpr std::size_t logged_path_bytes_max = 256;
constexpr std::size_t large_answer_bytes = 64 * 1024;  // smaller ones are bounded by their number

CallToken token_of(std::uint32_t generation, std::uint32_t index) {
    return (CallToken{generation} << 32) | index;
}

// A header that came several times is one list, in order.
std::string joined(const Call& call, std::string_view name) {
    std::string values;
    for (const Header& field : call.headers) {
        if (field.name != name) continue;
        if (!values.empty()) values += ',';
        values += field.value;
    }
    return values;
}

}  // namespace

Switchboard::Switchboard(const HttpLimits& limits, const ProxyList& proxies, const Clock& clock,
                         CallMeter& meter)
    : limits_(limits),
      proxies_(proxies),
      clock_(clock),
      meter_(meter),
      request_memory_(limits.requests_waiting_bytes_max),
      answer_memory_(limits.answers_waiting_bytes_max) {}

LineId Switchboard::open_line() {
    if (free_lines_.empty()) {
        lines_.emplace_back();
        return {.index = static_cast<std::uint32_t>(lines_.size() - 1), .generation = 0};
    }
    const std::uint32_t index = free_lines_.back();
    free_lines_.pop_back();
    return {.index = index, .generation = lines_[index].generation};
}

void Switchboard::set_session(LineId line, Session* session) {
    CHECK(lines_[line.index].generation == line.generation);
    lines_[line.index].session = session;
}

void Switchboard::close_line(LineId line) {
    Line& closed = lines_[line.index];
    CHECK(closed.generation == line.generation);
    closed.session = nullptr;
    ++closed.generation;
    free_lines_.push_back(line.index);
}

std::uint32_t Switchboard::take_slot() {
    if (free_slots_.empty()) {
        slots_.emplace_back();
        return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t index = free_slots_.back();
    free_slots_.pop_back();
    ++slots_[index].generation;
    return index;
}

void Switchboard::accept(const Origin& origin, Call&& call, Moment arrived) {
    const std::uint32_t index = take_slot();
    Slot& slot = slots_[index];
    slot.stream = origin.stream;
    slot.line = origin.line;

    std::array<std::uint8_t, 64 + 16> random;  // the call's, and a request id's
    fill_random(random);
    std::copy_n(random.begin(), call.random.size(), call.random.begin());
    const std::string_view wanted_id = call.header("x-request-id");
    if (is_request_id(wanted_id)) {
        call.request_id = wanted_id;
    } else {
        call.request_id = uuid_v4(std::span<const std::uint8_t, 16>(random.data() + 64, 16));
    }
    call.arrived = arrived.wall;
    call.arrived_monotonic = arrived.monotonic;
    call.dialects = origin.peer.dialects;
    call.peer_address = origin.peer.text;

    CallRecord& record = slot.record;
    record.request_id = call.request_id;
    record.arrived_monotonic = arrived.monotonic;
    record.protocol = origin.protocol;
    if (meter_.writes_lines()) {
        record.method = origin.method;
        record.path.assign(call.path, 0, logged_path_bytes_max);
        const std::string_view traceparent = call.header("traceparent");
        record.traceparent = is_traceparent(traceparent) ? traceparent : std::string_view{};
        record.peer_masked = origin.peer.masked;
    }
    if (proxies_.holds(origin.peer.address)) {
        const Address client =
            proxies_.client_behind(origin.peer.address, joined(call, "x-forwarded-for"));
        call.peer_address = address_text(client);
        if (meter_.writes_lines()) record.peer_masked = masked_address(client);
    }
    const std::uint32_t generation = slot.generation;
    desk_->accept(token_of(generation, index), std::move(call));
    has_new_calls_ |= slots_[index].generation == generation;
}

// Lists can be megabytes; peers that ask for many and take none must not fill the memory with them.
void Switchboard::take_memory(Answer& answer) {
    std::optional<MemoryBudget::Share> share = answer_memory_.take(answer.reply.body.size());
    if (share) {
        answer.memory = std::move(*share);
        return;
    }
    CallNote note = std::move(answer.reply.note);
    note.outcome = "untaken";
    answer.reply = reply_of(refused_untaken);
    answer.reply.note = std::move(note);
}

void Switchboard::reply(CallToken token, Reply reply) {
    const std::uint32_t index = static_cast<std::uint32_t>(token);
    if (index >= slots_.size()) return;
    Slot& slot = slots_[index];
    if (slot.generation != static_cast<std::uint32_t>(token >> 32)) return;

    Answer answer{.request_id = slot.record.request_id,
                  .reply = std::move(reply),
                  .memory = {},
                  .now = now()};
    Line& line = lines_[slot.line.index];
    const bool is_awaited = line.generation == slot.line.generation && line.session != nullptr;
    if (is_awaited && answer.reply.body.size() > large_answer_bytes) take_memory(answer);
    meter_.answered(slot.record, answer.reply, answer.now.monotonic);
    if (is_awaited) {
        if (!line.answered) {
            line.answered = true;
            answered_.push_back(slot.line.index);
        }
        line.session->answer(slot.stream, std::move(answer));
    }
    ++slot.generation;
    free_slots_.push_back(index);
}

void Switchboard::take_answered(std::vector<std::uint32_t>& lines) {
    lines.clear();
    lines.swap(answered_);
    for (const std::uint32_t index : lines) lines_[index].answered = false;
}

}  // namespace coffer
