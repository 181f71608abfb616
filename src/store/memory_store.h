#pragma once
// A Store that lasts as long as the process: for tests and demonstrations, and the model that the
// other stores are compared with.
//
// It keeps the very bytes that a journal would hold, so that the format is exercised, and one map
// from a key's text to the latest record that holds it. Any thread may call anything; a lock sees
// to it.

#include <deque>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "store/store.h"

namespace coffer {

class MemoryStore final : public Store {
public:
    // The secret only decides how keys are hashed, which nothing here depends on.
    explicit MemoryStore(const SecretKey16& secret = {}) : keys_(secret) {}

    const KeyMaker& keys() const override { return keys_; }
    Result<Record> find(const RecordKey& key) const override;
    Result<Change> change(Sequence sequence) const override;
    Result<void> upward(Sequence first, const Visit& visit) const override;
    Result<void> downward(Sequence first, const Visit& visit) const override;
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override;
    JournalEnd end() const override;

    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) override;
    Result<void> commit(std::span<Change> changes) override;
    Result<JournalEnd> recover() override;

private:
    struct Place {
        RecordKey key;
        Sequence sequence = 0;
    };
    void remember(const RecordKey& key, Sequence sequence);

    KeyMaker keys_;
    mutable std::shared_mutex mutex_;  // guards all below
    std::deque<std::string> journal_;  // the record of sequence n at n - 1
    std::unordered_map<std::string, Place> places_;
    JournalEnd end_;
};

}  // namespace coffer
