#include "store/crash_files.h"

#include <random>

namespace coffer {

namespace {

constexpr std::size_t page_bytes = 4096;

}  // namespace

std::string plain(std::string name) {
    for (std::size_t at = name.find("//"); at != std::string::npos; at = name.find("//")) {
        name.erase(at, 1);
    }
    if (name.ends_with('/')) name.pop_back();
    return name;
}

std::string folder_of(const std::string& name) { return name.substr(0, name.rfind('/')); }

// The folder and the names in it move at once, and last at once.
IOStatus CrashDisk::Files::rename_folder(const std::string& from, const std::string& to) {
    const auto moved = [&](std::map<std::string, Node>& all) {
        std::map<std::string, Node> kept;
        for (const auto& [name, node] : all) {
            const bool inside = name.starts_with(from + "/");
            kept[inside ? to + name.substr(from.size()) : name] = node;
        }
        all = std::move(kept);
    };
    moved(names);
    moved(lasting);
    folders.erase(from);
    folders.insert(to);
    return IOStatus::OK();
}

void CrashDisk::Files::restore(std::uint64_t seed) {
    const std::lock_guard lock(mutex);
    std::mt19937_64 random(seed);
    for (auto& [folder, changes] : pending) {
        const std::size_t kept = random() % (changes.size() + 1);
        for (std::size_t at = 0; at < kept; ++at) make_last(changes[at]);
    }
    pending.clear();
    std::set<Node> seen;
    used = 0;
    for (auto& [name, node] : lasting) {
        if (!seen.insert(node).second) continue;
        std::string& bytes = node->bytes;
        bytes.resize(node->synced + random() % (bytes.size() - node->synced + 1));
        // Pages reach the disk in any order: one that did not is zeros.
        for (std::size_t at = node->synced; at < bytes.size();) {
            const std::size_t stop = std::min(bytes.size(), (at / page_bytes + 1) * page_bytes);
            if (random() % 4 == 0) bytes.replace(at, stop - at, stop - at, '\0');
            at = stop;
        }
        node->synced = bytes.size();
        used += bytes.size();
    }
    names = lasting;
    locks.clear();
    operations_max = std::numeric_limits<std::uint64_t>::max();
    ++epoch;
}

}  // namespace coffer
