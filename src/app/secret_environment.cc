#include "app/secret_environment.h"

#include <stdlib.h>

#include <cstring>

namespace coffer {
namespace {

Result<void> take(const std::string& variable, std::string& into) {
    if (variable.empty()) return {};
    char* const text = ::getenv(variable.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (text == nullptr) {
        return fail(ErrorCode::not_found,
                    variable + ": the environment has no such variable; it is to hold the secret");
    }
    into = text;
    while (into.ends_with('\n') || into.ends_with('\r')) into.pop_back();
    if (into.empty()) return fail(ErrorCode::invalid, variable + ": it is to hold the secret");
    // The system shows the same bytes to whoever may look at the process.
    ::explicit_bzero(text, std::strlen(text));
    ::unsetenv(variable.c_str());  // NOLINT(concurrency-mt-unsafe)
    return {};
}

}  // namespace

Result<void> take_secrets(std::vector<ChainOptions>& chains, DepositOptions& deposits) {
    for (ChainOptions& chain : chains) {
        for (HotWalletOptions& wallet : chain.hot_wallets) {
            const auto taken = take(wallet.key_environment, wallet.key_digits);
            if (!taken) {
                return fail(taken.error().code,
                            "chain " + chain.policy.name + ": " + taken.error().detail);
            }
        }
    }
    const auto taken = take(deposits.seed_environment, deposits.seed_digits);
    return taken ? taken : fail(taken.error().code, "deposits: " + taken.error().detail);
}

}  // namespace coffer
