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

}  // namespace coffer
