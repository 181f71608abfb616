// Which calls move the end of a session that lives from call to call: those that its player makes.

#include <gtest/gtest.h>

#include <string_view>

#include "ledger/world_fixture.h"

namespace coffer {
namespace {

class SessionUse : public World {
protected:
    SessionUse() {
        EXPECT_TRUE(deposit("alice", 1000).done());
        EXPECT_TRUE(deposit("bob", 1000).done());
        OpenSession open;
        open.caller.tenant = tenant;
        open.caller.player.id = "alice";
        open.session.kind = SessionKind::rgs_session;
        open.session.integration = rgs;
        open.session.currency = eur;
        open.session.game = "game";
        open.session.digest = token;
        open.session.idle = day_us;
        open.ttl = day_us;
        EXPECT_TRUE(perform(open).done());
        open.session.kind = SessionKind::launch_token;
        open.session.integration = integrator;
        open.session.authenticated = true;
        EXPECT_TRUE(perform(open).done());
        clock_.advance(20 * hour_us);
    }

    static Move with_token(Move move) {
        move.caller.session = token;
        move.caller.game = move.game;
        return move;
    }
    Move debit(std::string_view player, std::string_view id) const {
        Move move = with_token(wager(player, id, "r1", 1));
        move.caller.integration = integrator;
        move.caller.player.site = 1;
        move.caller.session_kind = SessionKind::launch_token;
        move.group = KeyGroup::integrator_debit;
        move.provider = 1;
        return move;
    }

    // Twenty hours have passed of a day. Did what was done meanwhile begin another day?
    bool is_kept() {
        clock_.advance(5 * hour_us);
        return perform(with_token(wager("alice", "late", "r9", 1))).done();
    }
    bool is_launch_token_kept() {
        clock_.advance(5 * hour_us);
        return perform(debit("alice", "late")).done();
    }

    inline static const Digest token = sha256("alice's own");
};

TEST_F(SessionUse, nothing_at_all_keeps_nothing) { EXPECT_FALSE(is_kept()); }

TEST_F(SessionUse, a_wager_of_its_player_keeps_it) {
    EXPECT_TRUE(perform(with_token(wager("alice", "w1", "r1", 1))).done());
    EXPECT_TRUE(is_kept());
}

TEST_F(SessionUse, the_whole_time_begins_anew_with_each_call) {
    EXPECT_TRUE(perform(with_token(wager("alice", "w1", "r1", 1))).done());
    clock_.advance(9 * minute_us);  // too soon to be written down again
    EXPECT_TRUE(perform(with_token(wager("alice", "w2", "r1", 1))).done());
    clock_.advance(day_us - second_us);
    EXPECT_TRUE(perform(with_token(wager("alice", "w3", "r1", 1))).done());
    clock_.advance(day_us + 11 * minute_us);
    EXPECT_EQ(perform(with_token(wager("alice", "w4", "r1", 1))).decline, Decline::session_expired);
}

TEST_F(SessionUse, a_wager_that_only_the_funds_refuse_keeps_it) {
    EXPECT_EQ(perform(with_token(wager("alice", "w1", "r1", 5000))).decline,
              Decline::insufficient_funds);
    EXPECT_TRUE(is_kept());
}

TEST_F(SessionUse, a_replay_keeps_it) {
    EXPECT_TRUE(perform(wager("alice", "w1", "r1", 1)).done());
    EXPECT_TRUE(perform(with_token(wager("alice", "w1", "r1", 1))).replay);
    EXPECT_TRUE(is_kept());
}

TEST_F(SessionUse, a_refused_wager_of_another_player_does_not) {
    EXPECT_EQ(perform(with_token(wager("bob", "w1", "r1", 1))).decline, Decline::session_unknown);
    EXPECT_FALSE(is_kept());
}

TEST_F(SessionUse, a_payout_to_another_player_does_not_although_it_is_paid) {
    EXPECT_TRUE(perform(wager("bob", "w1", "r1", 1)).done());
    EXPECT_TRUE(perform(with_token(payout("bob", "p1", "r1", 1))).done());
    EXPECT_FALSE(is_kept());
}

TEST_F(SessionUse, a_replay_of_another_player_does_not) {
    EXPECT_TRUE(perform(wager("bob", "w1", "r1", 1)).done());
    EXPECT_TRUE(perform(with_token(wager("bob", "w1", "r1", 1))).replay);
    EXPECT_FALSE(is_kept());
}

TEST_F(SessionUse, an_unknown_player_and_a_wrong_currency_do_not) {
    EXPECT_EQ(perform(with_token(wager("nobody", "w1", "r1", 1))).decline, Decline::player_unknown);
    Move other = with_token(wager("alice", "w2", "r1", 1));
    other.currency = gold;
    EXPECT_EQ(perform(other).decline, Decline::currency_wrong);
    EXPECT_FALSE(is_kept());
}

TEST_F(SessionUse, another_game_does_not) {
    Move other = wager("alice", "w1", "r1", 1);
    other.game = "another";
    EXPECT_EQ(perform(with_token(other)).decline, Decline::session_unknown);
    EXPECT_TRUE(perform(other).done());
    Move won = payout("alice", "p1", "r1", 1);
    won.game = "another";
    EXPECT_TRUE(perform(with_token(won)).done());
    EXPECT_FALSE(is_kept());
}

TEST_F(SessionUse, a_launch_token_is_kept_by_its_player_and_its_site) {
    EXPECT_TRUE(perform(debit("alice", "d1")).done());
    EXPECT_TRUE(is_launch_token_kept());
}

TEST_F(SessionUse, a_launch_token_is_not_kept_by_another_player_who_was_refused) {
    EXPECT_EQ(perform(debit("bob", "d1")).decline, Decline::session_unknown);
    EXPECT_FALSE(is_launch_token_kept());
}

}  // namespace
}  // namespace coffer
