#pragma once
// The shape of a dialect: a struct of pure functions, one per vendor's API, tied together by one
// constant per file and listed in dialects.h.
//
// A dialect has no clock, no log, no ledger and no store. The desk calls, for a call on one of its
// routes: authenticate, signed_by, then read, then (when the ledger has spoken) write; or refuse,
// as soon as something is wrong. Each function may be called from any io thread.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dialect/call.h"
#include "ledger/directory.h"
#include "ledger/intent.h"
#include "ledger/outcome.h"

namespace coffer {

// HEAD asks for the headers of a GET and must change nothing (RFC 9110, section 9.2.1). So a GET
// that spends or makes something does not take it.
enum class Head : std::uint8_t { like_get, not_taken };

// One documented call. `pattern` is the path with `{name}` for a variable segment; `verb` is the
// word in logs and metrics. `data` is the dialect's own number for the route.
struct Route {
    Method method;
    std::string_view pattern;
    std::string_view verb;
    int data;
    Head head = Head::like_get;  // of a GET
};

// Why a call never reached the ledger.
enum class RefusalKind : std::uint8_t {
    not_found,     // no such path (no dialect's: the desk answers itself)
    wrong_method,  // known path; `allow` lists the methods
    too_large,
    malformed,       // syntax, types, sizes
    bad_credential,  // missing, malformed, unknown, expired, revoked; or not from this address
    bad_signature,
    forbidden,  // native: a live key with too small a scope
    throttled,
    not_now,  // overload
};
struct Refusal {
    RefusalKind kind = RefusalKind::malformed;
    std::string message;  // for the caller: what is wrong and with which field; no secrets
    std::string allow;    // wrong_method
};

// Secrets that dialects need in clear, unsealed by the desk whenever the directory changes.
struct Keyring {
    std::unordered_map<std::string, std::string> signing;  // credential uid -> key
    std::string cursor_key;                                // signs cursors
    SecretKey16 id_key{};                                  // hides sequence numbers in ids
    MasterKey master_key{};                                // seals new signing keys
};

// Who calls, as far as the credential itself says. A bearer session leaves the integration null:
// the desk finds it by Dialect::session_of.
struct Authority {
    const Integration* integration = nullptr;
    const Credential* credential = nullptr;
    TenantId tenant = 0;
    std::uint32_t scopes = 0;  // native
    std::string subject;       // kgen: the user of the JWT
};

// A call on its way through a dialect. `directory` and `keyring` outlive it.
struct Request {
    Call call;
    const Route* route = nullptr;       // for wrong_method one of the path's
    std::vector<std::string> segments;  // what filled the braces, percent-decoded, in order
    std::shared_ptr<const Directory> directory;
    std::shared_ptr<const Keyring> keyring;
    Authority authority;
    std::optional<FindSession> session;  // what session_of() said, where the desk asked it
    Time now = 0;                        // the call's arrival, wall time
};

struct Dialect {
    DialectId id;
    std::string_view name;
    std::span<const Route> routes;
    // All paths that begin so are this dialect's, and what is not there is said in its words.
    // Empty: its paths lie between others', and an unknown one is nobody's.
    std::string_view prefix = {};
    // Check 1 of the order of checks: the credential. The desk adds whether the address is allowed.
    std::expected<Authority, Refusal> (*authenticate)(const Request& request);
    // Check 3: syntax and types.
    std::expected<Intent, Refusal> (*read)(const Request& request);
    Reply (*write)(const Request& request, const Intent& intent, const Outcome& outcome);
    Reply (*refuse)(const Request& request, const Refusal& refusal);
    // True for calls that check a password or a secret in the body and are slowed down after
    // failures; gives the account that is tried.
    std::string (*account_tried)(const Request& request);
    // For calls whose only credential is a session, or null where the dialect has none. Asked when
    // authenticate() left the integration null: the desk finds the integration by the session and
    // sets authority.integration and .tenant before read(). Asked, too, when read() found the call
    // malformed, because a credential is judged before syntax. A session that is not there goes to
    // write() with this FindSession as the intent. Whether it is still live is judged again by the
    // ledger.
    std::optional<FindSession> (*session_of)(const Request& request) = nullptr;
    // Check 2: the authority's key that the raw body is signed with; null when it is signed with
    // none. No function where the dialect has no signatures.
    const Credential* (*signed_by)(const Request& request) = nullptr;
};

}  // namespace coffer
