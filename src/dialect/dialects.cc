#include "dialect/dialects.h"

#include "dialect/desk_of.h"

namespace coffer {

std::unique_ptr<Desk> make_desk(Ledger& ledger, const DeskOptions& options, const Clock& clock,
                                Log& log, Metrics& metrics, ReplySink& sink,
                                std::function<void()> wake) {
    return make_desk_of(dialects, ledger, options, clock, log, metrics, sink, std::move(wake));
}

}  // namespace coffer
