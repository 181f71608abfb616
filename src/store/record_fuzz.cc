// Any bytes either are a Change, whose bytes are then exactly these, or are refused.

#include "base/check.h"
#include "store/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view given = coffer::view({bytes, size});
    const auto change = coffer::decode(given);
    if (!change) return 0;
    std::string written;
    coffer::encode(*change, written);
    CHECK(written == given);
    return 0;
}
