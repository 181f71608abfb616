#include "ledger/working_set.h"

#include <cstring>
#include <span>
#include <utility>

#include "base/check.h"

namespace coffer {

namespace {

std::size_t start(const Hash16& hash) {
    std::size_t value = 0;
    std::memcpy(&value, hash.data() + 8,
                sizeof value);  // the first byte is only the kind
    return value;
}

}  // namespace

void WorkingSet::clear(const WorkingSet* before) {
    before_ = before;
    ++round_;
    used_ = 0;
    records_.clear();
    wanted_count_ = 0;
}

WorkingSet::Slot& WorkingSet::slot(const Hash16& hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = start(hash) & mask;
    while (slots_[at].round == round_ && !same_hash(slots_[at].hash, hash)) at = (at + 1) & mask;
    return slots_[at];
}

const Record* WorkingSet::known(const Hash16& hash) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = start(hash) & mask; slots_[at].round == round_; at = (at + 1) & mask) {
        if (same_hash(slots_[at].hash, hash)) return &records_[slots_[at].place];
    }
    return nullptr;
}

void WorkingSet::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& moved : old) {
        if (moved.round == round_) slot(moved.hash) = moved;
    }
}

std::uint32_t WorkingSet::place_of(const Hash16& hash) {
    Slot& at = slot(hash);
    if (at.round == round_) return at.place;
    const auto place = static_cast<std::uint32_t>(records_.size());
    at = Slot{round_, hash, place};
    records_.emplace_back();
    if (++used_ * 2 > slots_.size()) grow();
    return place;
}

void WorkingSet::want(Seen& seen) {
    if (seen.name.kind == RecordKind::none) return;
    const std::size_t known_count = records_.size();
    seen.place = place_of(seen.name.hash);
    if (records_.size() == known_count) return;
    if (before_ != nullptr) {
        if (const Record* record = before_->known(seen.name.hash)) {
            records_.back() = *record;
            return;
        }
    }
    if (wanted_count_ == wanted_.size()) {
        wanted_.emplace_back();
        wanted_places_.emplace_back();
        found_.emplace_back();
    }
    wanted_[wanted_count_] = seen.name;
    wanted_places_[wanted_count_++] = seen.place;
}

Result<void> WorkingSet::fetch() {
    const std::size_t count = std::exchange(wanted_count_, 0);
    if (count == 0) return {};
    TRY(store_.read(std::span(wanted_).first(count), std::span(found_).first(count)));
    take_found(count);
    return {};
}

Result<JournalEnd> WorkingSet::begin() {
    const std::size_t count = std::exchange(wanted_count_, 0);
    auto end = store_.begin(std::span(wanted_).first(count), std::span(found_).first(count));
    if (end) take_found(count);
    return end;
}

void WorkingSet::take_found(std::size_t count) {
    for (std::size_t at = 0; at < count; ++at)
        records_[wanted_places_[at]] = std::exchange(found_[at], Record{});
}

const Record& WorkingSet::get(const Seen& seen) const {
    static const Record absent;
    if (seen.name.kind == RecordKind::none) return absent;
    CHECK(seen.place < records_.size());
    return records_[seen.place];
}

void WorkingSet::put(const Seen& seen, Record record) {
    CHECK(wanted_count_ == 0 && seen.place < records_.size());
    records_[seen.place] = std::move(record);
}

void WorkingSet::put(const RecordKey& key, Record record) {
    CHECK(wanted_count_ == 0);
    records_[place_of(key.hash)] = std::move(record);
}

}  // namespace coffer
