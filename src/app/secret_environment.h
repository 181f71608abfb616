#pragma once
// The keys and the seed that the configuration says are in environment variables. No floor below
// reads the environment.

#include <vector>

#include "base/result.h"
#include "settle/settler.h"

namespace coffer {

// Fills in the digits of each that names a variable. The variable is gone then, also from where
// others read what the process was started with. To be called before there is a second thread.
// Errors: not_found, where there is no such variable; invalid, where nothing is in it.
Result<void> take_secrets(std::vector<ChainOptions>& chains, DepositOptions& deposits);

}  // namespace coffer
