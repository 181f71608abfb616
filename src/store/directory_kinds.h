#pragma once
// Which records are the directory's.

#include <array>

#include "store/record.h"

namespace coffer {

// What is few and asked for by everybody, so that each process has all of it (ledger/directory.h)
// and must hear when one of them is put.
inline constexpr std::array directory_kinds{RecordKind::tenant, RecordKind::currency,
                                            RecordKind::integration, RecordKind::credential,
                                            RecordKind::withdrawal_policy};
constexpr bool is_of_directory(const Record& record) {
    for (const RecordKind kind : directory_kinds) {
        if (kind_of(record) == kind) return true;
    }
    return false;
}

// What a movement of money may put besides the player's own, and what follows on it: in books of
// several shards it is kept in the first, but the journal record that put it last may be in the
// player's.
inline constexpr std::array guest_kinds{RecordKind::withdrawal, RecordKind::settlement,
                                        RecordKind::withdrawal_day, RecordKind::chain_deposit};
constexpr bool may_be_guest(RecordKind kind) {
    for (const RecordKind guest : guest_kinds) {
        if (guest == kind) return true;
    }
    return false;
}

}  // namespace coffer
