#pragma once
// The books of one data directory: its store and the ledger over it, for as long as a command needs
// them. Whoever opens them holds the directory's lock.

#include <memory>
#include <string>

#include "app/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ledger/ledger.h"
#include "store/store.h"

namespace coffer {

class RocksStore;

// Opens the RocksDB store of a data directory; `create` makes one where there is none.
enum class IfAbsent { refuse, create };
Result<std::unique_ptr<RocksStore>> open_store(const std::string& directory, IfAbsent if_absent);

struct BooksOptions {
    StoreKind store = StoreKind::rocksdb;
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
    // A consistent copy in a new directory, while the books are in use. Not of a store in memory.
    Result<void> copy_to(const std::string& directory) const;
    // Shows the store's figures in the metrics as they are now.
    void publish_figures(Metrics& metrics) const;

private:
    Books() = default;
    std::unique_ptr<Store> store_;
    const RocksStore* rocks_ = nullptr;  // store_, where it is one
    std::unique_ptr<Ledger> ledger_;
};

}  // namespace coffer
