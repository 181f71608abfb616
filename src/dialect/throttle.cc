#include "dialect/throttle.h"

#include <algorithm>

namespace coffer {
namespace {

constexpr std::size_t generation_entries_max = 8192;  // about a megabyte a generation

}  // namespace

template <class Entry>
Entry& Throttle::Table<Entry>::at(const std::string& name) {
    if (const auto found = young.find(name); found != young.end()) return found->second;
    if (young.size() >= generation_entries_max) {
        old = std::move(young);
        young.clear();
    }
    Entry entry;
    if (const auto found = old.find(name); found != old.end()) entry = found->second;
    return young[name] = entry;
}

template <class Entry>
const Entry* Throttle::Table<Entry>::find(const std::string& name) const {
    if (const auto found = young.find(name); found != young.end()) return &found->second;
    if (const auto found = old.find(name); found != old.end()) return &found->second;
    return nullptr;
}

bool Throttle::take_call(const std::string& credential, std::int64_t calls_per_second, Time now) {
    const std::lock_guard lock(mutex_);
    Bucket& bucket = buckets_.at(credential);
    const Duration price = std::max<Duration>(second_us / calls_per_second, 1);
    const Time full_at = std::max(bucket.full_at, now) + price;
    if (full_at > now + second_us) return false;
    bucket.full_at = full_at;
    return true;
}

int Throttle::login_wait_s(const std::string& name, std::uint32_t failures_max, Time now) {
    const std::lock_guard lock(mutex_);
    const Failures* failures = failures_.find(name);
    if (failures == nullptr || failures->count < failures_max) return 0;
    if (now - failures->first >= login_window_us) return 0;
    const Duration wait = failures->last + login_pause_us - now;
    return wait <= 0 ? 0 : static_cast<int>((wait + second_us - 1) / second_us);
}

void Throttle::login_failed(const std::string& name, std::uint32_t failures_max, Time now) {
    const std::lock_guard lock(mutex_);
    Failures& failures = failures_.at(name);
    if (now - failures.first >= login_window_us || failures.count == 0) {
        failures.count = 0;
        failures.first = now;
    }
    failures.count = std::min(failures.count + 1, failures_max);
    failures.last = now;
}

}  // namespace coffer
