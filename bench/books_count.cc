#include "bench/books_count.h"

#include "app/data_directory.h"
#include "bench/call_id.h"
#include "store/rocks_store.h"

namespace coffer {

Result<BooksCount> count_in_books(const std::string& directory, const std::string& run_word,
                                  const std::vector<bool>& is_acknowledged) {
    RocksOptions options;
    options.directory = store_folder(directory);
    const auto store = RocksStore::open(options);
    if (!store) return std::unexpected(store.error());
    BooksCount count;
    std::vector<bool> is_there(is_acknowledged.size());
    TRY((*store)->upward(1, [&](const Change& change) {
        if (!change.transaction || change.transaction->status != TransactionStatus::applied) {
            return true;
        }
        const auto number = number_in_id(run_word, change.transaction->external_id);
        if (!number || *number >= is_there.size()) return true;
        if (is_there[*number]) {
            ++count.twice;
        } else {
            is_there[*number] = true;
            ++count.applied;
        }
        return true;
    }));
    for (std::size_t number = 0; number < is_there.size(); ++number) {
        if (is_acknowledged[number] && !is_there[number]) ++count.missing;
    }
    return count;
}

}  // namespace coffer
