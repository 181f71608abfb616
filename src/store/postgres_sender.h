#pragma once
// What a batch writes, on its way to the database: chains, encodes and names its changes, and
// queues the statements that write them, for each shard of their own. For one thread.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/postgres_link.h"
#include "store/store.h"

namespace coffer {

class PostgresSender {
public:
    PostgresSender(const KeyMaker& keys, Shard shard) : keys_(keys), shard_(shard) {}

    // Another batch, which has seen nothing yet; where the journals end is said by start_at().
    void clear();
    void start_at(Shard shard, const JournalEnd& end);
    // The batch has seen that these names are free in the sender's own shard, so that they may be
    // written without looking again. Takes them.
    void saw_free(std::vector<Hash16>& names);

    // Encodes these changes, which follow those that were prepared before. Errors: invalid.
    Result<void> prepare(std::span<Change> changes);
    // Queues what writes those that were prepared last.
    void queue(PostgresLink& link);
    std::size_t prepared() const { return prepared_; }  // changes of this batch
    // Where the journal of a shard will end; null if the batch did not begin there.
    struct Journal {
        Shard shard = 0;
        JournalEnd end;
        bool grows = false;
    };
    const Journal* journal(Shard shard) const;
    std::span<const Journal> journals() const { return journals_; }

private:
    using Placed = std::pair<Hash16, Sequence>;  // a name and the journal record it shall lead to
    struct Free {
        Hash16 name;
        bool is_taken = false;
    };

    Journal* own_journal(Shard shard);
    Result<void> prepare(Change& change, std::string& body);
    void queue(PostgresLink& link, Shard shard);
    void queue_journal(PostgresLink& link, Shard shard);
    void queue_records(PostgresLink& link, Shard shard);
    void queue_placed(PostgresLink& link, Shard shard, const sql::Statement& statement,
                      std::span<const Placed> placed);

    const KeyMaker keys_;
    const Shard shard_;
    std::size_t prepared_ = 0;
    std::span<const Change> piece_;  // that was prepared last
    std::vector<std::string> bodies_;
    std::vector<std::size_t> of_shard_;  // where in the piece
    std::vector<Journal> journals_;
    std::vector<Free>
        free_;  // by name, as far as free_in_order_, and of equals the taken one first
    std::size_t free_in_order_ = 0;
    std::vector<Placed> placed_, new_, known_;
    PostgresValues values_;
    std::string scratch_;
};

}  // namespace coffer
