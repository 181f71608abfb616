// `coffer copy`: books from one store to another, so that one can start small.
//
// The journal is the truth and says the same bytes everywhere, so it is played into the other
// store, whose hash chain then proves that nothing is missing, changed or moved. Whatever finds
// records is made by the other store itself, and verified at the end.

#include <cstdio>
#include <optional>

#include "app/books.h"
#include "app/commands.h"
#include "app/complain.h"
#include "app/data_directory.h"
#include "app/proof.h"
#include "store/postgres_store.h"
#include "store/rocks_store.h"

namespace coffer {
namespace {

constexpr std::size_t batch_changes = 1000;
constexpr std::string_view in_directory = "rocksdb:";

// A store as an end of a copy, locked where it is a directory.
struct CopyEnd {
    std::optional<DirectoryLock> lock;
    std::unique_ptr<Store> store;
};

Result<CopyEnd> open_end(const std::string& name, IfAbsent if_absent) {
    CopyEnd end;
    if (!name.starts_with(in_directory)) {
        auto store = PostgresStore::open({.uri = name});
        if (!store) return std::unexpected(std::move(store).error());
        end.store = std::move(*store);
        return end;
    }
    const std::string directory = name.substr(in_directory.size());
    if (if_absent == IfAbsent::create) TRY(make_directory(directory));
    auto lock = DirectoryLock::take(directory, "copy");
    if (!lock) return std::unexpected(lock.error());
    end.lock = std::move(*lock);
    auto store = open_store(directory, if_absent);
    if (!store) return std::unexpected(std::move(store).error());
    end.store = std::move(*store);
    return end;
}

Digest hash_of(const Change& change) {
    std::string bytes;
    encode(change, bytes);
    return sha256(bytes);
}

// What is there already must be the beginning of what comes.
Result<void> check_beginning(const Reader& from, const JournalEnd& there) {
    if (there.sequence == 0) return {};
    const auto same = from.change(there.sequence);
    if (same && hash_of(*same) == there.hash) return {};
    return fail(
        ErrorCode::invalid,
        "the target holds other books: a copy goes into an empty store, or goes on where an "
        "earlier copy of the same books broke off");
}

Result<void> write(Store& to, std::vector<Change>& changes) {
    const auto begun = to.begin({}, {});
    if (!begun) return std::unexpected(begun.error());
    TRY(to.commit(changes));
    changes.clear();
    return {};
}

// Plays the journal; how many records were new there.
Result<Sequence> copy_journal(const Reader& from, Store& to) {
    if (from.keys().shards() != 1 || to.shards() != 1) {
        return fail(ErrorCode::invalid,
                    "a copy is of one journal into another, so of books of one shard (`coffer "
                    "migrate --shards 1`); those of several move with the database's own tools");
    }
    const auto there = to.poll();
    if (!there) return std::unexpected(there.error());
    TRY(check_beginning(from, *there));
    std::vector<Change> changes;
    Result<void> written;
    TRY(from.upward(there->sequence + 1, [&](const Change& change) {
        changes.push_back(change);
        if (changes.size() == batch_changes) written = write(to, changes);
        return written.has_value();
    }));
    TRY(written);
    if (!changes.empty()) TRY(write(to, changes));
    const JournalEnd end = from.end();
    const auto now = to.poll();
    if (!now) return std::unexpected(now.error());
    if (now->sequence != end.sequence || now->hash != end.hash) {
        return fail(ErrorCode::corrupt, "the copy does not end as the books do");
    }
    return now->sequence - there->sequence;
}

Result<std::string> copy(const CopyOptions& options) {
    Sequence copied = 0;
    {
        const auto from = open_end(options.from, IfAbsent::refuse);
        if (!from) return std::unexpected(from.error());
        const auto to = open_end(options.to, IfAbsent::create);
        if (!to) return std::unexpected(to.error());
        const auto done = copy_journal(*from->store, *to->store);
        if (!done) return std::unexpected(done.error());
        copied = *done;
    }
    const auto proven = options.to.starts_with(in_directory)
                            ? prove_books(options.to.substr(in_directory.size()))
                            : prove_database(options.to);
    if (!proven) return std::unexpected(proven.error());
    return std::to_string(copied) + " records copied, and both journals end alike; " + *proven;
}

}  // namespace

int run(const CopyOptions& options) {
    const auto copied = copy(options);
    if (!copied) return complain(copied.error());
    std::printf("%s\nThe master key goes its own way: a server needs the same one.\n",
                copied->c_str());
    return 0;
}

}  // namespace coffer
