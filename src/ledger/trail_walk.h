#pragma once
// Back along some trails as one list, newest first, a few records ahead.
//
// A record of a trail names the one before it, and the latest before it whose number is a multiple
// of 32: so a trail is gone along in several stretches at once, and what would be a trip to a
// database a record is one for as many records as there are stretches. They become more the farther
// the walk goes, so that a short one reads little that it does not need.

#include <optional>
#include <unordered_map>
#include <vector>

#include "store/store.h"

namespace coffer {

class TrailWalk {
public:
    using TrailOf = Trail Wallet::*;
    // The reader must outlive it.
    explicit TrailWalk(const Reader& reader) : reader_(reader) {}

    // That trail, from this record on.
    void add(TrailOf which, Sequence newest);
    // The next record, valid until the one after it; null at the end. Errors: those of
    // Reader::changes_at.
    Result<const Change*> next();

private:
    struct Stretch {
        Sequence next = 0;   // to be read
        Sequence until = 0;  // where the next older stretch begins; unknown before the first read
        bool has_begun = false;
    };
    struct Way {
        TrailOf which;
        Sequence at = 0;     // the newest record that was not given out
        Sequence older = 0;  // where the next stretch would begin
        std::vector<Stretch> stretches;
        std::unordered_map<Sequence, Change> read;
        std::size_t given = 0;
    };
    Result<void> read_on(Way& way) const;
    static Result<Trail> trail_in(const Change& change, TrailOf which);

    const Reader& reader_;
    std::vector<Way> ways_;
    std::optional<Change> current_;
};

// The wallet's after-image in a journal record, or null.
Ptr<Wallet> wallet_in(const Change& change);

}  // namespace coffer
