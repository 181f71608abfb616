// Limits, and every movement without a round: prizes, grants, spends, deposits, withdrawals,
// adjustments, and the two ends of a withdrawal.

#include <array>
#include <string>
#include <utility>

#include "base/check.h"
#include "ledger/decide.h"
#include "ledger/posting.h"
#include "ledger/rules.h"
#include "ledger/withdrawal_policy.h"

namespace coffer {

namespace {

constexpr std::array<AccountCode, 3> spending_order{AccountCode::bonus, AccountCode::bought,
                                                    AccountCode::earned};
// The cashier pays out what was won first and never a bonus, unless the call names the bucket.
constexpr std::array<AccountCode, 2> cashier_order{AccountCode::earned, AccountCode::bought};

bool exceeds(Amount used, Amount more, Amount limit) {
    if (limit.is_negative()) return false;
    const auto total = add(used, more);
    return !total || *total > limit;
}

const Limits* limits_of(const View& view, CurrencyId currency) {
    for (const Limits& limits : view.player->limits) {
        if (limits.currency == currency) return &limits;
    }
    return nullptr;
}

Amount setting_amount(const std::string& text, const View& view, CurrencyId currency) {
    const Currency* found = view.directory->currency(currency);
    if (found == nullptr) return Amount{};
    return parse_amount(text, found->scale).value_or(Amount{});
}

// A page that lets a game client credit itself must not become a way to real money.
bool client_may_credit(const View& view, CurrencyId currency) {
    const Currency* found = view.directory->currency(currency);
    if (found == nullptr || found->has_chain()) return false;
    for (const Integration* other : view.directory->integrations(found->tenant)) {
        if (other->dialect == view.integration->dialect) continue;
        for (const CurrencyId id : other->currencies) {
            if (id == currency) return false;
        }
    }
    return true;
}

Decline judge_client_grant(const View& view, const Move& move) {
    if (view.player->blocked) return Decline::player_blocked;
    if (!client_may_credit(view, move.currency)) return Decline::not_permitted;
    const IntegrationSettings& settings = view.integration->settings;
    Wallet wallet = wallet_of(view, move);
    turn_page(wallet.spending, view.now);
    if (exceeds(Amount{}, move.amount,
                setting_amount(settings.client_credit_max, view, move.currency)) ||
        exceeds(wallet.spending.granted_today, move.amount,
                setting_amount(settings.client_credit_day_max, view, move.currency))) {
        return Decline::limit_reached;
    }
    return Decline::none;
}

void decide_grant(const View& view, const Move& move, Posting& posting, Decision& decision) {
    if (move.client_grant) {
        decision.outcome.decline = judge_client_grant(view, move);
        if (decision.outcome.decline != Decline::none) return;
        Spending& spending = posting.wallet().spending;
        spending.granted_today =
            add(spending.granted_today, move.amount).value_or(spending.granted_today);
    }
    posting.transfer(AccountCode::promotions,
                     move.bucket.value_or(rules_of(view.integration).grant_bucket), move.amount);
    decision.transaction = transaction_of(view, move);
    finish(decision, posting);
}

void decide_spend(const View& view, const Move& move, Posting& posting, Decision& decision) {
    if (const Decline no = judge_limits(view, move); no != Decline::none) {
        return refuse_for_good(view, move, no, decision);
    }
    if (playable(posting.wallet()) < move.amount) {
        return refuse_for_good(view, move, Decline::insufficient_funds, decision);
    }
    posting.take(spending_order, AccountCode::stakes, move.amount);
    Spending& spending = posting.wallet().spending;
    spending.wagered_today =
        add(spending.wagered_today, move.amount).value_or(spending.wagered_today);
    spending.wagered_this_week =
        add(spending.wagered_this_week, move.amount).value_or(spending.wagered_this_week);
    decision.transaction = transaction_of(view, move);
    finish(decision, posting);
}

// The least that may be withdrawn: the integration's, or for the native API that of the tenant's
// integration which brings this currency to a chain.
Amount minimum_withdrawal(const View& view, CurrencyId currency) {
    if (view.integration != nullptr) {
        return setting_amount(view.integration->settings.minimum_withdrawal, view, currency);
    }
    Amount minimum;
    for (const Integration* integration : view.directory->integrations(view.player->tenant)) {
        if (integration->dialect != DialectId::kgen) continue;
        for (const CurrencyId id : integration->currencies) {
            if (id != currency) continue;
            minimum = setting_amount(integration->settings.minimum_withdrawal, view, currency);
        }
    }
    return minimum;
}

// To a chain: earned -> held in one durable step, and a withdrawal in the queue.
void withdraw_to_chain(const View& view, const Move& move, Posting& posting, Decision& decision) {
    Wallet& wallet = posting.wallet();
    const Amount earned = wallet.at(AccountCode::earned).balance;
    const bool all = move.amount.is_zero();
    const Amount amount = all ? earned : move.amount;
    if (all && !earned.is_positive()) {
        const Decline no = wallet.withdrawals_in_flight > 0 ? Decline::withdrawal_in_flight
                                                            : Decline::nothing_to_withdraw;
        return refuse_for_good(view, move, no, decision);
    }
    const Decline no = judge_amount(view, move.currency, amount);
    if (no != Decline::none) return refuse_for_good(view, move, no, decision);
    if (earned < amount) return refuse_for_good(view, move, Decline::insufficient_funds, decision);
    if (amount < minimum_withdrawal(view, move.currency)) {
        return refuse_for_good(view, move, Decline::below_minimum, decision);
    }
    if (view.player->payout_address.empty()) {
        decision.outcome.decline = Decline::no_payout_address;
        return;
    }
    decision.outcome.decline = judge_destination(view, move.currency, view.player->payout_address);
    if (decision.outcome.decline != Decline::none) return;
    posting.transfer(AccountCode::earned, AccountCode::held, amount);
    wallet.withdrawals_in_flight += 1;
    decision.transaction = transaction_of(view, move);
    decision.transaction->amount = amount;
    Withdrawal withdrawal;
    withdrawal.tenant = view.player->tenant;
    withdrawal.integration = move.caller.integration;
    withdrawal.player = view.player->id;
    withdrawal.currency = move.currency;
    withdrawal.amount = amount;
    withdrawal.destination = view.player->payout_address;
    withdrawal.state = first_state(view, move.currency, amount);
    withdrawal.requested_by = view.next;
    withdrawal.created = withdrawal.modified = view.now;
    count_for_the_day(view, withdrawal, decision.puts);
    auto shared = std::make_shared<const Withdrawal>(std::move(withdrawal));
    decision.outcome.withdrawal = shared;
    decision.puts.emplace_back(std::move(shared));
    finish(decision, posting);
}

void withdraw_in_cash(const View& view, const Move& move, Posting& posting, Decision& decision) {
    const Wallet& wallet = posting.wallet();
    if (move.bucket) {
        if (wallet.at(*move.bucket).balance < move.amount) {
            return refuse_for_good(view, move, Decline::insufficient_funds, decision);
        }
        posting.transfer(*move.bucket, AccountCode::cashier, move.amount);
    } else {
        const auto has =
            add(wallet.at(AccountCode::earned).balance, wallet.at(AccountCode::bought).balance);
        if (!has || *has < move.amount) {
            return refuse_for_good(view, move, Decline::insufficient_funds, decision);
        }
        // By an adjustment a bucket may be below zero; the other then cannot give it all.
        for (const AccountCode code : cashier_order) {
            if (wallet.at(code).balance.is_negative()) {
                return refuse_for_good(view, move, Decline::insufficient_funds, decision);
            }
        }
        posting.take(cashier_order, AccountCode::cashier, move.amount);
    }
    decision.transaction = transaction_of(view, move);
    finish(decision, posting);
}

void decide_withdraw(const View& view, const Move& move, Posting& posting, Decision& decision) {
    if (view.player->blocked) return refuse_for_good(view, move, Decline::player_blocked, decision);
    const Currency* currency = view.directory->currency(move.currency);
    if (rules_of(view.integration).withdraws_to_chain ||
        (currency != nullptr && currency->has_chain())) {
        withdraw_to_chain(view, move, posting, decision);
    } else {
        withdraw_in_cash(view, move, posting, decision);
    }
}

void decide_adjust(const View& view, const Move& move, Posting& posting, Decision& decision) {
    const AccountCode bucket = move.bucket.value_or(AccountCode::bought);
    if (move.amount.is_negative()) {
        posting.transfer(bucket, AccountCode::cashier, negate(move.amount));
    } else {
        posting.transfer(AccountCode::cashier, bucket, move.amount);
    }
    decision.transaction = transaction_of(view, move);
    finish(decision, posting);
}

}  // namespace

Decline judge_limits(const View& view, const Move& move) {
    if (view.player->blocked) return Decline::player_blocked;
    const Limits* limits = limits_of(view, move.currency);
    if (limits == nullptr || move.free_bet) return Decline::none;
    Spending spending = view.wallet ? view.wallet->spending : Spending{};
    turn_page(spending, view.now);
    const auto lost = [](Amount wagered, Amount returned) {
        return Amount{wagered.units - returned.units};
    };
    if (exceeds(Amount{}, move.amount, limits->wager_max) ||
        exceeds(spending.wagered_today, move.amount, limits->wagered_day_max) ||
        exceeds(spending.wagered_this_week, move.amount, limits->wagered_week_max) ||
        exceeds(lost(spending.wagered_today, spending.returned_today), move.amount,
                limits->loss_day_max) ||
        exceeds(lost(spending.wagered_this_week, spending.returned_this_week), move.amount,
                limits->loss_week_max)) {
        return Decline::limit_reached;
    }
    return Decline::none;
}

void decide_cash(const View& view, const Move& move, Decision& decision) {
    Posting posting(wallet_of(view, move), view.next, view.now);
    const Rules rules = rules_of(view.integration);
    switch (move.kind) {
        case TransactionKind::grant: return decide_grant(view, move, posting, decision);
        case TransactionKind::spend: return decide_spend(view, move, posting, decision);
        case TransactionKind::withdraw: return decide_withdraw(view, move, posting, decision);
        case TransactionKind::adjust: return decide_adjust(view, move, posting, decision);
        case TransactionKind::prize:
            posting.transfer(AccountCode::payouts, rules.payout_bucket, move.amount);
            break;
        case TransactionKind::deposit:
            posting.transfer(AccountCode::cashier, move.bucket.value_or(rules.deposit_bucket),
                             move.amount);
            break;
        case TransactionKind::wager:
        case TransactionKind::payout:
        case TransactionKind::wager_and_payout:
        case TransactionKind::rollback:
        case TransactionKind::reversal:
        case TransactionKind::withdraw_settle:
        case TransactionKind::withdraw_release:
            // The settlement of withdrawals is a caller of its own and is not spoken to by
            // dialects.
            CHECK(false && "a movement with a round, or of the settler, has no business here");
    }
    decision.transaction = transaction_of(view, move);
    finish(decision, posting);
}

}  // namespace coffer
