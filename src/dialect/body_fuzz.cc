// Any bytes either are a Body or are refused; what is taken holds what Body promises.

#include <cstdlib>

#include "dialect/body.h"
#include "dialect/text.h"

namespace {

void examine(const coffer::Body& body, bool named) {
    using coffer::Value;
    for (std::size_t i = 0; i < body.members().size(); ++i) {
        const coffer::Member& member = body.members()[i];
        if (!coffer::is_utf8(member.value.text)) std::abort();
        if (member.value.type == Value::Type::string &&
            member.value.text.find('\0') != std::string_view::npos) {
            std::abort();
        }
        // A name that is not unique would be found at the first place.
        if (named && body.find(member.name) != &member.value) std::abort();
        if (member.value.type == Value::Type::object && !coffer::Body::parse(member.value.text)) {
            std::abort();
        }
        if (member.value.type == Value::Type::array &&
            !coffer::Body::parse_array(member.value.text)) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text = coffer::view({bytes, size});
    if (const auto body = coffer::Body::parse(text)) examine(*body, true);
    if (const auto body = coffer::Body::parse_array(text)) examine(*body, false);
    return 0;
}
