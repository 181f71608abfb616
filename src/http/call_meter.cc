#include "http/call_meter.h"

#include <algorithm>

namespace coffer {
namespace {

constexpr std::size_t table_size = 1024;  // a power of two
constexpr std::size_t probes_max = 16;

std::size_t place_of(const CallNote& note) {
    const auto address = [](std::string_view text) {
        return reinterpret_cast<std::uintptr_t>(text.data()) + text.size();
    };
    std::uint64_t mixed = address(note.dialect);
    mixed = mixed * 0x9e3779b97f4a7c15ULL + address(note.verb);
    mixed = mixed * 0x9e3779b97f4a7c15ULL + address(note.outcome);
    mixed *= 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(mixed >> 40) & (table_size - 1);
}

// A label value in the text format: backslash, quote and line feed are escaped.
void append_label(std::string& out, std::string_view name, std::string_view value) {
    if (!out.empty()) out += ',';
    out.append(name).append("=\"");
    for (const char character : value) {
        if (character == '\\' || character == '"') out += '\\';
        out += character == '\n' ? ' ' : character;
    }
    out += '"';
}

}  // namespace

CallMeter::CallMeter(Log* log, Metrics& metrics)
    : connections_open(metrics.gauge("coffer_connections_open", "Connections that are open.")),
      connections_accepted(
          metrics.counter("coffer_connections_total", "Connections accepted since start.")),
      connections_refused(metrics.counter("coffer_connections_refused_total",
                                          "Connections closed at once: too many were open.")),
      bytes_received(metrics.counter("coffer_received_bytes_total", "Bytes read from peers.")),
      bytes_sent(metrics.counter("coffer_sent_bytes_total", "Bytes written to peers.")),
      log_(log),
      metrics_(metrics),
      table_(table_size) {}

void CallMeter::answered(const CallRecord& call, const Reply& reply, Time now_monotonic) {
    const Duration took = std::max<Duration>(0, now_monotonic - call.arrived_monotonic);
    const Series& counted = series(reply.note);
    counted.calls->add();
    counted.seconds->observe(static_cast<std::uint64_t>(took));
    if (log_ != nullptr) write_line(call, reply, took);
}

void CallMeter::refused(std::string_view protocol, std::string_view reason) {
    std::string labels;
    append_label(labels, "protocol", protocol);
    append_label(labels, "reason", reason);
    metrics_
        .counter("coffer_protocol_errors_total",
                 "Requests and connections that http refused by itself.", labels)
        .add();
}

// Registering takes a lock and builds strings, so each thread remembers what it has seen. The key
// is where the note's words lie; the words themselves are compared too, because nothing says that
// they are the same for ever.
const CallMeter::Series& CallMeter::series(const CallNote& note) {
    std::size_t place = place_of(note);
    for (std::size_t probe = 0; probe < probes_max; ++probe) {
        const Series& seen = table_[place];
        if (seen.calls == nullptr) break;
        if (seen.outcome == note.outcome && seen.verb == note.verb &&
            seen.dialect == note.dialect) {
            return seen;
        }
        place = (place + 1) & (table_size - 1);
    }
    Series& found = table_[place];
    found.dialect = note.dialect;
    found.verb = note.verb;
    found.outcome = note.outcome;
    std::string labels;
    append_label(labels, "dialect", note.dialect);
    append_label(labels, "verb", note.verb);
    found.seconds = &metrics_.histogram("coffer_call_seconds",
                                        "From a call's first byte to its answer.", 1e-6, labels);
    append_label(labels, "outcome", note.outcome);
    found.calls = &metrics_.counter("coffer_calls_total", "Calls answered.", labels);
    return found;
}

void CallMeter::write_line(const CallRecord& call, const Reply& reply, Duration took) const {
    const CallNote& note = reply.note;
    const std::int64_t status = reply.status;
    if (call.traceparent.empty()) {
        log_->line(LogLevel::info, "call",
                   {{"request_id", call.request_id},
                    {"tenant", note.tenant},
                    {"dialect", note.dialect},
                    {"verb", note.verb},
                    {"outcome", note.outcome},
                    {"status", status},
                    {"us", took},
                    {"protocol", call.protocol},
                    {"method", call.method},
                    {"path", call.path},
                    {"peer", call.peer_masked}});
        return;
    }
    log_->line(LogLevel::info, "call",
               {{"request_id", call.request_id},
                {"tenant", note.tenant},
                {"dialect", note.dialect},
                {"verb", note.verb},
                {"outcome", note.outcome},
                {"status", status},
                {"us", took},
                {"protocol", call.protocol},
                {"method", call.method},
                {"path", call.path},
                {"peer", call.peer_masked},
                {"traceparent", call.traceparent}});
}

}  // namespace coffer
