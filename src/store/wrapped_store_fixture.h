#pragma once
// For tests: a store that does what the one inside does, except for what a test makes different.

#include <memory>
#include <utility>

#include "store/store.h"

namespace coffer {

class WrappedStore : public Store {
public:
    explicit WrappedStore(std::shared_ptr<Store> inner) : inner_(std::move(inner)) {}

    const KeyMaker& keys() const override { return inner_->keys(); }
    Result<Record> find(const RecordKey& key) const override { return inner_->find(key); }
    Result<Change> change(Sequence sequence) const override { return inner_->change(sequence); }
    Result<void> upward(Sequence first, const Visit& visit) const override {
        return inner_->upward(first, visit);
    }
    Result<void> downward(Sequence first, const Visit& visit) const override {
        return inner_->downward(first, visit);
    }
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override {
        return inner_->each(kind, visit);
    }
    JournalEnd end() const override { return inner_->end(); }
    Result<void> read(std::span<const RecordKey> wanted, std::span<Record> found) override {
        return inner_->read(wanted, found);
    }
    Result<void> commit(std::span<Change> changes) override { return inner_->commit(changes); }
    Result<JournalEnd> recover() override { return inner_->recover(); }

protected:
    Store& inner() const { return *inner_; }

private:
    const std::shared_ptr<Store> inner_;
};

}  // namespace coffer
