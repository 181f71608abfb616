#pragma once
// What both stores do with a journal record once they have found it: take the wanted record out,
// and give a Key the transaction it stands for.

#include "store/store.h"

namespace coffer {

// Loads the journal record of a sequence number.
using LoadChange = std::function<Result<Change>(Sequence)>;

// The record under `wanted` in `change`, whole. corrupt if the change does not hold it, though the
// index said so.
Result<Record> found_record(const Change& change, const RecordKey& wanted, const KeyMaker& keys,
                            const LoadChange& load);

// The same in two steps, for many at once: what is in the change; the journal record whose
// transaction a Key then still lacks, 0 if none; and those transactions, all read together.
Result<Record> record_in(const Change& change, const RecordKey& wanted, const KeyMaker& keys);
Sequence lacks(const Record& record);
using LoadChanges = std::function<Result<std::vector<Change>>(std::span<const Sequence>)>;
Result<void> complete(std::span<Record* const> lacking, const LoadChanges& load);

// Nothing if these changes may follow that end of the journal. Errors: invalid.
Result<void> check_follows(const JournalEnd& end, std::span<const Change> changes);

// Fills in Change::names where they are missing; `scratch` is for reuse.
void make_names(Change& change, const KeyMaker& keys, std::string& scratch);

// Whether it puts a row of the directory.
bool touches_directory(const Change& change);

// More puts than any Change needs; it keeps the index generations within their bounds.
inline constexpr std::size_t change_puts_max = 4096;

}  // namespace coffer
