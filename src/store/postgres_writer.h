#pragma once
// One batch after the other at the database: the link they go over, the head's lock, what is sent
// and how it ended.
//
// A batch either begins with the lock, so that it is decided on what nobody else can change; or it
// is decided without, and commit_ahead() takes the lock and goes on only if nobody has written
// since. For one thread at a time.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "store/postgres_link_maker.h"
#include "store/postgres_reader.h"
#include "store/postgres_sender.h"

namespace coffer {

struct WriterStats {
    std::atomic<std::uint64_t> trips{0}, aborted{0}, unknown{0};
};

class PostgresWriter {
public:
    // Of that shard; over a link that there is already, or one that it makes when it is needed.
    PostgresWriter(const PostgresPlace& place, const LinkLimits& limits, const KeyMaker& keys,
                   Shard shard, std::unique_ptr<PostgresLink> link);

    // What a batch asks of a shard's records, of sql::find_records.
    struct Question {
        Shard shard = 0;
        const PostgresValues* wanted = nullptr;
    };
    // Locks the head and asks for the rows of each question in the same trip. Errors: those of
    // Store::begin; then there is no batch.
    Result<std::vector<PostgresRows>> begin(std::span<const Question> questions);
    // Asks for more in that batch. The writer of the first shard locks the head of any other before
    // it asks for what is there; it holds its own already, and whoever holds another waits for
    // none, so that nobody waits in a circle. The writer of another shard asks for what is in the
    // first as it is.
    Result<std::vector<PostgresRows>> ask(std::span<const Question> questions);
    Result<PostgresRows> ask(const sql::Statement& statement, const PostgresValues& values);
    // The batch has seen that these names are free; takes them.
    void saw_free(std::vector<Hash16>& names) { sender_.saw_free(names); }
    // Sends what of the batch's changes was not sent.
    void stage(std::span<Change> so_far);

    // Writes the changes and ends the batch. Errors: those of Store::commit.
    Result<void> commit(std::span<Change> changes);
    // The same for a batch that was decided without begin(), and has seen that these names are
    // free, where the journal ends at `expected`: aborted if it ends elsewhere, or if the directory
    // has changed since the record `directory`.
    void decided_ahead(std::vector<Hash16>& free);
    Result<void> commit_ahead(const JournalEnd& expected, Sequence directory,
                              std::span<Change> changes);

    // There is room again when something larger than what is left on any page can be written; it
    // is taken back. Ends the batch.
    Result<void> try_room();
    bool was_full() const { return was_full_; }
    // Ends the batch without a trace.
    void leave();
    // The same because of that error, which it gives back.
    Error give_up(const Error& error);

    // Where the journal ends: as begin() found it, and as commit() left it.
    const JournalEnd& end() const { return sender_.journal(shard_)->end; }
    // The same of any shard whose head the batch holds; null of the others.
    const PostgresSender::Journal* journal(Shard shard) const { return sender_.journal(shard); }
    // Where the first shard's ended when the batch began, which the directory is in.
    const JournalEnd& first_end() const { return first_end_; }
    // Where it will end with the commit that is under way, or did with the last one. Any thread;
    // known before the database knows it.
    JournalEnd coming_end() const;
    PostgresLink& link() { return *link_; }
    const WriterStats& stats() const { return stats_; }

private:
    using Answers = std::expected<std::vector<PostgresRows>, TripError>;

    Result<void> need_link();
    Answers trip();
    Answers ask_to_begin(std::span<const Question> questions);
    void queue_lock();
    std::size_t lock_answers() const { return shard_ == first_shard ? 2 : 3; }
    Result<void> take_lock(const std::vector<PostgresRows>& answers);
    void queue_question(const Question& question);
    Result<std::vector<PostgresRows>> take_answers(std::span<const Question> questions,
                                                   std::vector<PostgresRows> answers,
                                                   std::size_t from);
    Result<void> send_rest(std::span<Change> changes);
    void queue_end(std::span<const Change> changes);
    Result<void> take_end(const Answers& answers, std::span<const Change> changes);

    LinkMaker maker_;
    std::unique_ptr<PostgresLink> link_;
    bool was_away_ = false;
    bool was_full_ = false;
    const Shard shard_;
    PostgresSender sender_;
    Result<void> sending_;
    PostgresValues shard_value_, first_value_;
    JournalEnd first_end_;
    std::vector<Shard> held_;  // whose locks are asked for, besides its own
    WriterStats stats_;
    mutable std::mutex mutex_;  // guards coming_end_
    JournalEnd coming_end_;
};

}  // namespace coffer
