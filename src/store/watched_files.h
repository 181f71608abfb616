#pragma once
// A file system that passes everything on and watches one thing: the syncs of the write-ahead log.
// What they took is a metric; that one failed must be known for certain, because after a failed
// sync the kernel may call pages clean that never reached the disk, and no later sync can be
// believed.

#include <atomic>

#include <rocksdb/file_system.h>

namespace coffer {

class WatchedFiles final : public rocksdb::FileSystemWrapper {
public:
    using rocksdb::FileSystemWrapper::FileSystemWrapper;
    const char* Name() const override { return "WatchedFiles"; }

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* context) override;

    bool sync_failed() const { return sync_failed_.load(std::memory_order_relaxed); }
    std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }
    std::uint64_t sync_us() const { return sync_us_.load(std::memory_order_relaxed); }
    std::uint64_t sync_latest_us() const { return sync_latest_us_.load(std::memory_order_relaxed); }

private:
    friend class WatchedLog;
    std::atomic<bool> sync_failed_{false};
    std::atomic<std::uint64_t> syncs_{0};
    std::atomic<std::uint64_t> sync_us_{0};
    std::atomic<std::uint64_t> sync_latest_us_{0};
};

}  // namespace coffer
