#include "store/crash_disk.h"

#include "store/crash_files.h"

// RocksDB 7.8 forgets the new memtable when the log that goes with it cannot be made, which is what
// happens when the power goes. The name is LeakSanitizer's.
extern "C" const char* __lsan_default_suppressions();   // NOLINT
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
    return "leak:rocksdb::DBImpl::SwitchMemtable\n";
}

namespace coffer {

CrashDisk::CrashDisk() : files_(std::make_shared<Files>()) {}
CrashDisk::~CrashDisk() = default;

std::shared_ptr<rocksdb::FileSystem> CrashDisk::files() const { return files_; }

void CrashDisk::cut_power_after(std::uint64_t operations) {
    const std::lock_guard lock(files_->mutex);
    files_->operations_max = files_->operations + operations;
}
void CrashDisk::cut_power() { cut_power_after(0); }
bool CrashDisk::has_power() const {
    const std::lock_guard lock(files_->mutex);
    return files_->powered();
}
std::uint64_t CrashDisk::operations() const {
    const std::lock_guard lock(files_->mutex);
    return files_->operations;
}
void CrashDisk::restore_power(std::uint64_t seed) { files_->restore(seed); }

void CrashDisk::set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(files_->mutex);
    files_->capacity = bytes;
}
std::uint64_t CrashDisk::used() const {
    const std::lock_guard lock(files_->mutex);
    return files_->used;
}
void CrashDisk::set_syncs(Syncs syncs) {
    const std::lock_guard lock(files_->mutex);
    files_->syncs = syncs;
}

std::vector<std::string> CrashDisk::names(const std::string& folder) const {
    std::vector<std::string> children;
    const IOStatus status = files_->GetChildren(folder, {}, &children, nullptr);
    return status.ok() ? children : std::vector<std::string>{};
}
std::string CrashDisk::read(const std::string& name) const {
    const std::lock_guard lock(files_->mutex);
    const Node node = files_->find(name);
    return node ? node->bytes : std::string{};
}
void CrashDisk::overwrite(const std::string& name, const std::string& bytes) {
    const std::lock_guard lock(files_->mutex);
    const Node node = files_->find(name);
    if (!node) return;
    node->bytes = bytes;
    node->synced = bytes.size();
}
void CrashDisk::remove(const std::string& name) {
    const std::lock_guard lock(files_->mutex);
    files_->names.erase(name);
    files_->lasting.erase(name);
}

}  // namespace coffer
