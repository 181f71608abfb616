#include "store/postgres_values.h"

#include <libpq-fe.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace coffer {

namespace {

template <class Number>
void append_big_endian(std::string& out, Number value) {
    for (int shift = (static_cast<int>(sizeof value) - 1) * 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>((value >> shift) & 0xff));
    }
}

// Where the count of an array's items stands, behind dimensions, flags and element type.
constexpr std::size_t array_count_at = 12;

}  // namespace

std::string& PostgresValues::next() {
    if (used_ == values_.size()) values_.emplace_back();
    std::string& value = values_[used_++];
    value.clear();
    return value;
}

void PostgresValues::add_small(std::uint16_t value) { append_big_endian(next(), value); }

void PostgresValues::add_big(std::uint64_t value) { append_big_endian(next(), value); }

void PostgresValues::add_bytes(std::string_view value) { next().append(value); }

void PostgresValues::begin_array(unsigned element_type) {
    std::string& out = next();
    append_big_endian(out, std::uint32_t{1});  // dimensions
    append_big_endian(out, std::uint32_t{0});  // no nulls among the items
    append_big_endian(out, std::uint32_t{element_type});
    append_big_endian(out, std::uint32_t{0});  // items, filled in by end_array()
    append_big_endian(out, std::uint32_t{1});  // the first one's number
    items_ = 0;
}

void PostgresValues::item_big(std::uint64_t value) {
    std::string& out = values_[used_ - 1];
    append_big_endian(out, std::uint32_t{sizeof value});
    append_big_endian(out, value);
    ++items_;
}

void PostgresValues::item_bytes(std::string_view value) {
    std::string& out = values_[used_ - 1];
    append_big_endian(out, static_cast<std::uint32_t>(value.size()));
    out.append(value);
    ++items_;
}

void PostgresValues::end_array() {
    std::string& out = values_[used_ - 1];
    for (std::size_t byte = 0; byte < sizeof items_; ++byte) {
        out[array_count_at + byte] = static_cast<char>((items_ >> (24 - 8 * byte)) & 0xff);
    }
}

PostgresRows::PostgresRows(pg_result* result) : result_(result) {}

void PostgresRows::Free::operator()(pg_result* result) const { PQclear(result); }

std::size_t PostgresRows::size() const {
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

std::string_view PostgresRows::bytes(std::size_t row, int column) const {
    const int at = static_cast<int>(row);
    if (column >= PQnfields(result_.get())) return {};
    return {PQgetvalue(result_.get(), at, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), at, column))};
}

std::int64_t PostgresRows::big(std::size_t row, int column) const {
    const std::string_view value = bytes(row, column);
    std::uint64_t number = 0;
    if (value.size() != sizeof number) return 0;
    std::memcpy(&number, value.data(), sizeof number);
    if constexpr (std::endian::native == std::endian::little) number = __builtin_bswap64(number);
    return static_cast<std::int64_t>(number);
}

Hash16 PostgresRows::hash16(std::size_t row, int column) const {
    Hash16 hash{};
    const std::string_view value = bytes(row, column);
    if (value.size() == hash.size()) std::copy(value.begin(), value.end(), hash.begin());
    return hash;
}

std::string_view PostgresRows::done() const { return PQcmdStatus(result_.get()); }

}  // namespace coffer
