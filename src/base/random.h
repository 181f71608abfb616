#pragma once
// Random bytes and the identifiers made of them.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace coffer {

// Bytes from the operating system's generator, buffered per thread. Any thread.
void fill_random(std::span<std::uint8_t> out);

using UuidBytes = std::array<std::uint8_t, 16>;

// RFC 9562 version 4 text (36 lower-case characters) from 16 random bytes.
std::string uuid_v4(std::span<const std::uint8_t, 16> random);
std::string uuid_text(const UuidBytes& bytes);               // as they are, no version set
std::optional<UuidBytes> parse_uuid(std::string_view text);  // either case

}  // namespace coffer
