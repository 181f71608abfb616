#include "ledger/proof_settlements.h"

#include <algorithm>
#include <string_view>

#include "base/keccak.h"

namespace coffer {

namespace {

// From which states a withdrawal may come to each, by the first letters of their names; `0` is a
// new one. A state in which it stays while its chain's side changes names itself.
std::string_view comes_from(WithdrawalState state) {
    switch (state) {
        case WithdrawalState::approval: return "0";
        case WithdrawalState::queued: return "0a";
        case WithdrawalState::signed_: return "qs";
        case WithdrawalState::broadcast: return "sbm";
        case WithdrawalState::mined: return "sbm";
        case WithdrawalState::final_: return "m";
        case WithdrawalState::completed: return "f";
        case WithdrawalState::released: return "aqf";
    }
    return "";
}

char letter(WithdrawalState state) {
    return std::string_view("aqsbmfcr")[static_cast<std::size_t>(state) - 1];
}

bool is_mined_state(WithdrawalState state) {
    return state == WithdrawalState::mined || state == WithdrawalState::final_ ||
           state == WithdrawalState::completed || state == WithdrawalState::released;
}

// Final without having been in a block.
bool is_lost_transfer(const ChainTransfer& before, const ChainTransfer& after) {
    return after.state == WithdrawalState::final_ &&
           (before.state == WithdrawalState::signed_ || before.state == WithdrawalState::broadcast);
}

}  // namespace

void SettlementProof::record(const Change& change) {
    Puts puts;
    for (const Record& put : change.puts) {
        if (const auto* one = std::get_if<Ptr<Withdrawal>>(&put)) puts.withdrawal = one->get();
        if (const auto* one = std::get_if<Ptr<Settlement>>(&put)) puts.settlement = one->get();
        if (const auto* one = std::get_if<Ptr<HotWallet>>(&put)) puts.hot_wallet = one->get();
        if (const auto* one = std::get_if<Ptr<ChainTransfer>>(&put)) puts.transfer = one->get();
        if (const auto* one = std::get_if<Ptr<WithdrawalRetry>>(&put)) puts.retry = one->get();
    }
    const Sequence at = change.sequence;
    if (puts.withdrawal != nullptr) way(at, puts);
    if (puts.retry != nullptr) retry(change, *puts.retry);
    if (puts.settlement != nullptr) {
        if (puts.withdrawal == nullptr ||
            puts.withdrawal->requested_by != puts.settlement->withdrawal ||
            puts.withdrawal->tenant != puts.settlement->tenant) {
            return findings_.add(at, "a settlement without its withdrawal");
        }
        const auto before =
            past_.before<Settlement>(past_.keys().settlement(puts.settlement->withdrawal));
        if (before) {
            next(at, *before, puts);
        } else {
            first(at, puts);
        }
        attempts(at, before ? &before->attempts : nullptr, puts.settlement->attempts);
        mined(at, puts);
    }
    if (puts.transfer != nullptr) transfer(at, puts);
    if (puts.hot_wallet != nullptr) hot_wallet(at, puts);
}

void SettlementProof::way(Sequence at, const Puts& puts) {
    const Withdrawal& withdrawal = *puts.withdrawal;
    const bool is_signed = puts.settlement != nullptr;
    const auto& keys = past_.keys();
    const auto before = past_.before<Withdrawal>(keys.withdrawal(withdrawal.requested_by));
    const auto chain_before = past_.before<Settlement>(keys.settlement(withdrawal.requested_by));
    // With another nonce it is signed as for the first time.
    const bool is_anew = is_signed && chain_before && chain_before->nonce != puts.settlement->nonce;
    const char from = before ? letter(before->state) : '0';
    const std::string_view allowed = is_anew ? "sb" : comes_from(withdrawal.state);
    findings_.expect(allowed.find(from) != std::string_view::npos &&
                         (!is_anew || withdrawal.state == WithdrawalState::signed_),
                     at, "a withdrawal takes a step that does not follow");
    findings_.expect(is_signed || !chain_before, at,
                     "a withdrawal that is signed goes on without its settlement");
    const bool needs_one = withdrawal.state != WithdrawalState::approval &&
                           withdrawal.state != WithdrawalState::queued &&
                           withdrawal.state != WithdrawalState::released;
    findings_.expect(is_signed || !needs_one, at, "a withdrawal on its way without a settlement");
}

// The first of a withdrawal takes the next nonce of its hot wallet, in the same record.
void SettlementProof::first(Sequence at, const Puts& puts) {
    const Settlement& settlement = *puts.settlement;
    findings_.expect(puts.withdrawal->state == WithdrawalState::signed_ && settlement.step == 1, at,
                     "a new settlement of a withdrawal that was signed before");
    takes_nonce(at, settlement.chain, settlement.hot_wallet, settlement.nonce, puts.hot_wallet);
}

void SettlementProof::takes_nonce(Sequence at, std::uint64_t chain, const std::string& account,
                                  std::uint64_t nonce, const HotWallet* put) {
    const auto wallet = past_.before<HotWallet>(past_.keys().hot_wallet(chain, account));
    findings_.expect(wallet && wallet->next_nonce == nonce && put && put->chain == chain &&
                         put->address == account,
                     at, "a nonce that is not the hot wallet's next");
    findings_.expect(nonces_.emplace(chain, account, nonce).second, at,
                     "a nonce serves two withdrawals");
}

void SettlementProof::new_transfer(Sequence at, const Puts& puts) {
    const ChainTransfer& transfer = *puts.transfer;
    findings_.expect(transfer.state == WithdrawalState::signed_ && transfer.step == 1, at,
                     "a new transfer that was signed before");
    takes_nonce(at, transfer.chain, transfer.from, transfer.nonce, puts.hot_wallet);
}

void SettlementProof::transfer(Sequence at, const Puts& puts) {
    const ChainTransfer& after = *puts.transfer;
    const auto before = past_.before<ChainTransfer>(
        past_.keys().chain_transfer(after.chain, after.from, after.nonce));
    findings_.expect(puts.settlement == nullptr, at, "a transfer and a settlement in one");
    if (!before) {
        new_transfer(at, puts);
    } else {
        findings_.expect(after.purpose == before->purpose && after.to == before->to &&
                             after.contract == before->contract && after.units == before->units &&
                             after.created == before->created,
                         at, "a transfer becomes another one");
        findings_.expect(after.step == before->step + 1, at, "a transfer's steps have a gap");
        const bool is_lost = is_lost_transfer(*before, after);
        findings_.expect(is_lost || comes_from(after.state).find(letter(before->state)) !=
                                        std::string_view::npos,
                         at, "a transfer takes a step that does not follow");
        if (is_lost) return lost(at, *before, after);
    }
    attempts(at, before ? &before->attempts : nullptr, after.attempts);
    const bool is_one = std::ranges::count(after.attempts, after.mined, &ChainAttempt::hash) != 0;
    findings_.expect(is_mined_state(after.state) ? is_one : after.mined == Digest{}, at,
                     "what was mined for a transfer is not what was signed for it");
}

// Somebody else used its nonce: nothing more was signed for it, and it bears no block.
void SettlementProof::lost(Sequence at, const ChainTransfer& before, const ChainTransfer& after) {
    attempts(at, &before.attempts, after.attempts);
    findings_.expect(after.attempts.size() == before.attempts.size() && after.mined == Digest{} &&
                         after.block == 0 && after.block_hash == Digest{} && !after.reverted &&
                         after.gas_fee.is_zero(),
                     at, "a transfer whose nonce was lost bears what was mined");
}

void SettlementProof::next(Sequence at, const Settlement& before, const Puts& puts) {
    const Settlement& after = *puts.settlement;
    findings_.expect(after.chain == before.chain && after.hot_wallet == before.hot_wallet &&
                         after.tenant == before.tenant,
                     at, "a settlement changes its nonce or its hot wallet");
    findings_.expect(after.step == before.step + 1, at, "a settlement's steps have a gap");
    if (after.nonce != before.nonce) anew(at, before, puts);
}

// By a person's word, and with a transaction of its own that takes the next nonce.
void SettlementProof::anew(Sequence at, const Settlement& before, const Puts& puts) {
    const Settlement& after = *puts.settlement;
    const auto word =
        past_.before<WithdrawalRetry>(past_.keys().withdrawal_retry(after.withdrawal));
    findings_.expect(word && word->step == before.step &&
                         after.attempts.size() == before.attempts.size() + 1 &&
                         !after.attempts.back().cancels,
                     at, "a settlement changes its nonce or its hot wallet");
    takes_nonce(at, after.chain, after.hot_wallet, after.nonce, puts.hot_wallet);
}

void SettlementProof::retry(const Change& change, const WithdrawalRetry& retry) {
    const auto& keys = past_.keys();
    const auto withdrawal = past_.before<Withdrawal>(keys.withdrawal(retry.withdrawal));
    const auto settlement = past_.before<Settlement>(keys.settlement(retry.withdrawal));
    const bool is_out = withdrawal && (withdrawal->state == WithdrawalState::signed_ ||
                                       withdrawal->state == WithdrawalState::broadcast);
    findings_.expect(
        is_out && settlement && settlement->step == retry.step && retry.asked == change.time,
        change.sequence, "another nonce is allowed to what is not waiting for one");
}

void SettlementProof::attempts(Sequence at, const Attempts* before, const Attempts& after) {
    const std::size_t known = before == nullptr ? 0 : before->size();
    bool keeps = after.size() >= known && !after.empty();
    for (std::size_t index = 0; keeps && index < known; ++index) {
        const ChainAttempt& one = (*before)[index];
        const ChainAttempt& same = after[index];
        keeps = one.hash == same.hash && one.raw == same.raw && one.cancels == same.cancels &&
                one.signed_at == same.signed_at;
    }
    findings_.expect(keeps && after.size() <= known + 1, at,
                     "what was signed for a withdrawal changes");
    for (std::size_t index = known; index < after.size(); ++index) {
        const ChainAttempt& one = after[index];
        findings_.expect(keccak256(one.raw) == one.hash, at,
                         "a signed transaction has another hash than it says");
        findings_.expect(index != 0 || !one.cancels, at,
                         "the first that is signed for a withdrawal does not pay it");
    }
}

void SettlementProof::mined(Sequence at, const Puts& puts) {
    const Settlement& settlement = *puts.settlement;
    const auto found =
        std::ranges::find(settlement.attempts, settlement.mined, &ChainAttempt::hash);
    const bool is_one = found != settlement.attempts.end();
    const WithdrawalState state = puts.withdrawal->state;
    findings_.expect(is_mined_state(state) ? is_one : settlement.mined == Digest{}, at,
                     "what was mined for a withdrawal is not what was signed for it");
    const bool paid = is_one && !found->cancels && !settlement.reverted;
    findings_.expect((state != WithdrawalState::completed || paid) &&
                         (state != WithdrawalState::released || !paid),
                     at, "a withdrawal ends otherwise than its transaction did");
}

void SettlementProof::hot_wallet(Sequence at, const Puts& puts) {
    const HotWallet& after = *puts.hot_wallet;
    const auto before =
        past_.before<HotWallet>(past_.keys().hot_wallet(after.chain, after.address));
    if (!before) return;
    const bool takes = puts.settlement != nullptr || puts.transfer != nullptr;
    findings_.expect(after.next_nonce == before->next_nonce + (takes ? 1 : 0), at,
                     "a hot wallet's next nonce changes for no reason");
    findings_.expect(after.created == before->created &&
                         after.epoch == before->epoch + (after.holder == before->holder ? 0 : 1) &&
                         (!takes || after.epoch == before->epoch),
                     at, "a hot wallet's holder changes without a new epoch");
}

}  // namespace coffer
