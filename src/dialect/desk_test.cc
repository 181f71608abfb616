#include "dialect/desk.h"

#include <gtest/gtest.h>

#include "dialect/dialects.h"
#include "dialect/fake_ledger.h"

namespace coffer {
namespace {

constexpr std::array<const Dialect*, 1> only_operator{&operator_dialect};
const std::vector<std::string> bearer{"authorization", "Bearer token"};

class DeskTest : public testing::Test {
protected:
    Reply try_secret(const std::string& secret, const std::string& address = "192.0.2.1") {
        Call call =
            desk.call(Method::post, "/auth/get-token", {}, "{\"secret\":\"" + secret + "\"}");
        call.peer_address = address;
        const CallToken token = desk.accept(std::move(call));
        if (!desk.ledger.submitted.empty()) return desk.answer(Outcome{});
        return desk.replies.at(token);
    }

    FakeDesk desk{only_operator};
};

TEST_F(DeskTest, AnUnknownPathIs404InJson) {
    for (const char* path : {"/", "/nothing", "/transactions/", "/get-balance", "/get-balance/",
                             "/get-balance/a/b", "//transactions", "/get-balance/%zz", "*", ""}) {
        const Reply reply = desk.answer(desk.call(Method::get, path));
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_EQ(reply.body, R"({"error":"NOT_FOUND","message":"there is nothing at this path"})");
        EXPECT_EQ(reply.note.outcome, "not_found");
    }
}

TEST_F(DeskTest, AWrongMethodIsToldBeforeCredentialAndSize) {
    Call call = desk.call(Method::del, "/transaction/debit");
    call.body_too_large = true;
    const Reply reply = desk.answer(std::move(call));
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(header_of(reply, "allow"), "POST");
    EXPECT_EQ(reply.note.dialect, "operator");
    EXPECT_EQ(header_of(desk.answer(desk.call(Method::post, "/transactions")), "allow"),
              "GET, HEAD");
}

TEST_F(DeskTest, ABodyTooLargeIsToldBeforeTheCredential) {
    Call call = desk.call(Method::post, "/transaction/debit");
    call.body_too_large = true;
    EXPECT_EQ(desk.answer(std::move(call)).status, 413);
}

TEST_F(DeskTest, ADialectThatTheSocketDoesNotServeIsNotThere) {
    Call call = desk.call(Method::get, "/transactions", bearer);
    call.dialects = 1U << static_cast<unsigned>(DialectId::rgs);
    EXPECT_EQ(desk.answer(call).status, 404);
    call.path = "/healthz";
    EXPECT_EQ(desk.answer(call).status, 404);
}

TEST_F(DeskTest, ProbesNeedNoCredential) {
    EXPECT_EQ(desk.answer(desk.call(Method::get, "/healthz")).status, 200);
    EXPECT_EQ(desk.answer(desk.call(Method::head, "/readyz")).status, 200);
    desk.ledger.is_ready = false;
    EXPECT_EQ(desk.answer(desk.call(Method::get, "/healthz")).status, 200);
    EXPECT_EQ(desk.answer(desk.call(Method::get, "/readyz")).status, 503);
    const Reply metrics = desk.answer(desk.call(Method::get, "/metrics"));
    EXPECT_NE(metrics.body.find("coffer_conflicts_total{dialect=\"operator\"} 0"),
              std::string::npos);
    EXPECT_EQ(desk.answer(desk.call(Method::post, "/metrics")).status, 405);
}

TEST_F(DeskTest, ASessionsIntegrationIsAskedForOnceAndThenRemembered) {
    desk.accept(desk.call(Method::get, "/get-balance/alice", bearer));
    const auto find = std::get<FindSession>(desk.ledger.submitted.back().intent);
    EXPECT_EQ(find.digest, sha256("token"));
    const AskBalance& ask = desk.intent<AskBalance>();
    EXPECT_EQ(ask.caller.tenant, 1U);
    EXPECT_EQ(ask.caller.integration, 1U);
    EXPECT_EQ(ask.caller.player.id, "alice");
    EXPECT_EQ(ask.caller.rule, SessionRule::bearer);
    EXPECT_EQ(desk.ledger.submitted.back().deadline, desk.clock.monotonic() + 3 * second_us);
    EXPECT_EQ(desk.desk->calls_inside(), 1U);
    const Reply reply = desk.answer(Outcome{});
    EXPECT_EQ(reply.body, R"({"balance":0})");
    EXPECT_EQ(reply.note.verb, "get-balance");
    EXPECT_EQ(reply.note.outcome, "done");
    EXPECT_EQ(reply.note.tenant, "5f0c2b1e-0000-4000-8000-00000000000a");
    EXPECT_EQ(desk.desk->calls_inside(), 0U);

    desk.accept(desk.call(Method::get, "/get-balance/alice", bearer));
    EXPECT_TRUE(std::holds_alternative<AskBalance>(desk.ledger.submitted.back().intent));
}

TEST_F(DeskTest, ASessionThatIsNotThereIsAnsweredInTheDialectsWords) {
    desk.accept(desk.call(Method::get, "/get-balance/alice", bearer));
    const Reply reply = desk.answer(Outcome{.decline = Decline::session_expired});
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.note.outcome, "session_expired");
}

TEST_F(DeskTest, ASessionIsJudgedBeforeSyntaxAlsoWhenItIsRemembered) {
    const auto malformed = [this] {
        return desk.call(Method::post, "/transaction/debit", bearer, "{");
    };
    desk.accept(malformed());
    EXPECT_EQ(desk.answer(live_session()).status, 400) << "found to be live a moment ago";
    desk.accept(malformed());
    EXPECT_TRUE(std::holds_alternative<FindSession>(desk.ledger.submitted.back().intent));
    EXPECT_EQ(desk.answer(Outcome{.decline = Decline::session_expired}).status, 403);
    desk.accept(malformed());
    EXPECT_EQ(desk.answer(live_session()).status, 400);
    EXPECT_EQ(desk.desk->calls_inside(), 0U);
}

TEST_F(DeskTest, AFullPortIsNotNowWithRetryAfter) {
    desk.ledger.is_full = true;
    const Reply reply = desk.answer(desk.call(Method::get, "/get-balance/alice", bearer));
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(header_of(reply, "retry-after"), "1");
    EXPECT_EQ(desk.desk->calls_inside(), 0U);
}

TEST_F(DeskTest, AnIntegrationMayBeUsedFromItsNetworksOnly) {
    desk.ledger.put({operator_integration({.ip_allow = {"198.51.100.0/24"}})});
    EXPECT_EQ(try_secret("secret", "192.0.2.1").status, 401);
    EXPECT_EQ(try_secret("secret", "198.51.100.77").status, 200);
    EXPECT_EQ(try_secret("secret", "::ffff:198.51.100.77").status, 200);
}

TEST_F(DeskTest, BehindATrustedProxyTheForwardedAddressCounts) {
    desk.ledger.put({operator_integration(
        {.ip_allow = {"198.51.100.7"}, .trusted_proxies = {"192.0.2.0/24"}})});
    const auto from = [this](const std::string& forwarded) {
        desk.accept(desk.call(Method::post, "/auth/get-token", {"x-forwarded-for", forwarded},
                              R"({"secret":"secret"})"));
        if (!desk.ledger.submitted.empty()) return desk.answer(Outcome{}).status;
        return desk.replies.at(desk.last_token).status;
    };
    EXPECT_EQ(from("198.51.100.7"), 200);
    EXPECT_EQ(from("198.51.100.7, 192.0.2.9"), 200);
    EXPECT_EQ(from("198.51.100.7, 203.0.113.5"), 401)
        << "what is left of an untrusted hop is hearsay";
    EXPECT_EQ(from("garbage"), 401);
}

TEST_F(DeskTest, CallsASecondAreCountedPerCredential) {
    desk.ledger.put({operator_integration({.calls_per_second = 2})});
    EXPECT_EQ(try_secret("secret").status, 200);
    EXPECT_EQ(try_secret("secret").status, 200);
    const Reply third = try_secret("secret");
    EXPECT_EQ(third.status, 429);
    EXPECT_EQ(header_of(third, "retry-after"), "1");
    desk.clock.advance(second_us);
    EXPECT_EQ(try_secret("secret").status, 200);
}

TEST_F(DeskTest, TenFailedLoginsSlowTheAddressDownAndNobodyElse) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(try_secret("wrong").status, 401) << i;
    const Reply slowed = try_secret("secret");
    EXPECT_EQ(slowed.status, 429);
    EXPECT_EQ(header_of(slowed, "retry-after"), "6");
    EXPECT_EQ(try_secret("secret", "192.0.2.2").status, 200);
    desk.clock.advance(6 * second_us);
    EXPECT_EQ(try_secret("secret").status, 200) << "slowed down, not locked out";
    EXPECT_EQ(try_secret("wrong").status, 401);
    EXPECT_EQ(try_secret("wrong").status, 429);
    desk.clock.advance(minute_us);
    EXPECT_EQ(try_secret("wrong").status, 401);
    EXPECT_EQ(try_secret("wrong").status, 401);
}

TEST_F(DeskTest, NineFailuresAndAnyNumberOfSuccessesSlowNobodyDown) {
    for (int i = 0; i < 9; ++i) EXPECT_EQ(try_secret("wrong").status, 401);
    for (int i = 0; i < 30; ++i) EXPECT_EQ(try_secret("secret").status, 200);
}

TEST_F(DeskTest, AnUsedCredentialIsTouchedOncePerHour) {
    const auto touches = [this] {
        desk.accept(desk.call(Method::post, "/auth/get-token", {}, R"({"secret":"secret"})"));
        std::size_t count = 0;
        while (!desk.ledger.submitted.empty()) {
            if (std::holds_alternative<TouchCredential>(desk.ledger.submitted.front().intent))
                ++count;
            desk.answer(Outcome{});
        }
        return count;
    };
    EXPECT_EQ(touches(), 0U) << "it was used just now";
    desk.clock.advance(2 * hour_us);
    EXPECT_EQ(touches(), 1U);
    EXPECT_EQ(touches(), 0U);
}

TEST_F(DeskTest, EveryQuestionToTheLedgerHasADeadline) {
    desk.accept(desk.call(Method::post, "/auth/get-token", {}, R"({"secret":"secret"})"));
    ASSERT_FALSE(desk.ledger.submitted.empty());
    EXPECT_EQ(desk.ledger.submitted.back().deadline, desk.clock.monotonic() + 3 * second_us);
    desk.accept(desk.call(Method::get, "/get-balance/alice", bearer));
    ASSERT_TRUE(std::holds_alternative<FindSession>(desk.ledger.submitted.back().intent));
    EXPECT_EQ(desk.ledger.submitted.back().deadline, desk.clock.monotonic() + 3 * second_us);
}

TEST_F(DeskTest, APreflightIsAnsweredForAnAllowedOrigin) {
    const std::vector<std::string> headers{"origin", "https://game.example",
                                           "access-control-request-headers", "authorization, x-a"};
    Call call = desk.call(Method::options, "/transaction/debit", headers);
    EXPECT_EQ(desk.answer(call).status, 405) << "no integration allows any origin";

    desk.ledger.put({operator_integration({.allowed_origins = {"https://game.example"}})});
    const Reply reply = desk.answer(call);
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(header_of(reply, "access-control-allow-origin"), "https://game.example");
    EXPECT_EQ(header_of(reply, "access-control-allow-methods"), "POST");
    EXPECT_EQ(header_of(reply, "access-control-allow-headers"), "authorization, x-a");
    EXPECT_TRUE(reply.body.empty());

    EXPECT_EQ(desk.answer(desk.call(Method::options, "/transaction/debit",
                                    {"origin", "https://other.example"}))
                  .status,
              405);
    EXPECT_EQ(desk.answer(desk.call(Method::options, "/transaction/debit")).status, 405);
    EXPECT_EQ(desk.answer(desk.call(Method::options, "/nothing", headers)).status, 404);
}

TEST_F(DeskTest, AnAllowedOriginMayReadAnswersAndRefusals) {
    desk.ledger.put({operator_integration({.allowed_origins = {"*"}})});
    const Reply refusal =
        desk.answer(desk.call(Method::get, "/transactions", {"origin", "https://a"}));
    EXPECT_EQ(refusal.status, 401);
    EXPECT_EQ(header_of(refusal, "access-control-allow-origin"), "https://a");
    EXPECT_EQ(header_of(refusal, "vary"), "Origin");
    EXPECT_EQ(header_of(desk.answer(desk.call(Method::get, "/transactions")), "vary"), "");
}

TEST_F(DeskTest, ReplaysAndConflictsAreCounted) {
    Counter& conflicts = desk.metrics.counter("coffer_conflicts_total", "", "dialect=\"operator\"");
    desk.accept(
        desk.call(Method::post, "/transaction/debit", bearer, R"({"user_id":"a","amount":1})"));
    desk.intent<Move>();
    const Reply reply = desk.answer(Outcome{.decline = Decline::conflict, .differs = field_amount});
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.note.outcome, "conflict");
    EXPECT_EQ(conflicts.value(), 1U);
}

}  // namespace
}  // namespace coffer
