#include "ledger/past.h"

#include <algorithm>

namespace coffer {

void Past::foresee(std::span<const Change> coming) {
    coming_ = coming;
    first_.clear();
    place_.clear();
    for (std::size_t at = 0; at < coming.size(); ++at) {
        first_.try_emplace(shard_of(coming[at].sequence), coming[at].sequence);
        place_.emplace(coming[at].sequence, at);
    }
    numbers_.clear();
    earlier_.clear();
    if (coming.empty()) return;
    std::vector<Sequence> wanted;
    const auto want = [&](Sequence sequence) {
        if (sequence != 0 && is_earlier(sequence)) wanted.push_back(sequence);
    };
    for (const Change& change : coming) {
        for (const Record& put : change.puts) {
            // The proofs keep wallets and ids themselves, and ask what became of all else before.
            if (std::holds_alternative<Ptr<Wallet>>(put)) continue;
            if (std::holds_alternative<Ptr<Key>>(put)) continue;
            want(latest(keys().of(put)));
        }
        if (!change.transaction) continue;
        want(change.transaction->reverses);
        if (change.transaction->promotion.empty()) continue;
        want(latest(keys().promotion(change.transaction->tenant, change.transaction->promotion)));
    }
    std::ranges::sort(wanted);
    wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
    auto read = reader_.changes_at(wanted);
    if (!read) return;  // whoever asks for the one that cannot be read hears why
    numbers_ = std::move(wanted);
    earlier_ = std::move(*read);
}

// Whether a record that is spoken of comes before those that come. They are in the order of time,
// and in each shard that of their numbers.
bool Past::is_earlier(Sequence sequence) const {
    const auto first = first_.find(shard_of(sequence));
    return first == first_.end() || sequence < first->second;
}

const Change* Past::foreseen(Sequence sequence) const {
    if (!coming_.empty() && !is_earlier(sequence)) {
        const auto place = place_.find(sequence);
        return place == place_.end() ? nullptr : &coming_[place->second];
    }
    const auto place = std::ranges::lower_bound(numbers_, sequence);
    if (place == numbers_.end() || *place != sequence) return nullptr;
    return &earlier_[static_cast<std::size_t>(place - numbers_.begin())];
}

template <class Use>
void Past::look_at(Sequence sequence, const Use& use) const {
    if (sequence == 0) return;
    if (const Change* known = foreseen(sequence)) return use(*known);
    const Result<Change> change = reader_.change(sequence);
    if (change) return use(*change);
    findings_.add(sequence, "cannot be read again: " + change.error().detail);
}

Ptr<Transaction> Past::transaction(Sequence sequence) const {
    Ptr<Transaction> found;
    look_at(sequence, [&](const Change& change) { found = change.transaction; });
    return found;
}

Record Past::put(Sequence sequence, const RecordKey& key) const {
    Record found;
    look_at(sequence, [&](const Change& change) { found = find_in(change, key, keys()); });
    return found;
}

}  // namespace coffer
