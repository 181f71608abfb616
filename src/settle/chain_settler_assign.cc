// The first step of what is queued: which hot wallet pays, whether it can, and what is signed.

#include <algorithm>
#include <utility>

#include "settle/chain_settler.h"
#include "settle/final_blocks.h"
#include "settle/heard.h"
#include "settle/settle_figures.h"
#include "settle/transaction.h"

namespace coffer {

namespace {

// The most that a transaction can take out of the account, in wei.
std::optional<Uint256> cost_of(const ChainTransaction& transaction) {
    const auto gas = multiply(transaction.max_fee, transaction.gas_limit);
    return gas ? add(*gas, transaction.value) : std::nullopt;
}

bool is_sent_state(WithdrawalState state) {
    return state == WithdrawalState::signed_ || state == WithdrawalState::broadcast;
}

}  // namespace

// Hot wallets take turns; one that has no room, no gas money or no tokens is passed over.
ChainSettler::Hot* ChainSettler::next_hot() {
    for (std::size_t step = 0; step < hots_.size(); ++step) {
        Hot& hot = hots_[(turn_ + step) % hots_.size()];
        if (!hot.record || hot.is_short || hot.is_out_of_tokens ||
            hot.under_way.size() >= policy_.under_way_max) {
            continue;
        }
        turn_ = (turn_ + step + 1) % hots_.size();
        return &hot;
    }
    return nullptr;
}

// Nothing new is signed while a person wants it so; what is signed goes on.
Result<bool> ChainSettler::is_paused() const {
    const Outcome outcome = parts_.ledger.perform(ReadPause{policy_.chain_id});
    if (!outcome.done()) return unheard(outcome);
    const auto pause = record_at<ChainPause>(outcome, 0);
    return pause && pause->paused;
}

ChainSettler::Reply ChainSettler::assign() {
    const bool is_any_queued = std::ranges::any_of(open_, [](const auto& one) {
        return !one.second.settlement && one.second.withdrawal->state == WithdrawalState::queued;
    });
    if (!is_any_queued) return {};
    const auto paused = is_paused();
    if (!paused) return std::unexpected(paused.error());
    if (*paused) {
        figures_->ring(SettleAlarm::paused);
        return {};
    }
    for (auto& [name, open] : open_) {
        if (open.settlement || open.is_stale || open.withdrawal->state != WithdrawalState::queued) {
            continue;
        }
        const TokenOnChain* token = token_of(*open.withdrawal);
        if (token == nullptr) continue;
        const auto directory = parts_.ledger.directory();
        const WithdrawalPolicy* policy = directory->policy(open.withdrawal->currency);
        if (policy != nullptr && policy->paused) continue;
        for (Hot& hot : hots_) hot.is_out_of_tokens = false;
        while (Hot* hot = next_hot()) {
            TRY(assign(*hot, open, *token));
            const bool passes_on = hot->is_short || hot->is_out_of_tokens;
            if (!passes_on) break;
        }
        if (is_over_cap_) break;
    }
    if (std::ranges::any_of(hots_, &Hot::is_short)) figures_->ring(SettleAlarm::no_gas);
    if (std::exchange(is_over_cap_, false)) figures_->ring(SettleAlarm::fee_cap);
    return {};
}

ChainSettler::Reply ChainSettler::assign(Hot& hot, Open& open, const TokenOnChain& token) {
    const Ptr<Withdrawal> shared = open.withdrawal;
    const Withdrawal& withdrawal = *shared;
    const auto directory = parts_.ledger.directory();
    const Currency* currency = directory->currency(withdrawal.currency);
    const auto to = parse_chain_address(withdrawal.destination);
    const int decimals =
        currency->has_chain() ? currency->chain_scale : token.decimals.value_or(currency->scale);
    const auto amount =
        to_chain_units(withdrawal.amount, {.ledger = currency->scale, .chain = decimals});
    if (!to) {
        give_back(open, "the payout address is not 0x and 40 hexadecimal digits");
        return {};
    }
    if (!amount) {
        give_back(open, amount.error().detail);
        return {};
    }
    const auto bid = first_bid(policy_, quote(*fees_));
    if (!bid) {
        is_over_cap_ = true;
        return {};
    }
    ChainTransaction transaction{.chain_id = policy_.chain_id,
                                 .nonce = hot.record->next_nonce,
                                 .tip = bid->tip,
                                 .max_fee = bid->max_fee,
                                 .gas_limit = token.gas_limit,
                                 .to = token.contract.value_or(*to)};
    if (token.contract) {
        transaction.data = transfer_data(*to, *amount);
    } else {
        transaction.value = *amount;
    }
    const auto payable = can_pay(hot, transaction, token, *amount);
    if (!payable) return std::unexpected(payable.error());
    if (!*payable) return {};
    auto raw = hot.signer->sign(transaction);
    if (!raw) return std::unexpected(raw.error());
    AdvanceWithdrawal first = report(hot, open, WithdrawalState::signed_);
    first.nonce = transaction.nonce;
    first.attempt = attempt_of(std::move(*raw), false);
    pass("signed");
    if (!tell(&hot, open, std::move(first))) return {};
    pass("stored");  // from here on the bytes are found again, whatever happens
    const bool is_new = std::ranges::find(hot.under_way, &open) == hot.under_way.end();
    if (is_new) hot.under_way.push_back(&open);
    return send_latest(hot, open);
}

// Whether the account has the gas money and what is paid, beside all that it owes already. What it
// lacks is noted at the hot wallet.
Result<bool> ChainSettler::can_pay(Hot& hot, const ChainTransaction& next,
                                   const TokenOnChain& token, const Uint256& amount) {
    std::optional<Uint256> cost = cost_of(next);
    std::optional<Uint256> owed = amount;
    for (const Open* open : hot.under_way) {
        if (!is_sent_state(open->withdrawal->state)) continue;
        const auto sent = read_raw_transaction(open->settlement->attempts.back().raw);
        if (!sent) continue;
        const auto more = cost_of(sent->transaction);
        cost = cost && more ? add(*cost, *more) : std::nullopt;
        const auto transfer = read_transfer_data(sent->transaction.data);
        if (transfer && token.contract == sent->transaction.to) {
            owed = owed ? add(*owed, transfer->amount) : std::nullopt;
        }
    }
    const auto coins = parts_.chain.coins(hot.signer->address());
    if (!coins) return std::unexpected(coins.error());
    if (!cost || *coins < *cost) {
        hot.is_short = true;
        return false;
    }
    if (!token.contract) return true;
    const auto tokens = parts_.chain.tokens(*token.contract, hot.signer->address());
    if (!tokens) return std::unexpected(tokens.error());
    if (!owed || *tokens < *owed) {
        figures_->ring(SettleAlarm::no_tokens);
        hot.is_out_of_tokens = true;
        return false;
    }
    return true;
}

// Its nonce was used by somebody else. By a person's word, and when that is for good, it is signed
// anew with the next one.
ChainSettler::Reply ChainSettler::retry(Hot& hot, Open& open) {
    const Ptr<Settlement> settlement = open.settlement;
    const Outcome asked = parts_.ledger.perform(ReadRetry{settlement->withdrawal});
    if (!asked.done()) return unheard(asked);
    const auto word = record_at<WithdrawalRetry>(asked, 0);
    if (!word || word->step != settlement->step) return {};
    const auto beyond = final_before(policy_, parts_.chain, head_);
    if (!beyond) return std::unexpected(beyond.error());
    const auto lost = is_lost(parts_.chain, *beyond,
                              {.account = hot.signer->address(),
                               .nonce = settlement->nonce,
                               .attempts = settlement->attempts});
    if (!lost) return std::unexpected(lost.error());
    const TokenOnChain* token = token_of(*open.withdrawal);
    if (!*lost || token == nullptr) return {};
    const auto paused = is_paused();
    if (!paused) return std::unexpected(paused.error());
    if (*paused) {
        figures_->ring(SettleAlarm::paused);
        return {};
    }
    pass("before_retry");
    return assign(hot, open, *token);
}

// Nothing was signed for it and nothing ever could be.
void ChainSettler::give_back(Open& open, std::string reason) {
    AdvanceWithdrawal intent;
    intent.withdrawal = open.withdrawal;
    intent.to = WithdrawalState::released;
    intent.reason = std::move(reason);
    if (tell(nullptr, open, std::move(intent))) figures_->released->add();
}

}  // namespace coffer
