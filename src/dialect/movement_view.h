#pragma once
// How a history shows a movement and its player, where two dialects show it alike. Pure functions.

#include <string_view>

#include "ledger/outcome.h"
#include "store/record.h"

namespace coffer {

// A movement as seen from the player's balance (bonus + bought + earned).
struct Step {
    Amount size;         // never negative
    Amount change;       // signed: added to the balance before, it gives the balance after
    bool takes = false;  // money left; a movement of nothing goes the way that its kind would
};
Step step_of(const Transaction& transaction);

// The words given with a movement; where there were none, its kind.
std::string_view words_of(const Transaction& transaction);

// The name under which an integration knows a player: its alias, else the native id.
std::string_view name_in(IntegrationId integration, const Player& player);

}  // namespace coffer
