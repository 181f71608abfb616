#include "dialect/probes.h"

#include "base/check.h"
#include "base/json_writer.h"
#include "dialect/text.h"
#include "dialect/words.h"
#include "ledger/ledger.h"

namespace coffer {
namespace {

Reply plain_reply(int status, std::string_view verb, std::string_view text) {
    return {.status = status,
            .content_type = "text/plain; charset=utf-8",
            .body = std::string(text),
            .note = {.verb = verb, .outcome = status == 200 ? "done" : "not_now"}};
}

Reply error_reply(int status, std::string_view error, std::string_view message, RefusalKind kind) {
    Reply reply{.status = status, .note = {.outcome = refusal_word(kind)}};
    JsonWriter(reply.body)
        .open_object()
        .key("error")
        .string(error)
        .key("message")
        .string(message)
        .close_object();
    return reply;
}

}  // namespace

Reply probe_reply(Probe probe, const Ledger& ledger, const Metrics& metrics) {
    switch (probe) {
        case Probe::none: break;
        case Probe::health: return plain_reply(200, "healthz", "ok\n");
        case Probe::readiness:
            if (ledger.ready()) return plain_reply(200, "readyz", "ready\n");
            return plain_reply(503, "readyz", "not ready\n");
        case Probe::metrics: {
            Reply reply = plain_reply(200, "metrics", {});
            reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
            reply.body = metrics.expose();
            return reply;
        }
    }
    CHECK(probe != Probe::none);
    return {};
}

Reply unknown_path_reply() {
    return error_reply(404, "NOT_FOUND", "there is nothing at this path", RefusalKind::not_found);
}

Reply wrong_probe_method_reply(std::string_view allow) {
    Reply reply = error_reply(405, "METHOD_NOT_ALLOWED", "this path does not take that method",
                              RefusalKind::wrong_method);
    add_header(reply, "allow", std::string(allow));
    return reply;
}

}  // namespace coffer
