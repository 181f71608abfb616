#pragma once
// Where the latest version of every record lies in the journal: generations in memory over sorted
// files in RocksDB.
//
// New entries go to the active generation. A full one is frozen and a thread of its own sorts it,
// writes it as a file and hands that to RocksDB, off the lane's path: through the memtable each key
// cost 2 us of the lane, so it costs 0.1. What is only in memory is lost with the process and made
// again from the journal: each file also says through which journal record the index is complete.
//
// publish() and make_room() are for the lane; the rest may be called from any thread.

#include <condition_variable>
#include <deque>
#include <shared_mutex>
#include <thread>

#include "store/index_table.h"
#include "store/rocks_database.h"

namespace coffer {

class RocksIndex {
public:
    // Both are borrowed. Starts at the end of the index on disk.
    RocksIndex(const RocksDatabase& opened, const RocksOptions& options);
    ~RocksIndex();  // stops the thread; what is not written stays unwritten
    RocksIndex(const RocksIndex&) = delete;
    RocksIndex& operator=(const RocksIndex&) = delete;

    // Through which journal record the files are complete.
    Result<Sequence> read_watermark() const;

    // Waits until a batch may be published: Errors of the writing thread, if it cannot keep up
    // because of them.
    Result<void> make_room();
    // From here on readers see these entries, which rise by sequence, and that end. Call it for
    // what is durable, and only then.
    void publish(std::span<const IndexEntry> entries, const JournalEnd& end);
    JournalEnd end() const;

    // The latest journal record under each hash, or 0.
    Result<void> find(std::span<const Hash16* const> wanted, std::span<Sequence> found) const;
    Result<std::vector<Sequence>> all(RecordKind kind) const;

    // Writes everything as files and waits for it.
    Result<void> flush();
    void stats_to(RocksStats& stats) const;

private:
    struct Generation {
        explicit Generation(std::size_t entries_max) : table(entries_max) {}
        IndexTable table;
        Sequence through = 0;
    };
    using Shared = std::shared_ptr<Generation>;

    void freeze(Sequence through);
    void write_generations();
    Result<void> write_file(const Generation& generation);
    std::vector<Shared> generations() const;

    const RocksDatabase& opened_;
    std::size_t entries_max_;
    std::size_t waiting_max_;
    std::string folder_;

    mutable std::shared_mutex mutex_;  // guards all below, and the active generation's entries
    std::condition_variable_any changed_;
    Shared active_;
    std::deque<Shared> frozen_;  // oldest first; their entries change no more
    Shared spare_;               // a cleared table, since making one costs page faults
    JournalEnd end_;
    std::optional<Error> trouble_;  // why the oldest frozen generation could not be written
    bool stopping_ = false;
    std::uint64_t waits_ = 0;
    std::uint64_t files_ = 0;
    std::thread writer_;
};

}  // namespace coffer
