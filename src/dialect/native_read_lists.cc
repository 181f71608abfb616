// Questions: wallets, transactions, rounds, promotions, and the pages that long lists come in.

#include <algorithm>

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::int64_t limit_default = 50;
constexpr std::int64_t limit_max = 1000;
constexpr std::size_t filter_bytes_max = 255;

// Takes the parameters of a query one after the other and remembers the first mistake. A parameter
// that this list does not have is ignored, like an unknown field of a body; an empty one is absent.
class Filters {
public:
    explicit Filters(const Request& request) : request_(request) {
        if (auto parsed = parse_query(request.call.query)) {
            parameters_ = std::move(*parsed);
        } else {
            mistake("the query is broken, or names a parameter twice");
        }
    }

    std::string_view text(std::string_view name) {
        const std::string* found = find_parameter(parameters_, name);
        if (found == nullptr) return {};
        if (found->size() > filter_bytes_max) {
            mistake(std::string(name) + " may have at most 255 bytes");
        }
        return *found;
    }

    Time time(std::string_view name, TimeEdge edge) {
        const std::string_view given = text(name);
        if (given.empty()) return 0;
        const std::optional<Time> time = native_time(given, edge);
        if (!time)
            mistake(std::string(name) + " must be an RFC 3339 time or a day like 2024-02-29");
        return time.value_or(0);
    }

    std::uint32_t limit() {
        const std::string_view given = text("limit");
        if (given.empty()) return limit_default;
        const auto number = parse_integer(given, 1, limit_max);
        if (!number) mistake("limit must be a whole number from 1 to 1000");
        return static_cast<std::uint32_t>(number.value_or(limit_default));
    }

    Sequence cursor() {
        const std::string_view given = text("cursor");
        if (given.empty()) return 0;
        const auto sequence = read_cursor(given, native_list_context(request_, parameters_),
                                          request_.keyring->cursor_key);
        if (!sequence) mistake("cursor is not one of this list with these filters");
        return sequence.value_or(0);
    }

    // The integration of that filter: 0 where there is none. An unknown one is remembered.
    IntegrationId integration() {
        const std::string_view given = text("integration");
        if (given.empty()) return 0;
        const Integration* found = native_integration(request_, given);
        if (found == nullptr) unknown_ = "integration";
        return found != nullptr ? found->id : 0;
    }

    std::optional<CurrencyId> currency() {
        const std::string_view given = text("currency");
        if (given.empty()) return {};
        const Currency* found = request_.directory->currency(request_.authority.tenant, given);
        if (found == nullptr) unknown_ = "currency";
        return found != nullptr ? found->id : 0;
    }

    void mistake(std::string message) {
        if (mistake_.empty()) mistake_ = std::move(message);
    }

    // What ends the reading, if anything does.
    std::optional<Refusal> end() const {
        if (!mistake_.empty()) return native_malformed(mistake_).error();
        if (!unknown_.empty()) return native_unknown(unknown_).error();
        return {};
    }

private:
    const Request& request_;
    QueryParameters parameters_;
    std::string mistake_;
    std::string_view unknown_;  // the thing that there is not
};

// How long ago, or when: `30d`, `12h`, `45m`, `90s` or `90`, or a time. Nothing was opened before
// 1970, whose first instant would say that nobody asked.
Time before_age(Filters& filters, const Request& request) {
    std::string_view given = filters.text("older_than");
    if (given.empty()) return 0;
    if (const auto time = native_time(given, TimeEdge::start)) return std::max<Time>(*time, 1);
    Duration unit = second_us;
    constexpr std::array<std::pair<char, Duration>, 4> units{
        {{'s', second_us}, {'m', minute_us}, {'h', hour_us}, {'d', day_us}}};
    for (const auto& [letter, duration] : units) {
        if (given.back() != letter) continue;
        unit = duration;
        given.remove_suffix(1);
        break;
    }
    const auto count = parse_integer(given, 0, request.now / unit);
    if (!count) filters.mistake("older_than must be a time, or an age like 30d, 12h, 45m or 90s");
    return std::max<Time>(request.now - count.value_or(0) * unit, 1);
}

std::optional<RoundState> round_state(Filters& filters) {
    const std::string_view given = filters.text("state");
    if (given.empty()) return {};
    if (given == "open") return RoundState::open;
    if (given == "closed") return RoundState::closed;
    filters.mistake("state must be open or closed");
    return {};
}

std::optional<WithdrawalState> withdrawal_state(Filters& filters) {
    const std::string_view given = filters.text("state");
    if (given.empty()) return {};
    using enum WithdrawalState;
    for (const auto state :
         {approval, queued, signed_, broadcast, mined, final_, completed, released}) {
        if (given == native_withdrawal_word(state)) return state;
    }
    filters.mistake("state is not a state of withdrawals");
    return {};
}

std::optional<TransactionKind> transaction_kind(Filters& filters) {
    const std::string_view given = filters.text("kind");
    if (given.empty()) return {};
    const auto kind = native_kind_of(given);
    if (!kind) filters.mistake("kind is not a kind of transaction");
    return kind;
}

// `q` of a media range, in thousandths; 1000 where it has none (RFC 9110, section 12.4.2).
int quality_of(std::string_view range) {
    const std::size_t at = range.find("q=");
    if (at == std::string_view::npos) return 1000;
    const std::string_view text = range.substr(at + 2, range.find_first_of("; ", at + 2) - at - 2);
    const Result<Amount> quality = parse_amount(text, 3);
    if (!quality || quality->is_negative() || *quality > Amount{1000}) return 0;
    return static_cast<int>(quality->units);
}

}  // namespace

std::string native_list_context(const Request& request, const QueryParameters& parameters) {
    QueryParameters filters = parameters;
    std::erase_if(filters, [](const auto& parameter) {
        return parameter.first == "cursor" || parameter.first == "limit" ||
               parameter.second.empty();
    });
    std::ranges::sort(filters);
    std::string context = std::to_string(request.authority.tenant) + " " + request.call.path;
    for (const auto& [name, value] : filters) {
        context += "&" + percent_encode(name) + "=" + percent_encode(value);
    }
    return context;
}

// CSV where it is asked for by name and not liked less than JSON.
bool native_wants_csv(const Call& call) {
    std::string_view accept = call.header("accept");
    int csv = 0;
    int json = 0;
    while (!accept.empty()) {
        const std::size_t end = std::min(accept.find(','), accept.size());
        std::string_view range = accept.substr(0, end);
        accept.remove_prefix(std::min(end + 1, accept.size()));
        range.remove_prefix(std::min(range.find_first_not_of(' '), range.size()));
        if (range.starts_with("text/csv")) csv = quality_of(range);
        if (range.starts_with("application/json")) json = quality_of(range);
    }
    return csv > 0 && csv >= json;
}

NativeRead native_read_wallets(const Request& request) {
    Filters filters(request);
    ListWallets list{.caller = native_caller(request, request.segments[0])};
    list.at = filters.time("at", TimeEdge::end);
    if (const auto refusal = filters.end()) return std::unexpected(*refusal);
    return list;
}

NativeRead native_read_transaction(const Request& request) {
    const auto id = parse_public_id(request.segments[0], request.keyring->id_key);
    if (!id) return native_unknown();
    return FindTransaction{.tenant = request.authority.tenant,
                           .sequence = id->sequence,
                           .time = id->time_ms * millisecond_us};
}

NativeRead native_read_transactions(const Request& request) {
    Filters filters(request);
    ListMovements list{.caller = native_caller(request, filters.text("player"))};
    list.every_player = list.caller.player.id.empty();
    list.currency = filters.currency();
    list.only_integration = filters.integration();
    list.external_id = filters.text("external_id");
    list.round = filters.text("round");
    list.kind = transaction_kind(filters);
    // A support engineer asks what became of an id: refused and tombstoned ones are answers.
    list.refusals = true;
    list.tombstones = true;
    list.from = filters.time("from", TimeEdge::start);
    list.to = filters.time("to", TimeEdge::end);
    if (list.from != 0 && list.to != 0 && list.from > list.to)
        filters.mistake("from lies after to");
    list.before = filters.cursor();
    list.limit = filters.limit();
    if (const auto refusal = filters.end()) return std::unexpected(*refusal);
    return list;
}

NativeRead native_read_rounds(const Request& request) {
    Filters filters(request);
    ListRounds list{.tenant = request.authority.tenant};
    list.player = filters.text("player");
    list.integration = filters.integration();
    list.state = round_state(filters);
    list.opened_before = before_age(filters, request);
    list.before = filters.cursor();
    list.limit = filters.limit();
    if (const auto refusal = filters.end()) return std::unexpected(*refusal);
    return list;
}

NativeRead native_read_round(const Request& request) {
    const auto id = parse_public_id(request.segments[0], request.keyring->id_key);
    if (!id) return native_unknown();
    return ListRounds{.tenant = request.authority.tenant,
                      .limit = 1,
                      .opened_by = id->sequence,
                      .opened = id->time_ms * millisecond_us};
}

NativeRead native_read_close_round(const Request& request) {
    if (const auto body = native_body(request); !body) return std::unexpected(body.error());
    const auto id = parse_public_id(request.segments[0], request.keyring->id_key);
    if (!id) return native_unknown();
    return CloseRound{.tenant = request.authority.tenant,
                      .opened_by = id->sequence,
                      .opened = id->time_ms * millisecond_us};
}

NativeRead native_read_withdrawals(const Request& request) {
    Filters filters(request);
    ListWithdrawals list{.tenant = request.authority.tenant};
    list.state = withdrawal_state(filters);
    list.created_before = before_age(filters, request);
    list.before = filters.cursor();
    list.limit = filters.limit();
    if (const auto refusal = filters.end()) return std::unexpected(*refusal);
    return list;
}

NativeRead native_read_deposits(const Request& request) {
    Filters filters(request);
    ListDeposits list{.tenant = request.authority.tenant};
    list.player = filters.text("player");
    list.before = filters.cursor();
    list.limit = filters.limit();
    if (const auto refusal = filters.end()) return std::unexpected(*refusal);
    return list;
}

NativeRead native_read_promotions(const Request& request) {
    Filters filters(request);
    ListRecords list{.tenant = request.authority.tenant, .kind = RecordKind::promotion};
    list.skip = filters.cursor();
    list.limit = filters.limit();
    if (const auto refusal = filters.end()) return std::unexpected(*refusal);
    return list;
}

}  // namespace coffer
