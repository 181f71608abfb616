#pragma once
// The rules of an rgs integration written a second time, as plainly as possible, with nothing but
// maps; and hostile days played against them and against a ledger.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {

struct ModelWager {
    long amount = 0, payout = 0;
    std::string round;
    TransactionKind kind = TransactionKind::wager;
    KeyState state = KeyState::applied;
    Decline refused_as = Decline::none;
    bool closes = false;
};

struct ModelRound {
    bool closed = false;
    int payouts = 0;
    std::vector<std::string> live;
};

struct ModelPlayer {
    long balance = 0;
    std::map<std::string, ModelWager> ids;
    std::map<std::string, ModelRound> rounds;
};

// One player's rules; the order of the questions is the order of checks.
struct Model {
    std::map<std::string, ModelPlayer> players;

    Decline known(const ModelWager& was, const Move& move) {
        if (was.state == KeyState::tombstone) return Decline::cancelled_before_arrival;
        if (was.kind != move.kind || was.amount != static_cast<long>(move.amount.units) ||
            was.payout != static_cast<long>(move.payout.units) || was.round != move.round) {
            return Decline::conflict;
        }
        if (was.state == KeyState::refused) return was.refused_as;
        if (was.state == KeyState::rolled_back) return Decline::already_rolled_back;
        return Decline::none;
    }

    Decline play(const Move& move) {
        ModelPlayer& player = players[move.caller.player.id];
        if (move.kind == TransactionKind::rollback) return take_back(player, move);
        if (const auto was = player.ids.find(move.external_id); was != player.ids.end()) {
            return known(was->second, move);
        }
        ModelRound& round = player.rounds[move.round];
        ModelWager made{static_cast<long>(move.amount.units),
                        static_cast<long>(move.payout.units),
                        move.round,
                        move.kind,
                        KeyState::applied,
                        Decline::none,
                        move.closes_round};
        if (move.kind == TransactionKind::payout) {
            if (round.closed) return Decline::round_closed;
            if (round.live.empty()) return Decline::no_wager_in_round;
            player.balance += made.amount;
            round.payouts += 1;
        } else {
            const Decline no = round.closed                   ? Decline::round_closed
                               : player.balance < made.amount ? Decline::insufficient_funds
                                                              : Decline::none;
            if (no != Decline::none) {
                made.state = KeyState::refused;
                made.refused_as = no;
                player.ids[move.external_id] = made;
                return no;
            }
            player.balance += made.payout - made.amount;
            round.live.push_back(move.external_id);
            if (made.payout > 0) round.payouts += 1;
        }
        round.closed = round.closed || move.closes_round;
        player.ids[move.external_id] = made;
        return Decline::none;
    }

    Decline take_back(ModelPlayer& player, const Move& move) {
        const auto was = player.ids.find(move.reference);
        if (was == player.ids.end()) {
            player.ids[move.reference].state = KeyState::tombstone;
            return Decline::transaction_unknown;
        }
        ModelWager& wager = was->second;
        if (wager.kind == TransactionKind::payout || wager.state == KeyState::tombstone ||
            wager.state == KeyState::refused) {
            return Decline::transaction_unknown;
        }
        if (wager.amount != static_cast<long>(move.amount.units) || wager.round != move.round) {
            return Decline::conflict;
        }
        if (wager.state == KeyState::rolled_back) return Decline::already_rolled_back;
        ModelRound& round = player.rounds[wager.round];
        if (round.closed) return Decline::round_closed;
        if (round.payouts > 0) return Decline::already_settled;
        if (round.live.empty() || round.live.back() != move.reference)
            return Decline::not_latest_wager;
        player.balance += wager.amount;
        round.live.pop_back();
        wager.state = KeyState::rolled_back;
        return Decline::none;
    }
};

class ModelWorld : public World {
protected:
    using World::World;

    // A step of a hostile day: few ids, rounds and amounts, so that they meet often.
    Move step(int kind, int id, int round, long amount, std::string_view player) const {
        const std::string name = "id-" + std::to_string(id);
        const std::string in = "round-" + std::to_string(round);
        if (kind < 3) return wager(player, name, in, amount);
        if (kind < 5) {
            Move move = payout(player, name, in, amount);
            move.closes_round = id % 5 == 0;
            return move;
        }
        if (kind == 5) {
            Move move = wager(player, name, in, amount);
            move.kind = TransactionKind::wager_and_payout;
            move.payout.units = (id % 3) * 5;
            return move;
        }
        return rollback(player, name, in, amount);
    }

    // Every outcome and every balance must agree, and the journal must prove itself afterwards.
    void expect_agreement_with_the_naive_model() {
        int day = 0;
        const bool agreed = rc::check("outcomes, balances and proof", [&] {
            // A tenant's players are reused over the days; ids carry the day, so that each starts
            // afresh.
            ++day;
            Model model;
            const auto at = [&](std::string_view player) -> ModelPlayer& {
                return model.players[std::string(player)];
            };
            const std::vector<std::string> names{"alice", "bob"};
            for (const std::string& name : names) {
                at(name).balance = balance(name);
                const long gift = *rc::gen::inRange(0, 60);
                if (gift == 0) continue;
                deposit(name, gift);
                at(name).balance += gift;
            }
            std::vector<Move> moves;
            const int steps = *rc::gen::inRange(1, 120);
            const auto below = [](int limit) {
                return *rc::gen::resize(1000, rc::gen::inRange(0, limit));
            };
            for (int index = 0; index < steps; ++index) {
                const std::string& player = names[static_cast<std::size_t>(below(2))];
                Move move = step(below(8), below(24), below(4), below(4) * 7, player);
                const std::string suffix = "/" + std::to_string(day);
                if (!move.external_id.empty()) move.external_id += suffix;
                if (!move.reference.empty()) move.reference += suffix;
                move.round += suffix;
                moves.push_back(std::move(move));
            }
            // Half of the days one by one, half all in flight at once, which must make no
            // difference.
            std::vector<Outcome> outcomes;
            if (day % 2 == 0) {
                outcomes = perform_at_once(moves);
            } else {
                for (const Move& move : moves) outcomes.push_back(perform(move));
            }
            for (std::size_t index = 0; index < moves.size(); ++index) {
                const Decline expected = model.play(moves[index]);
                RC_ASSERT(static_cast<int>(outcomes[index].decline) == static_cast<int>(expected));
            }
            for (const std::string& name : names) RC_ASSERT(balance(name) == at(name).balance);
        });
        EXPECT_TRUE(agreed);
        expect_clean();
    }
};

}  // namespace coffer
