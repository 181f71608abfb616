#pragma once
// make_desk for a list of dialects of one's own: for tests, and for the one list in dialects.cc.

#include <span>

#include "dialect/desk.h"
#include "dialect/dialect.h"

namespace coffer {

std::unique_ptr<Desk> make_desk_of(std::span<const Dialect* const> dialects, Ledger& ledger,
                                   const DeskOptions& options, const Clock& clock, Log& log,
                                   Metrics& metrics, ReplySink& sink, std::function<void()> wake);

}  // namespace coffer
