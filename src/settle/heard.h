#pragma once
// What the ledger answered to whoever settles.

#include <cstddef>
#include <string>
#include <variant>

#include "base/result.h"
#include "ledger/outcome.h"

namespace coffer {

// The record at that place of an answer; null where there is none, or one of another kind.
template <class T>
Ptr<T> record_at(const Outcome& outcome, std::size_t at) {
    if (at >= outcome.records.size()) return nullptr;
    const auto* found = std::get_if<Ptr<T>>(&outcome.records[at]);
    return found == nullptr ? nullptr : *found;
}

// Why what was asked of it is not so: it did not answer, or it does not want it.
inline std::unexpected<Error> unheard(const Outcome& outcome) {
    return fail(ErrorCode::unavailable,
                outcome.fault == Fault::none
                    ? "the ledger does not want it: " + std::string(decline_word(outcome.decline))
                    : "the ledger does not answer");
}

}  // namespace coffer
