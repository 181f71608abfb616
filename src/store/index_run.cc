// The file, numbers with the lowest byte first: pages of 170 entries (16 bytes of hash, 8 of
// sequence) by rising hash, the last one filled up with zeros, and a checksum each; a fence of 8
// bytes for each page; the filter; and the footer. A checksum is the keyed hash under a key of
// zeros: it is to notice damage and not malice, which the journal record's own text would.

#include "store/index_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "store/rocks_database.h"

namespace coffer {

namespace {

static_assert(std::endian::native == std::endian::little,
              "entries are written as they lie in memory");

constexpr std::uint64_t run_mark = 0x31786e6972666f63;  // "cofrinx1"

struct Footer {
    std::uint64_t mark = run_mark;
    std::uint64_t after = 0;
    std::uint64_t through = 0;
    std::uint64_t entries = 0;
    std::uint64_t pages = 0;
    std::uint64_t filter_bytes = 0;
};
constexpr std::size_t footer_bytes = sizeof(Footer) + sizeof(Hash16);

Hash16 checksum(std::string_view bytes) { return keyed_hash(SecretKey16{}, bytes); }

template <class Kept>
std::string_view bytes_of(const Kept* kept, std::size_t count) {
    return {reinterpret_cast<const char*>(kept), count * sizeof(Kept)};
}

std::uint64_t leading(const Hash16& hash) {
    std::uint64_t value = 0;
    for (std::size_t index = 0; index < 8; ++index) value = value << 8 | hash[index];
    return value;
}

Error damaged(const std::string& path) {
    return {ErrorCode::corrupt, "the index file " + path + " is damaged: make the index again"};
}

Result<std::string> read_at(const rocksdb::FSRandomAccessFile& file, const std::string& path,
                            std::uint64_t offset, std::uint64_t count) {
    std::string bytes(count, '\0');
    rocksdb::Slice read;
    const auto status = file.Read(offset, count, {}, &read, bytes.data(), nullptr);
    if (!status.ok()) return std::unexpected(error_of(status, "reading " + path));
    if (read.size() != count) return std::unexpected(damaged(path));
    if (read.data() != bytes.data()) std::memcpy(bytes.data(), read.data(), count);
    return bytes;
}

}  // namespace

std::string run_name(const Stretch& stretch) {
    return fmt::format("{:020}-{:020}.run", stretch.after, stretch.through);
}

std::optional<Stretch> parse_run_name(std::string_view name) {
    Stretch stretch;
    if (name.size() != 45 || name[20] != '-') return std::nullopt;
    std::from_chars(name.data(), name.data() + 20, stretch.after);
    std::from_chars(name.data() + 21, name.data() + 41, stretch.through);
    if (run_name(stretch) != name) return std::nullopt;
    return stretch;
}

Result<std::shared_ptr<const IndexRun>> IndexRun::open(rocksdb::FileSystem& files,
                                                       const std::string& path,
                                                       const Stretch& stretch) {
    auto run = std::make_shared<IndexRun>();
    run->path_ = path;
    run->stretch_ = stretch;
    std::uint64_t size = 0;
    auto status = files.GetFileSize(path, {}, &size, nullptr);
    if (status.ok()) status = files.NewRandomAccessFile(path, {}, &run->file_, nullptr);
    if (!status.ok()) return std::unexpected(error_of(status, "opening " + path));
    if (size < footer_bytes) return std::unexpected(damaged(path));

    const auto end = read_at(*run->file_, path, size - footer_bytes, footer_bytes);
    if (!end) return std::unexpected(end.error());
    Footer footer;
    std::memcpy(&footer, end->data(), sizeof footer);
    const std::uint64_t most = size / page_bytes;
    if (footer.mark != run_mark || footer.after != stretch.after ||
        footer.through != stretch.through || footer.pages > most || footer.filter_bytes > size ||
        footer.entries > footer.pages * page_entries ||
        footer.pages * (page_bytes + 8) + footer.filter_bytes + footer_bytes != size) {
        return std::unexpected(damaged(path));
    }
    const std::uint64_t fence_bytes = footer.pages * 8;
    const auto tail = read_at(*run->file_, path, footer.pages * page_bytes,
                              fence_bytes + footer.filter_bytes + sizeof(Footer));
    if (!tail) return std::unexpected(tail.error());
    if (view(checksum(*tail)) != std::string_view(*end).substr(sizeof(Footer))) {
        return std::unexpected(damaged(path));
    }
    run->entries_ = footer.entries;
    run->fences_.resize(footer.pages);
    std::memcpy(run->fences_.data(), tail->data(), fence_bytes);
    run->filter_.assign(std::string_view(*tail).substr(fence_bytes, footer.filter_bytes));
    return run;
}

std::uint64_t IndexRun::page_of(const Hash16& hash) const {
    // Pages may begin with equal fences: the entry then is in the page before the first of them, or
    // later.
    const auto at = std::lower_bound(fences_.begin(), fences_.end(), leading(hash));
    const auto page = static_cast<std::uint64_t>(at - fences_.begin());
    return page == 0 ? 0 : page - 1;
}

Result<Sequence> IndexRun::find(const Hash16& hash) const {
    std::vector<IndexEntry> entries;
    for (std::uint64_t page = page_of(hash); page < pages(); ++page) {
        if (fences_[page] > leading(hash)) break;
        entries.clear();
        TRY(read_pages(page, 1, entries));
        const auto at = std::lower_bound(
            entries.begin(), entries.end(), hash,
            [](const IndexEntry& entry, const Hash16& wanted) { return entry.hash < wanted; });
        if (at != entries.end()) return at->hash == hash ? at->sequence : 0;
    }
    return Sequence{0};
}

Result<void> IndexRun::read_pages(std::uint64_t first, std::uint64_t count,
                                  std::vector<IndexEntry>& entries) const {
    const auto bytes = read_at(*file_, path_, first * page_bytes, count * page_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    for (std::uint64_t page = 0; page < count; ++page) {
        const std::string_view whole =
            std::string_view(*bytes).substr(page * page_bytes, page_bytes);
        const std::size_t used = page_bytes - sizeof(Hash16);
        if (view(checksum(whole.substr(0, used))) != whole.substr(used)) {
            return std::unexpected(damaged(path_));
        }
        const std::uint64_t before = (first + page) * page_entries;
        const std::size_t here = std::min<std::uint64_t>(page_entries, entries_ - before);
        const std::size_t kept = entries.size();
        entries.resize(kept + here);
        std::memcpy(&entries[kept], whole.data(), here * sizeof(IndexEntry));
    }
    return {};
}

IndexRunWriter::IndexRunWriter(rocksdb::FileSystem& files, std::string folder,
                               const Stretch& stretch, std::uint64_t entries_max)
    : files_(files),
      folder_(std::move(folder)),
      stretch_(stretch),
      temporary_(folder_ + "/" + run_name(stretch) + ".new"),
      filter_(entries_max) {
    status_ = files_.CreateDirIfMissing(folder_, {}, nullptr);
    if (status_.ok()) status_ = files_.NewWritableFile(temporary_, {}, &file_, nullptr);
}

void IndexRunWriter::add(const IndexEntry& entry) {
    if (page_.empty()) fences_.push_back(leading(entry.hash));
    page_.append(bytes_of(&entry, 1));
    filter_.add(entry.hash);
    ++entries_;
    if (page_.size() == page_entries * sizeof(IndexEntry)) end_page();
}

void IndexRunWriter::end_page() {
    page_.resize(page_entries * sizeof(IndexEntry));
    buffer_ += page_;
    buffer_ += view(checksum(page_));
    page_.clear();
    constexpr std::size_t buffer_bytes = 256 << 10;
    if (buffer_.size() < buffer_bytes) return;
    append(buffer_);
    buffer_.clear();
}

// Syncs now and then: hundreds of megabytes at once would hold up the journal's own syncs.
void IndexRunWriter::append(std::string_view bytes) {
    constexpr std::uint64_t sync_bytes = 8 << 20;
    if (status_.ok()) {
        status_ = file_->Append(rocksdb::Slice(bytes.data(), bytes.size()), {}, nullptr);
    }
    unsynced_ += bytes.size();
    if (status_.ok() && unsynced_ >= sync_bytes) {
        status_ = file_->Sync({}, nullptr);
        unsynced_ = 0;
    }
}

Result<std::shared_ptr<const IndexRun>> IndexRunWriter::finish() {
    if (!page_.empty()) end_page();
    append(buffer_);
    const Footer footer{.after = stretch_.after,
                        .through = stretch_.through,
                        .entries = entries_,
                        .pages = fences_.size(),
                        .filter_bytes = filter_.bytes().size()};
    std::string tail(bytes_of(fences_.data(), fences_.size()));
    tail += filter_.bytes();
    tail += bytes_of(&footer, 1);
    tail += view(checksum(tail));
    append(tail);
    if (status_.ok()) status_ = file_->Sync({}, nullptr);
    if (file_) {
        const auto closed = file_->Close({}, nullptr);
        if (status_.ok()) status_ = closed;
    }
    const std::string path = folder_ + "/" + run_name(stretch_);
    std::unique_ptr<rocksdb::FSDirectory> directory;
    if (status_.ok()) status_ = files_.RenameFile(temporary_, path, {}, nullptr);
    if (status_.ok()) status_ = files_.NewDirectory(folder_, {}, &directory, nullptr);
    if (status_.ok()) status_ = directory->Fsync({}, nullptr);
    if (!status_.ok()) return std::unexpected(error_of(status_, "writing " + path));
    return IndexRun::open(files_, path, stretch_);
}

namespace {

// The entries of a run one after the other, half a megabyte at a time.
class RunCursor {
public:
    explicit RunCursor(const IndexRun& run) : run_(run) {}
    Result<void> load() {
        constexpr std::uint64_t together = 128;
        entries_.clear();
        at_ = 0;
        const std::uint64_t count = std::min(together, run_.pages() - page_);
        if (count == 0) return {};
        TRY(run_.read_pages(page_, count, entries_));
        page_ += count;
        return {};
    }
    bool at_end() const { return at_ == entries_.size(); }
    const IndexEntry& entry() const { return entries_[at_]; }
    Result<void> next() { return ++at_ == entries_.size() ? load() : Result<void>{}; }

private:
    const IndexRun& run_;
    std::vector<IndexEntry> entries_;
    std::size_t at_ = 0;
    std::uint64_t page_ = 0;
};

}  // namespace

Result<std::shared_ptr<const IndexRun>> merge_runs(
    rocksdb::FileSystem& files, const std::string& folder,
    const std::vector<std::shared_ptr<const IndexRun>>& runs, const std::function<bool()>& stop) {
    std::uint64_t entries = 0;
    std::vector<RunCursor> cursors;
    for (const auto& run : runs) {
        entries += run->entries();
        TRY(cursors.emplace_back(*run).load());
    }
    IndexRunWriter writer(files, folder,
                          {runs.front()->stretch().after, runs.back()->stretch().through}, entries);
    for (std::uint64_t steps = 0;; ++steps) {
        if (steps % 65'536 == 0 && stop()) return fail(ErrorCode::unavailable, "told to stop");
        const IndexEntry* least = nullptr;
        // Of equal hashes the newest run's wins, which is the last.
        for (const RunCursor& cursor : cursors) {
            if (!cursor.at_end() && (least == nullptr || cursor.entry().hash <= least->hash)) {
                least = &cursor.entry();
            }
        }
        if (least == nullptr) break;
        const IndexEntry chosen = *least;
        writer.add(chosen);
        for (RunCursor& cursor : cursors) {
            if (!cursor.at_end() && cursor.entry().hash == chosen.hash) TRY(cursor.next());
        }
    }
    return writer.finish();
}

}  // namespace coffer
