// Users of kgen and their pairs of a session and a refresh token.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {
namespace {

class Users : public World {
protected:
    Users() {
        CreateIntegration wallet;
        wallet.tenant = tenant;
        wallet.uid = "i-3";
        wallet.name = "kgen";
        wallet.dialect = DialectId::kgen;
        wallet.currencies = {"EUR"};
        EXPECT_TRUE(perform(wallet).done());
    }

    // A pair is called by a name of its own, of which session and refresh token are made.
    static Digest session(std::string_view pair) { return sha256(std::string(pair) + " session"); }
    static Digest refresh(std::string_view pair) { return sha256(std::string(pair) + " refresh"); }

    OpenUser open(std::string_view user, std::string_view pair) const {
        OpenUser intent;
        intent.caller.tenant = tenant;
        intent.caller.integration = kgen;
        intent.caller.player.id = user;
        intent.new_player = "new player of " + std::string(pair);
        intent.session = session(pair);
        intent.refresh = refresh(pair);
        intent.ttl = day_us;
        intent.refresh_ttl = 30 * day_us;
        return intent;
    }

    RenewUser renew(std::string_view old_pair, std::string_view pair) const {
        RenewUser intent;
        intent.caller = bearer(refresh(old_pair), SessionKind::kgen_refresh);
        intent.session = session(pair);
        intent.refresh = refresh(pair);
        intent.ttl = day_us;
        intent.refresh_ttl = 30 * day_us;
        return intent;
    }

    Decline ask(std::string_view pair) {
        AskBalance ask;
        ask.caller = bearer(session(pair), SessionKind::kgen_session);
        ask.currency = eur;
        return perform(ask).decline;
    }

    static Caller bearer(const Digest& digest, SessionKind kind) {
        Caller caller;
        caller.tenant = tenant;
        caller.integration = kgen;
        caller.rule = SessionRule::bearer;
        caller.session = digest;
        caller.session_kind = kind;
        return caller;
    }

    static constexpr IntegrationId kgen = 3;
};

TEST_F(Users, a_session_is_not_that_of_another_whom_the_token_names) {
    EXPECT_TRUE(perform(open("zoe", "one")).done());
    EXPECT_TRUE(perform(open("yan", "two")).done());
    const auto ask_as = [this](std::string_view user) {
        AskBalance ask;
        ask.caller = bearer(session("one"), SessionKind::kgen_session);
        ask.caller.player.id = user;
        ask.currency = eur;
        return perform(ask).decline;
    };
    EXPECT_EQ(ask_as("zoe"), Decline::none);
    EXPECT_EQ(ask_as("yan"), Decline::session_unknown);
    EXPECT_EQ(ask_as("nobody"), Decline::player_unknown);
}

TEST_F(Users, a_refresh_spends_the_whole_old_pair) {
    EXPECT_TRUE(perform(open("zoe", "one")).done());
    EXPECT_EQ(ask("one"), Decline::none);
    EXPECT_TRUE(perform(renew("one", "two")).done());
    EXPECT_EQ(ask("one"), Decline::session_expired);
    EXPECT_EQ(ask("two"), Decline::none);
    EXPECT_EQ(perform(renew("one", "three")).decline, Decline::session_expired);
    EXPECT_EQ(ask("two"), Decline::none) << "a token that is said again harms nobody";
    expect_clean();
}

TEST_F(Users, a_session_that_has_run_out_can_be_renewed) {
    OpenUser brief = open("zoe", "one");
    brief.ttl = -second_us;
    EXPECT_TRUE(perform(brief).done());
    EXPECT_EQ(ask("one"), Decline::session_expired);
    EXPECT_TRUE(perform(renew("one", "two")).done());
    EXPECT_EQ(ask("two"), Decline::none);
}

TEST_F(Users, a_session_that_was_revoked_cannot) {
    EXPECT_TRUE(perform(open("zoe", "one")).done());
    RevokeSession revoke;
    revoke.tenant = tenant;
    std::copy_n(session("one").begin(), revoke.name.size(), revoke.name.begin());
    EXPECT_TRUE(perform(revoke).done());
    EXPECT_EQ(perform(renew("one", "two")).decline, Decline::session_expired);
}

TEST_F(Users, of_two_refreshes_in_flight_one_is_too_late) {
    EXPECT_TRUE(perform(open("zoe", "one")).done());
    const auto outcomes =
        perform_at_once(std::vector<Intent>{renew("one", "two"), renew("one", "three")});
    EXPECT_TRUE(outcomes[0].done());
    EXPECT_EQ(outcomes[1].decline, Decline::session_expired);
}

}  // namespace
}  // namespace coffer
