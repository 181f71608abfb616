#include "app/demo_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "app/demo_curl.h"
#include "app/demo_steps.h"
#include "ledger/verify.h"
#include "store/memory_store.h"

namespace coffer {
namespace {

using testing::HasSubstr;
using Balances = std::map<std::string, std::string>;

// A ledger that stops answering after so many steps, as if the process had been killed there.
class DyingLedger final : public Ledger {
public:
    DyingLedger(Ledger& ledger, int steps) : ledger_(ledger), steps_(steps) {}
    std::unique_ptr<Port> open_port(std::function<void()> wake) override {
        return ledger_.open_port(std::move(wake));
    }
    std::shared_ptr<const Directory> directory() const override { return ledger_.directory(); }
    std::uint64_t directory_version() const override { return ledger_.directory_version(); }
    bool ready() const override { return ledger_.ready(); }
    Outcome perform(Intent intent) override {
        if (steps_-- > 0) return ledger_.perform(std::move(intent));
        Outcome outcome;
        outcome.fault = Fault::not_now;
        return outcome;
    }

private:
    Ledger& ledger_;
    int steps_;
};

class DemoWorldTest : public testing::Test {
protected:
    DemoWorldTest() { start(); }

    // A process that ends and another that begins, on the same store.
    void start() {
        ledger_.reset();
        ledger_ = std::move(*Ledger::open(store_, LedgerOptions{}, clock_, log_, metrics_));
    }

    Result<void> fill() { return fill_demo(site(*ledger_)); }
    Result<void> fill_players(std::uint64_t players) {
        return fill_demo_players(site(*ledger_), players);
    }
    // Dies after so many steps.
    Result<void> fill_and_die(int steps) {
        DyingLedger dying(*ledger_, steps);
        return fill_demo(site(dying));
    }

    DemoSite site(Ledger& ledger) {
        return {.store = store_, .ledger = ledger, .master_key = key_, .stop_asked = [this] {
                    return stop_asked_;
                }};
    }

    DemoNames names() const { return demo_names(*ledger_->directory()); }

    Ptr<Wallet> wallet(std::string_view player, std::string_view code) const {
        const Currency* currency = ledger_->directory()->currency(names().tenant, code);
        if (currency == nullptr) return nullptr;
        const auto record = store_.find(store_.keys().wallet(names().tenant, player, currency->id));
        const auto* found = std::get_if<Ptr<Wallet>>(&*record);
        return found == nullptr ? nullptr : *found;
    }

    // `EUR bought` -> `19626.00`, for what is not zero.
    Balances balances(std::string_view player) const {
        Balances found;
        for (const Currency* currency : ledger_->directory()->currencies(names().tenant)) {
            const auto money = wallet(player, currency->code);
            if (!money) continue;
            constexpr std::array<std::string_view, 4> buckets{"bought", "earned", "bonus", "held"};
            for (std::size_t index = 0; index < buckets.size(); ++index) {
                const Amount balance = money->accounts[index].balance;
                if (balance.is_zero()) continue;
                found[currency->code + " " + std::string(buckets[index])] =
                    format_fixed(balance, currency->scale);
            }
        }
        return found;
    }

    Ptr<Player> player(std::string_view id) const {
        const auto record = store_.find(store_.keys().player(names().tenant, id));
        const auto* found = std::get_if<Ptr<Player>>(&*record);
        return found == nullptr ? nullptr : *found;
    }

    void expect_the_world() {
        EXPECT_EQ(balances(demo::alice), (Balances{{"EUR bought", "19626.00"},
                                                   {"USD bought", "1000.00"},
                                                   {"CRD bought", "1000"},
                                                   {"GOLD bought", "500"},
                                                   {"KGN bonus", "50.00"}}));
        EXPECT_EQ(balances(demo::bob), Balances{});
        EXPECT_EQ(balances(demo::carol),
                  (Balances{{"EUR bought", "100.00"}, {"USD bought", "100.00"}}));
        EXPECT_EQ(balances(demo::dave), (Balances{{"KGN earned", "40.00"}}));
        EXPECT_TRUE(player(demo::carol)->blocked);
        EXPECT_FALSE(player(demo::alice)->blocked);
        const auto report = verify_books(store_);
        ASSERT_TRUE(report);
        EXPECT_TRUE(report->clean()) << report->mistakes.front();
    }

    MasterKey key_{1, 2, 3};
    SystemClock clock_;
    Log log_{{.level = LogLevel::error}};
    Metrics metrics_;
    MemoryStore store_;
    std::unique_ptr<Ledger> ledger_;
    bool stop_asked_ = false;
};

TEST_F(DemoWorldTest, HoldsWhatIsDocumented) {
    ASSERT_TRUE(fill());
    expect_the_world();
    EXPECT_EQ(player(demo::alice)->wallet_address, "0x84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5b9");
    EXPECT_EQ(player(demo::bob)->wallet_address, "");
    EXPECT_EQ(player(demo::dave)->payout_address, "0x3c0000000000000000000000000000000000f041");
}

TEST_F(DemoWorldTest, LeavesTheBooksOfAnInstallationAlone) {
    Credential key;
    key.uid = "an installation's";
    key.kind = CredentialKind::native_key;
    key.scopes = scope_install;
    key.digest = sha256("key");
    ASSERT_TRUE(ledger_->perform(CreateCredential{key}).done());
    EXPECT_FALSE(fill());
    EXPECT_EQ(ledger_->directory()->credentials(0, 0).size(), 1U);
    EXPECT_TRUE(ledger_->directory()->tenants().empty());
}

TEST_F(DemoWorldTest, FilledAgainGrantsNothingAndWritesNothing) {
    ASSERT_TRUE(fill());
    const Sequence end = store_.end().sequence;
    start();
    ASSERT_TRUE(fill());
    EXPECT_EQ(store_.end().sequence, end);
    expect_the_world();
}

TEST_F(DemoWorldTest, IsCompletedAfterADeathAtAnyStep) {
    bool completed = false;
    for (int steps = 0; !completed; ++steps) {
        ASSERT_LT(steps, 1000);
        completed = fill_and_die(steps).has_value();
        start();
    }
    ASSERT_TRUE(fill());
    expect_the_world();
}

TEST_F(DemoWorldTest, IsCompletedAfterOneDeathWhereverItWas) {
    for (int steps = 0; steps < 60; steps += 7) {
        MemoryStore fresh;
        auto ledger = std::move(*Ledger::open(fresh, LedgerOptions{}, clock_, log_, metrics_));
        DyingLedger dying(*ledger, steps);
        const DemoSite site{fresh, dying, key_, [] { return false; }};
        const bool whole = fill_demo(site).has_value();
        EXPECT_EQ(whole, steps >= 49) << steps;
        const DemoSite healed{fresh, *ledger, key_, [] { return false; }};
        ASSERT_TRUE(fill_demo(healed)) << steps;
        EXPECT_TRUE(verify_books(fresh)->clean()) << steps;
    }
}

TEST_F(DemoWorldTest, BelongsToItsUsersOnceItIsWhole) {
    ASSERT_TRUE(fill());
    ChangePlayer unblock;
    unblock.tenant = names().tenant;
    unblock.player = demo::carol;
    unblock.blocked = false;
    ASSERT_TRUE(ledger_->perform(std::move(unblock)).done());
    start();
    ASSERT_TRUE(fill());
    EXPECT_FALSE(player(demo::carol)->blocked);
}

TEST_F(DemoWorldTest, OpensEndedSessionsAgain) {
    ASSERT_TRUE(fill());
    const DemoSession session{.kind = SessionKind::sverse_session,
                              .integration = names().sverse,
                              .token = std::string(demo::alice_sverse_session),
                              .player = {std::string(demo::alice), 0}};
    EXPECT_EQ(*look_up(store_, session), SessionFound::live);
    LogOut log_out;
    log_out.caller.rule = SessionRule::bearer;
    log_out.caller.session = sha256(session.token);
    log_out.caller.session_kind = session.kind;
    ASSERT_TRUE(ledger_->perform(std::move(log_out)).done());
    EXPECT_EQ(*look_up(store_, session), SessionFound::ended);
    start();
    ASSERT_TRUE(fill());
    EXPECT_EQ(*look_up(store_, session), SessionFound::live);
}

TEST_F(DemoWorldTest, ACrowdHasMoneyAndTwoSessionsEach) {
    ASSERT_TRUE(fill());
    ASSERT_TRUE(fill_players(100));
    for (const std::uint64_t index : {1ULL, 100ULL}) {
        EXPECT_EQ(balances(load_player_id(index)),
                  (Balances{{"EUR bought", "1000000.00"}, {"USD bought", "1000000.00"}}));
        EXPECT_EQ(*look_up(store_, load_launch_token(names(), index)), SessionFound::live);
        EXPECT_EQ(*look_up(store_, load_rgs_session(names(), index)), SessionFound::live);
    }
    EXPECT_EQ(player(load_player_id(101)), nullptr);
}

TEST_F(DemoWorldTest, ACrowdGrowsAndIsNotFilledTwice) {
    ASSERT_TRUE(fill());
    const Sequence none = store_.end().sequence;
    ASSERT_TRUE(fill_players(10));
    const Sequence ten = store_.end().sequence;
    ASSERT_TRUE(fill_players(10));
    EXPECT_EQ(store_.end().sequence, ten);
    ASSERT_TRUE(fill_players(20));
    EXPECT_EQ(store_.end().sequence, ten + (ten - none));
    EXPECT_TRUE(verify_books(store_)->clean());
}

TEST_F(DemoWorldTest, ACrowdInterruptedIsCompletedLater) {
    ASSERT_TRUE(fill());
    stop_asked_ = true;
    const auto stopped = fill_players(20'000);
    ASSERT_FALSE(stopped);
    EXPECT_THAT(stopped.error().detail, HasSubstr("interrupted"));
    stop_asked_ = false;
    start();
    ASSERT_TRUE(fill_players(200));
    EXPECT_EQ(balances(load_player_id(200)).size(), 2U);
    EXPECT_TRUE(verify_books(store_)->clean());
}

TEST(LoadPlayerTest, HasTheDocumentedId) {
    EXPECT_EQ(load_player_id(1), "00000000-0000-4000-8000-000000000001");
    EXPECT_EQ(load_player_id(100'000), "00000000-0000-4000-8000-0000000186a0");
}

TEST(DemoCurlTest, HasALineForEachDialect) {
    const std::string lines = demo_curl_lines("http://127.0.0.1:8080");
    EXPECT_EQ(std::ranges::count(lines, '\n'), 12);
    EXPECT_THAT(lines,
                HasSubstr("\ncurl -s http://127.0.0.1:8080/api/wallet/balance -u "
                          "demo-integrator:demo-integrator-secret -H 'X-Request-Signature: "
                          "5bea62cb059fc9f433283d2b7bbfea0c372ee0cd46d703eb673ea13176089916"));
}

}  // namespace
}  // namespace coffer
