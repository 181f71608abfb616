#pragma once
// The half of sverse that is about accounts: registering, logging in, logging out, renewing a
// session. Only sverse.cc includes this, and reading starts there.

#include <expected>
#include <string>

#include "base/json_writer.h"
#include "dialect/dialect.h"

namespace coffer {

// ---- parts that both halves use -----------------------------------------------------------------

std::unexpected<Refusal> sverse_malformed(std::string message);
std::unexpected<Refusal> sverse_unauthorized();
// The game that calls; and with it the session of its Bearer token, as the credential itself.
Caller sverse_caller(const Request& request);
Caller sverse_bearer(const Request& request);
// The player that an outcome is about, as this game calls it.
std::string_view sverse_identity(const Request& request, const Outcome& outcome);

// ---- check 3 of each route ----------------------------------------------------------------------

std::expected<Intent, Refusal> sverse_read_register(const Request& request);
std::expected<Intent, Refusal> sverse_read_login(const Request& request);
std::expected<Intent, Refusal> sverse_read_logout(const Request& request);
std::expected<Intent, Refusal> sverse_read_refresh(const Request& request);

// ---- answers ------------------------------------------------------------------------------------

void sverse_write_registered(JsonWriter& json, const Request& request);
void sverse_write_session(JsonWriter& json, const Request& request, const Outcome& outcome);

// The name that a call to register or to log in tries, as names are compared; "" when there is
// none.
std::string sverse_name_tried(const Request& request);

}  // namespace coffer
