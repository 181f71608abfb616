#include "store/lookup.h"

#include <algorithm>

#include "base/check.h"

namespace coffer {

Result<Record> found_record(const Change& change, const RecordKey& wanted, const KeyMaker& keys,
                            const LoadChange& load) {
    Record record = find_in(change, wanted, keys);
    if (std::holds_alternative<std::monostate>(record)) {
        return fail(ErrorCode::corrupt, "the index names journal record " +
                                            std::to_string(change.sequence) +
                                            " for a record that it does not hold");
    }
    const auto* key = std::get_if<Ptr<Key>>(&record);
    if (key == nullptr || (*key)->transaction) return record;

    auto whole = std::make_shared<Key>(**key);
    if (whole->original == change.sequence) {
        whole->transaction = change.transaction;
    } else {
        Result<Change> original = load(whole->original);
        if (!original) return std::unexpected(std::move(original).error());
        whole->transaction = original->transaction;
    }
    if (!whole->transaction) {
        return fail(ErrorCode::corrupt, "journal record " + std::to_string(whole->original) +
                                            " holds no transaction, though a key names it");
    }
    return Ptr<Key>(std::move(whole));
}

Result<void> check_follows(const JournalEnd& end, std::span<const Change> changes) {
    Sequence sequence = end.sequence;
    Time time = end.time;
    for (const Change& change : changes) {
        ++sequence;
        if (change.sequence != sequence) {
            return fail(ErrorCode::invalid, "a change numbered " + std::to_string(change.sequence) +
                                                " where " + std::to_string(sequence) +
                                                " must follow");
        }
        if (change.time < time) {
            return fail(ErrorCode::invalid,
                        "change " + std::to_string(sequence) + " is older than the one before it");
        }
        if (change.puts.size() > change_puts_max) {
            return fail(ErrorCode::invalid, "change " + std::to_string(sequence) + " has " +
                                                std::to_string(change.puts.size()) + " puts");
        }
        time = change.time;
    }
    return {};
}

void make_names(Change& change, const KeyMaker& keys, std::string& scratch) {
    const std::size_t count = change.puts.size() + (change.transaction ? 1 : 0);
    CHECK(change.names.empty() || change.names.size() == count);
    if (change.names.size() == count) return;
    if (change.transaction) change.names.push_back(keys.hash_of(*change.transaction, scratch));
    for (const Record& put : change.puts) change.names.push_back(keys.hash_of(put, scratch));
}

bool touches_directory(const Change& change) {
    return std::any_of(change.puts.begin(), change.puts.end(), [](const Record& put) {
        return std::holds_alternative<Ptr<Tenant>>(put) ||
               std::holds_alternative<Ptr<Currency>>(put) ||
               std::holds_alternative<Ptr<Integration>>(put) ||
               std::holds_alternative<Ptr<Credential>>(put);
    });
}

}  // namespace coffer
