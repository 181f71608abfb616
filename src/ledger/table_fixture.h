#pragma once
// What runs the tables of rules: one row per intent, its outcome in the last column and, where
// money matters, the player's balance after it. Rows of a table run from top to bottom in one
// world. The columns are
//
//     player  verb  id  round  amount  [options]  | outcome  [balance]
//
// with `-` for what does not apply. A balance is one number, or what is bought/earned/bonus. The
// row `- hours - - 24` lets time pass; `alice reverse w1` is an administrator's reversal of what
// the id w1 last did, and itself has the id reverse-w1; `- close - r1` closes a round by hand.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {

struct Row {
    std::string player, verb, id, round, amount, outcome, balance;
    std::vector<std::string> options;
    std::string option(std::string_view name) const;
    long units() const;
};

class Table : public World {
protected:
    void run(std::string_view table);
    Outcome play(const Row& row);

    Move cash(const Row& row);
    Move move(const Row& row);
    ChangePlayer change(const Row& row);
    CreatePromotion promotion(const Row& row);
    OpenSession token(const Row& row);  // an integrator token: `id` is the token, `round` its state
    AskBalance ask_balance(const Row& row);
    AskStatus status(const Row& row);
    Move reversal(const Row& row);
    CloseRound closing(const Row& row);

private:
    static CurrencyId currency_of(const Row& row);
    void as_integrator(const Row& row, Caller& caller, SessionRule rule);
    void integrator_move(const Row& row, Move& move);
    std::string balance_like(const Row& row);

    std::map<std::string, std::pair<Sequence, Time>> made_;    // by id: the transaction
    std::map<std::string, std::pair<Sequence, Time>> opened_;  // by round: what opened it
};

// A row of a table, for what its columns cannot say.
Row parse_row(const std::string& line);

}  // namespace coffer
