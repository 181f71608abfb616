#include "ledger/trail_walk.h"

#include <algorithm>
#include <string>
#include <utility>

namespace coffer {

namespace {

constexpr std::size_t stretches_first = 2, stretches_max = 32;

// Twice as many for each stretch that was needed.
std::size_t stretches_after(std::size_t given) {
    return std::min(stretches_first << std::min<std::size_t>(given / 32, 8), stretches_max);
}

std::unexpected<Error> leads_nowhere(Sequence sequence) {
    return std::unexpected(
        Error{ErrorCode::corrupt,
              "the trail through journal record " + std::to_string(sequence) + " leads nowhere"});
}

}  // namespace

Ptr<Wallet> wallet_in(const Change& change) {
    for (const Record& record : change.puts) {
        if (const auto* wallet = std::get_if<Ptr<Wallet>>(&record)) return *wallet;
    }
    return nullptr;
}

void TrailWalk::add(TrailOf which, Sequence newest) {
    ways_.push_back({.which = which, .at = newest, .older = newest});
}

Result<Trail> TrailWalk::trail_in(const Change& change, TrailOf which) {
    const auto wallet = wallet_in(change);
    if (!wallet || !change.transaction) return leads_nowhere(change.sequence);
    const Trail& trail = (*wallet).*which;
    if (trail.marks[1] >= change.sequence || trail.marks[2] >= change.sequence)
        return leads_nowhere(change.sequence);
    return trail;
}

Result<const Change*> TrailWalk::next() {
    const auto newest = std::ranges::max_element(ways_, {}, &Way::at);
    if (newest == ways_.end() || newest->at == 0) return nullptr;
    while (!newest->read.contains(newest->at)) TRY(read_on(*newest));
    current_ = std::move(newest->read.extract(newest->at).mapped());
    const auto trail = trail_in(*current_, newest->which);
    if (!trail) return std::unexpected(trail.error());
    newest->at = trail->marks[1];
    ++newest->given;
    return &*current_;
}

// One record of each stretch, together.
Result<void> TrailWalk::read_on(Way& way) const {
    if (way.older != 0 && way.stretches.size() < stretches_after(way.given))
        way.stretches.push_back({.next = std::exchange(way.older, 0)});
    if (way.stretches.empty()) return leads_nowhere(way.at);
    std::vector<Sequence> wanted;
    for (const Stretch& stretch : way.stretches) wanted.push_back(stretch.next);
    auto changes = reader_.changes_at(wanted);
    if (!changes) return std::unexpected(changes.error());
    for (std::size_t index = 0; index < wanted.size(); ++index) {
        Stretch& stretch = way.stretches[index];
        const auto trail = trail_in((*changes)[index], way.which);
        if (!trail) return std::unexpected(trail.error());
        if (!stretch.has_begun) {
            stretch.has_begun = true;
            stretch.until = way.older = trail->marks[2];
        }
        stretch.next = trail->marks[1] == stretch.until ? 0 : trail->marks[1];
        way.read.emplace(wanted[index], std::move((*changes)[index]));
    }
    std::erase_if(way.stretches, [](const Stretch& stretch) { return stretch.next == 0; });
    return {};
}

}  // namespace coffer
