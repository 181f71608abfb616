#pragma once
// The books: a store and the ledger over it, for as long as a command needs them. Whoever opens
// those of a data directory holds its lock.

#include <memory>
#include <string>
#include <string_view>

#include "app/config.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ledger/ledger.h"
#include "store/store.h"

namespace coffer {

class PostgresStore;
class RocksStore;

// Opens the RocksDB store of a data directory; `create` makes one where there is none.
enum class IfAbsent { refuse, create };
Result<std::unique_ptr<RocksStore>> open_store(const std::string& directory, IfAbsent if_absent);

// Why there is no backup of books in PostgreSQL.
inline constexpr std::string_view postgres_backup_words =
    "the books are in PostgreSQL, and its own tools copy them: pg_basebackup with an archive of "
    "its "
    "log, or pg_dump; docs/OPERATING.md says how";

struct BooksOptions {
    StoreChoice store;
    std::string directory;
    IfAbsent if_absent = IfAbsent::refuse;
    LedgerOptions ledger;
};

class Books {
public:
    // What is passed in must outlive the books.
    static Result<std::unique_ptr<Books>> open(const BooksOptions& options, const Clock& clock,
                                               Log& log, Metrics& metrics);
    ~Books();  // the ledger finishes what was submitted, then the store closes
    Books(const Books&) = delete;
    Books& operator=(const Books&) = delete;

    Store& store() { return *store_; }
    Ledger& ledger() { return *ledger_; }
    // Refuses another master key than that of whoever began the books, where several servers keep
    // them and each brings a key of its own.
    Result<void> check_master_key(const MasterKey& key) const;
    // A consistent copy in a new directory, while the books are in use. Of an embedded store only.
    Result<void> copy_to(const std::string& directory) const;
    // Shows the store's figures in the metrics as they are now.
    void publish_figures(Metrics& metrics) const;

private:
    Books() = default;
    std::unique_ptr<Store> store_;
    const RocksStore* rocks_ = nullptr;        // store_, where it is one
    const PostgresStore* postgres_ = nullptr;  // the same
    std::unique_ptr<Ledger> ledger_;
};

}  // namespace coffer
