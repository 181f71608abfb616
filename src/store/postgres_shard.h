#pragma once
// What the lane of one shard reads and writes of a PostgreSQL store, a batch after the other:
// postgres_store.h is the door to it.

#include <atomic>
#include <functional>

#include "store/commit_thread.h"
#include "store/postgres_books.h"
#include "store/postgres_copies.h"
#include "store/postgres_store.h"
#include "store/postgres_writer.h"

namespace coffer {

LinkLimits limits_of(const PostgresOptions& options, std::int64_t trip_ms);

// What the stores of all shards have in common.
struct PostgresCommon {
    PostgresCommon(const PostgresOptions& options, const PostgresPlace& the_place,
                   const KeyMaker& keys)
        : place(the_place),
          reading(limits_of(options, options.reading_ms)),
          books(std::make_shared<LinkPool>(place, reading, options.reading_links_max), keys),
          watch(std::make_shared<LinkPool>(place, limits_of(options, options.statement_ms), 1),
                keys, first_shard) {}

    const PostgresPlace place;
    const LinkLimits reading;
    const PostgresBooks books;
    const PostgresReader watch;  // has a link of its own, so that it waits behind no reader
};

class PostgresShard {
public:
    PostgresShard(const PostgresOptions& options, std::shared_ptr<const PostgresCommon> common,
                  Shard shard, std::unique_ptr<PostgresLink> link);
    const PostgresCommon& common() const { return *common_; }
    const KeyMaker& keys() const { return common_->books.keys(); }
    JournalEnd end() const { return common_->books.of(shard_).end(); }
    const JournalEnd* held_end(Shard shard) const {
        const auto* const journal = writer_.journal(shard);
        return journal == nullptr ? nullptr : &journal->end;
    }
    PostgresStats stats() const;

    Result<JournalEnd> begin(std::span<const RecordKey> wanted, std::span<Record> found);
    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found);
    void stage(std::span<Change> so_far);
    Result<void> commit(std::span<Change> changes);
    void start_commit(std::span<Change> changes, const std::function<void()>& done);
    Result<void> finish_commit();
    // What is in another shard is read under its lock, which a batch decided ahead does not have.
    bool commits_aside() const {
        return alone_ >= alone_batches && (shard_ != first_shard || keys().shards() == 1);
    }
    Result<JournalEnd> recover();

private:
    // After so many batches without another process's writes in between the next ones are decided
    // ahead; where others do write, each would be decided twice.
    static constexpr int alone_batches = 8;

    // What a batch asks of one shard.
    struct Group {
        Shard shard = 0;
        std::vector<const RecordKey*> keys;
        std::vector<Record*> into;
        PostgresValues wanted;
    };
    bool keeps(const RecordKey& key) const;
    Group& group_of(Shard shard);
    void split(std::span<const RecordKey> wanted, std::span<Record> found);
    std::span<const PostgresWriter::Question> questions();
    Result<void> take(PostgresLink& link, std::span<const PostgresRows> rows);
    Result<void> take(PostgresLink& link, const Group& group, const PostgresRows& rows);
    Result<void> take_guests(PostgresLink& link, const Group& group);
    Result<void> follow(const JournalEnd& end);
    Error give_up(const Error& error);
    Result<void> need_aside();
    Result<void> read_aside();
    void note(bool others_wrote);
    void write();

    const PostgresOptions options_;
    const std::shared_ptr<const PostgresCommon> common_;
    const Shard shard_;
    LinkMaker aside_maker_;

    // The lane's own.
    std::unique_ptr<PostgresLink> aside_;  // to read over while the writer has its own to itself
    bool begun_ = false;                   // the batch that is being decided has the lock
    int alone_ = alone_batches;            // batches since another process wrote
    PostgresCopies copies_;
    JournalEnd cached_to_;    // the copies hold nothing that a record up to here has replaced
    Sequence directory_ = 0;  // the latest change of it that the copies' reader was told of
    std::vector<Group> groups_;
    std::size_t groups_asked_ = 0;
    std::vector<PostgresWriter::Question> questions_;
    std::vector<Hash16> free_;  // names that the batch has seen to be free
    std::string scratch_;
    std::span<Change> committing_;
    bool is_ahead_ = false;  // what is being committed was decided without the lock

    // The lane's own but while a commit is under way: then the thread's.
    PostgresWriter writer_;
    Result<void> written_;

    std::atomic<std::uint64_t> followed_{0}, ahead_{0}, hits_{0}, misses_{0};
    CommitThread thread_{[this] { write(); }};
};

}  // namespace coffer
