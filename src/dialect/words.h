#pragma once
// The words for what became of a call: the same in the log, in the metrics and in golden files.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dialect/dialect.h"
#include "ledger/outcome.h"

namespace coffer {

std::string_view outcome_word(const Outcome& outcome);  // a decline's is the ledger's
std::string_view refusal_word(RefusalKind kind);

// What a dialect's callers know a field of the fingerprint as.
struct FieldWord {
    Field field;
    std::string_view word;
};
// "amount, roundId": the fields of Outcome::differs for the caller. A field that the dialect has no
// word for goes by the ledger's.
std::string field_words(std::uint16_t differs, std::span<const FieldWord> own);

}  // namespace coffer
