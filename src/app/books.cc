#include "app/books.h"

#include <utility>

#include "app/data_directory.h"
#include "base/random.h"
#include "store/memory_store.h"
#include "store/postgres_store.h"
#include "store/rocks_store.h"

namespace coffer {

Result<std::unique_ptr<RocksStore>> open_store(const std::string& directory, IfAbsent if_absent) {
    RocksOptions options;
    options.directory = store_folder(directory);
    options.create = if_absent == IfAbsent::create;
    return RocksStore::open(options);
}

Result<std::unique_ptr<Books>> Books::open(const BooksOptions& options, const Clock& clock,
                                           Log& log, Metrics& metrics) {
    std::unique_ptr<Books> books(new Books);
    switch (options.store.kind) {
        case StoreKind::rocksdb: {
            auto store = open_store(options.directory, options.if_absent);
            if (!store) return std::unexpected(std::move(store).error());
            books->rocks_ = store->get();
            books->store_ = std::move(*store);
            break;
        }
        case StoreKind::memory: {
            SecretKey16 secret{};
            fill_random(secret);
            books->store_ = std::make_unique<MemoryStore>(secret);
            break;
        }
        case StoreKind::postgres: {
            auto store = PostgresStore::open({.uri = options.store.uri});
            if (!store) return std::unexpected(std::move(store).error());
            books->postgres_ = store->get();
            books->store_ = std::move(*store);
            break;
        }
    }
    auto ledger = Ledger::open(*books->store_, options.ledger, clock, log, metrics);
    if (!ledger) return std::unexpected(std::move(ledger).error());
    books->ledger_ = std::move(*ledger);
    return books;
}

Books::~Books() = default;

// What the key sealed, and the ids that it made, would be nonsense to a server with another.
Result<void> Books::check_master_key(const MasterKey& key) const {
    if (postgres_ == nullptr) return {};
    const std::string mine = hmac(HmacHash::sha256, view(key), "coffer master key fingerprint");
    const auto agreed = postgres_->agree_on("master_key_fingerprint", mine);
    if (!agreed) return std::unexpected(agreed.error());
    if (*agreed == mine) return {};
    return fail(ErrorCode::invalid,
                "these books were begun with another master key, and all servers over them need "
                "that one: copy the file that `coffer init` made");
}

Result<void> Books::copy_to(const std::string& directory) const {
    if (postgres_ != nullptr) return fail(ErrorCode::invalid, std::string(postgres_backup_words));
    if (rocks_ == nullptr) {
        return fail(ErrorCode::invalid, "a store in memory has nothing to copy");
    }
    return rocks_->checkpoint(directory);
}

void Books::publish_figures(Metrics& metrics) const {
    const auto set = [&](std::string_view name, std::string_view help, std::uint64_t value) {
        metrics.gauge(name, help).set(static_cast<std::int64_t>(value));
    };
    if (postgres_ != nullptr) {
        const PostgresStats stats = postgres_->stats();
        set("coffer_store_trips", "Trips so far of the lane to PostgreSQL.", stats.trips);
        set("coffer_store_followed", "Journal records so far that other processes wrote.",
            stats.followed);
        set("coffer_store_batches_ahead",
            "Batches so far decided while the one before was being committed.", stats.ahead);
        set("coffer_store_batches_aborted", "Batches so far that were to be tried again.",
            stats.aborted);
        set("coffer_store_commits_unknown", "Commits so far whose answer did not come.",
            stats.unknown);
        set("coffer_store_cache_hits", "Records so far that the store's row cache had.",
            stats.cache_hits);
        set("coffer_store_cache_misses", "Records so far that it had not.", stats.cache_misses);
    }
    if (rocks_ == nullptr) return;
    const RocksStats stats = rocks_->stats();
    set("coffer_store_sync_latest_microseconds", "How long the latest sync took.",
        stats.sync_latest_us);
    set("coffer_store_batch_latest_bytes", "How much the latest batch wrote.",
        stats.batch_bytes_latest);
    set("coffer_store_index_entries_active", "Index entries not yet being written to files.",
        stats.index_entries_active);
    set("coffer_store_index_generations_waiting", "Full index generations waiting to be written.",
        stats.index_generations_waiting);
    set("coffer_store_index_waits", "Commits so far that waited for the index to be written.",
        stats.index_waits);
    set("coffer_store_write_stall_microseconds", "How long so far RocksDB held writes back.",
        stats.write_stalls_us);
    set("coffer_store_cache_hits", "Records so far that the store's row cache had.",
        stats.cache_hits);
    set("coffer_store_cache_misses", "Records so far that it had not.", stats.cache_misses);
}

}  // namespace coffer
