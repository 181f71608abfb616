#pragma once
// A third side of record_fields.h, for tests: fills the fields of a record with what the format can
// hold, extremes and the values it writes short among them, as a function of a seed.

#include <random>

#include "store/chain_fields.h"

namespace coffer {

class FieldFiller {
public:
    static constexpr bool reads = true;  // asks for records that can be changed
    explicit FieldFiller(std::uint64_t seed) : random_(seed) {}

    CodecContext context;

    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    // Small as often as large, so that every length of a number comes up.
    std::uint64_t any() { return below(8) == 0 ? 0 : random_() >> below(64); }

    void byte(std::uint8_t& value) { value = static_cast<std::uint8_t>(random_()); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(below(account_count)); }
    template <std::size_t Size>
    void bytes(std::array<std::uint8_t, Size>& value) {
        for (std::uint8_t& each : value) byte(each);
    }
    template <class Number>
        requires std::is_unsigned_v<Number>
    void number(Number& value) {
        value = static_cast<Number>(any());
    }
    void flag(bool& value) { value = below(2) == 1; }
    template <class Choice>
    void choice(Choice& value, Choice first, Choice last) {
        const auto low = static_cast<std::uint64_t>(first);
        value = static_cast<Choice>(low + below(static_cast<std::uint64_t>(last) - low + 1));
    }
    void integer(std::int64_t& value) {
        value = static_cast<std::int64_t>(any());
        if (below(2) == 0) value = -(value + 1);
    }
    void amount(Amount& value) {
        const Uint128 bits = Uint128{any()} << 64 | any();
        value.units = static_cast<Int128>(bits % static_cast<Uint128>(amount_units_max()));
        if (below(10) == 0) value.units = amount_units_max();
        if (below(2) == 0) value = negate(value);
    }
    void near(std::uint64_t& value, std::uint64_t here) { value = below(3) == 0 ? here : any(); }
    void near(std::int64_t& value, std::int64_t here) {
        integer(value);
        if (below(3) == 0) value = here;
    }
    void text(std::string& value, const std::string& same = {}) {
        value.clear();
        const std::uint64_t choice = below(5);
        if (choice == 0) return;
        if (choice == 1) {
            UuidBytes packed{};
            bytes(packed);
            return unpack_uuid(packed, value);
        }
        if (choice == 2 && !same.empty()) {
            value = same;
            return;
        }
        const std::uint64_t length = below(20) == 0 ? below(70'000) : below(100);
        for (std::uint64_t index = 0; index < length; ++index) {
            value.push_back(static_cast<char>(random_()));
        }
    }
    template <class List, class Item>
    void list(List& values, Item&& item) {
        values.clear();
        for (std::uint64_t count = below(4); count > 0; --count) item(values.emplace_back());
    }
    void begin_optional() {}
    bool optional(bool) { return below(2) == 1; }
    void end_optional() {}
    void require(bool) {}
    bool bad() const { return false; }

private:
    std::mt19937_64 random_;
};

// A Change of which every field is arbitrary, within what the types promise.
Change arbitrary_change(std::uint64_t seed);

}  // namespace coffer
