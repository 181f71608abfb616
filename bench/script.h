#pragma once
// What is asked of the demo in each dialect: what prepares it, and the call that is measured.
//
// The demo's load players hold EUR and USD and have an integrator token and an rgs session; what
// else a dialect needs is bought, granted or opened here first, through the front door.

#include <cstdint>
#include <string>
#include <vector>

#include "bench/pattern.h"
#include "store/record.h"

namespace coffer {

// So many calls, one a player in turn, all of which must succeed.
struct Preparation {
    std::string words;  // what it does
    CallPattern pattern;
    std::uint64_t calls = 1;
    // If set: this text field of the answers becomes the secrets of what follows.
    std::string captured_field;
};

struct Script {
    std::vector<Preparation> preparations;
    std::vector<CallPattern> calls;  // in turns
    std::string words;               // what a call is
    bool moves_money = true;
};

Script script_of(DialectId dialect, std::uint64_t players);

}  // namespace coffer
