#include "dialect/call.h"

#include <algorithm>

namespace coffer {

std::string_view Call::header(std::string_view name) const {
    for (const Header& field : headers) {
        if (field.name == name) return field.value;
    }
    return {};
}

std::size_t Call::header_count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(headers, [name](const Header& field) { return field.name == name; }));
}

}  // namespace coffer
