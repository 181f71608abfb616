#pragma once
// For tests: a disk in memory that can lose its power, fill up, fail to sync and rot.
//
// It keeps apart what was written and what was made to last. When the power comes back a file has
// what was synced and of the rest, page by page, what luck has left; a name that was made, moved or
// removed is as the last sync of its folder left it, or a little later. Any thread may use it. A
// store over it must be destroyed before the power comes back.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rocksdb {
class FileSystem;
}

namespace coffer {

class CrashDisk {
public:
    CrashDisk();
    ~CrashDisk();

    // For RocksOptions::file_system.
    std::shared_ptr<rocksdb::FileSystem> files() const;

    // After so many more operations that change the disk, every operation fails.
    void cut_power_after(std::uint64_t operations);
    void cut_power();
    bool has_power() const;
    std::uint64_t operations() const;  // that changed the disk, since it was made
    void restore_power(std::uint64_t seed);

    void set_capacity(std::uint64_t bytes);  // writing beyond fails for want of space
    std::uint64_t used() const;
    enum class Syncs { work, fail };
    void set_syncs(Syncs syncs);

    std::vector<std::string> names(const std::string& folder) const;
    // The bytes of a file as programs see them, to be damaged by a test.
    std::string read(const std::string& name) const;
    void overwrite(const std::string& name, const std::string& bytes);
    void remove(const std::string& name);

    class Files;  // crash_files.h

private:
    std::shared_ptr<Files> files_;
};

}  // namespace coffer
