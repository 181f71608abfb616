#pragma once
// A transaction's whole story in words, for whoever answers a player's or a vendor's question.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/ledger.h"
#include "store/store.h"

namespace coffer {

struct StoryBooks {
    const Reader& store;
    Ledger& ledger;
    // Makes and reads Coffer's own ids; without it only callers' ids can be looked for.
    std::optional<SecretKey16> id_key;
    std::function<bool()> stop_asked;
};

// What is known of that id: Coffer's own (found at once), or a caller's (the whole journal is read;
// the same id may belong to several players, integrations or actions, and each is told). Errors:
// not_found; unavailable, when asked to stop.
Result<std::string> tell_story(const StoryBooks& books, std::string_view id);

}  // namespace coffer
