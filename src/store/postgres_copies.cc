#include "store/postgres_copies.h"

namespace coffer {

PostgresCopies::PostgresCopies(const PostgresReader& reader, const Limits& limits)
    : rows_(limits.rows, limits.rounds), names_(reader, limits.name_bytes) {}

bool PostgresCopies::find(std::span<const RecordKey> wanted, std::size_t at, Record& found) {
    if (const Record* row = rows_.find(wanted, at)) {
        found = *row;
        return true;
    }
    if (!names_.is_absent(wanted[at].hash)) return false;
    found = Record{};
    return true;
}

void PostgresCopies::follow(const Change& change) {
    for (const Hash16& name : change.names) names_.add(name);
    rows_.follow(change);
}

void PostgresCopies::forget() {
    rows_.clear();
    names_.start_over();
}

}  // namespace coffer
