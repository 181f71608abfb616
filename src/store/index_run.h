#pragma once
// One sorted file of the index: which journal record holds the latest version of each record that
// was touched in a stretch of the journal. Written once, read from any thread, never changed.
//
// RocksDB's own sorted files were tried first: a key that is absent cost 0.35 us with one of
// them, 1.5 with 12 and 4 with 30, and merging them took more than one core at full speed. A run
// costs about 0.03 for each absent key.

#include <memory>

#include <rocksdb/file_system.h>

#include "store/index_filter.h"
#include "store/index_table.h"

namespace coffer {

// The stretch of the journal: records after `after`, through `through`.
struct Stretch {
    Sequence after = 0;
    Sequence through = 0;
};

std::string run_name(const Stretch& stretch);
std::optional<Stretch> parse_run_name(std::string_view name);

// A page is read and checked at once: 170 entries and their checksum.
inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t page_entries = (page_bytes - sizeof(Hash16)) / sizeof(IndexEntry);

class IndexRun {
public:
    // Errors: corrupt if this is not a whole run of that stretch, io.
    static Result<std::shared_ptr<const IndexRun>> open(rocksdb::FileSystem& files,
                                                        const std::string& path,
                                                        const Stretch& stretch);

    const Stretch& stretch() const { return stretch_; }
    std::uint64_t entries() const { return entries_; }
    std::uint64_t pages() const { return fences_.size(); }
    const IndexFilter& filter() const { return filter_; }
    // The sequence under that hash, or 0. Errors: corrupt, io.
    Result<Sequence> find(const Hash16& hash) const;
    // The entries of `count` pages from `first` on, checked.
    Result<void> read_pages(std::uint64_t first, std::uint64_t count,
                            std::vector<IndexEntry>& entries) const;
    // The first page that may hold that hash or a greater one.
    std::uint64_t page_of(const Hash16& hash) const;

private:
    std::string path_;
    Stretch stretch_;
    std::uint64_t entries_ = 0;
    std::vector<std::uint64_t>
        fences_;  // the first eight bytes of each page's first hash, as a number
    IndexFilter filter_;
    std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
};

// Writes a run under a temporary name and moves it to its own when it is whole and synced, so that
// a run with a name is a run.
class IndexRunWriter {
public:
    IndexRunWriter(rocksdb::FileSystem& files, std::string folder, const Stretch& stretch,
                   std::uint64_t entries_max);
    // By rising hash. Trouble is told by finish().
    void add(const IndexEntry& entry);
    Result<std::shared_ptr<const IndexRun>> finish();

private:
    void end_page();
    void append(std::string_view bytes);

    rocksdb::FileSystem& files_;
    std::string folder_;
    Stretch stretch_;
    std::string temporary_;
    std::unique_ptr<rocksdb::FSWritableFile> file_;
    rocksdb::IOStatus status_;
    IndexFilter filter_;
    std::vector<std::uint64_t> fences_;
    std::uint64_t entries_ = 0;
    std::string page_;
    std::string buffer_;
    std::uint64_t unsynced_ = 0;
};

// Merges runs of neighbouring stretches, oldest first, into one. `stop` is asked now and then; when
// it says so the result is unavailable.
Result<std::shared_ptr<const IndexRun>> merge_runs(
    rocksdb::FileSystem& files, const std::string& folder,
    const std::vector<std::shared_ptr<const IndexRun>>& runs, const std::function<bool()>& stop);

}  // namespace coffer
