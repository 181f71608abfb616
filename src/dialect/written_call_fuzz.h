#pragma once
// For the dialects' fuzz targets: calls as a person would write them, so that a corpus can be read
// and the golden exchanges are its seeds; and what every dialect promises of every call.
//
//     POST /transaction/debit?query
//     idempotency-key: a
//
//     {"user_id": "alice", "amount": 5}
//
// Bytes that name no route of the dialect, or have a control character in a header, which http
// takes from nobody, are of no use, and libFuzzer is told so.

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "dialect/body.h"
#include "dialect/dialects.h"
#include "dialect/routes.h"
#include "dialect/text.h"

namespace coffer {

// What the bytes are tried against. The authority is granted whatever authenticate() says, because
// no fuzzer signs; it may be null for the dialect's own answer.
struct FuzzWorld {
    std::shared_ptr<const Directory> directory;
    std::shared_ptr<const Keyring> keyring;
    Authority authority;
};

inline constexpr Time fuzz_now = 1'700'000'000'123'456;
inline constexpr CurrencyId fuzz_currency = 1;  // the only one of the world, with two decimals

template <class... T>
std::shared_ptr<const Directory> directory_of(T... values) {
    const std::vector<Record> records{
        Record(std::make_shared<const Tenant>(Tenant{.id = 1, .uid = "t", .name = "tenant"})),
        Record(std::make_shared<const T>(std::move(values)))...};
    return std::make_shared<const Directory>(Directory().with(records));
}

// ---- from bytes to a request --------------------------------------------------------------------

inline std::string_view take_until(std::string_view& text, std::string_view end) {
    const std::string_view taken = text.substr(0, text.find(end));
    text.remove_prefix(std::min(taken.size() + end.size(), text.size()));
    return taken;
}

inline Method method_named(std::string_view name) {
    constexpr std::pair<std::string_view, Method> methods[] = {
        {"GET", Method::get},    {"POST", Method::post},   {"PUT", Method::put},
        {"DELETE", Method::del}, {"PATCH", Method::patch},
    };
    const auto* const found =
        std::ranges::find(methods, name, &std::pair<std::string_view, Method>::first);
    return found != std::end(methods) ? found->second : Method::other;
}

inline Call call_of(std::string_view text) {
    Call call;
    call.method = method_named(take_until(text, " "));
    std::string_view target = take_until(text, "\n");
    call.path = take_until(target, "?");
    call.query = target;
    while (!text.empty()) {
        std::string_view line = take_until(text, "\n");
        if (line.empty()) break;
        const std::string_view name = take_until(line, ": ");
        call.headers.push_back({.name = std::string(name), .value = std::string(line)});
    }
    call.body = text;
    call.request_id = "r";
    call.peer_address = "192.0.2.1";
    for (std::size_t at = 0; at < call.random.size(); ++at) {
        call.random[at] = static_cast<std::uint8_t>(at);
    }
    return call;
}

inline std::optional<Request> request_of(const Dialect& dialect, const FuzzWorld& world,
                                         std::string_view text) {
    static const Dialect* const served[] = {&dialect};
    static const RouteTable routes(served, "/metrics");
    const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; };
    Request request{.call = call_of(text), .directory = world.directory, .keyring = world.keyring};
    for (const Header& header : request.call.headers) {
        if (std::ranges::any_of(header.value, is_control)) return {};
    }
    const PathEntry* const path = routes.find(request.call.path, request.segments);
    if (path == nullptr || path->dialect == nullptr) return {};
    request.route = path->route(request.call.method);
    if (request.route == nullptr) return {};
    request.now = fuzz_now;
    return request;
}

// ---- what must hold -----------------------------------------------------------------------------

// http sends it as it stands: a status, JSON or a CSV, and headers of printable characters.
inline void examine(const Reply& reply) {
    CHECK(reply.status >= 200 && reply.status <= 599);
    if (!reply.content_type.starts_with("text/csv")) {
        CHECK(reply.body.empty() || Body::parse(reply.body) || Body::parse_array(reply.body));
    }
    CHECK(is_utf8(reply.body));
    for (const Header& header : reply.headers) {
        CHECK(!header.name.empty());
        CHECK(std::ranges::all_of(header.value, [](char c) { return c >= ' ' && c <= '~'; }));
    }
}

inline bool is_bounded_text(std::string_view text, std::size_t bytes_max) {
    return text.size() <= bytes_max && is_utf8(text);
}

inline void examine(const Move& move) {
    const bool may_be_negative = move.kind == TransactionKind::adjust;
    CHECK(may_be_negative || !move.amount.is_negative());
    CHECK(!move.payout.is_negative());
    CHECK(add(move.amount, Amount{}) && add(move.payout, Amount{}));  // 38 digits
    CHECK(move.currency == 0 || move.currency == fuzz_currency);
    CHECK((move.group == KeyGroup::self) == move.external_id.empty() ||
          move.kind == TransactionKind::rollback);
    for (const std::string& id : {move.external_id, move.reference, move.promotion, move.game}) {
        CHECK(is_bounded_text(id, 255));
    }
    CHECK(is_bounded_text(move.round, 4 * 255));
    CHECK(is_bounded_text(move.reason, 4 * 1024) && is_bounded_text(move.detail, 1024));
    CHECK(move.meta.empty() || Body::parse(move.meta));
    CHECK(!move.bucket || is_bucket(*move.bucket));
}

inline void examine(const Intent& intent) {
    std::visit(
        [](const auto& asked) {
            if constexpr (requires { asked.caller.tenant; }) CHECK(asked.caller.tenant == 1);
            if constexpr (requires { asked.limit; }) CHECK(asked.limit >= 1);
            // A stretch of time; what is moved from somebody to somebody bears the same names.
            if constexpr (requires {
                              { asked.from } -> std::same_as<const Time&>;
                          }) {
                CHECK(asked.from == 0 || asked.to == 0 || asked.from <= asked.to);
            }
        },
        intent);
    if (const Move* const move = std::get_if<Move>(&intent)) examine(*move);
    if (const AskStatus* const ask = std::get_if<AskStatus>(&intent)) {
        CHECK(!ask->amount.is_negative() && is_bounded_text(ask->external_id, 255));
        CHECK(ask->currency == 0 || ask->currency == fuzz_currency);
    }
}

// ---- what the ledger might say ------------------------------------------------------------------

// The intent was done: what it moved is one transaction, which is also the whole history.
inline Outcome done(const Intent& intent) {
    Transaction transaction{.sequence = 7, .time = fuzz_now, .tenant = 1, .player = "p"};
    transaction.currency = fuzz_currency;
    if (const Move* const move = std::get_if<Move>(&intent)) {
        transaction.kind = move->kind;
        transaction.group = move->group;
        transaction.external_id = move->external_id;
        transaction.amount = move->amount;
        transaction.payout = move->payout;
        transaction.round = move->round;
        transaction.game = move->game;
        transaction.reference = move->reference;
        transaction.promotion = move->promotion;
        transaction.reason = move->reason;
        transaction.meta = move->meta;
        transaction.detail = move->detail;
        transaction.entries = {{.account = AccountCode::earned, .amount = move->amount}};
    }
    Outcome outcome{.tenant = 1, .integration = 1, .currency = fuzz_currency};
    outcome.player = std::make_shared<const Player>(Player{.tenant = 1, .id = "p"});
    outcome.wallet = std::make_shared<const Wallet>(
        Wallet{.tenant = 1, .player = "p", .currency = fuzz_currency});
    outcome.wallet_after = outcome.wallet;
    outcome.session = std::make_shared<const Session>(Session{.tenant = 1, .player = "p"});
    outcome.transaction = std::make_shared<const Transaction>(std::move(transaction));
    outcome.movements = {{.transaction = outcome.transaction, .wallet = outcome.wallet}};
    outcome.next = 5;
    return outcome;
}

// Everything but done, one of them for each length of the bytes.
inline Outcome not_done(std::size_t choice) {
    constexpr std::size_t declines = static_cast<std::size_t>(Decline::withdrawal_in_flight);
    constexpr std::size_t faults = static_cast<std::size_t>(Fault::internal);
    choice %= declines + faults;
    if (choice < declines) {
        return {.decline = static_cast<Decline>(choice + 1),
                .refused_as = Decline::insufficient_funds,
                .differs = field_amount | field_round};
    }
    return {.fault = static_cast<Fault>(choice - declines + 1)};
}

// ---- the whole way ------------------------------------------------------------------------------

// One call through the dialect as the desk leads it. `examine_own` says what this dialect promises
// of its own intents.
template <class ExamineOwn>
int try_call(const Dialect& dialect, const FuzzWorld& world, std::string_view text,
             ExamineOwn examine_own) {
    std::optional<Request> request = request_of(dialect, world, text);
    if (!request) return -1;
    const auto granted = dialect.authenticate(*request);
    if (!granted) {
        examine(dialect.refuse(*request, granted.error()));
    } else {
        CHECK(granted->credential != nullptr || dialect.session_of != nullptr);
    }
    if (dialect.account_tried != nullptr) (void)dialect.account_tried(*request);
    request->authority = world.authority;
    if (dialect.session_of != nullptr) {
        request->session = dialect.session_of(*request).value_or(FindSession{});
    }
    const auto intent = dialect.read(*request);
    if (!intent) {
        const Reply reply = dialect.refuse(*request, intent.error());
        CHECK(reply.status >= 400);
        examine(reply);
        return 0;
    }
    examine(*intent);
    examine_own(*request, *intent);
    const Reply said_no = dialect.write(*request, *intent, not_done(text.size()));
    examine(said_no);
    const Reply said_yes = dialect.write(*request, *intent, done(*intent));
    examine(said_yes);
    return 0;
}

}  // namespace coffer
