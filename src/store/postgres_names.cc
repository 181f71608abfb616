#include "store/postgres_names.h"

#include <chrono>
#include <utility>

namespace coffer {

namespace {

constexpr std::size_t names_a_trip = 20'000;
constexpr std::chrono::seconds before_trying_again{1};

}  // namespace

PostgresNames::PostgresNames(const PostgresReader& reader, std::size_t bytes_max)
    : reader_(reader), bytes_max_(bytes_max) {}

PostgresNames::~PostgresNames() { stop(); }

void PostgresNames::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void PostgresNames::add(const Hash16& name) {
    if (gave_up_) return;
    told_.add(name);
    if (bytes() > bytes_max_) give_up();
}

bool PostgresNames::is_absent(const Hash16& name) {
    return is_complete() && !told_.may_have(name) && !taken_.may_have(name);
}

bool PostgresNames::is_complete() {
    if (complete_) return true;
    if (gave_up_ || !done_.load(std::memory_order_acquire)) return false;
    thread_.join();
    taken_ = std::move(read_);
    complete_ = bytes() <= bytes_max_;
    if (!complete_) give_up();
    return complete_;
}

void PostgresNames::give_up() {
    stop();
    gave_up_ = true;
    complete_ = false;
    told_ = taken_ = read_ = NameFilter();
}

// Names are never taken away, so that what was given before now is in whatever statement comes
// after it, and the statements need not be of one moment.
void PostgresNames::start_over() {
    if (gave_up_) return;
    stop();
    stopping_ = false;
    complete_ = false;
    told_ = taken_ = read_ = NameFilter();
    done_.store(false, std::memory_order_relaxed);
    thread_ = std::thread([this] { load(); });
}

void PostgresNames::load() {
    Hash16 after{};
    for (;;) {
        const auto names = reader_.names_after(after, names_a_trip);
        std::unique_lock lock(mutex_);
        // A database that is away comes back, or the process ends.
        if (!names) stopped_.wait_for(lock, before_trying_again, [this] { return stopping_; });
        if (stopping_) return;
        lock.unlock();
        if (!names) continue;
        for (const Hash16& name : *names) read_.add(name);
        if (names->size() < names_a_trip || read_.bytes() > bytes_max_) break;
        after = names->back();
    }
    done_.store(true, std::memory_order_release);
}

}  // namespace coffer
