// Random histories of every kind of movement against a naive model, bucket by bucket: an
// integrator's debits, credits and rollbacks with ids of their own, the cashier's and the
// administrator's movements, reversals, rounds closed by hand, blocks and limits. Ids, rounds and
// amounts are few, so that replays, conflicts, tombstones and empty wallets happen all the time.
// model_test.cc does the same for rgs.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {
namespace {

constexpr std::size_t bought = 0, earned = 1, bonus = 2;  // as in AccountCode
using Buckets = std::array<long, 3>;

enum class Verb : std::uint8_t {
    debit,
    credit,
    undo,
    prize,
    grant,
    spend,
    deposit,
    withdraw,
    adjust,
    reverse
};

// Everything that a call may say, in the test's words.
struct Call {
    Verb verb = Verb::debit;
    std::string id, round, of;
    long amount = 0;
    std::optional<std::size_t> bucket;
    std::size_t reverses = 0;  // the number of an applied movement
};

struct ModelMovement {
    Call call;
    KeyState state = KeyState::applied;
    Decline refused_as = Decline::none;
    Buckets moved{};
    long bonus_staked = 0, bonus_back = 0;
};

struct ModelRound {
    bool closed = false;
    long bonus_staked = 0;
    int payouts = 0;
};

class Model {
public:
    bool blocked = false;
    long wager_max = -1;
    Buckets buckets{};
    std::map<std::string, ModelRound> rounds;
    std::vector<ModelMovement*> applied;

    Decline play(const Call& call) {
        if (call.verb == Verb::reverse) return reverse(call);
        if (const auto known = replayed(call)) return *known;
        if (call.verb == Verb::undo) return take_back(call);
        ModelMovement made{call, KeyState::applied, Decline::none, {}, 0, 0};
        const Decline no = judge(call);
        if (no != Decline::none) {
            made.state = KeyState::refused;
            made.refused_as = no;
            ids_[name(call)] = made;
            return no;
        }
        move(call, made);
        remember(made);
        return Decline::none;
    }

private:
    // The spaces in which ids are unique.
    static std::string name(const Call& call) {
        switch (call.verb) {
            case Verb::debit: return "debit " + call.id;
            case Verb::credit: return "credit " + call.id;
            case Verb::undo: return "rollback " + call.id;
            case Verb::withdraw: return "withdrawal " + call.id;
            case Verb::prize:
            case Verb::grant:
            case Verb::spend:
            case Verb::deposit:
            case Verb::adjust:
            case Verb::reverse: break;
        }
        return "native " + call.id;
    }

    std::optional<Decline> replayed(const Call& call) {
        const auto found = ids_.find(name(call));
        if (found == ids_.end()) return std::nullopt;
        const ModelMovement& known = found->second;
        if (known.state == KeyState::tombstone) return Decline::cancelled_before_arrival;
        const Call& was = known.call;
        if (was.verb != call.verb || was.amount != call.amount || was.round != call.round ||
            was.of != call.of || was.bucket != call.bucket) {
            return Decline::conflict;
        }
        if (known.state == KeyState::refused) return known.refused_as;
        const bool taken_back = known.state == KeyState::rolled_back;
        return taken_back && call.verb == Verb::debit ? Decline::already_rolled_back
                                                      : Decline::none;
    }

    Decline judge(const Call& call) {
        const bool plays = call.verb == Verb::debit || call.verb == Verb::spend;
        if (call.verb == Verb::debit && rounds[call.round].closed) {
            return Decline::round_closed;
        }
        if (blocked && (plays || call.verb == Verb::withdraw)) {
            return Decline::player_blocked;
        }
        if (plays && wager_max >= 0 && call.amount > wager_max) return Decline::limit_reached;
        long has = buckets[bought] + buckets[earned];
        const bool takes_nothing = call.verb == Verb::debit && call.amount == 0;
        if (plays && !takes_nothing && has + buckets[bonus] < call.amount) {
            return Decline::insufficient_funds;
        }
        if (call.verb != Verb::withdraw) return Decline::none;
        const bool overdrawn = buckets[bought] < 0 || buckets[earned] < 0;
        if (call.bucket) has = buckets[*call.bucket];
        return has < call.amount || (!call.bucket && overdrawn) ? Decline::insufficient_funds
                                                                : Decline::none;
    }

    void take(ModelMovement& made, std::vector<std::size_t> order, long amount) {
        for (const std::size_t bucket : order) {
            const long part = std::min(std::max(0L, buckets[bucket]), amount);
            give(made, bucket, -part);
            amount -= part;
        }
    }
    void give(ModelMovement& made, std::size_t bucket, long amount) {
        buckets[bucket] += amount;
        made.moved[bucket] += amount;
    }

    void move(const Call& call, ModelMovement& made) {
        switch (call.verb) {
            case Verb::debit:
                take(made, {bonus, bought, earned}, call.amount);
                made.bonus_staked = -made.moved[bonus];
                rounds[call.round].bonus_staked += made.bonus_staked;
                break;
            case Verb::credit: {
                ModelRound& round = rounds[call.round];
                made.bonus_back = std::min(call.amount, std::max(0L, round.bonus_staked));
                round.bonus_staked -= made.bonus_back;
                round.payouts += 1;
                give(made, bonus, made.bonus_back);
                give(made, earned, call.amount - made.bonus_back);
                break;
            }
            case Verb::spend: take(made, {bonus, bought, earned}, call.amount); break;
            case Verb::withdraw:
                if (call.bucket) {
                    give(made, *call.bucket, -call.amount);
                } else {
                    take(made, {earned, bought}, call.amount);
                }
                break;
            case Verb::prize: give(made, earned, call.amount); break;
            case Verb::grant: give(made, call.bucket.value_or(bonus), call.amount); break;
            case Verb::deposit:
            case Verb::adjust: give(made, call.bucket.value_or(bought), call.amount); break;
            case Verb::undo:
            case Verb::reverse: break;  // not here
        }
    }

    Decline take_back(const Call& call) {
        const auto found = ids_.find("debit " + call.of);
        if (found == ids_.end()) {
            ids_["debit " + call.of].state = KeyState::tombstone;
            return Decline::transaction_unknown;
        }
        ModelMovement& wager = found->second;
        if (wager.state == KeyState::tombstone || wager.state == KeyState::refused) {
            return Decline::transaction_unknown;
        }
        if (wager.call.amount != call.amount || wager.call.round != call.round) {
            return Decline::conflict;
        }
        if (wager.state == KeyState::rolled_back) return Decline::already_rolled_back;
        if (rounds[call.round].payouts > 0) return Decline::already_settled;
        ModelMovement made{call, KeyState::applied, Decline::none, {}, 0, 0};
        undo(wager, made);
        remember(made);
        return Decline::none;
    }

    Decline reverse(const Call& call) {
        ModelMovement& original = *applied[call.reverses];
        if (original.state == KeyState::rolled_back) return Decline::already_rolled_back;
        if (original.call.verb == Verb::undo) return Decline::not_permitted;
        for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
            const long gave = original.moved[bucket];
            if (gave > 0 && buckets[bucket] < gave) return Decline::insufficient_funds;
        }
        ModelMovement made;
        undo(original, made);
        return Decline::none;
    }

    void undo(ModelMovement& original, ModelMovement& made) {
        for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
            give(made, bucket, -original.moved[bucket]);
        }
        original.state = KeyState::rolled_back;
        if (original.call.round.empty()) return;
        ModelRound& round = rounds[original.call.round];
        round.bonus_staked += original.bonus_back - original.bonus_staked;
        if (original.call.verb == Verb::credit) round.payouts -= 1;
    }

    void remember(const ModelMovement& made) {
        ModelMovement& kept = ids_[name(made.call)];
        kept = made;
        applied.push_back(&kept);
    }

    std::map<std::string, ModelMovement> ids_;  // a map: its elements stay where they are
};

class KindsWorld : public World {
protected:
    Move move_of(const Call& call) const {
        Move move;
        move.caller.tenant = tenant;
        move.caller.player.id = "alice";
        static constexpr std::array kinds{TransactionKind::wager,    TransactionKind::payout,
                                          TransactionKind::rollback, TransactionKind::prize,
                                          TransactionKind::grant,    TransactionKind::spend,
                                          TransactionKind::deposit,  TransactionKind::withdraw,
                                          TransactionKind::adjust,   TransactionKind::reversal};
        move.kind = kinds[static_cast<std::size_t>(call.verb)];
        move.currency = eur;
        move.amount.units = call.amount;
        move.external_id = call.id;
        if (call.bucket) move.bucket = static_cast<AccountCode>(*call.bucket);
        switch (call.verb) {
            case Verb::debit:
            case Verb::credit:
            case Verb::undo: as_integrator(call, move); break;
            case Verb::withdraw: move.group = KeyGroup::native_withdrawal; break;
            case Verb::reverse: move.group = KeyGroup::self; break;
            case Verb::prize:
            case Verb::grant:
            case Verb::spend:
            case Verb::deposit:
            case Verb::adjust: move.group = KeyGroup::native_deposit; break;
        }
        return move;
    }
    static void as_integrator(const Call& call, Move& move) {
        move.caller.integration = integrator;
        move.caller.player.site = 1;
        move.caller.session = sha256("token");
        move.caller.session_kind = SessionKind::launch_token;
        move.caller.rule = SessionRule::issued;
        move.round = call.round;
        move.provider = 1;
        move.group = call.verb == Verb::debit    ? KeyGroup::integrator_debit
                     : call.verb == Verb::credit ? KeyGroup::integrator_credit
                                                 : KeyGroup::integrator_rollback;
        move.reference_group = KeyGroup::integrator_debit;
        move.reference = call.of;
    }

    void open_token() {
        OpenSession open;
        open.caller.tenant = tenant;
        open.caller.player.id = "alice";
        open.session.kind = SessionKind::launch_token;
        open.session.integration = integrator;
        open.session.currency = eur;
        open.session.digest = sha256("token");
        open.session.authenticated = true;
        ASSERT_TRUE(perform(open).done());
    }

    void change_player(const Model& model) {
        ChangePlayer change;
        change.tenant = tenant;
        change.player = "alice";
        change.blocked = model.blocked;
        Limits limits;
        limits.currency = eur;
        limits.wager_max.units = model.wager_max;
        change.limits = std::vector<Limits>{limits};
        ASSERT_TRUE(perform(change).done());
    }

    Buckets buckets() {
        AskBalance ask;
        ask.caller.tenant = tenant;
        ask.caller.player.id = "alice";
        ask.currency = eur;
        const auto wallet = perform(ask).wallet;
        Buckets found{};
        for (std::size_t code = 0; wallet && code < found.size(); ++code) {
            found[code] = static_cast<long>(wallet->accounts[code].balance.units);
        }
        return found;
    }
};

int below(int limit) { return *rc::gen::resize(1000, rc::gen::inRange(0, limit)); }

// `debits` are those that were asked for today, `applied` counts what can be reversed.
Call random_call(const std::string& day, const std::vector<Call>& debits, std::size_t applied) {
    static constexpr std::array verbs{Verb::debit,  Verb::debit,   Verb::debit,   Verb::credit,
                                      Verb::credit, Verb::undo,    Verb::undo,    Verb::prize,
                                      Verb::grant,  Verb::spend,   Verb::deposit, Verb::withdraw,
                                      Verb::adjust, Verb::reverse, Verb::reverse};
    Call call;
    call.verb = verbs[static_cast<std::size_t>(below(static_cast<int>(verbs.size())))];
    call.amount = below(4) * 7;
    if (call.verb == Verb::reverse) {
        if (applied == 0) return random_call(day, debits, applied);
        call.reverses = static_cast<std::size_t>(below(static_cast<int>(applied)));
        call.amount = 0;
        return call;
    }
    call.id = std::to_string(below(12)) + day;
    const bool in_round =
        call.verb == Verb::debit || call.verb == Verb::credit || call.verb == Verb::undo;
    if (in_round) call.round = std::to_string(below(3)) + day;
    if (call.verb == Verb::undo) {
        // Mostly of a debit that may be there, and as it was.
        call.of = std::to_string(below(12)) + day;
        if (!debits.empty() && below(4) != 0) {
            const Call& debit =
                debits[static_cast<std::size_t>(below(static_cast<int>(debits.size())))];
            call.of = debit.id;
            call.round = debit.round;
            call.amount = debit.amount;
        }
        if (below(2) == 0) call.id = call.of;
    }
    // All of it, which is asked for by withdrawing nothing, is for chains only.
    if (call.verb == Verb::withdraw) call.amount += 7;
    const bool may_name_bucket =
        call.verb == Verb::withdraw || call.verb == Verb::adjust || call.verb == Verb::grant;
    if (may_name_bucket && below(2) == 0) call.bucket = static_cast<std::size_t>(below(3));
    if (call.verb == Verb::adjust && below(2) == 0) call.amount = -call.amount;
    return call;
}

TEST_F(KindsWorld, random_histories_of_all_kinds_agree_with_the_naive_model) {
    open_token();
    int days = 0;
    std::map<Decline, int> heard;
    const auto history = [&] {
        const std::string day = "/" + std::to_string(++days);
        Model model;
        model.buckets = buckets();
        change_player(model);
        std::vector<Ptr<Transaction>> applied;
        std::vector<Call> debits;
        std::map<std::string, Ptr<Round>> rounds;
        const int steps = *rc::gen::inRange(1, 80);
        for (int step = 0; step < steps; ++step) {
            if (below(20) == 0) {
                model.blocked = below(3) == 0;
                model.wager_max = below(3) == 0 ? 7 : -1;
                change_player(model);
            }
            if (below(20) == 0 && !rounds.empty()) {
                auto& [name, round] = *rounds.begin();
                RC_ASSERT(perform(CloseRound{tenant, round->opened_by, round->opened, {}}).done());
                model.rounds[name].closed = true;
            }
            const Call call = random_call(day, debits, applied.size());
            if (call.verb == Verb::debit) debits.push_back(call);
            Move move = move_of(call);
            if (call.verb == Verb::reverse) {
                move.reverses = applied[call.reverses]->sequence;
                move.reverses_time = applied[call.reverses]->time;
            }
            const Outcome outcome = perform(move);
            RC_ASSERT(static_cast<int>(outcome.decline) == static_cast<int>(model.play(call)));
            RC_ASSERT(buckets() == model.buckets);
            ++heard[outcome.decline];
            if (outcome.round) rounds[outcome.round->id] = outcome.round;
            const bool moved = outcome.done() && !outcome.replay;
            if (moved && call.verb != Verb::reverse) {
                applied.push_back(outcome.transaction);
            }
        }
    };
    // Some answers are rare: on until each was heard, which takes one turn nearly always.
    const std::array wanted{Decline::none,
                            Decline::conflict,
                            Decline::cancelled_before_arrival,
                            Decline::already_rolled_back,
                            Decline::transaction_unknown,
                            Decline::already_settled,
                            Decline::round_closed,
                            Decline::player_blocked,
                            Decline::limit_reached,
                            Decline::insufficient_funds,
                            Decline::not_permitted};
    const auto is_unheard = [&](Decline said) { return heard[said] == 0; };
    bool agreed = true;
    for (int turn = 0;
         turn < 10 && agreed && (turn == 0 || std::ranges::any_of(wanted, is_unheard)); ++turn) {
        agreed = rc::check("outcomes, buckets and proof", history);
    }
    EXPECT_TRUE(agreed);
    for (const Decline said : wanted) {
        EXPECT_GT(heard[said], 0) << "never happened: " << static_cast<int>(said);
    }
    expect_clean();
}

}  // namespace
}  // namespace coffer
