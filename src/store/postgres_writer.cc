#include "store/postgres_writer.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "store/postgres_reader.h"

namespace coffer {

namespace {

// How long the lane waits for a link that broke this moment: a server that was only restarted is
// there again in time, and nobody hears of it.
constexpr Duration brief = 300 * millisecond_us;

// Of a long batch the database works on so many changes while the next are encoded.
constexpr std::size_t piece_changes = 128;

Time now() { return SystemClock().monotonic(); }

}  // namespace

PostgresWriter::PostgresWriter(const PostgresPlace& place, const LinkLimits& limits,
                               const KeyMaker& keys, Shard shard,
                               std::unique_ptr<PostgresLink> link)
    : maker_(place, limits), link_(std::move(link)), shard_(shard), sender_(keys, shard) {
    shard_value_.add_small(shard);
    first_value_.add_small(first_shard);
}

// ---- the link -----------------------------------------------------------------------------------

Result<void> PostgresWriter::need_link() {
    if (link_ && !link_->broken()) return {};
    link_.reset();
    auto link = maker_.take(was_away_ ? 0 : brief);
    was_away_ = !link;
    if (!link) return std::unexpected(std::move(link).error());
    link_ = std::move(*link);
    return {};
}

PostgresWriter::Answers PostgresWriter::trip() {
    stats_.trips.fetch_add(1, std::memory_order_relaxed);
    return link_->run();
}

// Whatever is known of the batch, the link is left as if there had been none.
Error PostgresWriter::give_up(const Error& error) {
    leave();
    // A server that has become a standby stays one: the primary is somewhere else now.
    if (link_ && (link_->broken() || error.code == ErrorCode::unavailable)) link_.reset();
    if (error.code == ErrorCode::full) was_full_ = true;
    if (error.code == ErrorCode::aborted) stats_.aborted.fetch_add(1, std::memory_order_relaxed);
    return error;
}

void PostgresWriter::leave() {
    if (link_) link_->leave_transaction();
}

// ---- a batch that begins with the lock ----------------------------------------------------------

// The directory is read after the lock is taken: what was true before the call came is seen.
void PostgresWriter::queue_lock() {
    link_->queue(sql::begin);
    link_->queue(sql::lock_head, shard_value_);
    if (shard_ != first_shard) link_->queue(sql::read_head, first_value_);
}

Result<void> PostgresWriter::take_lock(const std::vector<PostgresRows>& answers) {
    const auto end = end_in(answers[1]);
    if (!end) return std::unexpected(end.error());
    first_end_ = *end;
    if (shard_ != first_shard) {
        const auto first = end_in(answers[2]);
        if (!first) return std::unexpected(first.error());
        first_end_ = *first;
    }
    sender_.start_at(shard_, *end);
    return {};
}

void PostgresWriter::queue_question(const Question& question) {
    if (question.shard != shard_ && shard_ == first_shard &&
        std::ranges::find(held_, question.shard) == held_.end()) {
        held_.push_back(question.shard);
        PostgresValues shard;
        shard.add_small(question.shard);
        link_->queue(sql::lock_head, shard);
    }
    link_->queue(sql::find_records, *question.wanted);
}

// The rows of each question, out of the answers from there on: that of a lock is in front of the
// rows that it was taken for.
Result<std::vector<PostgresRows>> PostgresWriter::take_answers(std::span<const Question> questions,
                                                               std::vector<PostgresRows> answers,
                                                               std::size_t from) {
    std::vector<PostgresRows> rows;
    rows.reserve(questions.size());
    for (const Question& question : questions) {
        const bool is_locked = sender_.journal(question.shard) != nullptr;
        if (shard_ == first_shard && !is_locked) {
            const auto end = end_in(answers[from++]);
            if (!end) return std::unexpected(end.error());
            sender_.start_at(question.shard, *end);
        }
        rows.push_back(std::move(answers[from++]));
    }
    return rows;
}

PostgresWriter::Answers PostgresWriter::ask_to_begin(std::span<const Question> questions) {
    queue_lock();
    for (const Question& question : questions) queue_question(question);
    return trip();
}

Result<std::vector<PostgresRows>> PostgresWriter::begin(std::span<const Question> questions) {
    TRY(need_link());
    sender_.clear();
    held_.clear();
    sending_ = {};
    const Time asked = now();
    auto answers = ask_to_begin(questions);
    // A link may have died since the last batch. Nothing has been asked of it yet that would
    // matter; but a database that was only slow is not given twice the time.
    if (!answers && link_->broken() && now() - asked < brief) {
        TRY(need_link());
        held_.clear();
        answers = ask_to_begin(questions);
    }
    if (!answers) return std::unexpected(give_up(answers.error().error));
    if (const auto taken = take_lock(*answers); !taken)
        return std::unexpected(give_up(taken.error()));
    auto rows = take_answers(questions, std::move(*answers), lock_answers());
    if (!rows) return std::unexpected(give_up(rows.error()));
    return rows;
}

Result<std::vector<PostgresRows>> PostgresWriter::ask(std::span<const Question> questions) {
    const std::size_t held = held_.size();
    for (const Question& question : questions) queue_question(question);
    const std::size_t expected = questions.size() + held_.size() - held;
    auto answers = trip();
    if (!answers) return std::unexpected(std::move(answers).error().error);
    // Behind those of what was staged.
    const std::size_t from = answers->size() - expected;
    return take_answers(questions, std::move(*answers), from);
}

Result<PostgresRows> PostgresWriter::ask(const sql::Statement& statement,
                                         const PostgresValues& values) {
    link_->queue(statement, values);
    auto answers = trip();
    if (!answers) return std::unexpected(std::move(answers).error().error);
    return std::move(answers->back());  // behind those of what was staged
}

void PostgresWriter::stage(std::span<Change> so_far) {
    if (!sending_ || so_far.size() <= sender_.prepared()) return;
    sending_ = sender_.prepare(so_far.subspan(sender_.prepared()));
    if (!sending_) return;
    sender_.queue(*link_);
    link_->push();
}

Result<void> PostgresWriter::send_rest(std::span<Change> changes) {
    while (sending_ && sender_.prepared() < changes.size()) {
        stage(changes.first(std::min(sender_.prepared() + piece_changes, changes.size())));
    }
    if (!sending_) return std::unexpected(give_up(sending_.error()));
    return {};
}

void PostgresWriter::queue_end(std::span<const Change> changes) {
    if (!changes.empty()) {
        const std::lock_guard lock(mutex_);
        coming_end_ = end();
    }
    for (const PostgresSender::Journal& journal : sender_.journals()) {
        if (!journal.grows) continue;
        const JournalEnd& end = journal.end;
        PostgresValues head;
        head.add_small(journal.shard);
        head.add_big(end.sequence);
        head.add_big(static_cast<std::uint64_t>(end.time));
        head.add_bytes({reinterpret_cast<const char*>(end.hash.data()), end.hash.size()});
        head.add_big(end.directory);
        link_->queue(sql::move_head, head);
    }
    link_->queue(sql::commit);
}

JournalEnd PostgresWriter::coming_end() const {
    const std::lock_guard lock(mutex_);
    return coming_end_;
}

// What became of a trip that ended with COMMIT.
Result<void> PostgresWriter::take_end(const Answers& answers, std::span<const Change> changes) {
    if (!answers) {
        Error error = give_up(answers.error().error);
        if (answers.error().definite || changes.empty()) return std::unexpected(std::move(error));
        // Whether the server has it is known when the head can be locked again: recover().
        link_.reset();
        stats_.unknown.fetch_add(1, std::memory_order_relaxed);
        error.code = ErrorCode::io;
        return std::unexpected(std::move(error));
    }
    // Somebody cancelled the wait for the standby: the primary has the batch, or has what it saw,
    // and nobody knows who else does. A new link waits again.
    if (link_->warned()) {
        link_.reset();
        stats_.unknown.fetch_add(1, std::memory_order_relaxed);
        return fail(ErrorCode::io, "the commit did not wait for the standby");
    }
    // A transaction that has failed answers COMMIT with ROLLBACK and no error.
    if (answers->back().done() != "COMMIT") {
        return fail(ErrorCode::io, "PostgreSQL rolled the batch back without saying why");
    }
    return {};  // from here on the batch is durable, and may be seen
}

Result<void> PostgresWriter::commit(std::span<Change> changes) {
    TRY(send_rest(changes));
    queue_end(changes);
    return take_end(trip(), changes);
}

// ---- a batch that was decided without it --------------------------------------------------------

namespace {

Result<void> see_end(const JournalEnd& end, Sequence directory, const JournalEnd& expected,
                     Sequence expected_directory) {
    if (end.sequence != expected.sequence || end.hash != expected.hash)
        return fail(ErrorCode::aborted, "somebody else has written since the batch was decided");
    if (directory != expected_directory)
        return fail(ErrorCode::aborted, "the directory has changed since the batch was decided");
    return {};
}

}  // namespace

void PostgresWriter::decided_ahead(std::vector<Hash16>& free) {
    sender_.clear();
    held_.clear();
    sender_.saw_free(free);
}

Result<void> PostgresWriter::commit_ahead(const JournalEnd& expected, Sequence directory,
                                          std::span<Change> changes) {
    TRY(need_link());
    sending_ = {};
    queue_lock();
    if (changes.empty()) queue_end(changes);
    // While the server sees to the lock, the first piece is encoded.
    link_->push();
    const Time asked = now();
    sender_.start_at(shard_, expected);
    if (!changes.empty())
        sending_ = sender_.prepare(changes.first(std::min(piece_changes, changes.size())));
    const auto locked = trip();
    if (!locked) {
        const bool was_dead = link_->broken() && now() - asked < brief;
        Error error = give_up(locked.error().error);
        // As in begin(): it is decided once more, with a new link and under the lock.
        if (was_dead) error.code = ErrorCode::aborted;
        return std::unexpected(std::move(error));
    }
    const auto end = end_in((*locked)[1]);
    if (!end) return std::unexpected(give_up(end.error()));
    const auto first = end_in((*locked)[lock_answers() - 1]);
    if (!first) return std::unexpected(give_up(first.error()));
    if (const auto seen = see_end(*end, first->directory, expected, directory); !seen)
        return std::unexpected(give_up(seen.error()));
    if (changes.empty()) return take_end(locked, changes);
    if (sending_) sender_.queue(*link_);
    return commit(changes);
}

// ---- room ---------------------------------------------------------------------------------------

Result<void> PostgresWriter::try_room() {
    constexpr std::size_t some_pages = 65'536;
    std::vector<std::uint8_t> bytes(some_pages);
    fill_random(bytes);  // so that it is as large on the disk as here
    PostgresValues values;
    values.add_small(shard_);
    values.begin_array(sql::type_bigint);
    values.item_big(end().sequence + 1);
    values.end_array();
    values.begin_array(sql::type_bigint);
    values.item_big(0);
    values.end_array();
    values.begin_array(sql::type_bytea);
    values.item_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    values.end_array();
    const auto written = ask(sql::add_journal, values);
    was_full_ = !written;
    if (!written) return std::unexpected(give_up(written.error()));
    leave();
    return {};
}

}  // namespace coffer
