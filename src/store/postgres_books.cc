#include "store/postgres_books.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <tuple>

#include "base/check.h"

namespace coffer {

namespace {

// Records that a journal is read ahead by while it is merged with the others.
constexpr std::size_t ahead_first = 64, ahead_max = 1000;

// A name that does not say whose the record is.
bool is_homeless(const RecordKey& key) {
    return key.shard == first_shard &&
           (key.kind == RecordKind::session || key.kind == RecordKind::promotion);
}

auto place(const Change& change) { return std::tuple(change.time, change.sequence); }
bool is_older(const Change& left, const Change& right) { return place(left) < place(right); }
bool is_newer(const Change& left, const Change& right) { return place(left) > place(right); }

}  // namespace

PostgresBooks::PostgresBooks(const std::shared_ptr<LinkLender>& lender, const KeyMaker& keys)
    : keys_(keys) {
    for (Shard shard = 0; shard < keys.shards(); ++shard)
        shards_.push_back(std::make_unique<PostgresReader>(lender, keys, shard));
}

// ---- records ------------------------------------------------------------------------------------

// The same key where its record is kept.
Result<RecordKey> PostgresBooks::placed(const RecordKey& key) const {
    if (shards_.size() == 1 || !is_homeless(key)) return key;
    const auto found = of(first_shard).find(keys_.locator(key));
    if (!found) return std::unexpected(found.error());
    const auto* const locator = std::get_if<Ptr<Locator>>(&*found);
    if (locator == nullptr) return key;
    return keys_.kept_for(key, (*locator)->tenant, (*locator)->player);
}

Result<Record> PostgresBooks::find(const RecordKey& key) const {
    const auto there = placed(key);
    if (!there) return std::unexpected(there.error());
    return of(there->shard).find(*there);
}

Result<void> PostgresBooks::find_all(std::span<const RecordKey> wanted,
                                     std::span<Record> found) const {
    if (shards_.size() == 1) return of(first_shard).find_all(wanted, found);
    std::vector<std::vector<std::size_t>> places(shards_.size());
    std::vector<RecordKey> keys;
    keys.reserve(wanted.size());
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        auto key = placed(wanted[at]);
        if (!key) return std::unexpected(std::move(key).error());
        places[key->shard].push_back(at);
        keys.push_back(std::move(*key));
    }
    std::vector<RecordKey> some;
    std::vector<Record> these;
    for (Shard shard = 0; shard < keys_.shards(); ++shard) {
        if (places[shard].empty()) continue;
        some.clear();
        for (const std::size_t at : places[shard]) some.push_back(keys[at]);
        these.assign(some.size(), Record{});
        TRY(of(shard).find_all(some, these));
        for (std::size_t each = 0; each < these.size(); ++each)
            found[places[shard][each]] = std::move(these[each]);
    }
    return {};
}

Result<Change> PostgresBooks::change(Sequence sequence) const {
    return of(first_shard).change(sequence);
}

Result<std::vector<Change>> PostgresBooks::changes_at(std::span<const Sequence> wanted) const {
    return of(first_shard).changes_at(wanted);
}

Result<void> PostgresBooks::each(RecordKind kind, const VisitRecord& visit) const {
    bool more = true;
    for (const auto& shard : shards_) {
        TRY(shard->each(kind, [&](const Record& record) {
            more = visit(record);
            return more;
        }));
        if (!more) return {};
    }
    return {};
}

// ---- the journals as one ------------------------------------------------------------------------

class PostgresBooks::Stream {
public:
    // Of `reader`'s journal, upward from `next` on, or downward.
    Stream(const PostgresReader& reader, Sequence next, bool is_upward)
        : reader_(&reader), next_(next), is_upward_(is_upward) {}

    // The record that comes next; null at the end. Valid until pop().
    Result<const Change*> front() {
        if (ahead_.empty() && !is_done_) TRY(read_on());
        return ahead_.empty() ? nullptr : &ahead_.front();
    }
    void pop() { ahead_.pop_front(); }

private:
    Result<void> read_on() {
        const std::size_t records = records_;
        records_ = std::min(records_ * 4, ahead_max);
        const auto take = [&](const Change& change) {
            ahead_.push_back(change);
            return ahead_.size() < records;
        };
        TRY(is_upward_ ? reader_->upward(next_, take) : reader_->downward(next_, take));
        is_done_ = ahead_.size() < records;
        if (!ahead_.empty()) {
            const Sequence last = ahead_.back().sequence;
            next_ = is_upward_ ? last + 1 : last - 1;
        }
        return {};
    }

    const PostgresReader* reader_;
    Sequence next_;
    bool is_upward_;
    bool is_done_ = false;
    std::size_t records_ = ahead_first;
    std::deque<Change> ahead_;
};

Result<void> PostgresBooks::merge(std::span<Stream> streams, Order comes_first,
                                  const Visit& visit) {
    for (;;) {
        Stream* first = nullptr;
        const Change* change = nullptr;
        for (Stream& stream : streams) {
            const auto front = stream.front();
            if (!front) return std::unexpected(front.error());
            if (*front == nullptr || (change != nullptr && !comes_first(**front, *change)))
                continue;
            first = &stream;
            change = *front;
        }
        if (first == nullptr || !visit(*change)) return {};
        first->pop();
    }
}

Result<void> PostgresBooks::upward(Sequence first, const Visit& visit) const {
    if (shards_.size() == 1) return of(first_shard).upward(first, visit);
    CHECK(first <= 1);
    std::vector<Stream> streams;
    streams.reserve(shards_.size());
    for (Shard shard = 0; shard < keys_.shards(); ++shard)
        streams.emplace_back(of(shard), before_first(shard) + 1, true);
    return merge(streams, is_older, visit);
}

Result<void> PostgresBooks::downward(Sequence first, const Visit& visit) const {
    if (shards_.size() == 1) return of(first_shard).downward(first, visit);
    const auto after = change(first + 1);
    if (!after && after.error().code != ErrorCode::not_found) return std::unexpected(after.error());
    std::vector<Stream> streams;
    streams.reserve(shards_.size());
    for (Shard shard = 0; shard < keys_.shards(); ++shard) {
        Result<Sequence> newest = std::numeric_limits<std::int64_t>::max();
        if (after) newest = last_before(shard, after->time, after->sequence);
        if (!newest) return std::unexpected(newest.error());
        streams.emplace_back(of(shard), *newest, false);
    }
    return merge(streams, is_newer, visit);
}

// The latest record of a shard that comes before that place; the number before its first if none
// does. Times only rise within a shard.
Result<Sequence> PostgresBooks::last_before(Shard shard, Time time, Sequence sequence) const {
    if (shard == shard_of(sequence)) return sequence - 1;
    Sequence low = before_first(shard);
    Sequence high = of(shard).end().sequence;
    while (low < high) {
        const Sequence middle = high - (high - low) / 2;
        const auto there = change(middle);
        if (!there) return std::unexpected(there.error());
        if (std::tuple(there->time, middle) < std::tuple(time, sequence)) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

}  // namespace coffer
