#pragma once
// The ids of a run: unique, as long as a game server's are, and readable backwards.
//
// An id is the run's word, the call's number in hexadecimal and characters that look random, so
// that the journal can be asked which calls of a run are in it and no compressor gets a gift.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer {

inline constexpr std::size_t run_word_bytes = 8;
inline constexpr std::size_t id_bytes = 87;        // as the transactionId on page 002
inline constexpr std::size_t short_id_bytes = 36;  // the most that page 001 allows
inline constexpr std::size_t round_bytes = 76;     // as the roundId on page 002

// Well mixed bits of a number; the same for the same number (SplitMix64's finaliser).
std::uint64_t mix(std::uint64_t number);

// Different for each run.
std::string new_run_word();

// Overwrites `out`. The same number with another `salt` gives other random-looking characters.
void write_id(std::string_view run_word, std::uint64_t number, std::uint64_t salt,
              std::size_t bytes, std::string& out);

// The number of the call with that id, if it is one of that run's. In front of it may stand what a
// dialect puts there in the books (integrator: provider and site).
std::optional<std::uint64_t> number_in_id(std::string_view run_word, std::string_view id);

}  // namespace coffer
