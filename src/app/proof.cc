#include "app/proof.h"

#include <fmt/core.h>

#include "app/books.h"
#include "ledger/verify.h"
#include "store/postgres_store.h"
#include "store/rocks_store.h"

namespace coffer {

namespace {

Result<std::string> prove(const Reader& reader, const std::string& name) {
    const auto report = verify_books(reader);
    if (!report) return std::unexpected(report.error());
    for (const std::string& mistake : report->mistakes) {
        fmt::print(stderr, "wrong: {}\n", mistake);
    }
    if (!report->clean()) {
        return fail(ErrorCode::corrupt, fmt::format("the books in {} are wrong in {} places", name,
                                                    report->mistakes_found));
    }
    return fmt::format(
        "{} records, {} transactions, {} wallets, {} rounds, {} keys and {} other "
        "records are right, and the hash chain holds",
        report->records, report->transactions, report->wallets, report->rounds, report->keys,
        report->others);
}

}  // namespace

Result<std::string> prove_books(const std::string& directory) {
    const auto store = open_store(directory, IfAbsent::refuse);
    if (!store) return std::unexpected(store.error());
    return prove(**store, directory);
}

Result<std::string> prove_database(const std::string& uri) {
    const auto store = PostgresStore::open({.uri = uri});
    if (!store) return std::unexpected(store.error());
    const auto snapshot = (*store)->snapshot();
    if (!snapshot) return std::unexpected(snapshot.error());
    return prove(**snapshot, postgres_place(uri));
}

}  // namespace coffer
