// The open files and folders of a CrashDisk. One that was opened before the power went stays dead.

#include "store/crash_files.h"

namespace coffer {

namespace {

// Both kinds of reading.
class Readable final : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
public:
    Readable(CrashDisk::Files& files, Node node) : files_(files), node_(std::move(node)) {}

    IOStatus Read(std::size_t count, const IOOptions&, Slice* result, char* scratch,
                  IODebugContext*) override {
        const IOStatus status = read(at_, count, result, scratch);
        if (status.ok()) at_ += result->size();
        return status;
    }
    IOStatus Skip(std::uint64_t count) override {
        at_ += count;
        return IOStatus::OK();
    }
    IOStatus Read(std::uint64_t offset, std::size_t count, const IOOptions&, Slice* result,
                  char* scratch, IODebugContext*) const override {
        return read(offset, count, result, scratch);
    }
    bool use_direct_io() const override { return false; }
    std::size_t GetRequiredBufferAlignment() const override { return 1; }
    IOStatus InvalidateCache(std::size_t, std::size_t) override { return IOStatus::OK(); }

private:
    IOStatus read(std::uint64_t offset, std::size_t count, Slice* result, char* scratch) const {
        const std::lock_guard lock(files_.mutex);
        if (!files_.powered()) return files_.dead();
        const std::size_t from = std::min<std::size_t>(offset, node_->bytes.size());
        const std::size_t size = node_->bytes.copy(scratch, count, from);
        *result = Slice(scratch, size);
        return IOStatus::OK();
    }
    CrashDisk::Files& files_;
    Node node_;
    std::uint64_t at_ = 0;
};

class Writable final : public rocksdb::FSWritableFile {
public:
    Writable(CrashDisk::Files& files, Node node)
        : files_(files), node_(std::move(node)), epoch_(files.epoch) {}

    using FSWritableFile::Append;
    IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(files_.mutex);
        if (IOStatus status = files_.change(epoch_); !status.ok()) return status;
        if (files_.used + data.size() > files_.capacity) {
            return IOStatus::NoSpace("the disk is full");
        }
        node_->bytes.append(data.data(), data.size());
        files_.used += data.size();
        return IOStatus::OK();
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(files_.mutex);
        if (IOStatus status = files_.change(epoch_); !status.ok()) return status;
        node_->bytes.resize(size);
        node_->synced = std::min<std::size_t>(node_->synced, size);
        return IOStatus::OK();
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(files_.mutex);
        if (IOStatus status = files_.change(epoch_); !status.ok()) return status;
        if (files_.syncs == CrashDisk::Syncs::fail)
            return IOStatus::IOError("the disk could not write");
        node_->synced = node_->bytes.size();
        return IOStatus::OK();
    }
    bool IsSyncThreadSafe() const override { return true; }
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(files_.mutex);
        return node_->bytes.size();
    }

private:
    CrashDisk::Files& files_;
    Node node_;
    std::uint64_t epoch_;
};

class Folder final : public rocksdb::FSDirectory {
public:
    Folder(CrashDisk::Files& files, std::string name)
        : files_(files), name_(std::move(name)), epoch_(files.epoch) {}

    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(files_.mutex);
        if (IOStatus status = files_.change(epoch_); !status.ok()) return status;
        for (const NameChange& renamed : files_.pending[name_]) files_.make_last(renamed);
        files_.pending[name_].clear();
        return IOStatus::OK();
    }

private:
    CrashDisk::Files& files_;
    std::string name_;
    std::uint64_t epoch_;
};

}  // namespace

IOStatus CrashDisk::Files::NewSequentialFile(const std::string& name, const FileOptions&,
                                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                             IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (!powered()) return dead();
    const Node node = find(name);
    if (!node) return missing(name);
    *file = std::make_unique<Readable>(*this, node);
    return IOStatus::OK();
}

IOStatus CrashDisk::Files::NewRandomAccessFile(const std::string& name, const FileOptions&,
                                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                               IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (!powered()) return dead();
    const Node node = find(name);
    if (!node) return missing(name);
    *file = std::make_unique<Readable>(*this, node);
    return IOStatus::OK();
}

IOStatus CrashDisk::Files::NewWritableFile(const std::string& name, const FileOptions&,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (IOStatus status = change(epoch); !status.ok()) return status;
    const auto node = std::make_shared<Inode>();
    rename_now({{plain(name), node}});
    *file = std::make_unique<Writable>(*this, node);
    return IOStatus::OK();
}

IOStatus CrashDisk::Files::ReopenWritableFile(const std::string& name, const FileOptions&,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (IOStatus status = change(epoch); !status.ok()) return status;
    Node node = find(name);
    if (!node) {
        node = std::make_shared<Inode>();
        rename_now({{plain(name), node}});
    }
    *file = std::make_unique<Writable>(*this, node);
    return IOStatus::OK();
}

IOStatus CrashDisk::Files::NewDirectory(const std::string& name, const IOOptions&,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                                        IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (!powered()) return dead();
    *directory = std::make_unique<Folder>(*this, plain(name));
    return IOStatus::OK();
}

IOStatus CrashDisk::Files::GetChildren(const std::string& path, const IOOptions&,
                                       std::vector<std::string>* children, IODebugContext*) {
    const std::lock_guard lock(mutex);
    if (!powered()) return dead();
    const std::string folder = plain(path);
    if (!folders.contains(folder)) return missing(folder);
    children->clear();
    for (const auto& [name, node] : names) {
        if (folder_of(name) == folder) children->push_back(name.substr(folder.size() + 1));
    }
    return IOStatus::OK();
}

}  // namespace coffer
