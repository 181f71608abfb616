// What callers write into paths, queries and cursors: whatever is taken says the same when it is
// written again, and no cursor or id is taken that was not made here. Times and addresses too.

#include <algorithm>

#include "base/calendar.h"
#include "base/check.h"
#include "dialect/address_list.h"
#include "dialect/text.h"

namespace {

using namespace coffer;

void try_query(std::string_view text) {
    if (const auto decoded = percent_decode(text, false)) {
        CHECK(is_utf8(*decoded) && decoded->find('\0') == std::string::npos);
        CHECK(percent_decode(percent_encode(*decoded), false) == decoded);
    }
    const auto parameters = parse_query(text);
    if (!parameters) return;
    std::string again;
    for (const auto& [name, value] : *parameters) {
        if (!again.empty()) again += '&';
        again += percent_encode(name) + '=' + percent_encode(value);
        CHECK(std::ranges::count(*parameters, name, &QueryParameters::value_type::first) == 1);
        CHECK(*find_parameter(*parameters, name) == value);
    }
    const auto reread = parse_query(again);
    CHECK(reread && *reread == *parameters);
}

// Only what was cut off may be lost: a time that was read is printed as one that reads the same.
void try_time(std::string_view text) {
    const auto time = parse_rfc3339(text);
    if (time) CHECK(parse_rfc3339(format_time(*time, 6)) == time);
    const auto date = parse_date(text);
    if (date) CHECK(format_time(*date, 0) == std::string(text) + "T00:00:00Z");
}

void try_names(std::string_view text) {
    CHECK(!read_cursor(text, "context", "a key that no fuzzer knows"));
    const SecretKey16 key{1, 2, 3};
    if (const auto id = parse_public_id(text, key)) {
        CHECK(parse_public_id(public_id(id->sequence, id->time_ms * millisecond_us, key), key)
                  ->sequence == id->sequence);
    }
    constexpr std::int64_t max = 1'000'000;
    if (const auto number = parse_integer(text, -max, max)) {
        CHECK(*number >= -max && *number <= max);
        CHECK(parse_integer(std::to_string(*number), -max, max) == number);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text = view({bytes, size});
    try_query(text);
    try_time(text);
    try_names(text);
    const Call call{.headers = {{.name = "authorization", .value = std::string(text)}}};
    if (const auto token = bearer_token(call)) CHECK(!token->empty());
    if (const auto basic = basic_credentials(call)) {
        CHECK(basic->first.find(':') == std::string::npos);
    }
    (void)parse_peer_address(text);
    return 0;
}
