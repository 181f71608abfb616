#pragma once
// Small shared parts of the dialects: queries, ids, bearer tokens, addresses, cursors, digests of
// tokens. Pure functions, each used by two dialects or more.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "dialect/dialect.h"
#include "dialect/public_id.h"

namespace coffer {

// Percent-decoded; nothing when an escape is broken or the result is not UTF-8 or holds a NUL. `+`
// means a space in queries only.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);

// The parameters of a query in order; nothing when one is broken or given twice.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;
std::optional<QueryParameters> parse_query(std::string_view query);
const std::string* find_parameter(const QueryParameters& parameters, std::string_view name);
// The code points of a UTF-8 text.
std::size_t count_characters(std::string_view utf8);
bool is_utf8(std::string_view bytes);

// A whole number in decimal digits (a `-` in front where negative) within bounds; nothing when it
// is not one.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t min,
                                          std::int64_t max);

// The token of `authorization: Bearer TOKEN` (scheme in any case, RFC 6750 characters); nothing
// when absent, given twice, or malformed.
std::optional<std::string_view> bearer_token(const Call& call);
// Client id and secret of `authorization: Basic` (RFC 7617); nothing when absent or malformed.
std::optional<std::pair<std::string, std::string>> basic_credentials(const Call& call);

// `Idempotency-Key`: absent gives "", 1..255 bytes the key, anything else a malformed Refusal.
std::expected<std::string, Refusal> idempotency_key(const Call& call);

// An opaque signed cursor for a sequence number, bound to its use (the route and its filters) by
// `context`; nothing when it was not made for that.
std::string make_cursor(Sequence sequence, std::string_view context, const std::string& key);
std::optional<Sequence> read_cursor(std::string_view cursor, std::string_view context,
                                    const std::string& key);

// A random 256-bit token as base64url from a call's random bytes [offset, offset + 32).
std::string random_token(const Call& call, std::size_t offset);

// The player's public transaction word ("WAGER", "PAYOUT", ...) as kgen and native show it.
std::string_view kind_word(TransactionKind kind);
// How much the wallet's playable balance (bonus + bought + earned) changed by a transaction.
Amount playable_change(const Transaction& transaction);

// Adds `name: value` to a reply.
void add_header(Reply& reply, std::string_view name, std::string value);

}  // namespace coffer
