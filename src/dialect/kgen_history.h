#pragma once
// How kgen shows the movements of a wallet. Only kgen.cc includes this, and reading starts there.
//
// The page has them three times over: `transactions`, and of those once more the ones that took
// money (`fromTransactions`) and the ones that brought it (`toTransactions`). Addresses are masked.

#include <string>

#include "base/json_writer.h"
#include "dialect/dialect.h"

namespace coffer {

// A cursor is good for the one user in whose list it was given.
std::string kgen_cursor_context(const Request& request);

void kgen_write_transactions(JsonWriter& json, const Request& request, const Outcome& outcome);

}  // namespace coffer
