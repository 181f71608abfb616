#include "ledger/working_set.h"

#include <cstring>
#include <span>
#include <utility>

#include "base/check.h"

namespace coffer {

namespace {

std::size_t start(const Hash16& hash) {
    std::size_t value = 0;
    std::memcpy(&value, hash.data() + 8, sizeof value);  // the first byte is only the kind
    return value;
}

}  // namespace

void WorkingSet::clear() {
    ++round_;
    used_ = 0;
    records_.clear();
    wanted_count_ = 0;
    wanted_indexes_.clear();
}

const WorkingSet::Slot& WorkingSet::slot(const Hash16& hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = start(hash) & mask;
    while (slots_[at].round == round_ && !same_hash(slots_[at].hash, hash)) at = (at + 1) & mask;
    return slots_[at];
}

WorkingSet::Slot& WorkingSet::slot(const Hash16& hash) {
    return const_cast<Slot&>(std::as_const(*this).slot(hash));
}

void WorkingSet::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& moved : old) {
        if (moved.round == round_) slot(moved.hash) = moved;
    }
}

void WorkingSet::want(const RecordKey& key) {
    if (key.kind == RecordKind::none) return;
    Slot& at = slot(key.hash);
    if (at.round == round_) return;
    at = Slot{round_, key.hash, static_cast<std::uint32_t>(records_.size())};
    if (wanted_count_ == wanted_.size()) wanted_.emplace_back();
    wanted_[wanted_count_++] = key;
    wanted_indexes_.push_back(at.index);
    records_.emplace_back();
    if (++used_ * 2 > slots_.size()) grow();
}

Result<void> WorkingSet::fetch() {
    if (wanted_count_ == 0) return {};
    found_.assign(wanted_count_, Record{});
    TRY(store_.read(std::span(wanted_).first(wanted_count_), found_));
    for (std::size_t index = 0; index < wanted_count_; ++index) {
        records_[wanted_indexes_[index]] = std::move(found_[index]);
    }
    wanted_count_ = 0;
    wanted_indexes_.clear();
    return {};
}

const Record& WorkingSet::get(const RecordKey& key) const {
    static const Record absent;
    if (key.kind == RecordKind::none) return absent;
    const Slot& at = slot(key.hash);
    CHECK(at.round == round_);
    return records_[at.index];
}

void WorkingSet::put(const RecordKey& key, Record record) {
    Slot& at = slot(key.hash);
    if (at.round == round_) {
        records_[at.index] = std::move(record);
        return;
    }
    at = Slot{round_, key.hash, static_cast<std::uint32_t>(records_.size())};
    records_.push_back(std::move(record));
    if (++used_ * 2 > slots_.size()) grow();
}

}  // namespace coffer
