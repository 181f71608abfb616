// Names of players: in an integration each is one player's, be it an alias or a native id. And
// changes of an integration that meet.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {
namespace {

class PlayerNames : public World {
protected:
    Decline create(std::string_view id, const std::vector<Alias>& aliases = {}) {
        CreatePlayer create;
        create.player.tenant = tenant;
        create.player.id = id;
        create.player.aliases = aliases;
        return perform(create).decline;
    }
    static Alias alias(IntegrationId integration, std::string_view external_id) {
        Alias alias;
        alias.integration = integration;
        alias.site = integration == integrator ? 1 : 0;
        alias.external_id = external_id;
        return alias;
    }
    std::string paid(std::string_view name) {
        Move prize = payout(name, "prize", "", 7);
        prize.kind = TransactionKind::prize;
        const Outcome outcome = perform(prize);
        return outcome.player ? outcome.player->id : "nobody";
    }
};

TEST_F(PlayerNames, an_alias_leads_to_its_player_and_hides_the_native_id) {
    EXPECT_EQ(create("dora", {alias(rgs, "d")}), Decline::none);
    EXPECT_EQ(paid("d"), "dora");
    EXPECT_EQ(paid("dora"), "nobody");
    EXPECT_EQ(create("emil", {alias(rgs, "emil")}), Decline::none)
        << "one's own id may be an alias";
    EXPECT_EQ(paid("emil"), "emil");
}

TEST_F(PlayerNames, an_alias_is_not_the_native_id_of_somebody_else) {
    EXPECT_EQ(create("dora", {alias(rgs, "alice")}), Decline::exists);
    EXPECT_EQ(paid("alice"), "alice");
    EXPECT_EQ(create("dora", {alias(integrator, "dora")}), Decline::none)
        << "where only aliases count, native ids do not matter";
}

TEST_F(PlayerNames, a_native_id_is_not_an_alias_of_somebody_else) {
    EXPECT_EQ(create("dora", {alias(rgs, "emil")}), Decline::none);
    EXPECT_EQ(create("emil"), Decline::exists);
    EXPECT_EQ(create("emil", {alias(rgs, "e")}), Decline::none) << "known by another name there";
    EXPECT_EQ(paid("emil"), "dora");
    EXPECT_EQ(paid("e"), "emil");
}

TEST_F(PlayerNames, who_goes_by_an_alias_leaves_the_native_id_to_others) {
    EXPECT_EQ(create("dora", {alias(rgs, "d")}), Decline::none);
    EXPECT_EQ(create("emil", {alias(rgs, "dora")}), Decline::none);
    EXPECT_EQ(paid("dora"), "emil");
    EXPECT_EQ(paid("d"), "dora");
}

TEST_F(PlayerNames, made_at_once_the_first_has_the_name) {
    CreatePlayer one;
    one.player.tenant = tenant;
    one.player.id = "dora";
    one.player.aliases = {alias(rgs, "emil")};
    CreatePlayer other;
    other.player.tenant = tenant;
    other.player.id = "emil";
    const std::vector<Outcome> outcomes = perform_at_once(std::vector<Intent>{one, other});
    EXPECT_EQ(outcomes[0].decline, Decline::none);
    EXPECT_EQ(outcomes[1].decline, Decline::exists);
    expect_clean();
}

// Hashing a password takes its time, and a queue before it more.
TEST_F(World, changes_of_settings_at_once_do_not_undo_each_other) {
    const IntegrationSettings seen = ledger_->directory()->integration(rgs)->settings;
    PatchIntegration slower;
    slower.tenant = tenant;
    slower.integration = rgs;
    slower.settings = slower.settings_before = seen;
    slower.settings->calls_per_second = 7;
    PatchIntegration closed = slower;
    closed.settings = seen;
    closed.settings->ip_allow = {"192.0.2.0/24"};
    const std::vector<Outcome> outcomes =
        perform_at_once(std::vector<Intent>{slower, closed, slower});
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.decline, Decline::none);
    const IntegrationSettings now = ledger_->directory()->integration(rgs)->settings;
    EXPECT_EQ(now.calls_per_second, 7);
    EXPECT_EQ(now.ip_allow, closed.settings->ip_allow);
    expect_clean();
}

TEST_F(World, what_is_only_written_down_has_a_deadline_too) {
    Register registration;
    registration.tenant = tenant;
    registration.integration = rgs;
    registration.player = "dora";
    registration.username = "dora";
    registration.password = "a long password";
    CreatePlayer create;
    create.player.tenant = tenant;
    create.player.id = "emil";
    const Sequence end = store_->end().sequence;
    for (const Outcome& outcome :
         perform_at_once(std::vector<Intent>{registration, create}, clock_.monotonic() - 1)) {
        EXPECT_EQ(outcome.fault, Fault::not_now);
    }
    EXPECT_EQ(store_->end().sequence, end);
    EXPECT_TRUE(perform(registration).done());
}

}  // namespace
}  // namespace coffer
