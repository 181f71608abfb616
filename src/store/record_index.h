#pragma once
// Where the latest version of every record lies in the journal: generations in memory over runs on
// disk.
//
// New entries go to the active generation. A full one is frozen and a thread of its own sorts it
// and writes it as a run; another merges four runs of a size into one, so that a look-up passes few
// of them. Both are off the lane's path: through RocksDB's memtable each entry cost the lane 2 us,
// so it costs 0.1. What is only in memory is lost with the process and made again from the journal
// behind the watermark; a run that is damaged or missing takes the watermark back to before it.
//
// publish() and make_room() are for the lane; the rest may be called from any thread.

#include <condition_variable>
#include <deque>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <span>
#include <thread>

#include "store/index_run.h"
#include "store/rocks_store.h"

namespace coffer {

class RecordIndex {
public:
    // Opens the runs in `folder`; the files are borrowed. Errors: io.
    static Result<std::unique_ptr<RecordIndex>> open(rocksdb::FileSystem& files,
                                                     const std::string& folder,
                                                     const RocksOptions& options);
    // Removes every run.
    static Result<void> erase(rocksdb::FileSystem& files, const std::string& folder);
    ~RecordIndex();  // stops the threads; what is not written stays unwritten
    RecordIndex(const RecordIndex&) = delete;
    RecordIndex& operator=(const RecordIndex&) = delete;

    // Through which journal record the runs are complete.
    Sequence watermark() const;

    // Waits until a batch may be published. Errors: those of the writing thread, if it cannot keep
    // up because of them.
    Result<void> make_room();
    // From here on readers see these entries, which rise by sequence, and that end. Call it for
    // what is durable, and only then.
    void publish(std::span<const IndexEntry> entries, const JournalEnd& end);
    JournalEnd end() const;

    // The latest journal record under each hash, or 0.
    Result<void> find(std::span<const Hash16* const> wanted, std::span<Sequence> found) const;
    Result<Sequence> find(const Hash16& wanted) const;
    // The journal records that hold the latest versions of a kind's records, or did a moment ago.
    Result<std::vector<Sequence>> all(RecordKind kind) const;

    // Writes everything as runs and waits for it.
    Result<void> flush();
    // Puts links to the runs into another folder of the same file system.
    Result<void> link_to(const std::string& folder) const;
    void stats_to(RocksStats& stats) const;

private:
    struct Generation {
        explicit Generation(std::size_t entries_max) : table(entries_max) {}
        IndexTable table;
        Stretch stretch;
    };
    using Shared = std::shared_ptr<Generation>;
    using Run = std::shared_ptr<const IndexRun>;
    using Runs = std::vector<Run>;

    RecordIndex(rocksdb::FileSystem& files, std::string folder, const RocksOptions& options,
                Runs runs);
    Shared empty_generation() const;
    Shared new_generation(Sequence after);
    void freeze(Sequence through);
    void write_generations();
    Result<Run> write_run(const Generation& generation) const;
    void merge_when_due();
    std::pair<std::size_t, std::size_t> due() const;
    std::size_t tier(const Run& run) const;
    void replace(const Runs& merged, const Run& by);
    std::shared_ptr<const Runs> snapshot(std::vector<Shared>& generations) const;

    rocksdb::FileSystem& files_;
    const std::string folder_;
    const std::size_t entries_max_;
    const std::size_t waiting_max_;

    mutable std::shared_mutex mutex_;  // guards all below, and the active generation's entries
    std::condition_variable_any changed_;
    Shared active_;
    std::deque<Shared> frozen_;  // oldest first; their entries change no more
    // An empty table, made aside: the page faults of a new one held the lane up for 0.2 s.
    Shared spare_;
    bool spare_wanted_ = false;
    std::shared_ptr<const Runs> runs_;  // oldest first, each beginning where the one before ends
    JournalEnd end_;
    std::optional<Error> trouble_;  // why the oldest frozen generation could not be written
    bool stopping_ = false;
    std::uint64_t waits_ = 0;
    std::uint64_t written_ = 0;
    std::thread writer_;
    std::thread merger_;
};

}  // namespace coffer
