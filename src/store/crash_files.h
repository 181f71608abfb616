#pragma once
// The file system of a CrashDisk. Its state is open to the sources of the CrashDisk only.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <limits>
#include <map>
#include <mutex>
#include <set>

#include "store/crash_disk.h"

namespace coffer {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

struct Inode {
    std::string bytes;
    std::size_t synced = 0;  // so many of them last
};
using Node = std::shared_ptr<Inode>;

// A change to the names of a folder: one name, or two for a move. An empty Node removes.
using NameChange = std::vector<std::pair<std::string, Node>>;

// RocksDB writes `folder/` and `folder//name` for what is `folder` and `folder/name`.
std::string plain(std::string name);
std::string folder_of(const std::string& name);

inline IOStatus missing(const std::string& name) { return IOStatus::PathNotFound(name); }

class SilentLogger final : public rocksdb::Logger {
public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
    std::size_t GetLogFileSize() const override { return 0; }
};

struct HeldLock final : rocksdb::FileLock {
    explicit HeldLock(std::string locked) : name(std::move(locked)) {}
    std::string name;
};

class CrashDisk::Files final : public rocksdb::FileSystem {
public:
    const char* Name() const override { return "CrashDisk"; }

    // ---- the disk
    mutable std::mutex mutex;
    std::map<std::string, Node> names;                       // as programs see them
    std::map<std::string, Node> lasting;                     // as the disk has them
    std::map<std::string, std::vector<NameChange>> pending;  // of a folder, since its last sync
    std::set<std::string> folders{""};
    std::set<std::string> locks;
    std::uint64_t operations = 0;
    std::uint64_t operations_max = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t used = 0;
    std::uint64_t epoch = 0;  // counts the times that the power came back
    Syncs syncs = Syncs::work;

    bool powered() const { return operations < operations_max; }
    IOStatus dead() const { return IOStatus::IOError("the power is out"); }
    // One more operation that changes the disk, if it still may.
    IOStatus change(std::uint64_t of_epoch) {
        if (!powered() || of_epoch != epoch) return dead();
        ++operations;
        return powered() ? IOStatus::OK() : dead();
    }
    void rename_now(NameChange renamed) {
        for (const auto& [name, node] : renamed) {
            if (node) {
                names[name] = node;
            } else {
                names.erase(name);
            }
        }
        pending[folder_of(renamed.back().first)].push_back(std::move(renamed));
    }
    void make_last(const NameChange& renamed) {
        for (const auto& [name, node] : renamed) {
            if (node) {
                lasting[name] = node;
            } else {
                lasting.erase(name);
            }
        }
    }
    Node find(const std::string& name) const {
        const auto found = names.find(plain(name));
        return found == names.end() ? nullptr : found->second;
    }
    IOStatus rename_folder(const std::string& from, const std::string& to);
    void restore(std::uint64_t seed);

    // ---- FileSystem
    IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                               IODebugContext* context) override;
    IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                 IODebugContext* context) override;
    IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                             IODebugContext* context) override;
    IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                IODebugContext* context) override;
    IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                          std::unique_ptr<rocksdb::FSDirectory>* directory,
                          IODebugContext* context) override;
    IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (!powered()) return dead();
        return names.contains(plain(name)) || folders.contains(plain(name))
                   ? IOStatus::OK()
                   : IOStatus::NotFound(name);
    }
    IOStatus GetChildren(const std::string& folder, const IOOptions&,
                         std::vector<std::string>* children, IODebugContext*) override;
    IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (IOStatus status = change(epoch); !status.ok()) return status;
        if (!find(name)) return missing(name);
        rename_now({{plain(name), nullptr}});
        return IOStatus::OK();
    }
    // Folders last as soon as they are made; losing them is not what is tested.
    IOStatus CreateDir(const std::string& name, const IOOptions& options,
                       IODebugContext* context) override {
        return CreateDirIfMissing(name, options, context);
    }
    IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&,
                                IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (IOStatus status = change(epoch); !status.ok()) return status;
        folders.insert(plain(name));
        return IOStatus::OK();
    }
    IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (IOStatus status = change(epoch); !status.ok()) return status;
        folders.erase(plain(name));
        return IOStatus::OK();
    }
    IOStatus GetFileSize(const std::string& name, const IOOptions&, std::uint64_t* size,
                         IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (!powered()) return dead();
        const Node node = find(name);
        if (!node) return missing(name);
        *size = node->bytes.size();
        return IOStatus::OK();
    }
    IOStatus GetFileModificationTime(const std::string&, const IOOptions&, std::uint64_t* time,
                                     IODebugContext*) override {
        *time = 0;
        return IOStatus::OK();
    }
    IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                        IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (IOStatus status = change(epoch); !status.ok()) return status;
        if (folders.contains(plain(from))) return rename_folder(plain(from), plain(to));
        const Node node = find(from);
        if (!node) return missing(from);
        rename_now({{plain(from), nullptr}, {plain(to), node}});
        return IOStatus::OK();
    }
    IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (IOStatus status = change(epoch); !status.ok()) return status;
        const Node node = find(from);
        if (!node) return missing(from);
        rename_now({{plain(to), node}});
        return IOStatus::OK();
    }
    IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** held,
                      IODebugContext*) override {
        const std::lock_guard lock(mutex);
        if (!powered()) return dead();
        if (!locks.insert(name).second) return IOStatus::IOError("locked already", name);
        *held = new HeldLock(name);
        return IOStatus::OK();
    }
    IOStatus UnlockFile(rocksdb::FileLock* held, const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(mutex);
        const std::unique_ptr<HeldLock> own(static_cast<HeldLock*>(held));
        locks.erase(own->name);
        return IOStatus::OK();
    }
    IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
        *path = "/test";
        return IOStatus::OK();
    }
    IOStatus NewLogger(const std::string&, const IOOptions&,
                       std::shared_ptr<rocksdb::Logger>* logger, IODebugContext*) override {
        *logger = std::make_shared<SilentLogger>();
        return IOStatus::OK();
    }
    IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                             IODebugContext*) override {
        *absolute = path;
        return IOStatus::OK();
    }
    IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is,
                         IODebugContext*) override {
        const std::lock_guard lock(mutex);
        *is = folders.contains(plain(path));
        return IOStatus::OK();
    }
    IOStatus GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* free,
                          IODebugContext*) override {
        const std::lock_guard lock(mutex);
        *free = capacity - std::min(used, capacity);
        return IOStatus::OK();
    }
};

}  // namespace coffer
