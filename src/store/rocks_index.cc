#include "store/rocks_index.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unordered_map>

#include <rocksdb/sst_file_writer.h>

#include "store/lookup.h"

namespace coffer {

namespace {

// The entry that is no record's: kind 0. Its value says through which record the index is complete.
constexpr Hash16 watermark_hash{};

// How long the writing thread waits after a failure, unless a commit asks for room before.
constexpr std::chrono::seconds retry_pause{1};

}  // namespace

RocksIndex::RocksIndex(const RocksDatabase& opened, const RocksOptions& options)
    : opened_(opened),
      entries_max_(options.index_generation_entries),
      waiting_max_(options.index_generations_waiting_max),
      folder_(opened.directory + "/ingest"),
      active_(std::make_shared<Generation>(entries_max_ + change_puts_max + 1)) {
    writer_ = std::thread([this] { write_generations(); });
}

RocksIndex::~RocksIndex() {
    {
        const std::unique_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    writer_.join();
}

Result<Sequence> RocksIndex::read_watermark() const {
    std::string value;
    const auto status = opened_.database->Get({}, opened_.index, slice(watermark_hash), &value);
    if (status.IsNotFound()) return Sequence{0};
    if (!status.ok()) return std::unexpected(error_of(status, "reading the index's watermark"));
    return sequence_of(value);
}

Result<void> RocksIndex::make_room() {
    std::unique_lock lock(mutex_);
    if (frozen_.size() <= waiting_max_) return {};
    ++waits_;
    trouble_.reset();
    changed_.notify_all();
    changed_.wait(lock, [&] { return frozen_.size() <= waiting_max_ || trouble_; });
    if (frozen_.size() <= waiting_max_) return {};
    return std::unexpected(*trouble_);
}

void RocksIndex::publish(std::span<const IndexEntry> entries, const JournalEnd& end) {
    const std::unique_lock lock(mutex_);
    // Asking for the places some entries ahead hides that nearly every one is a cache miss.
    constexpr std::size_t ahead = 8;
    for (std::size_t at = 0; at < entries.size(); ++at) {
        if (at + ahead < entries.size()) active_->table.prefetch(entries[at + ahead].hash);
        const bool next_record = at > 0 && entries[at].sequence != entries[at - 1].sequence;
        if (next_record && active_->table.size() >= entries_max_) freeze(entries[at - 1].sequence);
        active_->table.put(entries[at]);
    }
    end_ = end;
    if (active_->table.size() >= entries_max_) freeze(end.sequence);
}

void RocksIndex::freeze(Sequence through) {
    active_->through = through;
    frozen_.push_back(std::move(active_));
    active_ = spare_ ? std::move(spare_)
                     : std::make_shared<Generation>(entries_max_ + change_puts_max + 1);
    spare_.reset();
    changed_.notify_all();
}

JournalEnd RocksIndex::end() const {
    const std::shared_lock lock(mutex_);
    return end_;
}

// A generation leaves memory only after its file is in RocksDB, so what is in neither was never
// there.
Result<void> RocksIndex::find(std::span<const Hash16* const> wanted,
                              std::span<Sequence> found) const {
    std::vector<std::size_t> missing;
    {
        const std::shared_lock lock(mutex_);
        constexpr std::size_t ahead = 8;
        for (std::size_t at = 0; at < wanted.size(); ++at) {
            if (at + ahead < wanted.size()) active_->table.prefetch(*wanted[at + ahead]);
            found[at] = active_->table.find(*wanted[at]);
            for (auto older = frozen_.rbegin(); found[at] == 0 && older != frozen_.rend();
                 ++older) {
                found[at] = (*older)->table.find(*wanted[at]);
            }
            if (found[at] == 0) missing.push_back(at);
        }
    }
    if (missing.empty()) return {};
    std::sort(missing.begin(), missing.end(),
              [&](std::size_t left, std::size_t right) { return *wanted[left] < *wanted[right]; });
    // RocksDB looks for 32 keys at a time; so many need no memory of their own.
    constexpr std::size_t together = 32;
    for (std::size_t start = 0; start < missing.size(); start += together) {
        const std::size_t count = std::min(together, missing.size() - start);
        std::array<rocksdb::Slice, together> keys;
        std::array<rocksdb::PinnableSlice, together> values;
        std::array<rocksdb::Status, together> statuses;
        for (std::size_t at = 0; at < count; ++at) keys[at] = slice(*wanted[missing[start + at]]);
        opened_.database->MultiGet({}, opened_.index, count, keys.data(), values.data(),
                                   statuses.data(), true);
        for (std::size_t at = 0; at < count; ++at) {
            if (statuses[at].IsNotFound()) continue;
            if (!statuses[at].ok()) {
                return std::unexpected(error_of(statuses[at], "reading the index"));
            }
            found[missing[start + at]] = sequence_of(values[at].ToStringView());
        }
    }
    return {};
}

std::vector<RocksIndex::Shared> RocksIndex::generations() const {
    const std::shared_lock lock(mutex_);
    std::vector<Shared> all(frozen_.begin(), frozen_.end());
    all.push_back(active_);
    return all;
}

// Sequences only rise, so of several entries of a record the greatest is the latest, in whatever
// order they are found.
Result<std::vector<Sequence>> RocksIndex::all(RecordKind kind) const {
    struct ByHash {
        std::size_t operator()(const Hash16& hash) const {
            std::size_t bits = 0;
            std::memcpy(&bits, hash.data() + 8, sizeof bits);
            return bits;
        }
    };
    std::unordered_map<Hash16, Sequence, ByHash> latest;
    const auto seen = [&](const Hash16& hash, Sequence sequence) {
        Sequence& known = latest[hash];
        known = std::max(known, sequence);
    };
    for (const Shared& generation : generations()) {
        // A few thousand places at a time, so that the lane never waits long.
        constexpr std::size_t stride = 4096;
        const IndexTable& table = generation->table;
        for (std::size_t start = 0; start < table.places(); start += stride) {
            const std::shared_lock lock(mutex_);
            const std::size_t stop = std::min(start + stride, table.places());
            for (std::size_t place = start; place < stop; ++place) {
                const IndexEntry& entry = table.at(place);
                if (entry.sequence != 0 && entry.hash[0] == static_cast<std::uint8_t>(kind)) {
                    seen(entry.hash, entry.sequence);
                }
            }
        }
    }

    const char first = static_cast<char>(kind);
    const std::unique_ptr<rocksdb::Iterator> file(opened_.database->NewIterator({}, opened_.index));
    for (file->Seek({&first, 1}); file->Valid() && file->key().starts_with({&first, 1});
         file->Next()) {
        Hash16 hash{};
        if (file->key().size() != hash.size()) continue;
        std::memcpy(hash.data(), file->key().data(), hash.size());
        seen(hash, sequence_of(file->value().ToStringView()));
    }
    if (!file->status().ok()) return std::unexpected(error_of(file->status(), "reading the index"));

    std::vector<Sequence> sequences;
    sequences.reserve(latest.size());
    for (const auto& [hash, sequence] : latest) sequences.push_back(sequence);
    std::sort(sequences.begin(), sequences.end());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    return sequences;
}

Result<void> RocksIndex::flush() {
    std::unique_lock lock(mutex_);
    if (active_->table.size() > 0) freeze(end_.sequence);
    trouble_.reset();
    changed_.notify_all();
    changed_.wait(lock, [&] { return frozen_.empty() || trouble_; });
    if (frozen_.empty()) return {};
    return std::unexpected(*trouble_);
}

void RocksIndex::write_generations() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (frozen_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const Shared oldest = frozen_.front();
        lock.unlock();
        const Result<void> written = write_file(*oldest);
        lock.lock();
        if (!written) {
            trouble_ = written.error();
            changed_.notify_all();
            changed_.wait_for(lock, retry_pause, [&] { return stopping_ || !trouble_; });
            continue;
        }
        ++files_;
        trouble_.reset();
        frozen_.pop_front();
        changed_.notify_all();
        if (spare_ || oldest.use_count() > 1) continue;  // or somebody still reads it
        lock.unlock();
        oldest->table.clear();
        lock.lock();
        spare_ = oldest;
    }
}

Result<void> RocksIndex::write_file(const Generation& generation) {
    const std::string name = folder_ + "/generation.sst";
    const rocksdb::IOOptions io;
    auto made = opened_.files->CreateDirIfMissing(folder_, io, nullptr);
    if (!made.ok()) return std::unexpected(error_of(made, "making " + folder_));
    // Left by a process that stopped in the middle.
    opened_.files->DeleteFile(name, io, nullptr).PermitUncheckedError();

    rocksdb::SstFileWriter file(rocksdb::EnvOptions(), opened_.index_options, opened_.index);
    rocksdb::Status status = file.Open(name);
    const auto add = [&](const Hash16& hash, Sequence sequence) {
        if (status.ok()) status = file.Put(slice(hash), slice(sequence_bytes(sequence)));
    };
    add(watermark_hash, generation.through);
    for (const IndexEntry& entry : generation.table.sorted()) add(entry.hash, entry.sequence);
    if (status.ok()) status = file.Finish();

    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    ingest.snapshot_consistency = false;  // nothing here reads the index under a snapshot
    ingest.allow_blocking_flush = false;
    ingest.write_global_seqno = false;
    if (status.ok()) status = opened_.database->IngestExternalFile(opened_.index, {name}, ingest);
    if (!status.ok()) return std::unexpected(error_of(status, "writing a generation of the index"));
    return {};
}

void RocksIndex::stats_to(RocksStats& stats) const {
    const std::shared_lock lock(mutex_);
    stats.index_entries_active = active_->table.size();
    stats.index_generations_waiting = frozen_.size();
    stats.index_files_written = files_;
    stats.index_waits = waits_;
}

}  // namespace coffer
