#pragma once
// "Read these records, make this change last", nothing else.
//
// A Store has one writer, the lane, which calls read() and commit() from one thread; the Reader may
// be used from any thread and sees only what is durable. Reads are declared before they are made,
// many at once, and a batch is one commit, so that a database two network trips away is as good a
// Store as an embedded one.
//
// commit() returns when every change is on stable storage, or fails. After a failure nothing of the
// batch is visible and the outcome is ambiguous until recover() has re-read what happened; the
// store takes no more writes until then. A sync that failed is fatal: the process must stop and
// start again.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "store/record.h"

namespace coffer {

// Where the journal ends.
struct JournalEnd {
    Sequence sequence = 0;
    Time time = 0;
    Digest hash{};  // SHA-256 of the last record's bytes; zeros when the journal is empty
};

class Reader {
public:
    virtual ~Reader() = default;
    virtual const KeyMaker& keys() const = 0;
    // The durable record under that key, or absent (monostate). Errors: io, corrupt.
    virtual Result<Record> find(const RecordKey& key) const = 0;
    // The journal record of that number; not_found beyond the end.
    virtual Result<Change> change(Sequence sequence) const = 0;
    // Calls `visit` for journal records from `first` on, upward or downward, until it returns false
    // or the journal ends. Records that become durable meanwhile may or may not be seen.
    using Visit = std::function<bool(const Change&)>;
    virtual Result<void> upward(Sequence first, const Visit& visit) const = 0;
    virtual Result<void> downward(Sequence first, const Visit& visit) const = 0;
    // Every durable record of that kind, in no particular order. Not for wallets, rounds and keys,
    // which are too many: CHECKs.
    using VisitRecord = std::function<bool(const Record&)>;
    virtual Result<void> each(RecordKind kind, const VisitRecord& visit) const = 0;
    virtual JournalEnd end() const = 0;
};

class Store : public Reader {
public:
    // Fills found[i] with the record under wanted[i], or absent. Lane thread only.
    virtual Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) = 0;
    // Makes the changes last, in order. Their sequences must follow the journal's end;
    // previous_hash is filled in. Lane thread only. Errors: full (no space: may be tried again
    // later), io (ambiguous).
    virtual Result<void> commit(std::span<Change> changes) = 0;
    // After a failed commit: re-reads where the journal ends. Lane thread only.
    virtual Result<JournalEnd> recover() = 0;
};

}  // namespace coffer
