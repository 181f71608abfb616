#pragma once
// Answering calls until told to stop: what `serve` and `demo` have in common.

#include <functional>
#include <vector>

#include "app/books.h"
#include "app/control.h"
#include "app/signals.h"
#include "dialect/desk.h"
#include "http/server.h"

namespace coffer {

struct ServingParts {
    Books& books;
    const Clock& clock;
    Log& log;
    Metrics& metrics;
    Signals& signals;
    const Control& control;
};

// Starts the server, calls `announce` with its addresses when calls are answered, and returns when
// a signal told it to stop and the server has drained. SIGHUP reads the certificates again; the
// control socket takes backups. Errors: those of Server::start.
using Announce = std::function<void(const std::vector<BoundAddress>& bound)>;
Result<void> serve_until_stopped(const ServingParts& parts, const ServerOptions& server,
                                 const DeskOptions& desk, const Announce& announce);

}  // namespace coffer
