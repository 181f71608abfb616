#pragma once
// Counters, gauges and histograms in the Prometheus text format.
//
// A Metrics owns every series; the references it hands out live as long as it does. Registration
// takes a lock and is done at start; counting is a relaxed atomic and may be done from any thread.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace coffer {

class Counter {
public:
    void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

// Buckets at powers of two from 1 to 2^27 (a power-of-two histogram needs no search, only a count
// of leading zeros), printed after multiplication by `unit` (1e-6 for microseconds shown as
// seconds).
class Histogram {
public:
    static constexpr int buckets = 28;
    void observe(std::uint64_t value);
    std::uint64_t count() const;
    std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
    std::uint64_t bucket(int index) const {
        return counts_[static_cast<std::size_t>(index)].load(std::memory_order_relaxed);
    }

private:
    std::array<std::atomic<std::uint64_t>, buckets + 1> counts_{};
    std::atomic<std::uint64_t> sum_{0};
};

class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // name: as printed (`coffer_calls_total`); labels: the text between the braces, or empty
    // (`dialect="rgs",verb="debit"`). Asking twice for the same series gives the same object.
    Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, double unit,
                         std::string_view labels = {});
    // Prometheus text exposition format 0.0.4.
    std::string expose() const;

private:
    struct Registry;
    std::unique_ptr<Registry> registry_;
};

}  // namespace coffer
