#include "store/lookup.h"

#include <algorithm>

#include "base/check.h"
#include "store/directory_kinds.h"

namespace coffer {

namespace {

Result<Record> with_transaction(const Key& key, const Change& original) {
    if (!original.transaction) {
        return fail(ErrorCode::corrupt, "journal record " + std::to_string(original.sequence) +
                                            " holds no transaction, though a key names it");
    }
    auto whole = std::make_shared<Key>(key);
    whole->transaction = original.transaction;
    return Ptr<Key>(std::move(whole));
}

}  // namespace

Result<Record> record_in(const Change& change, const RecordKey& wanted, const KeyMaker& keys) {
    Record record = find_in(change, wanted, keys);
    if (std::holds_alternative<std::monostate>(record)) {
        return fail(ErrorCode::corrupt, "the index names journal record " +
                                            std::to_string(change.sequence) +
                                            " for a record that it does not hold");
    }
    const auto* key = std::get_if<Ptr<Key>>(&record);
    if (key == nullptr || (*key)->transaction || (*key)->original != change.sequence) return record;
    return with_transaction(**key, change);
}

Sequence lacks(const Record& record) {
    const auto* key = std::get_if<Ptr<Key>>(&record);
    return key == nullptr || (*key)->transaction ? 0 : (*key)->original;
}

Result<Record> found_record(const Change& change, const RecordKey& wanted, const KeyMaker& keys,
                            const LoadChange& load) {
    Result<Record> record = record_in(change, wanted, keys);
    const Sequence lacking = record ? lacks(*record) : 0;
    if (lacking == 0) return record;
    const Result<Change> original = load(lacking);
    if (!original) return std::unexpected(original.error());
    return with_transaction(*std::get<Ptr<Key>>(*record), *original);
}

Result<void> complete(std::span<Record* const> lacking, const LoadChanges& load) {
    if (lacking.empty()) return {};
    std::vector<Sequence> wanted;
    for (const Record* record : lacking) wanted.push_back(lacks(*record));
    std::ranges::sort(wanted);
    wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
    const auto originals = load(wanted);
    if (!originals) return std::unexpected(originals.error());
    for (Record* record : lacking) {
        const auto place = std::ranges::lower_bound(wanted, lacks(*record));
        const Change& original = (*originals)[static_cast<std::size_t>(place - wanted.begin())];
        auto whole = with_transaction(*std::get<Ptr<Key>>(*record), original);
        if (!whole) return std::unexpected(std::move(whole).error());
        *record = std::move(*whole);
    }
    return {};
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
    return std::ranges::any_of(change.puts, is_of_directory);
}

}  // namespace coffer
