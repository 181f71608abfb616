#include "store/record_index.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unordered_map>

#include "store/lookup.h"
#include "store/rocks_database.h"

namespace coffer {

namespace {

// So many runs of a size are merged into one. Four keeps the runs to a dozen at a hundred million
// entries, and writes each entry four times on its way there.
constexpr std::size_t merge_runs_count = 4;

// How long a thread waits after a failure, unless a commit asks for room before.
constexpr std::chrono::seconds retry_pause{1};

struct Found {
    Stretch stretch;
    std::string name;
};

Result<std::vector<std::string>> names_in(rocksdb::FileSystem& files, const std::string& folder) {
    auto status = files.CreateDirIfMissing(folder, {}, nullptr);
    std::vector<std::string> names;
    if (status.ok()) status = files.GetChildren(folder, {}, &names, nullptr);
    if (!status.ok()) return std::unexpected(error_of(status, "listing " + folder));
    return names;
}

// The run that begins at `after` and reaches farthest; a merge that was cut short by a crash leaves
// both the merged run and its parts.
const Found* farthest(const std::vector<Found>& all, Sequence after) {
    const Found* best = nullptr;
    for (const Found& each : all) {
        if (each.stretch.after == after &&
            (best == nullptr || each.stretch.through > best->stretch.through)) {
            best = &each;
        }
    }
    return best;
}

}  // namespace

// The chain of runs from the journal's beginning. What is damaged ends the chain, what is not in it
// is removed: the journal has it all.
Result<std::unique_ptr<RecordIndex>> RecordIndex::open(rocksdb::FileSystem& files,
                                                       const std::string& folder,
                                                       const RocksOptions& options) {
    const auto names = names_in(files, folder);
    if (!names) return std::unexpected(names.error());
    std::vector<Found> all;
    for (const std::string& name : *names) {
        if (const auto stretch = parse_run_name(name)) all.push_back({*stretch, name});
    }
    Runs runs;
    std::vector<std::string> kept;
    Sequence through = 0;
    while (const Found* next = farthest(all, through)) {
        auto run = IndexRun::open(files, folder + "/" + next->name, next->stretch);
        if (!run && run.error().code != ErrorCode::corrupt) return std::unexpected(run.error());
        if (!run || next->stretch.through <= through) break;
        runs.push_back(std::move(*run));
        kept.push_back(next->name);
        through = next->stretch.through;
    }
    for (const std::string& name : *names) {
        if (std::find(kept.begin(), kept.end(), name) != kept.end()) continue;
        files.DeleteFile(folder + "/" + name, {}, nullptr).PermitUncheckedError();
    }
    return std::unique_ptr<RecordIndex>(new RecordIndex(files, folder, options, std::move(runs)));
}

Result<void> RecordIndex::erase(rocksdb::FileSystem& files, const std::string& folder) {
    const auto names = names_in(files, folder);
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names) {
        const auto status = files.DeleteFile(folder + "/" + name, {}, nullptr);
        if (!status.ok()) return std::unexpected(error_of(status, "removing the index"));
    }
    return {};
}

RecordIndex::RecordIndex(rocksdb::FileSystem& files, std::string folder,
                         const RocksOptions& options, Runs runs)
    : files_(files),
      folder_(std::move(folder)),
      entries_max_(options.index_generation_entries),
      waiting_max_(options.index_generations_waiting_max),
      runs_(std::make_shared<const Runs>(std::move(runs))) {
    active_ = new_generation(watermark());
    writer_ = std::thread([this] { write_generations(); });
    merger_ = std::thread([this] { merge_when_due(); });
}

RecordIndex::~RecordIndex() {
    {
        const std::unique_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    writer_.join();
    merger_.join();
}

Sequence RecordIndex::watermark() const {
    const std::shared_lock lock(mutex_);
    return runs_->empty() ? 0 : runs_->back()->stretch().through;
}

// ---- filling it ---------------------------------------------------------------------------------

// Half full when it is frozen, and with room for a Change that begins just before.
RecordIndex::Shared RecordIndex::empty_generation() const {
    return std::make_shared<Generation>(
        std::max(entries_max_, (entries_max_ + change_puts_max) / 2 + 1));
}

RecordIndex::Shared RecordIndex::new_generation(Sequence after) {
    Shared made = spare_ ? std::move(spare_) : empty_generation();
    spare_.reset();
    made->stretch = {after, after};
    return made;
}

Result<void> RecordIndex::make_room() {
    std::unique_lock lock(mutex_);
    if (frozen_.size() <= waiting_max_) return {};
    ++waits_;
    trouble_.reset();
    changed_.notify_all();
    changed_.wait(lock, [&] { return frozen_.size() <= waiting_max_ || trouble_; });
    if (frozen_.size() <= waiting_max_) return {};
    return std::unexpected(*trouble_);
}

void RecordIndex::publish(std::span<const IndexEntry> entries, const JournalEnd& end) {
    const std::unique_lock lock(mutex_);
    // Asking for the places some entries ahead hides that nearly every one is a cache miss.
    constexpr std::size_t ahead = 8;
    for (std::size_t at = 0; at < entries.size(); ++at) {
        if (at + ahead < entries.size()) active_->table.prefetch(entries[at + ahead].hash);
        const bool next_record = at > 0 && entries[at].sequence != entries[at - 1].sequence;
        if (next_record && active_->table.size() >= entries_max_) freeze(entries[at - 1].sequence);
        active_->table.put(entries[at]);
    }
    end_ = end;
    if (active_->table.size() >= entries_max_) freeze(end.sequence);
    if (spare_ || spare_wanted_ || active_->table.size() < entries_max_ / 2) return;
    spare_wanted_ = true;
    changed_.notify_all();
}

void RecordIndex::freeze(Sequence through) {
    active_->stretch.through = through;
    frozen_.push_back(std::move(active_));
    active_ = new_generation(through);
    changed_.notify_all();
}

JournalEnd RecordIndex::end() const {
    const std::shared_lock lock(mutex_);
    return end_;
}

// ---- asking it ----------------------------------------------------------------------------------

// A generation leaves memory only after its run is among the runs, so whoever looks at both in this
// order misses nothing.
Result<void> RecordIndex::find(std::span<const Hash16* const> wanted,
                               std::span<Sequence> found) const {
    std::shared_ptr<const Runs> runs;
    bool all_found = true;
    constexpr std::size_t ahead = 8;
    {
        const std::shared_lock lock(mutex_);
        for (std::size_t at = 0; at < wanted.size(); ++at) {
            if (at + ahead < wanted.size()) active_->table.prefetch(*wanted[at + ahead]);
            found[at] = active_->table.find(*wanted[at]);
        }
        for (auto older = frozen_.rbegin(); older != frozen_.rend(); ++older) {
            for (std::size_t at = 0; at < wanted.size(); ++at) {
                if (at + ahead < wanted.size()) (*older)->table.prefetch(*wanted[at + ahead]);
                if (found[at] == 0) found[at] = (*older)->table.find(*wanted[at]);
            }
        }
        for (const Sequence sequence : found) all_found = all_found && sequence != 0;
        runs = runs_;
    }
    if (all_found) return {};
    for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
        const IndexFilter& filter = (*run)->filter();
        for (std::size_t at = 0; at < wanted.size(); ++at) {
            if (at + ahead < wanted.size()) filter.prefetch(*wanted[at + ahead]);
            if (found[at] != 0 || !filter.may_have(*wanted[at])) continue;
            const auto sequence = (*run)->find(*wanted[at]);
            if (!sequence) return std::unexpected(sequence.error());
            found[at] = *sequence;
        }
    }
    return {};
}

Result<Sequence> RecordIndex::find(const Hash16& wanted) const {
    const Hash16* one = &wanted;
    Sequence found = 0;
    TRY(find({&one, 1}, {&found, 1}));
    return found;
}

std::shared_ptr<const RecordIndex::Runs> RecordIndex::snapshot(
    std::vector<Shared>& generations) const {
    const std::shared_lock lock(mutex_);
    generations.assign(frozen_.begin(), frozen_.end());
    generations.push_back(active_);
    return runs_;
}

// Sequences only rise, so of several entries of a record the greatest is the latest, in whatever
// order they are found.
Result<std::vector<Sequence>> RecordIndex::all(RecordKind kind) const {
    struct ByHash {
        std::size_t operator()(const Hash16& hash) const {
            std::size_t bits = 0;
            std::memcpy(&bits, hash.data() + 8, sizeof bits);
            return bits;
        }
    };
    std::unordered_map<Hash16, Sequence, ByHash> latest;
    const auto seen = [&](const IndexEntry& entry) {
        if (entry.sequence == 0 || entry.hash[0] != static_cast<std::uint8_t>(kind)) return;
        Sequence& known = latest[entry.hash];
        known = std::max(known, entry.sequence);
    };
    std::vector<Shared> generations;
    const std::shared_ptr<const Runs> runs = snapshot(generations);
    for (const Shared& generation : generations) {
        // A few thousand places at a time, so that the lane never waits long.
        constexpr std::size_t stride = 4096;
        const IndexTable& table = generation->table;
        for (std::size_t start = 0; start < table.places(); start += stride) {
            const std::shared_lock lock(mutex_);
            const std::size_t stop = std::min(start + stride, table.places());
            for (std::size_t place = start; place < stop; ++place) seen(table.at(place));
        }
    }
    Hash16 first{};
    first[0] = static_cast<std::uint8_t>(kind);
    std::vector<IndexEntry> entries;
    for (const Run& run : *runs) {
        for (std::uint64_t page = run->page_of(first); page < run->pages(); ++page) {
            entries.clear();
            TRY(run->read_pages(page, 1, entries));
            for (const IndexEntry& entry : entries) seen(entry);
            if (entries.back().hash[0] > first[0]) break;
        }
    }

    std::vector<Sequence> sequences;
    sequences.reserve(latest.size());
    for (const auto& [hash, sequence] : latest) sequences.push_back(sequence);
    std::sort(sequences.begin(), sequences.end());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    return sequences;
}

void RecordIndex::stats_to(RocksStats& stats) const {
    const std::shared_lock lock(mutex_);
    stats.index_entries_active = active_->table.size();
    stats.index_generations_waiting = frozen_.size();
    stats.index_files_written = written_;
    stats.index_files = runs_->size();
    stats.index_waits = waits_;
}

// ---- writing it ---------------------------------------------------------------------------------

Result<void> RecordIndex::flush() {
    std::unique_lock lock(mutex_);
    if (active_->table.size() > 0) freeze(end_.sequence);
    trouble_.reset();
    changed_.notify_all();
    changed_.wait(lock, [&] { return frozen_.empty() || trouble_; });
    if (frozen_.empty()) return {};
    return std::unexpected(*trouble_);
}

void RecordIndex::write_generations() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (spare_wanted_) {
            spare_wanted_ = false;
            lock.unlock();
            Shared made = empty_generation();
            lock.lock();
            if (!spare_) spare_ = std::move(made);
            continue;
        }
        if (frozen_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const Shared oldest = frozen_.front();
        lock.unlock();
        const Result<Run> run = write_run(*oldest);
        lock.lock();
        if (!run) {
            trouble_ = run.error();
            changed_.notify_all();
            changed_.wait_for(lock, retry_pause, [&] { return stopping_ || !trouble_; });
            continue;
        }
        ++written_;
        trouble_.reset();
        auto more = std::make_shared<Runs>(*runs_);
        more->push_back(*run);
        runs_ = std::move(more);
        frozen_.pop_front();
        changed_.notify_all();
        if (spare_ || oldest.use_count() > 1) continue;  // or somebody still reads it
        lock.unlock();
        oldest->table.clear();
        lock.lock();
        if (!spare_) spare_ = oldest;
    }
}

Result<RecordIndex::Run> RecordIndex::write_run(const Generation& generation) const {
    const std::vector<IndexEntry> entries = generation.table.sorted();
    IndexRunWriter writer(files_, folder_, generation.stretch, entries.size());
    for (const IndexEntry& entry : entries) writer.add(entry);
    return writer.finish();
}

std::size_t RecordIndex::tier(const Run& run) const {
    std::size_t tier = 0;
    for (std::uint64_t size = run->entries() / entries_max_; size >= merge_runs_count;
         size /= merge_runs_count) {
        ++tier;
    }
    return tier;
}

// The oldest stretch of neighbours of one tier, or of smaller ones among them, that is long enough:
// first and one past the last. Empty if there is none.
std::pair<std::size_t, std::size_t> RecordIndex::due() const {
    const Runs& runs = *runs_;
    for (std::size_t first = 0; first + merge_runs_count <= runs.size(); ++first) {
        std::size_t last = first;
        while (last < runs.size() && tier(runs[last]) <= tier(runs[first])) ++last;
        if (last - first >= merge_runs_count) return {first, first + merge_runs_count};
    }
    return {0, 0};
}

void RecordIndex::merge_when_due() {
    const auto stop = [this] {
        const std::shared_lock lock(mutex_);
        return stopping_;
    };
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto [first, last] = due();
        if (first == last) {
            changed_.wait(lock);
            continue;
        }
        const Runs merged(runs_->begin() + static_cast<std::ptrdiff_t>(first),
                          runs_->begin() + static_cast<std::ptrdiff_t>(last));
        lock.unlock();
        const Result<Run> by = merge_runs(files_, folder_, merged, stop);
        lock.lock();
        if (by) {
            replace(merged, *by);
        } else {
            // Looking up goes on over the parts; only more slowly.
            changed_.wait_for(lock, retry_pause, [&] { return stopping_; });
        }
    }
}

// The merged run has a name and is synced, so its parts may go; whoever still reads them has them
// open.
void RecordIndex::replace(const Runs& merged, const Run& by) {
    auto fewer = std::make_shared<Runs>();
    for (const Run& run : *runs_) {
        if (run == merged.front()) fewer->push_back(by);
        if (std::find(merged.begin(), merged.end(), run) == merged.end()) fewer->push_back(run);
    }
    runs_ = std::move(fewer);
    for (const Run& run : merged) {
        files_.DeleteFile(folder_ + "/" + run_name(run->stretch()), {}, nullptr)
            .PermitUncheckedError();
    }
}

Result<void> RecordIndex::link_to(const std::string& folder) const {
    // Under the lock, so that no merge removes a run before its link is there.
    const std::shared_lock lock(mutex_);
    auto status = files_.CreateDirIfMissing(folder, {}, nullptr);
    for (const Run& run : *runs_) {
        const std::string name = "/" + run_name(run->stretch());
        if (status.ok()) status = files_.LinkFile(folder_ + name, folder + name, {}, nullptr);
    }
    std::unique_ptr<rocksdb::FSDirectory> directory;
    if (status.ok()) status = files_.NewDirectory(folder, {}, &directory, nullptr);
    if (status.ok()) status = directory->Fsync({}, nullptr);
    if (!status.ok()) return std::unexpected(error_of(status, "copying the index to " + folder));
    return {};
}

}  // namespace coffer
