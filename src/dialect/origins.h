#pragma once
// What a browser's page may do: the headers of the Fetch standard's CORS protocol.
//
// No answer depends on a cookie, so an allowed origin is named and credentials mode is never
// granted.

#include <string>
#include <string_view>
#include <vector>

#include "dialect/call.h"

namespace coffer {

// The call's origin if it has one and the list (exact origins, or `*`) allows it; else empty.
std::string_view allowed_origin(const Call& call, const std::vector<std::string>& origins);

// 204 for a preflight from that origin; `methods` as in Allow.
Reply preflight_reply(const Call& call, std::string_view origin, std::string_view methods);

// Lets the page of that origin read the answer.
void open_to_origin(Reply& reply, std::string_view origin);

}  // namespace coffer
