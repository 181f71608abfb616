#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <map>
#include <utility>
#include <vector>

#include "dialect/body.h"
#include "dialect/dialects.h"

namespace coffer {
namespace {

constexpr std::string_view page_body = R"({
  "token": "3dc8fe01-2018-486e-9632-35aef21028a5",
  "player_id": 1, "site_id": 1, "provider_id": 1,
  "game_id": "example",
  "currency": "EUR", "amount": 50.50,
  "round_id": "ebe18296b1d7d42e1d2181d43a1c9cb5",
  "transaction_id": "d47ac10b-58cc-4372-a567-0e02b2c3d479",
  "action": "debit"
})";

// The page's body with one member replaced: `field` with an empty `value` is left out.
std::string body_with(std::string_view field, std::string_view value) {
    std::map<std::string_view, std::string_view> members{
        {"token", R"("k")"},     {"player_id", "1"},          {"site_id", "1"},
        {"provider_id", "1"},    {"game_id", R"("example")"}, {"currency", R"("EUR")"},
        {"amount", "50.50"},     {"round_id", R"("r")"},      {"transaction_id", R"("t")"},
        {"action", R"("debit")"}};
    members[field] = value;
    std::string body;
    for (const auto& [name, text] : members) {
        if (text.empty()) continue;
        body += (body.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + std::string(text);
    }
    return body + "}";
}

// An integration 7 of tenant 3 with one client, one signing key and EUR (currency 5).
struct World {
    Integration integration{.id = 7, .tenant = 3, .dialect = DialectId::integrator};
    Credential client{.uid = "client",
                      .tenant = 3,
                      .integration = 7,
                      .kind = CredentialKind::basic,
                      .name = "id",
                      .digest = sha256("secret:with colon")};
    Credential key{
        .uid = "key", .tenant = 3, .integration = 7, .kind = CredentialKind::signing_key};

    World() {
        integration.currencies = {5};
        integration.settings.provider_ids = {1, 18446744073709551615U};
    }

    std::shared_ptr<const Directory> directory() const {
        const auto share = []<class T>(T value) {
            return Record(std::make_shared<const T>(std::move(value)));
        };
        const std::array<Record, 5> records{
            share(Currency{.id = 5, .tenant = 3, .code = "EUR", .scale = 2}),
            share(Currency{.id = 6, .tenant = 3, .code = "USD", .scale = 2}),
            share(integration),
            share(client),
            share(key),
        };
        return std::make_shared<const Directory>(Directory().with(records));
    }

    Request request(std::string_view verb, std::string body) const {
        Request request;
        for (const Route& route : integrator_dialect.routes) {
            if (route.verb == verb) request.route = &route;
        }
        request.call.method = Method::post;
        request.call.path = "/api/wallet/" + std::string(verb);
        request.call.body = std::move(body);
        request.now = 1'000'000;
        request.directory = directory();
        auto keyring = std::make_shared<Keyring>();
        keyring->signing["key"] = "signing";
        request.keyring = std::move(keyring);
        request.authority.integration = request.directory->integration(7);
        request.authority.tenant = 3;
        return request;
    }

    // With both credentials, as the settings want the signature.
    Request signed_request(std::string_view verb, std::string body) const {
        Request signed_one = request(verb, std::move(body));
        signed_one.authority = {};
        const std::string basic = "Basic " + to_base64("id:secret:with colon");
        signed_one.call.headers.push_back({"authorization", basic});
        signed_one.call.headers.push_back({"x-request-signature", signature(signed_one.call)});
        return signed_one;
    }

    std::string signature(const Call& call) const {
        const IntegrationSettings& settings = integration.settings;
        const std::string input = settings.signature_input == SignatureInput::body
                                      ? call.body
                                      : "POST " + call.path + "\n" + call.body;
        const std::string bytes = hmac(settings.signature_hash, "signing", input);
        return settings.signature_encoding == SignatureEncoding::hex ? to_hex(bytes)
                                                                     : to_base64(bytes);
    }
};

std::string refusal_of(const World& world, std::string_view verb, std::string body) {
    const auto intent = integrator_dialect.read(world.request(verb, std::move(body)));
    if (intent) return "";
    EXPECT_EQ(intent.error().kind, RefusalKind::malformed);
    return intent.error().message;
}

template <class T>
T read_as(const World& world, std::string_view verb, std::string body) {
    auto intent = integrator_dialect.read(world.request(verb, std::move(body)));
    EXPECT_TRUE(intent) << intent.error().message;
    if (!intent || !std::holds_alternative<T>(*intent)) return T{};
    return std::get<T>(*std::move(intent));
}

std::string number_in(const Reply& reply, std::string_view name) {
    const auto body = Body::parse(reply.body);
    const Value* value = body ? body->find(name) : nullptr;
    return value != nullptr ? std::string(value->text) : "";
}

// ---- authenticate -------------------------------------------------------------------------------

// Why checks 1 and 2, in the desk's order, do not let the call in.
std::optional<RefusalKind> kind_of(Request request) {
    const auto authority = integrator_dialect.authenticate(request);
    if (!authority) return authority.error().kind;
    request.authority = *authority;
    const bool is_signed = integrator_dialect.signed_by(request) != nullptr;
    return is_signed ? std::nullopt : std::optional(RefusalKind::bad_signature);
}

TEST(IntegratorAuthenticate, TakesTheClientAndItsSignature) {
    Request request = World().signed_request("debit", std::string(page_body));
    const auto authority = integrator_dialect.authenticate(request);
    ASSERT_TRUE(authority);
    EXPECT_EQ(authority->integration->id, 7U);
    EXPECT_EQ(authority->credential->uid, "client");
    EXPECT_EQ(authority->tenant, 3U);
    for (char& c : request.call.headers[1].value) c = static_cast<char>(std::toupper(c));
    EXPECT_FALSE(kind_of(request)) << "hex in upper case";
}

TEST(IntegratorAuthenticate, TakesEverySignatureThatCanBeChosen) {
    for (const HmacHash hash : {HmacHash::sha256, HmacHash::sha512}) {
        for (const auto encoding : {SignatureEncoding::hex, SignatureEncoding::base64}) {
            for (const auto input : {SignatureInput::body, SignatureInput::target_body}) {
                World world;
                world.integration.settings.signature_hash = hash;
                world.integration.settings.signature_encoding = encoding;
                world.integration.settings.signature_input = input;
                Request request = world.signed_request("status", std::string(page_body));
                EXPECT_FALSE(kind_of(request));
                request.call.path = "/api/wallet/debit";
                // Only the target's own signature binds it to the verb.
                const bool bound = input == SignatureInput::target_body;
                EXPECT_EQ(kind_of(request).has_value(), bound);
            }
        }
    }
}

TEST(IntegratorAuthenticate, RefusesAWrongClientBeforeItLooksAtTheSignature) {
    const World world;
    Request request = world.signed_request("debit", std::string(page_body));
    request.call.headers[1].value = "00";
    for (const std::string& value :
         {std::string(), std::string("Basic"), "Basic " + to_base64("id:wrong"),
          "Basic " + to_base64("other:secret:with colon"), "Basic " + to_base64("no colon"),
          std::string("Basic !!!"), std::string("Bearer aWQ6c2VjcmV0")}) {
        request.call.headers[0].value = value;
        EXPECT_EQ(kind_of(request), RefusalKind::bad_credential) << value;
    }
    EXPECT_EQ(kind_of(world.request("debit", "{}")), RefusalKind::bad_credential);
}

TEST(IntegratorAuthenticate, RefusesAWrongSignature) {
    const World world;
    const Request good = world.signed_request("debit", std::string(page_body));
    for (const std::string_view value : {"", "00", "not hex", "deadbeef"}) {
        Request request = good;
        request.call.headers[1].value = std::string(value);
        EXPECT_EQ(kind_of(request), RefusalKind::bad_signature) << value;
    }
    Request missing = good;
    missing.call.headers.pop_back();
    EXPECT_EQ(kind_of(missing), RefusalKind::bad_signature);
    Request twice = good;
    twice.call.headers.push_back(twice.call.headers.back());
    EXPECT_EQ(kind_of(twice), RefusalKind::bad_signature);
    // The raw bytes are signed: one more blank is another body.
    Request changed = good;
    changed.call.body += " ";
    EXPECT_EQ(kind_of(changed), RefusalKind::bad_signature);
}

TEST(IntegratorAuthenticate, RefusesWhatHasExpiredOrWasRevoked) {
    World expired;
    expired.client.expires = 1'000'000;
    EXPECT_EQ(kind_of(expired.signed_request("debit", "{}")), RefusalKind::bad_credential);
    World revoked;
    revoked.key.revoked = 1;
    EXPECT_EQ(kind_of(revoked.signed_request("debit", "{}")), RefusalKind::bad_signature);
}

// ---- read ---------------------------------------------------------------------------------------

TEST(IntegratorRead, ADebitIsAWager) {
    const Move move = read_as<Move>(World(), "debit", std::string(page_body));
    EXPECT_EQ(move.kind, TransactionKind::wager);
    EXPECT_EQ(move.group, KeyGroup::integrator_debit);
    EXPECT_EQ(move.external_id, "1:1:d47ac10b-58cc-4372-a567-0e02b2c3d479");
    EXPECT_EQ(move.amount, Amount{5050});
    EXPECT_EQ(move.currency, 5U);
    EXPECT_EQ(move.provider, 1U);
    EXPECT_EQ(move.round, "ebe18296b1d7d42e1d2181d43a1c9cb5");
    EXPECT_EQ(move.game, "example");
    EXPECT_EQ(move.caller.tenant, 3U);
    EXPECT_EQ(move.caller.integration, 7U);
    EXPECT_EQ(move.caller.player.id, "1");
    EXPECT_EQ(move.caller.player.site, 1U);
    EXPECT_EQ(move.caller.rule, SessionRule::live);
    EXPECT_EQ(move.caller.session_kind, SessionKind::launch_token);
    EXPECT_EQ(move.caller.session, sha256("3dc8fe01-2018-486e-9632-35aef21028a5"));
    EXPECT_FALSE(move.closes_round);
}

TEST(IntegratorRead, ACreditIsAPayout) {
    const Move move = read_as<Move>(World(), "credit", body_with("action", ""));
    EXPECT_EQ(move.kind, TransactionKind::payout);
    EXPECT_EQ(move.group, KeyGroup::integrator_credit);
    EXPECT_EQ(move.external_id, "1:1:t");
    EXPECT_EQ(move.caller.rule, SessionRule::issued);
}

TEST(IntegratorRead, ARollbackNamesADebitByItsOwnIdOrByAReference) {
    const Move same = read_as<Move>(World(), "rollback", body_with("action", R"("rollback")"));
    EXPECT_EQ(same.kind, TransactionKind::rollback);
    EXPECT_EQ(same.group, KeyGroup::integrator_rollback);
    EXPECT_EQ(same.external_id, "1:1:t");
    EXPECT_EQ(same.reference_group, KeyGroup::integrator_debit);
    EXPECT_EQ(same.reference, "1:1:t");
    EXPECT_EQ(same.caller.rule, SessionRule::issued);
    std::string body = body_with("action", "");
    body.insert(1, R"("reference_transaction_id":"d",)");
    EXPECT_EQ(read_as<Move>(World(), "rollback", body).reference, "1:1:d");
    EXPECT_EQ(read_as<Move>(World(), "rollback", body).external_id, "1:1:t");
}

TEST(IntegratorRead, AStatusAsksByAction) {
    const AskStatus ask = read_as<AskStatus>(World(), "status", std::string(page_body));
    EXPECT_EQ(ask.group, KeyGroup::integrator_debit);
    EXPECT_EQ(ask.external_id, "1:1:d47ac10b-58cc-4372-a567-0e02b2c3d479");
    EXPECT_EQ(ask.amount, Amount{5050});
    EXPECT_EQ(ask.round, "ebe18296b1d7d42e1d2181d43a1c9cb5");
    EXPECT_EQ(ask.game, "example");
    EXPECT_EQ(ask.provider, 1U);
    EXPECT_EQ(ask.caller.rule, SessionRule::issued);
    const auto group = [](std::string_view action) {
        return read_as<AskStatus>(World(), "status", body_with("action", action)).group;
    };
    EXPECT_EQ(group(R"("credit")"), KeyGroup::integrator_credit);
    EXPECT_EQ(group(R"("rollback")"), KeyGroup::integrator_rollback);
    EXPECT_NE(refusal_of(World(), "status", body_with("action", "")), "");
    EXPECT_NE(refusal_of(World(), "status", body_with("action", R"("status")")), "");
}

TEST(IntegratorRead, AuthenticateAndBalanceAskForLess) {
    const std::string four = R"({"token":"t","player_id":2,"site_id":3,"currency":"EUR"})";
    const auto activate = read_as<ActivateToken>(World(), "authenticate", four);
    EXPECT_EQ(activate.caller.player.id, "2");
    EXPECT_EQ(activate.caller.player.site, 3U);
    EXPECT_EQ(activate.caller.rule, SessionRule::issued);
    EXPECT_EQ(activate.currency, 5U);
    EXPECT_EQ(refusal_of(World(), "balance", four), "provider_id is missing");
    std::string six = four;
    six.insert(1, R"("provider_id":1,"game_id":"g",)");
    const auto ask = read_as<AskBalance>(World(), "balance", six);
    EXPECT_EQ(ask.caller.rule, SessionRule::live);
    EXPECT_EQ(ask.currency, 5U);
    EXPECT_FALSE(ask.every_currency);
}

TEST(IntegratorRead, EveryFieldOfAMoveIsNeeded) {
    for (const std::string_view field : {"token", "player_id", "site_id", "provider_id", "game_id",
                                         "currency", "amount", "round_id", "transaction_id"}) {
        for (const std::string_view value : {"", "null", "true", "[]", "{}"}) {
            for (const std::string_view verb : {"debit", "credit", "rollback", "status"}) {
                std::string body = body_with(field, value);
                if (verb != "debit" && verb != "status")
                    body.replace(body.find(R"("debit")"), 7, "null");
                EXPECT_NE(refusal_of(World(), verb, body), "") << verb << field << value;
            }
        }
    }
}

TEST(IntegratorRead, TypesAndSizesAreKept) {
    const std::string long_id = "\"" + std::string(37, 'x') + "\"";
    const std::string too_long = "100000000000000000000000000000000000000";  // 39 digits
    const std::string too_great = "18446744073709551616";
    const std::map<std::string_view, std::vector<std::string>> wrong{
        {"token", {R"("")", "7"}},
        {"player_id", {R"("1")", "-1", "1.0", "1e0", too_great}},
        {"site_id", {"1.5"}},
        {"provider_id", {"2"}},
        {"game_id", {"5", R"("")"}},
        {"currency", {R"("")"}},
        {"amount", {R"("50.50")", "-0.01", "50.505", "true", too_long, "1e37"}},
        {"round_id", {R"("")", long_id}},
        {"transaction_id", {R"("")", long_id}},
        {"action", {R"("credit")", "1"}}};
    for (const auto& [field, values] : wrong) {
        for (const std::string& value : values) {
            EXPECT_NE(refusal_of(World(), "debit", body_with(field, value)), "") << field << value;
        }
    }
    for (const std::string_view text :
         {"", "{}", "[]", "null", "7", "{", R"({"token":"a","token":"b"})"}) {
        EXPECT_NE(refusal_of(World(), "debit", std::string(text)), "") << text;
    }
}

TEST(IntegratorRead, OneAmountHasManySpellings) {
    for (const std::string_view text : {"50.5", "50.50", "5.05e1", "5050E-2", "50.5000000000"}) {
        EXPECT_EQ(read_as<Move>(World(), "debit", body_with("amount", text)).amount, Amount{5050});
    }
    EXPECT_EQ(read_as<Move>(World(), "debit", body_with("amount", "0")).amount, Amount{});
    EXPECT_EQ(read_as<Move>(World(), "debit", body_with("amount", "-0")).amount, Amount{});
}

TEST(IntegratorRead, NumbersGoUpTo64BitsAndIdsCountCharacters) {
    constexpr std::string_view most = "18446744073709551615";
    const Move move = read_as<Move>(World(), "debit", body_with("player_id", most));
    EXPECT_EQ(move.caller.player.id, most);
    const Move other = read_as<Move>(World(), "debit", body_with("provider_id", most));
    EXPECT_EQ(other.provider, 18446744073709551615U);
    EXPECT_EQ(other.external_id, std::string(most) + ":1:t");
    std::string umlauts = "\"";
    for (int i = 0; i < 36; ++i) umlauts += "\u00fc";
    EXPECT_EQ(read_as<Move>(World(), "debit", body_with("round_id", umlauts + "\"")).round.size(),
              72U);
}

TEST(IntegratorRead, ACurrencyThatMayNotBeMovedIsLeftToTheLedger) {
    EXPECT_NE(read_as<Move>(World(), "debit", body_with("currency", R"("USD")")).currency, 0U);
    EXPECT_EQ(read_as<Move>(World(), "debit", body_with("currency", R"("eur")")).currency, 0U);
    std::string body = body_with("currency", R"("XXX")");
    body.replace(body.find("50.50"), 5, "0.123456789012345678");
    EXPECT_EQ(read_as<Move>(World(), "debit", body).amount, Amount{123456789012345678});
}

TEST(IntegratorRead, WhatIsNotAskedForIsNotLookedAt) {
    EXPECT_EQ(refusal_of(World(), "debit", body_with("anything", R"({"x":[1]})")), "");
    EXPECT_EQ(refusal_of(World(), "debit", body_with("action", "null")), "");
    EXPECT_EQ(refusal_of(World(), "authenticate", body_with("action", R"("authenticate")")), "");
    EXPECT_NE(refusal_of(World(), "authenticate", body_with("provider_id", "2")), "");
}

// ---- write --------------------------------------------------------------------------------------

Outcome outcome_with(Amount balance) {
    Wallet wallet;
    wallet.at(AccountCode::bought).balance = balance;
    Outcome outcome;
    outcome.currency = 5;
    outcome.wallet = std::make_shared<const Wallet>(wallet);
    return outcome;
}

Reply reply_to(const World& world, std::string_view verb, std::string body,
               const Outcome& outcome) {
    const Request request = world.request(verb, std::move(body));
    const auto intent = integrator_dialect.read(request);
    EXPECT_TRUE(intent);
    return integrator_dialect.write(request, intent.value_or(Intent{}), outcome);
}

TEST(IntegratorWrite, ASuccessIsThePagesExample) {
    const Reply reply =
        reply_to(World(), "status", std::string(page_body), outcome_with(Amount{1957550}));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, R"({"status":true,"code":1,"message":"",)"
                          R"("request_id":"00000000-0000-4000-8000-000000000000",)"
                          R"("token":"3dc8fe01-2018-486e-9632-35aef21028a5","player_id":1,)"
                          R"("game_id":"example","site_id":1,"provider_id":1,"balance":19575.50})");
}

TEST(IntegratorWrite, AuthenticateAnswersGameAndProviderOnlyIfSent) {
    const Reply reply = reply_to(
        World(), "authenticate",
        R"({"token":"a\u00fc\"","player_id":18446744073709551615,"site_id":3,"currency":"EUR"})",
        outcome_with({}));
    EXPECT_EQ(reply.body, R"({"status":true,"code":1,"message":"",)"
                          R"("request_id":"00000000-0000-4000-8000-000000000000","token":"aü\"",)"
                          R"("player_id":18446744073709551615,"site_id":3,"balance":0.00})");
}

struct Said {
    int code, status;
};

void expect_failure(const Reply& reply, Said said) {
    EXPECT_EQ(reply.status, said.status);
    EXPECT_EQ(number_in(reply, "code"), std::to_string(said.code));
    EXPECT_NE(number_in(reply, "message"), "");
    const auto body = Body::parse(reply.body);
    ASSERT_TRUE(body);
    EXPECT_EQ(body->members().size(), 4U);
    EXPECT_FALSE(body->find("status")->boolean);
}

TEST(IntegratorWrite, EveryDeclineHasItsCode) {
    const std::map<Decline, Said> table{{Decline::session_unknown, {6, 401}},
                                        {Decline::session_expired, {7, 403}},
                                        {Decline::player_unknown, {8, 404}},
                                        {Decline::player_blocked, {9, 403}},
                                        {Decline::currency_wrong, {10, 400}},
                                        {Decline::insufficient_funds, {11, 402}},
                                        {Decline::conflict, {12, 409}},
                                        {Decline::transaction_unknown, {13, 404}},
                                        {Decline::already_rolled_back, {14, 409}},
                                        {Decline::cancelled_before_arrival, {15, 409}},
                                        {Decline::round_closed, {16, 409}},
                                        {Decline::no_wager_in_round, {17, 409}},
                                        {Decline::already_settled, {18, 409}},
                                        {Decline::limit_reached, {19, 403}},
                                        {Decline::was_refused, {22, 409}},
                                        {Decline::invalid, {3, 400}},
                                        {Decline::amount_overflow, {3, 400}},
                                        {Decline::not_latest_wager, {2, 500}},
                                        {Decline::promotion_unknown, {2, 500}},
                                        {Decline::nothing_to_withdraw, {2, 500}},
                                        {Decline::below_minimum, {2, 500}},
                                        {Decline::no_payout_address, {2, 500}},
                                        {Decline::not_found, {2, 500}},
                                        {Decline::exists, {2, 500}},
                                        {Decline::not_permitted, {2, 500}},
                                        {Decline::withdrawal_in_flight, {2, 500}}};
    for (const auto& [decline, said] : table) {
        const Outcome outcome{.decline = decline};
        expect_failure(reply_to(World(), "debit", std::string(page_body), outcome), said);
    }
}

TEST(IntegratorWrite, EveryFaultHasItsCode) {
    const std::array<std::pair<Fault, Said>, 3> table{
        {{Fault::not_now, {21, 503}}, {Fault::throttled, {20, 429}}, {Fault::internal, {2, 500}}}};
    for (const auto& [fault, said] : table) {
        Outcome outcome;
        outcome.fault = fault;
        const Reply reply = reply_to(World(), "debit", std::string(page_body), outcome);
        expect_failure(reply, said);
        EXPECT_EQ(reply.headers.empty(), fault == Fault::internal);  // retry-after
    }
}

TEST(IntegratorWrite, AConflictNamesTheFieldsAndARefusalItsReason) {
    Outcome conflict;
    conflict.decline = Decline::conflict;
    conflict.differs = field_amount | field_round;
    EXPECT_EQ(number_in(reply_to(World(), "debit", std::string(page_body), conflict), "message"),
              "The transaction is known with other content: amount, round.");
    Outcome refused;
    refused.decline = Decline::was_refused;
    refused.refused_as = Decline::insufficient_funds;
    EXPECT_EQ(number_in(reply_to(World(), "status", std::string(page_body), refused), "message"),
              "The transaction was refused: Insufficient funds.");
}

TEST(IntegratorRefuse, EveryRefusalHasItsCode) {
    const std::array<std::pair<RefusalKind, Said>, 9> table{
        {{RefusalKind::not_found, {3, 404}},
         {RefusalKind::wrong_method, {3, 405}},
         {RefusalKind::too_large, {24, 413}},
         {RefusalKind::malformed, {3, 400}},
         {RefusalKind::bad_credential, {4, 401}},
         {RefusalKind::bad_signature, {5, 401}},
         {RefusalKind::forbidden, {4, 401}},
         {RefusalKind::throttled, {20, 429}},
         {RefusalKind::not_now, {21, 503}}}};
    for (const auto& [kind, said] : table) {
        const Refusal refusal{.kind = kind, .message = "", .allow = "POST"};
        expect_failure(integrator_dialect.refuse(World().request("debit", ""), refusal), said);
    }
}

}  // namespace
}  // namespace coffer
