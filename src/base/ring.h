#pragma once
// A bounded queue from one thread to another, without locks.
//
// One producer thread calls push, one consumer thread calls pop. Capacity is rounded up to a power
// of two and never grows: a full ring is the sign of overload that the caller must answer.

#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

namespace coffer {

template <class T>
class Ring {
public:
    explicit Ring(std::size_t capacity)
        : slots_(std::bit_ceil(capacity)), mask_(slots_.size() - 1) {}

    // False when full; the value is then untouched.
    bool push(T& value) {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head - tail_seen_ == slots_.size()) {
            tail_seen_ = tail_.load(std::memory_order_acquire);
            if (head - tail_seen_ == slots_.size()) return false;
        }
        slots_[head & mask_] = std::move(value);
        head_.store(head + 1, std::memory_order_release);
        return true;
    }

    // False when empty.
    bool pop(T& value) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail == head_seen_) {
            head_seen_ = head_.load(std::memory_order_acquire);
            if (tail == head_seen_) return false;
        }
        value = std::move(slots_[tail & mask_]);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    std::size_t size() const {
        return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_acquire);
    }
    std::size_t capacity() const { return slots_.size(); }

private:
    std::vector<T> slots_;
    std::size_t mask_;
    // Each side's counters on a cache line of their own: sharing one cost a third of the hand-over
    // rate in queues like this one.
    alignas(64) std::atomic<std::size_t> head_{0};
    std::size_t tail_seen_ = 0;
    alignas(64) std::atomic<std::size_t> tail_{0};
    std::size_t head_seen_ = 0;
};

}  // namespace coffer
