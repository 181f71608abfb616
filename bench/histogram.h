#pragma once
// Latencies, counted in buckets of at most 1.6 % width, from 1 ns to half a minute and beyond.

#include <array>
#include <bit>
#include <cstdint>

namespace coffer {

class Histogram {
public:
    void add(std::int64_t ns) {
        const std::uint64_t value = ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
        ++counts_[bucket_of(value)];
        ++count_;
        if (value > max_) max_ = value;
    }
    std::uint64_t count() const { return count_; }
    std::uint64_t max_ns() const { return max_; }
    // The latency that so many of a million calls do not exceed; at most one bucket too high.
    std::uint64_t quantile_ns(std::uint64_t per_million) const {
        const std::uint64_t rank = (count_ * per_million + 999'999) / 1'000'000;
        std::uint64_t seen = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            seen += counts_[bucket];
            if (seen >= rank && seen > 0)
                return highest_in(bucket) < max_ ? highest_in(bucket) : max_;
        }
        return max_;
    }

private:
    // Below 64 each value has its bucket; above, each power of two has 64.
    static constexpr unsigned step_bits = 6;
    static constexpr std::size_t steps = 1u << step_bits;
    static constexpr std::size_t bucket_of(std::uint64_t value) {
        if (value < steps) return static_cast<std::size_t>(value);
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - step_bits - 1;
        const std::size_t bucket = steps * (shift + 1) + (value >> shift) - steps;
        return bucket < bucket_count ? bucket : bucket_count - 1;
    }
    static constexpr std::uint64_t highest_in(std::size_t bucket) {
        if (bucket < steps) return bucket;
        const std::size_t shift = bucket / steps - 1;
        return ((bucket % steps + steps + 1) << shift) - 1;
    }
    static constexpr std::size_t bucket_count = steps * 32;
    std::array<std::uint64_t, bucket_count> counts_{};
    std::uint64_t count_ = 0, max_ = 0;
};

}  // namespace coffer
