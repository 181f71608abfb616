// The installation's view of chains: the accounts that pay, and a pause.

#include "base/uint256.h"
#include "dialect/native.h"

namespace coffer {
namespace {

constexpr std::size_t reason_characters_max = 1024;

// The number of a chain in a path; nothing else is one.
std::optional<std::uint64_t> chain_of(const Request& request) {
    const std::string& text = request.segments[0];
    std::uint64_t number = 0;
    for (const char digit : text) {
        const bool fits = digit >= '0' && digit <= '9' && number <= (~std::uint64_t{0} - 9) / 10;
        if (!fits) return std::nullopt;
        number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return number == 0 || text.starts_with('0') ? std::nullopt : std::optional(number);
}

// Of the chain's smallest units; empty where nothing was seen.
std::string whole_coins(const std::string& units) {
    const auto wide = parse_decimal(units);
    const auto amount = wide ? to_amount(*wide, {.ledger = scale_max, .chain = scale_max})
                             : Result<Amount>(fail(ErrorCode::invalid, "none"));
    return amount ? format_shortest(*amount, scale_max) : std::string();
}

void append(JsonWriter& json, const HotWalletView& view) {
    const HotWallet& wallet = *view.record;
    const bool is_seen = view.sight.seen != 0;
    json.open_object();
    json.key("chain_id").integer_unsigned(wallet.chain);
    json.key("address").string(wallet.address);
    json.key("next_nonce").integer_unsigned(wallet.next_nonce);
    json.key("under_way").integer_unsigned(view.under_way);
    json.key("oldest_unconfirmed_at");
    native_append_time(json, view.oldest);
    json.key("paused").boolean(view.paused);
    json.key("coins");
    native_append_text(json, whole_coins(view.sight.coins));
    json.key("tokens").open_array();
    for (const auto& tokens : view.sight.tokens) {
        json.open_object();
        json.key("contract").string(tokens.contract);
        json.key("units").string(tokens.units);
        json.close_object();
    }
    json.close_array();
    json.key("seen_at");
    native_append_time(json, is_seen ? view.sight.seen : 0);
    json.key("leased_until");
    native_append_time(json, wallet.leased_until);
    json.key("created_at");
    native_append_time(json, wallet.created);
    json.close_object();
}

}  // namespace

NativeRead native_read_hot_wallets(const Request&) { return ListHotWallets{}; }

NativeRead native_read_pause_chain(const Request& request) {
    const auto body = native_body(request);
    if (!body) return std::unexpected(body.error());
    Fields fields(*body);
    PauseChain pause{.paused = true};
    pause.reason = fields.words("reason", 1, reason_characters_max);
    if (fields.failed()) return native_malformed(fields.message());
    const auto chain = chain_of(request);
    if (!chain) return native_unknown("chain");
    pause.chain = *chain;
    return pause;
}

NativeRead native_read_resume_chain(const Request& request) {
    if (const auto body = native_body(request); !body) return std::unexpected(body.error());
    const auto chain = chain_of(request);
    if (!chain) return native_unknown("chain");
    return PauseChain{.chain = *chain, .paused = false};
}

Reply native_write_hot_wallets(const Request&, const Intent&, const Outcome& outcome) {
    std::string body;
    JsonWriter json(body);
    json.open_array();
    for (const HotWalletView& view : outcome.hot_wallets) append(json, view);
    json.close_array();
    return native_reply(200, std::move(body));
}

Reply native_write_chain(const Request& request, const Intent&, const Outcome& outcome) {
    const auto* pause = native_record<ChainPause>(outcome);
    if (pause == nullptr) return native_problem(request, Decline::not_found);
    std::string body;
    JsonWriter json(body);
    json.open_object();
    json.key("chain_id").integer_unsigned(pause->chain);
    json.key("paused").boolean(pause->paused);
    json.key("reason");
    native_append_text(json, pause->reason);
    json.key("modified_at");
    native_append_time(json, pause->modified);
    json.close_object();
    return native_reply(200, std::move(body));
}

}  // namespace coffer
