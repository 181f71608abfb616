#pragma once
// Changes of the directory and of sessions, decided as purely as movements of money.
//
// Each overload takes the view of its caller and `extra`, the records that wants() named for this
// intent, in the same order.

#include <span>
#include <vector>

#include "ledger/decide.h"

namespace coffer {

using Extra = std::span<const Record>;

// The records beyond those of the caller that enrolling this intent must read.
std::vector<RecordKey> wants(const Intent& intent, const KeyMaker& keys,
                             const Directory& directory);

Decision enroll(const View& view, const CreateTenant& intent, Extra extra);
Decision enroll(const View& view, const CreateCurrency& intent, Extra extra);
Decision enroll(const View& view, const CreateIntegration& intent, Extra extra);
Decision enroll(const View& view, const PatchIntegration& intent, Extra extra);
Decision enroll(const View& view, const CreateCredential& intent, Extra extra);
Decision enroll(const View& view, const RevokeCredential& intent, Extra extra);
Decision enroll(const View& view, const TouchCredential& intent, Extra extra);
Decision enroll(const View& view, const CreatePlayer& intent, Extra extra);
Decision enroll(const View& view, const ChangePlayer& intent, Extra extra);
Decision enroll(const View& view, const CreatePromotion& intent, Extra extra);
Decision enroll(const View& view, const CloseRound& intent, Extra extra);
Decision enroll(const View& view, const OpenSession& intent, Extra extra);
Decision enroll(const View& view, const FindSession& intent, Extra extra);
Decision enroll(const View& view, const RevokeSession& intent, Extra extra);
Decision enroll(const View& view, const ActivateToken& intent, Extra extra);
Decision enroll(const View& view, const StartSession& intent, Extra extra);
Decision enroll(const View& view, const Register& intent, Extra extra);
Decision enroll(const View& view, const LogIn& intent, Extra extra);
Decision enroll(const View& view, const LogOut& intent, Extra extra);
Decision enroll(const View& view, const RenewSession& intent, Extra extra);
Decision enroll(const View& view, const OpenUser& intent, Extra extra);
Decision enroll(const View& view, const RenewUser& intent, Extra extra);

// What the settler reports, decide_settle.cc.
Decision enroll(const View& view, const HoldHotWallet& intent, Extra extra);
Decision enroll(const View& view, const AdvanceWithdrawal& intent, Extra extra);
Decision enroll(const View& view, const JudgeWithdrawal& intent, Extra extra);
Decision enroll(const View& view, const PutWithdrawalPolicy& intent, Extra extra);
std::vector<RecordKey> wants_of(const AdvanceWithdrawal& intent, const KeyMaker& keys);
AdvanceWithdrawal step_of(const JudgeWithdrawal& intent);  // what it asks for

// Between accounts of the house on a chain, decide_transfer.cc.
Decision enroll(const View& view, const AdvanceTransfer& intent, Extra extra);
Decision enroll(const View& view, const PauseChain& intent, Extra extra);

// Deposits from chains, decide_deposit.cc.
Decision enroll(const View& view, const OpenDeposits& intent, Extra extra);
Decision enroll(const View& view, const WatchDeposits& intent, Extra extra);
Decision enroll(const View& view, const MoveWatch& intent, Extra extra);
Decision enroll(const View& view, const RecordDeposit& intent, Extra extra);
Decision enroll(const View& view, const GiveDepositAddress& intent, Extra extra);
std::vector<RecordKey> wants_of(const RecordDeposit& intent, const KeyMaker& keys);
std::vector<RecordKey> wants_of(const GiveDepositAddress& intent, const KeyMaker& keys);

// The parts that enrolling is made of.
Decision no(Decline decline);
template <class T>
Ptr<T> as(Extra extra, std::size_t index) {
    if (index >= extra.size()) return nullptr;
    const auto* found = std::get_if<Ptr<T>>(&extra[index]);
    return found == nullptr ? nullptr : *found;
}

// Names are compared without regard to ASCII case.
std::string folded(std::string_view name);

}  // namespace coffer
