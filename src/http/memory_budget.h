#pragma once
// Counts memory that peers make us hold, so that many of them together cannot make us hold too
// much.
//
// A Share gives its bytes back when it goes, and must not outlive its budget. One thread only.

#include <cstddef>
#include <optional>
#include <utility>

namespace coffer {

class MemoryBudget {
public:
    explicit MemoryBudget(const std::size_t& bytes_max) : bytes_max_(bytes_max) {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    class Share {
    public:
        Share() = default;
        Share(Share&& other) noexcept
            : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
        Share& operator=(Share&& other) noexcept {
            release();
            budget_ = other.budget_;
            bytes_ = std::exchange(other.bytes_, 0);
            return *this;
        }
        ~Share() { release(); }

        void release() {
            if (bytes_ > 0) budget_->bytes_ -= std::exchange(bytes_, 0);
        }
        // Takes over what another share of the same budget holds.
        void join(Share&& other) {
            if (other.bytes_ == 0) return;
            budget_ = other.budget_;
            bytes_ += std::exchange(other.bytes_, 0);
        }

    private:
        friend class MemoryBudget;
        Share(MemoryBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
        MemoryBudget* budget_ = nullptr;
        std::size_t bytes_ = 0;
    };

    // Nothing when it is used up.
    std::optional<Share> take(std::size_t bytes) {
        if (bytes_ + bytes > bytes_max_) return std::nullopt;
        bytes_ += bytes;
        return Share(this, bytes);
    }

private:
    const std::size_t& bytes_max_;
    std::size_t bytes_ = 0;
};

}  // namespace coffer
