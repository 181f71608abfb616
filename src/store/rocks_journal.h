#pragma once
// Reading the journal of an open database, and opening one whole: its end checked, its index caught
// up.

#include "store/lookup.h"
#include "store/record_index.h"
#include "store/rocks_database.h"

namespace coffer {

// A database with its index; the index goes first when they are closed.
struct OpenedStore {
    std::unique_ptr<RocksDatabase> files;
    std::unique_ptr<RecordIndex> index;
};

enum class IndexStart { as_found, from_nothing };

// Opens the database, makes the index complete again from the journal behind its watermark, and
// checks that stretch: numbers without gaps, each record naming the hash of the one before.
Result<OpenedStore> open_store(const RocksOptions& options, IndexStart start);

// One record; not_found beyond the end, corrupt if it is not the record of that number.
Result<Change> read_change(const RocksDatabase& files, Sequence sequence);

// Visits first..last by rising or falling number; a gap is corrupt.
Result<void> walk_upward(const RocksDatabase& files, Sequence first, Sequence last,
                         const Reader::Visit& visit);
Result<void> walk_downward(const RocksDatabase& files, Sequence first, const Reader::Visit& visit);

// Adds what the index must know of a Change: its own Key and every put. Fills in its names.
// `scratch` is for reuse.
void append_entries(Change& change, const KeyMaker& keys, std::string& scratch,
                    std::vector<IndexEntry>& entries);

}  // namespace coffer
