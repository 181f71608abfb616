#pragma once
// How the outside names a transaction, a round or a withdrawal. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "store/record.h"

namespace coffer {

// The key under which ids are made, derived from the master key.
SecretKey16 id_key_of(const MasterKey& master_key);

// The public id of a transaction, a round or a withdrawal: a version-8 UUID of its time to the
// millisecond and its sequence number, the latter masked under a secret key, so that an id names
// its record without an index and tells nobody how many there are. parse gives what was put in; the
// ledger compares the time with the record's, so that a made-up id names nothing.
std::string public_id(Sequence sequence, Time time, const SecretKey16& key);
struct PublicId {
    Sequence sequence = 0;
    Time time_ms = 0;
};
std::optional<PublicId> parse_public_id(std::string_view text, const SecretKey16& key);

}  // namespace coffer
