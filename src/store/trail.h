#pragma once
// A list of journal records that each of them carries on, so that it needs no index.

#include <array>
#include <cstddef>
#include <cstdint>

namespace coffer {

using Sequence = std::uint64_t;  // of a journal record, 1..; 0 means none

// A list that can be entered in the middle. In the after-image that the n-th record left, marks[0]
// is the n-th itself, marks[1] the one before, marks[2] and marks[3] the latest before it whose
// number is a multiple of 32 and of 1024: any of a million is found in about 1,000 steps.
inline constexpr std::size_t trail_levels = 4;
struct Trail {
    std::uint64_t length = 0;
    std::array<Sequence, trail_levels> marks{};

    bool operator==(const Trail&) const = default;
    void extend(Sequence next) {
        if (length % 32 == 0) marks[2] = marks[0];
        if (length % 1024 == 0) marks[3] = marks[0];
        marks[1] = marks[0];
        marks[0] = next;
        ++length;
    }
};

}  // namespace coffer
