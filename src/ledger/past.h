#pragma once
// What the journal has said so far, for a proof that walks it: which record spoke of a key last,
// and what it said. Found by the walker's own notes and never through an index.
//
// A record is read from the journal again when it is asked for, so that the notes cost a sequence
// number each and not a copy of the books; most of them a thousand at a time, since each read may
// be a trip to a database.

#include <array>
#include <cstring>
#include <unordered_map>

#include "ledger/findings.h"
#include "store/store.h"

namespace coffer {

// Of a Hash16, whose first byte is only the kind.
struct HashOfHash {
    std::size_t operator()(const Hash16& hash) const {
        std::size_t value = 0;
        std::memcpy(&value, hash.data() + 8, sizeof value);
        return value;
    }
};

class Past {
public:
    Past(const Reader& reader, Findings& findings) : reader_(reader), findings_(findings) {}

    const KeyMaker& keys() const { return reader_.keys(); }
    // Reads at once what the walk through these records, which come next and follow each other, is
    // likely to ask for. Only for speed; they must stay where they are until the next call.
    void foresee(std::span<const Change> coming);
    void note(const RecordKey& key, Sequence sequence) {
        const auto [known, is_new] = latest_.try_emplace(key.hash, sequence);
        known->second = sequence;
        if (is_new) ++counts_[static_cast<std::size_t>(key.kind)];
    }
    // The record that put this key last; 0 if none has.
    Sequence latest(const RecordKey& key) const {
        const auto found = latest_.find(key.hash);
        return found == latest_.end() ? 0 : found->second;
    }
    // How many keys of that kind.
    std::uint64_t count(RecordKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

    // What was put under that key last; null if nothing.
    template <class T>
    Ptr<T> before(const RecordKey& key) const {
        const Record record = put(latest(key), key);
        const auto* found = std::get_if<Ptr<T>>(&record);
        return found == nullptr ? nullptr : *found;
    }
    // The transaction of that record; null if it has none.
    Ptr<Transaction> transaction(Sequence sequence) const;

private:
    Record put(Sequence sequence, const RecordKey& key) const;
    bool is_earlier(Sequence sequence) const;
    const Change* foreseen(Sequence sequence) const;
    // Calls `use` with the record, unless it cannot be read.
    template <class Use>
    void look_at(Sequence sequence, const Use& use) const;

    const Reader& reader_;
    Findings& findings_;
    std::unordered_map<Hash16, Sequence, HashOfHash> latest_;
    std::span<const Change> coming_;
    std::unordered_map<Shard, Sequence> first_;        // of those that come, in each shard
    std::unordered_map<Sequence, std::size_t> place_;  // of each of them
    std::vector<Sequence> numbers_;                    // of `earlier_`, rising
    std::vector<Change> earlier_;
    std::array<std::uint64_t, record_kind_count> counts_{};
};

}  // namespace coffer
