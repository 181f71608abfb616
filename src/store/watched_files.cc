#include "store/watched_files.h"

#include "base/clock.h"

namespace coffer {

class WatchedLog final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    WatchedLog(std::unique_ptr<rocksdb::FSWritableFile> file, WatchedFiles& files)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files) {}

    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
        return timed([&] { return FSWritableFileOwnerWrapper::Sync(options, context); });
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* context) override {
        return timed([&] { return FSWritableFileOwnerWrapper::Fsync(options, context); });
    }

private:
    template <class Call>
    rocksdb::IOStatus timed(Call&& call) {
        const SystemClock clock;
        const Time start = clock.monotonic();
        rocksdb::IOStatus status = call();
        const auto took = static_cast<std::uint64_t>(clock.monotonic() - start);
        files_.sync_latest_us_.store(took, std::memory_order_relaxed);
        files_.sync_us_.fetch_add(took, std::memory_order_relaxed);
        files_.syncs_.fetch_add(1, std::memory_order_relaxed);
        if (!status.ok()) files_.sync_failed_.store(true, std::memory_order_relaxed);
        return status;
    }

    WatchedFiles& files_;
};

rocksdb::IOStatus WatchedFiles::NewWritableFile(const std::string& name,
                                                const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                rocksdb::IODebugContext* context) {
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, context);
    if (status.ok() && name.ends_with(".log")) {
        *file = std::make_unique<WatchedLog>(std::move(*file), *this);
    }
    return status;
}

}  // namespace coffer
