#pragma once
// Keys of the native API, made without it: for `init`, and for `key` when the last key was lost.

#include <optional>
#include <string>
#include <string_view>

#include "ledger/ledger.h"

namespace coffer {

struct NewNativeKey {
    TenantId tenant = 0;  // 0: the installation's own
    std::string label;
    std::uint32_t scopes = 0;
    Time expires = 0;  // 0: never
};
struct MadeNativeKey {
    std::string uid;
    std::string secret;  // known here and now and never again
};
Result<MadeNativeKey> make_native_key(Ledger& ledger, const NewNativeKey& key);

// `read`, `play`, `cashier`, `admin`, `install`.
std::optional<Scope> scope_of(std::string_view word);
// `read,play`.
std::string scope_words(std::uint32_t scopes);

}  // namespace coffer
