#pragma once
// "Read these records, make this change last", nothing else.
//
// A Store has one writer in a process, its lane, which calls begin(), read() and commit() from one
// thread; the Reader may be used from any thread and sees only what is durable. Reads are declared
// before they are made, many at once, and a batch is one commit, so that a database two network
// trips away is as good a Store as an embedded one. Where several processes share a store, nobody
// else writes between begin() and commit(), and what others wrote before is what begin() shows.
//
// commit() returns when every change is on stable storage, or fails. It ends the batch either way.
// Where a store can, start_commit() does that aside, so that the lane decides the next batch in the
// meantime.
// After a failure nothing of the batch is visible and the outcome is ambiguous until recover() has
// re-read what happened; the store takes no more writes until then. Only `aborted` is definite. A
// sync that failed is fatal: the process must stop and start again.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "store/record_key.h"

namespace coffer {

// Where the journal ends.
struct JournalEnd {
    Sequence sequence = 0;
    Time time = 0;
    Digest hash{};  // SHA-256 of the last record's bytes; zeros when the journal is empty
    // The latest record that put a row of the directory, where other processes may have put it; a
    // store that this process has to itself may say 0.
    Sequence directory = 0;
};

class Reader {
public:
    virtual ~Reader() = default;
    virtual const KeyMaker& keys() const = 0;
    // The durable record under that key, or absent (monostate). Errors: io, corrupt.
    virtual Result<Record> find(const RecordKey& key) const = 0;
    // The journal record of that number; not_found beyond the end.
    virtual Result<Change> change(Sequence sequence) const = 0;
    // The same for many at once, where each of them would be a trip to a database: found[i] is what
    // is under wanted[i], and the journal records come in the order of their numbers' list.
    virtual Result<void> find_all(std::span<const RecordKey> wanted, std::span<Record> found) const;
    virtual Result<std::vector<Change>> changes_at(std::span<const Sequence> wanted) const;
    // Calls `visit` for journal records from `first` on, upward or downward, until it returns false
    // or the journal ends. Records that become durable meanwhile may or may not be seen.
    using Visit = std::function<bool(const Change&)>;
    virtual Result<void> upward(Sequence first, const Visit& visit) const = 0;
    virtual Result<void> downward(Sequence first, const Visit& visit) const = 0;
    // Every durable record of that kind, in no particular order. Not for wallets, rounds and keys,
    // which are too many: CHECKs.
    using VisitRecord = std::function<bool(const Record&)>;
    virtual Result<void> each(RecordKind kind, const VisitRecord& visit) const = 0;
    // Of the first shard, where there are several. A database that cannot be reached gives the end
    // it last knew; poll() tells.
    virtual JournalEnd end() const = 0;
    virtual JournalEnd end_of(Shard shard) const {
        static_cast<void>(shard);
        return end();
    }
};

inline Result<void> Reader::find_all(std::span<const RecordKey> wanted,
                                     std::span<Record> found) const {
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        auto record = find(wanted[at]);
        if (!record) return std::unexpected(std::move(record).error());
        found[at] = std::move(*record);
    }
    return {};
}

inline Result<std::vector<Change>> Reader::changes_at(std::span<const Sequence> wanted) const {
    std::vector<Change> all;
    all.reserve(wanted.size());
    for (const Sequence sequence : wanted) {
        auto one = change(sequence);
        if (!one) return std::unexpected(std::move(one).error());
        all.push_back(std::move(*one));
    }
    return all;
}

class Store : public Reader {
public:
    // Begins a batch: fills found[i] with the record under wanted[i], or absent, and says where the
    // journal ends, which is where this batch's changes go on. Lane thread only. Errors: aborted,
    // unavailable, io, corrupt; then there is no batch.
    virtual Result<JournalEnd> begin(std::span<const RecordKey> wanted, std::span<Record> found) {
        TRY(read(wanted, found));
        return end();
    }
    // Reads more in the same batch. Lane thread only.
    virtual Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) = 0;
    // The changes that the commit() of this batch will begin with, as far as they are decided, from
    // the first on and in their final form but for previous_hash. A store that is some way off
    // sends them ahead; nothing of them is true before commit(), and read() may or may not show
    // them. Lane thread only; never needed.
    virtual void stage(std::span<Change> so_far) { static_cast<void>(so_far); }
    // Makes the changes last, in order, and ends the batch; there may be none of them. Their
    // sequences must follow the journal's end; previous_hash is filled in. Lane thread only.
    // Errors: full (no space: may be tried again later), io (ambiguous), aborted.
    virtual Result<void> commit(std::span<Change> changes) = 0;
    // The same in two steps. The changes stay the store's until finish_commit(), which waits for
    // the end and says what commit() would have said. A copy of `done` is called once, from any
    // thread, when it need not wait any more. Meanwhile no other batch is begun and none is
    // committed, but the lane may go on reading for the next; whether it is shown these changes is
    // not said. If that next batch follows on this one, it is committed without begin(). Where
    // somebody else has written, such a read() or such a commit is `aborted`. Here: all at once.
    virtual void start_commit(std::span<Change> changes, const std::function<void()>& done) {
        committed_ = commit(changes);
        done();
    }
    virtual Result<void> finish_commit() { return std::move(committed_); }
    // Whether the next start_commit() will come back before the changes last; the answer may change
    // from batch to batch. Where it will not, what is waiting had better be decided in one batch.
    virtual bool commits_aside() const { return false; }
    // After a failure: gives up the batch and re-reads where the journal ends. Lane thread only.
    // `unavailable`: it cannot be read yet, but the process may go on asking.
    virtual Result<JournalEnd> recover() = 0;

    // Books of several shards have a store for each, of a lane of its own: this one, of the first,
    // leads to the others. The first shard's batches may read and write any shard: what they read
    // of another is held from then on, as their own shard is from begin() on. The others' keep to
    // their own and may read, but not write, what the first has.
    virtual Shard shards() const { return 1; }
    virtual Store& of_shard(Shard shard) {
        CHECK(shard == 0);
        return *this;
    }
    // Where the journal of another shard ends whose lock this batch holds; null if it does not.
    virtual const JournalEnd* held_end(Shard shard) const {
        static_cast<void>(shard);
        return nullptr;
    }

    // Whether other processes may write to it too. Then somebody must poll() for what they did.
    virtual bool is_shared() const { return false; }
    // Where the journal ends, asked anew. Any thread.
    virtual Result<JournalEnd> poll() const { return end(); }

private:
    Result<void> committed_;
};

}  // namespace coffer
