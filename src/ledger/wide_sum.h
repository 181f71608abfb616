#pragma once
// The sum of a few amounts of up to 38 digits each, which 128 bits do not hold: their upper and
// their lower 64 bits are added up apart, each half with room for the carries of billions of
// amounts. (By decimal digits it took thirteen divisions of 128 bits for each movement.)

#include <cstdint>

#include "base/money.h"

namespace coffer {

class WideSum {
public:
    void add(Amount amount) {
        high_ += amount.units >> 64;
        low_ += static_cast<std::uint64_t>(amount.units);
    }
    bool is_zero() const {
        return static_cast<std::uint64_t>(low_) == 0 && high_ + (low_ >> 64) == 0;
    }

private:
    Int128 high_ = 0, low_ = 0;
};

}  // namespace coffer
