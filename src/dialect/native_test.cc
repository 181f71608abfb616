#include <algorithm>

#include "dialect/native_fixture.h"

namespace coffer {
namespace {

// ---- who may what -------------------------------------------------------------------------------

TEST_F(Native, AsksForALiveKey) {
    for (const std::string_view key : {"garbage", "expired", "revoked", ""}) {
        EXPECT_EQ(refusal(request(Method::get, "/v1/rounds", {}, bearer(key))),
                  RefusalKind::bad_credential)
            << key;
    }
    EXPECT_EQ(
        refusal(request(Method::get, "/v1/rounds", {}, {{"authorization", "Basic cmVhZDo="}})),
        RefusalKind::bad_credential);
    EXPECT_TRUE(try_read(request(Method::get, "/v1/rounds", {}, bearer("read"))));
}

// Tenants, chains, and the accounts there that pay for all of them.
bool is_of_installation(const Route& route) {
    return route.pattern.starts_with("/v1/tenants") || route.pattern.starts_with("/v1/chains") ||
           route.pattern == "/v1/hot-wallets";
}

TEST_F(Native, AKeyOfTheInstallationAndATenantsKeyCannotDoEachOthersWork) {
    for (const Route& route : native_dialect.routes) {
        const bool of_installation = is_of_installation(route);
        const auto with = [&](std::string_view key) {
            return refusal(request(route.method, route.pattern, {}, bearer(key)));
        };
        EXPECT_EQ(with(of_installation ? "all" : "install"), RefusalKind::forbidden)
            << route.pattern;
    }
}

TEST_F(Native, EveryRouteRefusesTheScopesThatItDoesNotName) {
    for (const Route& route : native_dialect.routes) {
        int allowed = 0;
        for (const std::string_view key : {"read", "play", "cashier", "admin"}) {
            const auto intent = try_read(request(route.method, route.pattern, {}, bearer(key)));
            if (intent || intent.error().kind != RefusalKind::forbidden) ++allowed;
        }
        const bool of_installation = is_of_installation(route);
        EXPECT_EQ(allowed > 0, !of_installation) << route.pattern;
        EXPECT_LE(allowed, 2) << route.pattern;
    }
}

// ---- what belongs to another tenant -------------------------------------------------------------

TEST_F(Native, WhatIsForeignIsUnknownInTheSameBytes) {
    struct Pair {
        Method method;
        std::string_view foreign, unknown, foreign_body, unknown_body;
    };
    constexpr std::string_view session =
        R"({"integration":"foreign-uid","player":"p","currency":"EUR"})";
    constexpr std::string_view no_session =
        R"({"integration":"none","player":"p","currency":"EUR"})";
    constexpr std::string_view alias =
        R"({"aliases":[{"integration":"foreign-uid","external_id":"1"}]})";
    constexpr std::string_view no_alias =
        R"({"aliases":[{"integration":"none","external_id":"1"}]})";
    constexpr std::string_view promotion =
        R"({"id":"i","player":"p","currency":"USD","budget":"1"})";
    constexpr std::string_view no_promotion =
        R"({"id":"i","player":"p","currency":"XXX","budget":"1"})";
    const std::array pairs{
        Pair{Method::patch, "/v1/integrations/foreign-uid", "/v1/integrations/none", "{}", "{}"},
        Pair{Method::post, "/v1/integrations/foreign-uid/credentials",
             "/v1/integrations/none/credentials", "{}", "{}"},
        Pair{Method::del, "/v1/integrations/foreign-uid/credentials/1",
             "/v1/integrations/none/credentials/1", "", ""},
        Pair{Method::get, "/v1/players?integration=foreign-uid&external_id=1",
             "/v1/players?integration=none&external_id=1", "", ""},
        Pair{Method::get, "/v1/transactions?integration=foreign-uid",
             "/v1/transactions?integration=none", "", ""},
        Pair{Method::get, "/v1/transactions?currency=USD", "/v1/transactions?currency=XXX", "", ""},
        Pair{Method::get, "/v1/rounds?integration=foreign-uid", "/v1/rounds?integration=none", "",
             ""},
        Pair{Method::post, "/v1/sessions", "/v1/sessions", session, no_session},
        Pair{Method::post, "/v1/players", "/v1/players", alias, no_alias},
        Pair{Method::post, "/v1/promotions", "/v1/promotions", promotion, no_promotion},
        Pair{Method::put, "/v1/players/p/limits", "/v1/players/p/limits",
             R"({"limits":[{"currency":"USD","wager_max":"5"}]})",
             R"({"limits":[{"currency":"XXX","wager_max":"5"}]})"},
    };
    for (const Pair& pair : pairs) {
        const Request foreign = request(pair.method, pair.foreign, pair.foreign_body);
        const Request unknown = request(pair.method, pair.unknown, pair.unknown_body);
        const auto one = try_read(foreign);
        const auto other = try_read(unknown);
        ASSERT_FALSE(one) << pair.foreign;
        ASSERT_FALSE(other) << pair.unknown;
        EXPECT_EQ(one.error().kind, RefusalKind::not_found) << pair.foreign;
        EXPECT_EQ(native_dialect.refuse(foreign, one.error()).body,
                  native_dialect.refuse(unknown, other.error()).body);
    }
}

// ---- money --------------------------------------------------------------------------------------

TEST_F(Native, ReadsADeposit) {
    const auto asked =
        request(Method::post, "/v1/players/" + std::string(player) + "/deposits",
                R"({"currency":"EUR","amount":"12.50","bucket":"bonus","reason":"card",
            "reference":"psp 7"})",
                {{"idempotency-key", "k1"}});
    const auto move = read<Move>(asked);
    EXPECT_EQ(move.kind, TransactionKind::deposit);
    EXPECT_EQ(move.group, KeyGroup::native_deposit);
    EXPECT_EQ(move.external_id, "k1");
    EXPECT_EQ(move.caller.tenant, 1U);
    EXPECT_EQ(move.caller.integration, 0U);
    EXPECT_EQ(move.caller.player.id, player);
    EXPECT_EQ(move.caller.rule, SessionRule::none);
    EXPECT_EQ(move.currency, 1U);
    EXPECT_EQ(move.amount, Amount{1250});
    EXPECT_EQ(move.bucket, AccountCode::bonus);
    EXPECT_EQ(move.reason, "card");
    EXPECT_EQ(move.reference, "psp 7");
}

TEST_F(Native, MovesNothingWithoutAnIdempotencyKey) {
    constexpr std::string_view body = R"({"currency":"EUR","amount":"1","reason":"r"})";
    for (const std::string_view path :
         {"/v1/players/p/deposits", "/v1/players/p/withdrawals", "/v1/players/p/adjustments",
          "/v1/transactions/7/reversal"}) {
        EXPECT_EQ(refusal(request(Method::post, path, body)), RefusalKind::malformed) << path;
    }
}

TEST_F(Native, TakesOnlyExactPositiveAmountsInStrings) {
    const auto with = [](std::string_view amount) {
        return R"({"currency":"EUR","reason":"r","amount":)" + std::string(amount) + "}";
    };
    for (const std::string_view amount :
         {"1", "1.50", R"("1.505")", R"("")", R"("0")", R"("-1")", R"(" 1")", R"("1e99")", R"("x")",
          "null", R"("+1")", R"("1,50")", R"("100000000000000000000000000000000000000.00")"}) {
        EXPECT_NE(mistake("/v1/players/p/deposits", with(amount)), "") << amount;
    }
    for (const std::string_view amount : {R"("0.00")", R"("-1.001")", "-1"}) {
        EXPECT_NE(mistake("/v1/players/p/adjustments", with(amount)), "") << amount;
    }
    const auto negative = read<Move>(request(Method::post, "/v1/players/p/adjustments",
                                             with(R"("-1.500")"), {{"idempotency-key", "k"}}));
    EXPECT_EQ(negative.amount, Amount{-150});
    EXPECT_EQ(negative.group, KeyGroup::native_adjustment);
}

TEST_F(Native, LeavesAnUnknownCurrencyToTheLedger) {
    const auto move = read<Move>(request(Method::post, "/v1/players/p/withdrawals",
                                         R"({"currency":"USD","amount":"1.123","reason":"r"})",
                                         {{"idempotency-key", "k"}}));
    EXPECT_EQ(move.currency, 0U);
    EXPECT_EQ(move.kind, TransactionKind::withdraw);
}

TEST_F(Native, NoCallNamesTheMoneyThatIsLeaving) {
    EXPECT_NE(mistake("/v1/players/p/adjustments",
                      R"({"currency":"EUR","amount":"1","reason":"r","bucket":"held"})"),
              "");
}

TEST_F(Native, ReadsAReversalOfAnId) {
    const std::string id = public_id(77, now, keyring_.id_key);
    const auto move = read<Move>(request(Method::post, "/v1/transactions/" + id + "/reversal",
                                         R"({"reason":"chargeback"})", {{"idempotency-key", "k"}}));
    EXPECT_EQ(move.kind, TransactionKind::reversal);
    EXPECT_EQ(move.reverses, 77U);
    EXPECT_EQ(move.reverses_time, now / 1000 * 1000);
    EXPECT_EQ(refusal(request(Method::post, "/v1/transactions/made-up/reversal",
                              R"({"reason":"r"})", {{"idempotency-key", "k"}})),
              RefusalKind::not_found);
}

Ptr<Transaction> deposit_of(Amount amount) {
    auto made = std::make_shared<Transaction>();
    made->sequence = 5;
    made->time = now;
    made->player = "p";
    made->currency = 1;
    made->kind = TransactionKind::deposit;
    made->group = KeyGroup::native_deposit;
    made->external_id = "k1";
    made->amount = amount;
    made->reason = "=1+1";
    made->entries = {{AccountCode::cashier, negate(amount), negate(amount), 1, 0},
                     {AccountCode::bought, amount, amount, 1, 0}};
    return made;
}

Ptr<Wallet> wallet_of(Amount bought) {
    auto wallet = std::make_shared<Wallet>();
    wallet->currency = 1;
    wallet->at(AccountCode::bought).balance = bought;
    return wallet;
}

TEST_F(Native, ShowsAMovementAndTheWalletItLeft) {
    const Request asked = request(Method::post, "/v1/players/p/deposits");
    Outcome outcome;
    outcome.transaction = deposit_of({1250});
    outcome.wallet = wallet_of({1250});
    const Reply reply = write(asked, Move{}, outcome);
    EXPECT_EQ(reply.status, 201);
    const std::string id = public_id(5, now, keyring_.id_key);
    EXPECT_EQ(
        reply.body,
        R"({"id":")" + id +
            R"(","kind":"deposit","state":"applied","decline":null,"player":"p","currency":"EUR",)"
            R"("amount":"12.50","payout":null,"integration":null,"external_id":"k1","round":null,)"
            R"("game":null,"promotion":null,"reference":null,"reason":"=1+1","detail":null,)"
            R"("meta":null,"bucket":null,"reverses":null,"rolled_back_by":null,"withdrawal":null,)"
            R"("entries":[{"account":"cashier","amount":"-12.50","balance_after":"-12.50",)"
            R"("version":1},{"account":"bought","amount":"12.50","balance_after":"12.50",)"
            R"("version":1}],"created_at":"2023-11-14T22:13:20.123Z","wallet":{"currency":"EUR",)"
            R"("balance":"12.50","buckets":{"bought":"12.50","earned":"0.00","bonus":"0.00",)"
            R"("held":"0.00"}}})");
    ASSERT_EQ(reply.headers.size(), 1U);
    EXPECT_EQ(reply.headers[0].value, "/v1/transactions/" + id);
    outcome.replay = true;
    const Reply again = write(asked, Move{}, outcome);
    EXPECT_EQ(again.status, reply.status);
    EXPECT_EQ(again.body, reply.body);
    EXPECT_EQ(again.headers.back().name, "idempotent-replayed");
}

// ---- lists --------------------------------------------------------------------------------------

TEST_F(Native, ACsvHoldsNoFormulas) {
    Outcome outcome;
    outcome.movements.push_back({.transaction = deposit_of({-5}), .wallet = wallet_of({-5})});
    auto odd = std::make_shared<Transaction>(*deposit_of({100}));
    odd->reason = "say \"hi\",\r\nand go";
    odd->player = "@p";
    odd->group = KeyGroup::integrator_debit;
    odd->integration = 2;
    odd->external_id = "1:1:-t:1";
    outcome.movements.push_back({.transaction = odd, .state = KeyState::rolled_back});
    const Reply reply = write(request(Method::get, "/v1/transactions", {},
                                      {{"accept", "text/csv"}, {"authorization", "Bearer read"}}),
                              ListMovements{}, outcome);
    EXPECT_EQ(reply.content_type, "text/csv; charset=utf-8");
    const std::string id = public_id(5, now, keyring_.id_key);
    const std::string start = id + ",2023-11-14T22:13:20.123Z,deposit,";
    EXPECT_EQ(reply.body,
              "id,created_at,kind,state,decline,player,currency,amount,payout,change,balance_after,"
              "integration,external_id,round,game,reference,reason\r\n" +
                  start + "applied,,p,EUR,-0.05,,-0.05,-0.05,,k1,,,,'=1+1\r\n" + start +
                  "rolled_back,,'@p,EUR,1.00,,1.00,,integrator-uid,'-t:1,,,,\"say \"\"hi\"\",\r\n"
                  "and go\"\r\n");
}

TEST_F(Native, GivesCsvOnlyToThoseWhoAskForIt) {
    const auto wants = [](std::string_view accept) {
        Call call;
        call.headers.push_back({"accept", std::string(accept)});
        return native_wants_csv(call);
    };
    EXPECT_TRUE(wants("text/csv"));
    EXPECT_TRUE(wants("text/csv, application/json"));
    EXPECT_TRUE(wants("application/json;q=0.5, text/csv;q=0.9"));
    EXPECT_FALSE(wants(""));
    EXPECT_FALSE(wants("*/*"));
    EXPECT_FALSE(wants("text/csv;q=0"));
    EXPECT_FALSE(wants("text/csv;q=0.1, application/json"));
    EXPECT_FALSE(wants("text/csv;q=nonsense"));
}

TEST_F(Native, APageLeadsToTheNextAndOnlyInItsOwnList) {
    Outcome outcome;
    outcome.next = 41;
    const std::string target = "/v1/transactions?kind=wager&player=a%20b&limit=2";
    const Reply reply = write(request(Method::get, target), ListMovements{}, outcome);
    const auto link = std::ranges::find(reply.headers, "link", &Header::name);
    ASSERT_NE(link, reply.headers.end());
    ASSERT_TRUE(link->value.ends_with(">; rel=\"next\"")) << link->value;
    const std::string next = link->value.substr(1, link->value.find('>') - 1);
    EXPECT_TRUE(next.starts_with("/v1/transactions?kind=wager&player=a%20b&limit=2&cursor="))
        << next;
    const auto list = read<ListMovements>(request(Method::get, next));
    EXPECT_EQ(list.before, 41U);
    EXPECT_EQ(list.limit, 2U);
    EXPECT_EQ(list.caller.player.id, "a b");
    EXPECT_EQ(list.kind, TransactionKind::wager);
    const std::string cursor = next.substr(next.find("&cursor=") + 8);
    for (const std::string_view other : {"/v1/transactions?cursor=", "/v1/rounds?cursor=",
                                         "/v1/transactions?kind=payout&cursor="}) {
        EXPECT_EQ(refusal(request(Method::get, std::string(other) + cursor)),
                  RefusalKind::malformed);
    }
    EXPECT_EQ(refusal(request(Method::get, next, {}, bearer("foreign"))), RefusalKind::malformed);
}

TEST_F(Native, ReadsTheFiltersOfTransactions) {
    const auto list = read<ListMovements>(
        request(Method::get,
                "/v1/transactions?integration=rgs-uid&currency=EUR&external_id=t&round=r&kind=WAGER"
                "&from=2023-11-14&to=2023-11-14"));
    EXPECT_TRUE(list.every_player);
    EXPECT_TRUE(list.refusals);
    EXPECT_TRUE(list.tombstones);
    EXPECT_EQ(list.only_integration, static_cast<IntegrationId>(DialectId::rgs));
    EXPECT_EQ(list.currency, 1U);
    EXPECT_EQ(list.external_id, "t");
    EXPECT_EQ(list.round, "r");
    EXPECT_EQ(list.kind, TransactionKind::wager);
    EXPECT_EQ(list.to - list.from, day_us - 1);
    for (const std::string_view query :
         {"limit=0", "limit=1001", "limit=x", "from=yesterday", "kind=bet", "cursor=x", "kind=%zz",
          "kind=wager&kind=wager", "from=2023-11-15&to=2023-11-14"}) {
        EXPECT_EQ(refusal(request(Method::get, "/v1/transactions?" + std::string(query))),
                  RefusalKind::malformed)
            << query;
    }
}

TEST_F(Native, AnEndGivenAsWePrintItIncludesItsMillisecond) {
    const auto wallets = read<ListWallets>(
        request(Method::get, "/v1/players/p/wallets?at=2023-11-14T22:13:20.123Z"));
    EXPECT_EQ(wallets.at, 1'700'000'000'123'999);
}

TEST_F(Native, ReadsAgesOfRounds) {
    const auto before = [&](std::string_view age) {
        return read<ListRounds>(request(Method::get, "/v1/rounds?older_than=" + std::string(age)))
            .opened_before;
    };
    EXPECT_EQ(before("30d"), now - 30 * day_us);
    EXPECT_EQ(before("12h"), now - 12 * hour_us);
    EXPECT_EQ(before("90"), now - 90 * second_us);
    EXPECT_EQ(before("2023-11-14"), 1'699'920'000'000'000);
    EXPECT_NE(before("1970-01-01"), 0) << "0 would ask for rounds of any age";
    EXPECT_EQ(refusal(request(Method::get, "/v1/rounds?older_than=old")), RefusalKind::malformed);
    EXPECT_EQ(refusal(request(Method::get, "/v1/rounds?older_than=d")), RefusalKind::malformed);
}

// ---- the words for no ---------------------------------------------------------------------------

TEST_F(Native, EveryDeclineAndFaultIsAProblem) {
    const Request asked = request(Method::get, "/v1/rounds");
    const auto told = [&](const Outcome& outcome) {
        const Reply reply = write(asked, ListRounds{}, outcome);
        EXPECT_EQ(reply.content_type, "application/problem+json");
        EXPECT_NE(reply.body.find("\"request_id\":\"r1\""), std::string::npos);
        EXPECT_NE(reply.body.find("\"status\":" + std::to_string(reply.status)), std::string::npos);
        return reply.status;
    };
    for (unsigned value = 1; value <= static_cast<unsigned>(Decline::withdrawal_in_flight);
         ++value) {
        const int status = told({.decline = static_cast<Decline>(value)});
        EXPECT_TRUE(status >= 400 && status < 500) << value;
    }
    EXPECT_EQ(told({.decline = Decline::insufficient_funds}), 402);
    EXPECT_EQ(told({.decline = Decline::conflict}), 409);
    EXPECT_EQ(told({.decline = Decline::player_unknown}), 404);
    EXPECT_EQ(told({.fault = Fault::not_now}), 503);
    EXPECT_EQ(told({.fault = Fault::throttled}), 429);
    EXPECT_EQ(told({.fault = Fault::internal}), 500);
}

TEST_F(Native, SaysWhatDiffersInAConflict) {
    Outcome outcome;
    outcome.decline = Decline::conflict;
    outcome.differs = field_amount | field_bucket;
    const Reply reply = write(request(Method::post, "/v1/players/p/deposits"), Move{}, outcome);
    EXPECT_EQ(reply.body,
              R"({"type":"/problems/conflict","title":"The key was used for another call",)"
              R"("status":409,"detail":"the first call with this key differs in: amount, bucket",)"
              R"("request_id":"r1"})");
}

TEST_F(Native, SaysWhoMayComeIn) {
    const Request asked = request(Method::get, "/v1/rounds", {}, bearer("no"));
    const Reply reply = native_dialect.refuse(asked, {RefusalKind::bad_credential, {}, {}});
    EXPECT_EQ(reply.status, 401);
    ASSERT_EQ(reply.headers.size(), 1U);
    EXPECT_EQ(reply.headers[0].name, "www-authenticate");
    const auto scope = native_dialect.authenticate(
        request(Method::post, "/v1/players/p/block", {}, bearer("cashier")));
    ASSERT_FALSE(scope);
    EXPECT_EQ(scope.error().message, "this needs a key with the scope admin");
}

}  // namespace
}  // namespace coffer
