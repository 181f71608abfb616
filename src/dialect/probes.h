#pragma once
// The answers that are no dialect's: /healthz, /readyz, /metrics, and paths that nobody knows.

#include "base/metrics.h"
#include "dialect/call.h"
#include "dialect/routes.h"

namespace coffer {

class Ledger;

Reply probe_reply(Probe probe, const Ledger& ledger, const Metrics& metrics);
// `{"error": ..., "message": ...}`, where no dialect has words of its own.
Reply unknown_path_reply();
Reply wrong_probe_method_reply(std::string_view allow);

}  // namespace coffer
