#include "store/rocks_journal.h"

namespace coffer {

namespace {

// How many records are read between two looks at the index's back-pressure.
constexpr std::size_t catch_up_entries = 4096;

Result<Change> decode_at(Sequence sequence, std::string_view bytes) {
    Result<Change> change = decode(bytes);
    if (!change || change->sequence != sequence) {
        return fail(ErrorCode::corrupt,
                    "journal record " + std::to_string(sequence) + ": " +
                        (change ? "it bears another number" : change.error().detail));
    }
    return change;
}

Error gap(Sequence expected) {
    return {ErrorCode::corrupt, "journal record " + std::to_string(expected) + " is missing"};
}

rocksdb::ReadOptions walking() {
    rocksdb::ReadOptions options;
    options.fill_cache = false;  // a history read once would push out what the lane needs
    options.readahead_size = 1 << 20;
    return options;
}

// Reads the journal behind the index's watermark and gives the index its entries.
class CatchUp {
public:
    CatchUp(OpenedStore& store, JournalEnd last)
        : store_(store), keys_(store.files->secret), last_(last) {}

    Result<void> run(Sequence watermark) {
        if (watermark > last_.sequence) {
            return fail(ErrorCode::corrupt,
                        "the index knows journal record " + std::to_string(watermark) +
                            ", but the journal ends at " + std::to_string(last_.sequence));
        }
        const std::unique_ptr<rocksdb::Iterator> at(
            store_.files->database->NewIterator(walking(), store_.files->journal));
        // The record at the watermark is only read for its hash; the first record has none before
        // it.
        const Sequence first = watermark == 0 ? 1 : watermark;
        at->Seek(slice(sequence_bytes(first)));
        for (Sequence sequence = first; sequence <= last_.sequence; ++sequence, at->Next()) {
            if (!at->Valid() || sequence_of(at->key().ToStringView()) != sequence) break;
            TRY(take(sequence, at->value().ToStringView(), sequence > watermark));
        }
        if (!at->status().ok())
            return std::unexpected(error_of(at->status(), "reading the journal"));
        if (end_.sequence != last_.sequence) return std::unexpected(gap(end_.sequence + 1));
        return publish();
    }

private:
    Result<void> take(Sequence sequence, std::string_view bytes, bool is_new) {
        Result<Change> change = decode_at(sequence, bytes);
        if (!change) return std::unexpected(change.error());
        const bool chained = end_.sequence == 0 ? sequence != 1 || change->previous_hash == Digest{}
                                                : change->previous_hash == end_.hash;
        if (!chained) {
            return fail(ErrorCode::corrupt, "journal record " + std::to_string(sequence) +
                                                " does not follow the one before it");
        }
        if (is_new) append_entries(*change, keys_, scratch_, entries_);
        end_ = {sequence, change->time, sha256(bytes)};
        return entries_.size() < catch_up_entries ? Result<void>{} : publish();
    }
    Result<void> publish() {
        TRY(store_.index->make_room());
        store_.index->publish(entries_, end_);
        entries_.clear();
        return {};
    }

    OpenedStore& store_;
    KeyMaker keys_;
    JournalEnd last_;
    JournalEnd end_;
    std::string scratch_;
    std::vector<IndexEntry> entries_;
};

Error in_store(Error error, const RocksOptions& options) {
    error.detail = "the store in " + options.directory + ": " + error.detail;
    return error;
}

}  // namespace

Result<OpenedStore> open_store(const RocksOptions& options, IndexStart start) {
    auto files = open_database(options);
    if (!files) return std::unexpected(std::move(files).error());
    OpenedStore store{std::move(*files), nullptr};

    const auto ready = [&]() -> Result<void> {
        const std::string folder = options.directory + "/index";
        if (start == IndexStart::from_nothing) TRY(RecordIndex::erase(*store.files->files, folder));
        const auto last = read_end(*store.files->database, store.files->journal);
        if (!last) return std::unexpected(last.error());
        auto index = RecordIndex::open(*store.files->files, folder, options);
        if (!index) return std::unexpected(index.error());
        store.index = std::move(*index);
        return CatchUp(store, *last).run(store.index->watermark());
    }();
    if (!ready) return std::unexpected(in_store(ready.error(), options));
    return store;
}

Result<Change> read_change(const RocksDatabase& files, Sequence sequence) {
    rocksdb::PinnableSlice bytes;
    const auto status =
        files.database->Get({}, files.journal, slice(sequence_bytes(sequence)), &bytes);
    if (status.IsNotFound()) {
        return fail(ErrorCode::not_found, "no journal record " + std::to_string(sequence));
    }
    if (!status.ok()) {
        return std::unexpected(
            error_of(status, "reading journal record " + std::to_string(sequence)));
    }
    return decode_at(sequence, bytes.ToStringView());
}

Result<void> walk_upward(const RocksDatabase& files, Sequence first, Sequence last,
                         const Reader::Visit& visit) {
    const std::unique_ptr<rocksdb::Iterator> at(
        files.database->NewIterator(walking(), files.journal));
    Sequence sequence = std::max<Sequence>(first, 1);
    for (at->Seek(slice(sequence_bytes(sequence))); sequence <= last; ++sequence, at->Next()) {
        if (!at->status().ok())
            return std::unexpected(error_of(at->status(), "reading the journal"));
        if (!at->Valid() || sequence_of(at->key().ToStringView()) != sequence) {
            return std::unexpected(gap(sequence));
        }
        const Result<Change> change = decode_at(sequence, at->value().ToStringView());
        if (!change) return std::unexpected(change.error());
        if (!visit(*change)) break;
    }
    return {};
}

Result<void> walk_downward(const RocksDatabase& files, Sequence first, const Reader::Visit& visit) {
    const std::unique_ptr<rocksdb::Iterator> at(
        files.database->NewIterator(walking(), files.journal));
    Sequence sequence = first;
    for (at->SeekForPrev(slice(sequence_bytes(sequence))); sequence > 0; --sequence, at->Prev()) {
        if (!at->status().ok())
            return std::unexpected(error_of(at->status(), "reading the journal"));
        if (!at->Valid() || sequence_of(at->key().ToStringView()) != sequence) {
            return std::unexpected(gap(sequence));
        }
        const Result<Change> change = decode_at(sequence, at->value().ToStringView());
        if (!change) return std::unexpected(change.error());
        if (!visit(*change)) break;
    }
    return {};
}

void append_entries(Change& change, const KeyMaker& keys, std::string& scratch,
                    std::vector<IndexEntry>& entries) {
    make_names(change, keys, scratch);
    for (const Hash16& name : change.names) entries.push_back({name, change.sequence});
}

}  // namespace coffer
