#pragma once
// The words for what became of a call: the same in the log, in the metrics and in golden files.

#include <string_view>

#include "dialect/dialect.h"
#include "ledger/outcome.h"

namespace coffer {

std::string_view decline_word(Decline decline);  // insufficient_funds; `done` for none
std::string_view outcome_word(const Outcome& outcome);
std::string_view refusal_word(RefusalKind kind);

}  // namespace coffer
