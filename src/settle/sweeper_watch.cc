// What is under way: whether it is mined, has to be sent again or replaced, and when it is over.

#include <algorithm>
#include <utility>

#include "settle/final_blocks.h"
#include "settle/sweep_figures.h"
#include "settle/sweeper.h"
#include "settle/transaction.h"

namespace coffer {

Sweeper::Reply Sweeper::watch(Open& open, bool& is_over) {
    const auto account = hold(open.record->from);
    if (!account) return std::unexpected(account.error());
    if (!*account) return {};
    if (open.record->state == WithdrawalState::mined) return watch_mined(open, **account, is_over);
    return watch_sent(open, **account, is_over);
}

Sweeper::Reply Sweeper::watch_sent(Open& open, const HotWallet& account, bool& is_over) {
    const Ptr<ChainTransfer> transfer = open.record;
    const auto mined = parts_.chain.mined_nonces(*parse_chain_address(transfer->from));
    if (!mined) return std::unexpected(mined.error());
    bool found = false;
    TRY(find_mined(open, account, *mined, found));
    if (found) return {};
    if (transfer->nonce < *mined) {
        figures_->ring(SweepAlarm::nonce_taken);
        return leave(open, account, is_over);
    }
    const Time now = parts_.clock.monotonic();
    const bool is_new = transfer->state == WithdrawalState::signed_;
    if (is_new || open.sent == 0 || now - open.sent >= policy_.resend_after) {
        bool is_known = false;
        for (const ChainAttempt& attempt : transfer->attempts) {
            const auto known = parts_.chain.knows(attempt.hash);
            if (!known) return std::unexpected(known.error());
            is_known = is_known || *known;
        }
        if (is_known && !is_new) {
            open.sent = now;
        } else {
            TRY(send_latest(open, account));
        }
    }
    const bool is_stuck =
        parts_.clock.wall() - transfer->attempts.back().signed_at >= policy_.stuck_after;
    if (is_stuck && transfer->nonce == *mined && open.record->step == transfer->step) {
        return replace(open, account);
    }
    return {};
}

// Its nonce was used by somebody else. When that is for good it ends, and what it was for is begun
// anew with the account's next nonce: its address is still to be swept. Other than for a
// withdrawal no person is asked: nobody is paid here, so that nothing could be paid twice.
Sweeper::Reply Sweeper::leave(Open& open, const HotWallet& account, bool& is_over) {
    const Ptr<ChainTransfer> transfer = open.record;
    const ChainAddress from = *parse_chain_address(transfer->from);
    const auto lost =
        is_lost(parts_.chain, beyond_,
                {.account = from, .nonce = transfer->nonce, .attempts = transfer->attempts});
    if (!lost) return std::unexpected(lost.error());
    if (!*lost) return {};
    pass("sweep_before_lost");
    AdvanceTransfer intent = report(open, account, WithdrawalState::final_);
    intent.is_lost = true;
    if (!tell(open, std::move(intent))) return {};
    pass("sweep_lost");
    is_over = true;
    figures_->lost->add();
    parts_.log.error("somebody else used the nonce of a transfer, who has the key too",
                     {{"chain", policy_.name},
                      {"account", mask_chain_address(from)},
                      {"nonce", static_cast<std::int64_t>(transfer->nonce)}});
    return {};
}

Sweeper::Reply Sweeper::find_mined(Open& open, const HotWallet& account, std::uint64_t mined,
                                   bool& found) {
    const Ptr<ChainTransfer> transfer = open.record;
    if (transfer->nonce >= mined) return {};
    for (auto attempt = transfer->attempts.rbegin(); attempt != transfer->attempts.rend();
         ++attempt) {
        const auto receipt = parts_.chain.receipt(attempt->hash);
        if (!receipt) return std::unexpected(receipt.error());
        if (!*receipt) continue;
        found = true;
        AdvanceTransfer intent = report(open, account, WithdrawalState::mined);
        intent.mined = attempt->hash;
        intent.block = (*receipt)->block;
        intent.block_hash = (*receipt)->block_hash;
        intent.reverted = (*receipt)->reverted;
        intent.gas_fee = to_amount((*receipt)->fee, {}).value_or(Amount{});
        pass("sweep_found_mined");
        tell(open, std::move(intent));
        return {};
    }
    return {};
}

Sweeper::Reply Sweeper::watch_mined(Open& open, const HotWallet& account, bool& is_over) {
    const Ptr<ChainTransfer> transfer = open.record;
    const auto receipt = parts_.chain.receipt(transfer->mined);
    if (!receipt) return std::unexpected(receipt.error());
    if (!*receipt || (*receipt)->block_hash != transfer->block_hash) {
        const auto mined = parts_.chain.mined_nonces(*parse_chain_address(transfer->from));
        if (!mined) return std::unexpected(mined.error());
        bool found = false;
        TRY(find_mined(open, account, *mined, found));
        if (found) return {};
        pass("sweep_before_step_back");
        if (tell(open, report(open, account, WithdrawalState::broadcast))) open.sent = 0;
        return {};
    }
    const auto canonical = parts_.chain.block_hash(transfer->block);
    if (!canonical) return std::unexpected(canonical.error());
    if (*canonical != transfer->block_hash || transfer->block >= beyond_) return {};
    pass("sweep_before_final");
    if (!tell(open, report(open, account, WithdrawalState::final_))) return {};
    pass("sweep_final");
    is_over = true;
    const bool is_sweep = transfer->purpose == TransferPurpose::sweep;
    if (transfer->reverted) {
        figures_->ring(SweepAlarm::reverted);
        parts_.log.error("a transfer from a player's address did nothing",
                         {{"chain", policy_.name}, {"to", is_sweep ? "hot wallet" : "address"}});
        const std::string& address = is_sweep ? transfer->from : transfer->to;
        left_alone_.insert(address);
        std::erase_if(candidates_, [&](const auto& one) { return one.first.first == address; });
        return {};
    }
    (is_sweep ? figures_->swept : figures_->topped_up)->add();
    parts_.log.info(is_sweep ? "tokens are swept" : "an address has gas",
                    {{"chain", policy_.name}});
    return {};
}

Sweeper::Reply Sweeper::send_latest(Open& open, const HotWallet& account) {
    const Ptr<ChainTransfer> transfer = open.record;
    const ChainAttempt& latest = transfer->attempts.back();
    pass("sweep_before_send");
    const auto refused = parts_.chain.send(latest.raw);
    pass("sweep_sent");
    if (!refused) return std::unexpected(refused.error());
    open.sent = parts_.clock.monotonic();
    if (*refused) {
        const auto known = parts_.chain.knows(latest.hash);
        if (!known) return std::unexpected(known.error());
        if (!*known) {
            parts_.log.warning("a node refuses a transaction",
                               {{"chain", policy_.name}, {"why", **refused}});
            return {};
        }
    }
    if (transfer->state == WithdrawalState::signed_) {
        tell(open, report(open, account, WithdrawalState::broadcast));
    }
    return {};
}

// The same with higher fees, if its account has the coins for them; an address is topped up first.
Sweeper::Reply Sweeper::replace(Open& open, const HotWallet& account) {
    const Ptr<ChainTransfer> transfer = open.record;
    const auto last = read_raw_transaction(transfer->attempts.back().raw);
    if (!last) return {};  // cannot be: it was made here
    ChainTransaction next = last->transaction;
    const auto bid =
        next_bid(policy_, {next.tip, next.max_fee}, FeeQuote{fees_->base_fee, fees_->tip}, false);
    if (!bid) {
        figures_->ring(SweepAlarm::fee_cap);
        return {};
    }
    next.tip = bid->tip;
    next.max_fee = bid->max_fee;
    const auto gas = multiply(next.max_fee, next.gas_limit);
    const auto cost = gas ? add(*gas, next.value) : std::nullopt;
    const auto coins = parts_.chain.coins(last->sender);
    if (!coins) return std::unexpected(coins.error());
    if (!cost) return {};
    if (*coins < *cost) {
        if (transfer->purpose == TransferPurpose::top_up) {
            figures_->ring(SweepAlarm::no_gas);
            return {};
        }
        const bool is_coming = std::ranges::any_of(
            open_, [&](const auto& one) { return one.second.record->to == transfer->from; });
        return is_coming ? Reply{} : top_up(transfer->from, *subtract(*cost, *coins), *bid);
    }
    auto raw = sign(transfer->from, next);
    if (!raw) return std::unexpected(raw.error());
    AdvanceTransfer again = report(open, account, WithdrawalState::signed_);
    again.attempt.hash = transaction_hash(*raw);
    again.attempt.raw = std::move(*raw);
    pass("sweep_replacement_signed");
    if (!tell(open, std::move(again))) return {};
    pass("sweep_replacement_stored");
    figures_->replaced->add();
    return send_latest(open, account);
}

}  // namespace coffer
