#pragma once
// The steps that a transaction takes on a chain once something is signed for it: the same for what
// pays a withdrawal and for what moves tokens between accounts of the house.

#include <algorithm>

#include "base/keccak.h"
#include "ledger/outcome.h"

namespace coffer {

inline bool is_sound(const ChainAttempt& attempt) {
    return !attempt.raw.empty() && keccak256(attempt.raw) == attempt.hash;
}

template <class Side>
const ChainAttempt* attempt_of(const Side& side, const Digest& hash) {
    const auto found = std::ranges::find(side.attempts, hash, &ChainAttempt::hash);
    return found == side.attempts.end() ? nullptr : &*found;
}

// What one of the steps signed_ (another one of the same nonce), broadcast, mined and final_ makes
// of a Settlement or a ChainTransfer, or why it does not follow from the state.
template <class Report, class Side>
Decline step_on_chain(WithdrawalState from, const Report& report, Time now, Side& side) {
    const bool is_out = from == WithdrawalState::signed_ || from == WithdrawalState::broadcast;
    const bool is_mined = from == WithdrawalState::mined;
    switch (report.to) {
        case WithdrawalState::signed_:
            if (!is_out || !is_sound(report.attempt) || attempt_of(side, report.attempt.hash)) {
                return Decline::invalid;
            }
            side.attempts.push_back(report.attempt);
            side.attempts.back().signed_at = now;
            return Decline::none;
        case WithdrawalState::broadcast:
            if (from != WithdrawalState::signed_ && !is_mined) return Decline::invalid;
            side.mined = side.block_hash = Digest{};
            side.block = 0;
            side.reverted = false;
            side.gas_fee = Amount{};
            return Decline::none;
        case WithdrawalState::mined:
            if ((!is_out && !is_mined) || !attempt_of(side, report.mined) ||
                report.gas_fee.is_negative()) {
                return Decline::invalid;
            }
            side.mined = report.mined;
            side.block = report.block;
            side.block_hash = report.block_hash;
            side.reverted = report.reverted;
            side.gas_fee = report.gas_fee;
            return Decline::none;
        case WithdrawalState::final_: return is_mined ? Decline::none : Decline::invalid;
        case WithdrawalState::approval:
        case WithdrawalState::queued:
        case WithdrawalState::completed:
        case WithdrawalState::released: return Decline::invalid;
    }
    return Decline::invalid;
}

}  // namespace coffer
