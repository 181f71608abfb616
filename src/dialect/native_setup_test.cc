#include "dialect/native_fixture.h"

namespace coffer {
namespace {

// ---- players and sessions -----------------------------------------------------------------------

TEST_F(Native, ReadsAPlayer) {
    const auto create =
        read<CreatePlayer>(request(Method::post, "/v1/players",
                                   R"({"aliases":[{"integration":"integrator-uid","site_id":7,
                        "external_id":"18446744073709551615"},
            {"integration":"kgen","external_id":"alice"}],
            "payout_address":"0x84B6F41FB37D0F7293C6CF405FCFB4B8C7A2C5B9"})"));
    EXPECT_EQ(create.player.tenant, 1U);
    EXPECT_TRUE(parse_uuid(create.player.id));
    EXPECT_EQ(create.player.payout_address, address);
    ASSERT_EQ(create.player.aliases.size(), 2U);
    EXPECT_EQ(create.player.aliases[0].site, 7U);
    EXPECT_EQ(create.player.aliases[0].integration,
              static_cast<IntegrationId>(DialectId::integrator));
}

TEST_F(Native, RefusesAliasesThatNoCallCouldName) {
    for (const std::string_view alias :
         {R"({"integration":"integrator","external_id":"alice","site_id":1})",
          R"({"integration":"integrator","external_id":"01","site_id":1})",
          R"({"integration":"integrator","external_id":"1"})",
          R"({"integration":"rgs","external_id":"1","site_id":1})", R"({"integration":"rgs"})",
          R"("rgs")", R"({"integration":"rgs","external_id":"a\u0007"})"}) {
        EXPECT_NE(mistake("/v1/players", "{\"aliases\":[" + std::string(alias) + "]}"), "")
            << alias;
    }
    EXPECT_NE(mistake("/v1/players", R"({"aliases":{}})"), "");
}

TEST_F(Native, TakesOneNameOfAPlayerInAnIntegrationAndOneAtASite) {
    const auto with = [](std::string_view one, std::string_view other) {
        return "{\"aliases\":[" + std::string(one) + "," + std::string(other) + "]}";
    };
    constexpr std::string_view rgs = R"({"integration":"rgs","external_id":"a"})";
    constexpr std::string_view site_1 =
        R"({"integration":"integrator","external_id":"1","site_id":1})";
    EXPECT_NE(mistake("/v1/players", with(rgs, R"({"integration":"rgs","external_id":"b"})")), "");
    EXPECT_NE(mistake("/v1/players", with(rgs, rgs)), "");
    EXPECT_NE(
        mistake("/v1/players",
                with(site_1, R"({"integration":"integrator","external_id":"2","site_id":1})")),
        "");
    EXPECT_TRUE(try_read(
        request(Method::post, "/v1/players",
                with(site_1, R"({"integration":"integrator","external_id":"1","site_id":2})"))));
}

TEST_F(Native, RefusesAnAddressThatMayBeMistyped) {
    constexpr std::string_view mixed = "0x84b6F41fb37d0f7293c6cf405fcfb4b8c7a2c5b9";
    const auto with = [](std::string_view text) {
        return R"({"address":")" + std::string(text) + "\"}";
    };
    const std::string path = "/v1/players/p/payout-address";
    EXPECT_NE(mistake(path, with(mixed), Method::put).find("lower case"), std::string::npos);
    for (const std::string_view text : {"0x84b6", "84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5b9aa",
                                        "0x84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5bg"}) {
        EXPECT_NE(mistake(path, with(text), Method::put), "") << text;
    }
    EXPECT_NE(mistake(path, "{}", Method::put), "");
    const auto change = read<ChangePlayer>(request(Method::put, path, with(address)));
    EXPECT_EQ(change.payout_address, address);
    EXPECT_FALSE(change.blocked.has_value());
}

TEST_F(Native, RefusesALimitThatLimitsNothing) {
    EXPECT_NE(mistake("/v1/players/p/limits", R"({"limits":[{"currency":"EUR","max":"5"}]})",
                      Method::put),
              "");
    const auto none =
        read<ChangePlayer>(request(Method::put, "/v1/players/p/limits", R"({"limits":[]})"));
    EXPECT_TRUE(none.limits && none.limits->empty());
}

TEST_F(Native, ReadsLimitsOfWhichThoseNotGivenAreNone) {
    const auto change = read<ChangePlayer>(
        request(Method::put, "/v1/players/p/limits",
                R"({"limits":[{"currency":"EUR","wager_max":"5","loss_week_max":"0.00",
                       "wagered_day_max":null}]})"));
    ASSERT_TRUE(change.limits && change.limits->size() == 1);
    const Limits& limits = change.limits->front();
    EXPECT_EQ(limits.wager_max, Amount{500});
    EXPECT_EQ(limits.loss_week_max, Amount{0});
    EXPECT_EQ(limits.wagered_day_max, Amount{-1});
    for (const std::string_view list :
         {R"([{"currency":"EUR","wager_max":5}])", R"([{"currency":"EUR","wager_max":"-5"}])",
          R"([{"currency":"EUR"},{"currency":"EUR"}])", R"([1])", R"("x")", "null"}) {
        EXPECT_NE(
            mistake("/v1/players/p/limits", "{\"limits\":" + std::string(list) + "}", Method::put),
            "")
            << list;
    }
}

TEST_F(Native, OpensTheSessionThatTheDialectHas) {
    const auto open = [&](std::string_view integration, std::string_view more = "") {
        return read<OpenSession>(request(Method::post, "/v1/sessions",
                                         R"({"player":"p","currency":"EUR","integration":")" +
                                             std::string(integration) + "\"" + std::string(more) +
                                             "}"));
    };
    const auto launch = open("integrator");
    EXPECT_EQ(launch.session.kind, SessionKind::launch_token);
    EXPECT_EQ(launch.session.integration, static_cast<IntegrationId>(DialectId::integrator));
    EXPECT_EQ(launch.session.currency, 1U);
    EXPECT_EQ(launch.ttl, 24 * hour_us);
    EXPECT_EQ(launch.session.idle, 24 * hour_us);
    EXPECT_EQ(launch.caller.integration, 0U);
    EXPECT_EQ(open("integrator", R"(,"ttl_s":5)").session.idle, 5 * second_us);
    EXPECT_EQ(open("rgs").session.kind, SessionKind::player_token);
    EXPECT_EQ(open("rgs").ttl, 10 * minute_us);
    EXPECT_EQ(open("sverse").ttl, 30 * day_us);
    EXPECT_EQ(open("operator").session.kind, SessionKind::operator_token);
    EXPECT_NE(mistake("/v1/sessions", R"({"player":"p","currency":"EUR","integration":"kgen"})"),
              "");
    EXPECT_NE(mistake("/v1/sessions", R"({"currency":"EUR","integration":"rgs"})"), "");
    EXPECT_EQ(refusal(request(Method::post, "/v1/sessions",
                              R"({"player":"p","currency":"USD","integration":"rgs"})")),
              RefusalKind::not_found);
}

// ---- what a tenant sets up ----------------------------------------------------------------------

TEST_F(Native, AKeyIsShownOnceAndStoredAsADigest) {
    const Request asked =
        request(Method::post, "/v1/keys", R"({"scopes":["read","cashier"],"name":"till"})");
    const auto create = read<CreateCredential>(asked);
    EXPECT_EQ(create.credential.scopes, scope_read | scope_cashier);
    EXPECT_EQ(create.credential.tenant, 1U);
    Outcome outcome;
    outcome.records.emplace_back(std::make_shared<const Credential>(create.credential));
    const Reply reply = write(asked, create, outcome);
    EXPECT_EQ(reply.status, 201);
    const std::size_t at = reply.body.find("\"secret\":\"") + 10;
    const std::string secret = reply.body.substr(at, reply.body.find('"', at) - at);
    EXPECT_EQ(secret.size(), 43U);
    EXPECT_EQ(sha256(secret), create.credential.digest);
    add(create.credential);
    const Reply list = write(request(Method::get, "/v1/keys"), ListRecords{}, {});
    EXPECT_EQ(list.body.find(secret), std::string::npos);
    EXPECT_NE(list.body.find("\"till\""), std::string::npos);
}

TEST_F(Native, NoKeyGivesTheScopeOfTheInstallation) {
    for (const std::string_view body :
         {R"({"scopes":["install"]})", R"({"scopes":[]})", "{}", R"({"scopes":"read"})",
          R"({"scopes":["read",1]})", R"({"scopes":["read"],"expires_at":"2020-01-01T00:00:00Z"})",
          R"({"scopes":["read"],"expires_at":"soon"})"}) {
        EXPECT_NE(mistake("/v1/keys", body), "") << body;
    }
}

TEST_F(Native, EachDialectHasItsOwnKindsOfCredential) {
    const auto create = [&](std::string_view integration, std::string_view body) {
        return read<CreateCredential>(request(
            Method::post, "/v1/integrations/" + std::string(integration) + "/credentials", body));
    };
    EXPECT_EQ(create("operator", "{}").credential.kind, CredentialKind::secret);
    EXPECT_EQ(create("rgs", R"({"secret":"given-by-vendor"})").credential.digest,
              sha256("given-by-vendor"));
    const auto basic = create("integrator", R"({"client_id":"me"})").credential;
    EXPECT_EQ(basic.kind, CredentialKind::basic);
    EXPECT_EQ(basic.name, "me");
    EXPECT_TRUE(parse_uuid(create("kgen", "{}").credential.name));
    const auto signing = create("kgen", R"({"kind":"signing_key","secret":"12345678"})").credential;
    EXPECT_EQ(open_sealed(keyring_.master_key, signing.sealed), "12345678");
    EXPECT_EQ(create("sverse", R"({"kind":"server_key"})").credential.kind,
              CredentialKind::server_key);
    const auto wrong = [&](std::string_view integration, std::string_view body) {
        return mistake("/v1/integrations/" + std::string(integration) + "/credentials", body);
    };
    EXPECT_NE(wrong("sverse", "{}"), "");
    EXPECT_NE(wrong("rgs", R"({"kind":"basic"})"), "");
    EXPECT_NE(wrong("rgs", R"({"secret":"short"})"), "");
    EXPECT_NE(wrong("rgs", R"({"secret":"with a space"})"), "");
    EXPECT_NE(wrong("rgs", R"({"client_id":"me"})"), "");
    EXPECT_NE(wrong("integrator", R"({"client_id":"a:b"})"), "");
}

TEST_F(Native, ReadsEverySettingAndNamesTheOneThatIsWrong) {
    const auto create = read<CreateIntegration>(request(
        Method::post, "/v1/integrations",
        R"({"dialect":"integrator","name":"n","currencies":["EUR"],"settings":{"deadline_ms":500,
            "ip_allow":["10.0.0.0/8","::1"],"allowed_origins":["*","https://a.example:8443"],
            "provider_ids":[1,18446744073709551615],"signature_hash":"sha512",
            "signature_encoding":"base64","signature_input":"target-body","payout_needs_wager":true,
            "payout_bucket":"bonus"}})"));
    EXPECT_EQ(create.settings.deadline_ms, 500);
    EXPECT_EQ(create.settings.ip_allow.size(), 2U);
    EXPECT_EQ(create.settings.provider_ids.back(), 18446744073709551615U);
    EXPECT_EQ(create.settings.signature_input, SignatureInput::target_body);
    EXPECT_TRUE(create.settings.payout_needs_wager);
    for (const std::string_view setting :
         {R"("deadline":1)", R"("deadline_ms":"1")", R"("deadline_ms":0)", R"("deadline_ms":1.5)",
          R"("ip_allow":["10.0.0.0/33"])", R"("ip_allow":"10.0.0.0/8")", R"("ip_allow":["x"])",
          R"("allowed_origins":["a.example"])", R"("allowed_origins":["https://a.example/path"])",
          R"("provider_ids":[-1])", R"("provider_ids":["1"])", R"("signature_hash":"md5")",
          R"("payout_needs_wager":1)", R"("payout_bucket":"held")", R"("game_code":"g")"}) {
        const std::string body =
            R"({"dialect":"integrator","name":"n","currencies":["EUR"],"settings":{)" +
            std::string(setting) + "}}";
        const std::string said = mistake("/v1/integrations", body);
        const std::string name(setting.substr(1, setting.find('"', 1) - 1));
        EXPECT_NE(said.find(name), std::string::npos) << said;
    }
}

TEST_F(Native, PatchesOnlyTheSettingsThatAreGiven) {
    Integration known{.id = 20, .tenant = 1, .uid = "u", .dialect = DialectId::sverse, .name = "s"};
    known.settings.game_code = "code";
    known.settings.deadline_ms = 700;
    add(known);
    const auto patch = read<PatchIntegration>(
        request(Method::patch, "/v1/integrations/u",
                R"({"settings":{"client_credit_max":"5","deadline_ms":null}})"));
    EXPECT_FALSE(patch.name.has_value());
    EXPECT_FALSE(patch.currencies.has_value());
    ASSERT_TRUE(patch.settings.has_value());
    EXPECT_EQ(patch.settings->game_code, "code");
    EXPECT_EQ(patch.settings->client_credit_max, "5");
    EXPECT_EQ(patch.settings->deadline_ms, 3000);
    EXPECT_NE(mistake("/v1/integrations/u", R"({"dialect":"rgs"})", Method::patch), "");
}

TEST_F(Native, RefusesAmountsAmongTheSettingsThatTheCurrencyCannotHold) {
    add(Currency{.id = 3, .tenant = 1, .code = "GOLD", .scale = 0});
    const auto kgen = [](std::string_view minimum) {
        return R"({"settings":{"minimum_withdrawal":")" + std::string(minimum) + "\"}}";
    };
    const std::string path = "/v1/integrations/kgen";
    EXPECT_EQ(
        mistake(path, kgen("2.505"), Method::patch),
        "settings: minimum_withdrawal must have at most 2 decimals, as EUR has, and 38 digits");
    EXPECT_TRUE(try_read(request(Method::patch, path, kgen("2.500"))));
    EXPECT_NE(mistake("/v1/integrations", R"({"dialect":"sverse","name":"n",
        "currencies":["EUR","GOLD"],"settings":{"client_credit_max":"0.5"}})"),
              "");
    const std::string sverse = R"({"settings":{"client_credit_max":"0.5"}})";
    EXPECT_TRUE(try_read(request(Method::patch, "/v1/integrations/sverse", sverse)));
    Integration set{.id = 21, .tenant = 1, .uid = "g", .dialect = DialectId::sverse, .name = "g"};
    set.currencies = {1};
    set.settings.client_credit_day_max = "0.5";
    add(set);
    EXPECT_NE(mistake("/v1/integrations/g", R"({"currencies":["EUR","GOLD"]})", Method::patch), "")
        << "nor may a currency come that cannot hold what is set";
}

TEST_F(Native, ShowsTheSettingsOfADialectAndNoOthers) {
    const Reply reply = write(request(Method::get, "/v1/integrations"), ListRecords{}, {});
    EXPECT_NE(reply.body.find(R"("dialect":"operator")"), std::string::npos);
    EXPECT_NE(reply.body.find(R"("token_ttl_s":3600)"), std::string::npos);
    EXPECT_EQ(reply.body.find("foreign-uid"), std::string::npos);
    const std::size_t rgs = reply.body.find(R"("dialect":"rgs")");
    const std::string_view shown = std::string_view(reply.body).substr(rgs, 600);
    EXPECT_NE(shown.find(R"("debit_direction":"pays")"), std::string_view::npos);
}

TEST_F(Native, OperatorHasExactlyOneCurrency) {
    for (const std::string_view list : {R"(["EUR","GBP"])", "[]", R"("EUR")", R"([1])"}) {
        EXPECT_NE(mistake("/v1/integrations", R"({"dialect":"operator","name":"n","currencies":)" +
                                                  std::string(list) + "}"),
                  "")
            << list;
    }
    EXPECT_NE(
        mistake("/v1/integrations", R"({"dialect":"rgs","name":"n","currencies":["EUR","EUR"]})"),
        "");
    EXPECT_NE(
        mistake("/v1/integrations", R"({"dialect":"native","name":"n","currencies":["EUR"]})"), "");
}

}  // namespace
}  // namespace coffer
