// What a tenant allows of withdrawals to a chain, a policy a currency.

#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t destinations_max = 1'000;
constexpr std::size_t address_bytes = 42;

Amount read_bound(Fields& fields, std::string_view name, int scale) {
    if (!fields.has(name)) return Amount{-1};
    const Amount bound = fields.amount_text(name, scale);
    if (bound.is_negative()) fields.mistake(std::string(name) + " must not be negative");
    return bound;
}

void append_bound(JsonWriter& json, std::string_view name, Amount bound, int scale) {
    json.key(name);
    if (bound.is_negative()) {
        json.null();
    } else {
        native_append_amount(json, bound, scale);
    }
}

Reply write(const Request& request, const WithdrawalPolicy& policy) {
    const NativeMoney money = native_money(request, policy.currency);
    std::string body;
    JsonWriter json(body);
    json.open_object();
    json.key("currency").string(money.code);
    json.key("paused").boolean(policy.paused);
    append_bound(json, "largest", policy.largest, money.scale);
    append_bound(json, "player_day", policy.player_day, money.scale);
    append_bound(json, "tenant_day", policy.tenant_day, money.scale);
    append_bound(json, "approval_above", policy.approval_above, money.scale);
    json.key("destinations").open_array();
    for (const std::string& address : policy.destinations) json.string(address);
    json.close_array();
    json.close_object();
    return native_reply(200, std::move(body));
}

const Currency* currency_of(const Request& request) {
    return request.directory->currency(request.authority.tenant, request.segments[0]);
}

}  // namespace

NativeRead native_read_put_policy(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    const Currency* currency = currency_of(request);
    if (currency == nullptr) return native_unknown("currency");
    Fields fields(*body);
    PutWithdrawalPolicy put;
    put.policy.tenant = request.authority.tenant;
    put.policy.currency = currency->id;
    if (fields.has("paused")) put.policy.paused = fields.boolean("paused");
    put.policy.largest = read_bound(fields, "largest", currency->scale);
    put.policy.player_day = read_bound(fields, "player_day", currency->scale);
    put.policy.tenant_day = read_bound(fields, "tenant_day", currency->scale);
    put.policy.approval_above = read_bound(fields, "approval_above", currency->scale);
    if (fields.has("destinations")) {
        for (const std::string& address :
             native_texts(*body, fields, "destinations", destinations_max, address_bytes)) {
            const std::string mistake = native_address_mistake(address);
            if (!mistake.empty()) fields.mistake("destinations: one " + mistake);
            put.policy.destinations.push_back(native_lower_case(address));
        }
    }
    if (fields.failed()) return native_malformed(fields.message());
    return put;
}

NativeRead native_read_policy(const Request& request) {
    if (currency_of(request) == nullptr) return native_unknown("currency");
    return ListRecords{.tenant = request.authority.tenant, .kind = RecordKind::withdrawal_policy};
}

// A currency that has none is shown with the one that allows everything.
Reply native_write_policy(const Request& request, const Intent&, const Outcome& outcome) {
    const Currency* currency = currency_of(request);
    if (currency == nullptr) return native_problem(request, Decline::not_found);
    for (const Record& record : outcome.records) {
        const auto* policy = std::get_if<Ptr<WithdrawalPolicy>>(&record);
        if (policy != nullptr && (*policy)->currency == currency->id) {
            return write(request, **policy);
        }
    }
    return write(request, WithdrawalPolicy{.tenant = currency->tenant, .currency = currency->id});
}

}  // namespace coffer
