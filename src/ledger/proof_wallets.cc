// A wallet is what its transactions made of it: the model below is moved by every record's entries
// and then compared with what the record says. Where they differ the record's word is taken for
// what follows, so that one lie is one mistake and does not hide the next.

#include "ledger/proof_wallets.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/calendar.h"
#include "ledger/wide_sum.h"

namespace coffer {

namespace {

constexpr std::array<std::string_view, account_count> account_names{
    "bought", "earned", "bonus", "held", "stakes", "payouts", "cashier", "promotions", "chain"};

std::string_view name(AccountCode code) { return account_names[static_cast<std::size_t>(code)]; }

using Accounts = std::array<Amount, account_count>;
Amount& at(Accounts& accounts, AccountCode code) {
    return accounts[static_cast<std::size_t>(code)];
}

// A figure that counts up stays where it is when it would need more than 38 digits.
void count(Amount& figure, Amount more) { figure = add(figure, more).value_or(figure); }
void uncount(Amount& figure, Amount less) {
    figure.units = std::max<Int128>(0, figure.units - less.units);
}

AccountCode bucket_or(std::uint8_t named, AccountCode otherwise) {
    return named < account_count ? static_cast<AccountCode>(named) : otherwise;
}
// What an integration or a promotion names may be no account at all, which is said where it is put.
AccountCode sound(AccountCode code) {
    return bucket_or(static_cast<std::uint8_t>(code), AccountCode::earned);
}

void begin_day(Spending& spending, Time now) {
    if (spending.day != day_number(now)) {
        spending.day = day_number(now);
        spending.wagered_today = spending.returned_today = spending.granted_today = {};
    }
    if (spending.week != week_number(now)) {
        spending.week = week_number(now);
        spending.wagered_this_week = spending.returned_this_week = {};
    }
}

// What limits count. A free bet is not the player's own stake, and a prize answers none.
void count_spending(const Step& step, Spending& spending) {
    const TransactionKind kind = step.transaction.kind;
    if ((step.is_wager && !step.free_bet) || kind == TransactionKind::spend) {
        count(spending.wagered_today, step.transaction.amount);
        count(spending.wagered_this_week, step.transaction.amount);
    }
    if (kind != TransactionKind::prize) {
        count(spending.returned_today, step.paid);
        count(spending.returned_this_week, step.paid);
    }
    if (!step.original) return;
    // What is taken back on its own day or week no longer counts there.
    const Transaction& taken = *step.original;
    const bool was_stake =
        (step.takes_back_wager && !is_free_bet(taken)) || taken.kind == TransactionKind::spend;
    const Amount staked = was_stake ? taken.amount : Amount{};
    if (day_number(taken.time) == spending.day) {
        uncount(spending.wagered_today, staked);
        uncount(spending.returned_today, paid_by(taken));
    }
    if (week_number(taken.time) == spending.week) {
        uncount(spending.wagered_this_week, staked);
        uncount(spending.returned_this_week, paid_by(taken));
    }
}

// The latest record before this one whose number is a multiple of `every`.
Sequence milestone(const Trail& before, Sequence known, std::uint64_t every) {
    return before.length % every == 0 ? before.marks[0] : known;
}

void lengthen(Sequence at, Trail& model) {
    model.marks = {at, model.marks[0], milestone(model, model.marks[2], 32),
                   milestone(model, model.marks[3], 1024)};
    model.length += 1;
}

std::string bytes_of(const Wallet& wallet) {
    std::string bytes;
    encode(Change{.puts = {std::make_shared<const Wallet>(wallet)}}, bytes);
    return bytes;
}

// What a transaction of this kind and amount does to the house's accounts, and what it pays into
// each bucket. What it takes from the buckets follows, since all entries add up to zero.
Accounts expected_of(const Step& step, bool to_chain) {
    const Transaction& transaction = step.transaction;
    const Amount amount = transaction.amount;
    Accounts moves{};
    switch (transaction.kind) {
        case TransactionKind::wager:
        case TransactionKind::wager_and_payout:
            if (step.free_bet) at(moves, AccountCode::promotions) = negate(amount);
            at(moves, AccountCode::stakes) = amount;
            break;
        case TransactionKind::spend: at(moves, AccountCode::stakes) = amount; break;
        case TransactionKind::grant:
            at(moves, AccountCode::promotions) = negate(amount);
            at(moves, bucket_or(transaction.bucket, sound(step.rules.grant_bucket))) = amount;
            break;
        case TransactionKind::deposit:
            if (step.deposit) {
                at(moves, AccountCode::chain) = negate(amount);
                at(moves, AccountCode::bought) = amount;
                break;
            }
            at(moves, AccountCode::cashier) = negate(amount);
            at(moves, bucket_or(transaction.bucket, sound(step.rules.deposit_bucket))) = amount;
            break;
        case TransactionKind::withdraw:
            at(moves, to_chain ? AccountCode::held : AccountCode::cashier) = amount;
            break;
        case TransactionKind::adjust:
            at(moves, AccountCode::cashier) = negate(amount);
            if (amount.is_negative()) break;
            at(moves, bucket_or(transaction.bucket, AccountCode::bought)) = amount;
            break;
        case TransactionKind::withdraw_settle: at(moves, AccountCode::chain) = amount; break;
        case TransactionKind::withdraw_release: at(moves, AccountCode::earned) = amount; break;
        case TransactionKind::payout:
        case TransactionKind::prize:
        case TransactionKind::rollback:
        case TransactionKind::reversal: break;
    }
    if (step.paid.is_zero()) return moves;
    at(moves, AccountCode::payouts) = negate(step.paid);
    if (step.named_promotion && !transaction.promotion.empty()) {
        at(moves, bucket_or(step.named_promotion->payout_bucket, AccountCode::earned)) = step.paid;
        return moves;
    }
    at(moves, AccountCode::bonus) = step.back_to_bonus;
    count(at(moves, sound(step.rules.payout_bucket)),
          Amount{step.paid.units - step.back_to_bonus.units});
    return moves;
}

}  // namespace

// The wallet as it was before, or as it is made.
Wallet& WalletProof::model_of(const Step& step) {
    const Wallet& after = *step.wallet;
    const Transaction& transaction = step.transaction;
    findings_.expect(after.tenant == transaction.tenant && after.player == transaction.player &&
                         after.currency == transaction.currency,
                     step.at, "its wallet is another player's or of another currency");
    const auto key = past_.keys().wallet(after.tenant, after.player, after.currency);
    const auto [found, is_new] = wallets_.try_emplace(key.hash);
    Wallet& model = found->second;
    if (is_new) {
        model.tenant = after.tenant;
        model.player = after.player;
        model.currency = after.currency;
    }
    return model;
}

void WalletProof::set_aside(const Step& step) {
    Wallet& model = model_of(step);
    lengthen(step.at, model.unapplied);
    findings_.expect(step.wallet->unapplied == model.unapplied, step.at,
                     "the wallet's trail of refusals and tombstones does not go on here");
    model.unapplied = step.wallet->unapplied;
    findings_.expect(bytes_of(*step.wallet) == bytes_of(model), step.at,
                     "a refusal or a tombstone changes its wallet");
    model = *step.wallet;
}

void WalletProof::movement(const Step& step) {
    const Wallet& after = *step.wallet;
    const Transaction& transaction = step.transaction;
    Wallet& model = model_of(step);
    if (!model.touched()) model.created = step.time;
    model.modified = step.time;
    begin_day(model.spending, step.time);
    entries(step, model);
    count_spending(step, model.spending);
    lengthen(step.at, model.applied);
    if (transaction.kind == TransactionKind::withdraw && step.withdrawal) {
        model.withdrawals_in_flight += 1;
    }
    if (transaction.kind == TransactionKind::withdraw_settle ||
        transaction.kind == TransactionKind::withdraw_release) {
        findings_.expect(model.withdrawals_in_flight > 0, step.at,
                         "ends a withdrawal that was not on its way");
        model.withdrawals_in_flight -= model.withdrawals_in_flight > 0 ? 1 : 0;
        model.transaction_error = transaction.kind == TransactionKind::withdraw_release;
    }
    // What came from the chain less what of it went there.
    if (transaction.kind == TransactionKind::withdraw_settle) {
        uncount(model.on_chain, transaction.amount);
    }
    if (step.deposit) count(model.on_chain, transaction.amount);
    compare(step, model);
    model = after;
}

void WalletProof::entries(const Step& step, Wallet& model) {
    WideSum sum;
    for (const Entry& one : step.transaction.entries) {
        sum.add(one.amount);
        entry(step, one, model);
    }
    findings_.expect(sum.is_zero(), step.at, "its entries do not add up to zero");
    if (step.takes_back) {
        opposite(step);
    } else {
        kind_and_amount(step);
    }
}

void WalletProof::entry(const Step& step, const Entry& entry, Wallet& model) {
    const bool takes = entry.amount.is_negative();
    findings_.expect(!entry.amount.is_zero(), step.at, "an entry of nothing");
    if (takes && is_bucket(entry.account) && !may_take(step, entry.account, model)) {
        findings_.add(step.at,
                      "takes from " + std::string(name(entry.account)) + " out of its turn");
    }
    Account& account = model.at(entry.account);
    findings_.expect(entry.previous == account.last, step.at,
                     "an entry's pointer to the one before is wrong");
    findings_.expect(entry.version == account.version + 1, step.at,
                     "an account's version has a gap");
    const auto balance = add(account.balance, entry.amount);
    findings_.expect(balance.has_value(), step.at, "a balance has more than 38 digits");
    account = Account{balance.value_or(account.balance), account.version + 1, step.at};
    findings_.expect(entry.balance_after == account.balance, step.at,
                     "an entry's balance after is not the sum of the entries");
    findings_.expect(!is_bucket(entry.account) || !takes ||
                         step.transaction.kind == TransactionKind::adjust ||
                         !account.balance.is_negative(),
                     step.at, "a player's balance goes below zero");
}

// Which bucket a movement may draw on while the others stand as they do.
bool WalletProof::may_take(const Step& step, AccountCode bucket, const Wallet& model) const {
    const auto is_spent = [&](AccountCode code) { return !model.at(code).balance.is_positive(); };
    const Transaction& transaction = step.transaction;
    switch (transaction.kind) {
        case TransactionKind::wager:
        case TransactionKind::wager_and_payout:
        case TransactionKind::spend:
            if (bucket == AccountCode::bonus) return true;
            if (bucket == AccountCode::bought) return is_spent(AccountCode::bonus);
            return bucket == AccountCode::earned && is_spent(AccountCode::bonus) &&
                   is_spent(AccountCode::bought);
        case TransactionKind::withdraw:
            if (to_chain(step)) return bucket == AccountCode::earned;
            if (transaction.bucket < account_count) {
                return bucket == static_cast<AccountCode>(transaction.bucket);
            }
            if (bucket == AccountCode::earned) return true;
            return bucket == AccountCode::bought && is_spent(AccountCode::earned);
        case TransactionKind::adjust:
            return bucket == bucket_or(transaction.bucket, AccountCode::bought);
        case TransactionKind::withdraw_settle:
        case TransactionKind::withdraw_release: return bucket == AccountCode::held;
        case TransactionKind::rollback:
        case TransactionKind::reversal: return true;  // compared with what they take back
        case TransactionKind::payout:
        case TransactionKind::prize:
        case TransactionKind::grant:
        case TransactionKind::deposit: return false;
    }
    return false;
}

bool WalletProof::to_chain(const Step& step) const {
    const Currency* currency = directory_.currency(step.transaction.currency);
    return step.rules.withdraws_to_chain || (currency != nullptr && currency->has_chain());
}

void WalletProof::kind_and_amount(const Step& step) {
    Accounts moved{};
    for (const Entry& entry : step.transaction.entries) {
        // What a bucket gives is judged by may_take().
        if (is_bucket(entry.account) && entry.amount.is_negative()) continue;
        count(at(moved, entry.account), entry.amount);
    }
    const Accounts expected = expected_of(step, to_chain(step));
    for (std::size_t code = 0; code < account_count; ++code) {
        if (moved[code] == expected[code]) continue;
        findings_.add(step.at, "moves " + format_shortest(moved[code], 0) + " at " +
                                   std::string(account_names[code]) +
                                   ", its kind and amounts say " +
                                   format_shortest(expected[code], 0));
    }
}

void WalletProof::opposite(const Step& step) {
    if (!step.original) return;  // said already
    const auto& here = step.transaction.entries;
    const auto& there = step.original->entries;
    findings_.expect(std::equal(here.begin(), here.end(), there.begin(), there.end(),
                                [](const Entry& one, const Entry& other) {
                                    return one.account == other.account &&
                                           one.amount == negate(other.amount);
                                }),
                     step.at, "is not the opposite of what it takes back");
}

void WalletProof::compare(const Step& step, const Wallet& model) {
    const Wallet& after = *step.wallet;
    accounts(step, model);
    const Trail& trail = after.applied;
    const Trail& wanted = model.applied;
    findings_.expect(trail.length == wanted.length, step.at,
                     "the wallet's count of movements is wrong");
    findings_.expect(trail.marks[0] == wanted.marks[0], step.at,
                     "the wallet's trail does not begin here");
    findings_.expect(trail.marks[1] == wanted.marks[1], step.at,
                     "the wallet's trail skips a movement");
    findings_.expect(trail.marks[2] == wanted.marks[2] && trail.marks[3] == wanted.marks[3],
                     step.at, "the wallet's trail has a milestone in the wrong place");
    findings_.expect(after.unapplied == model.unapplied, step.at,
                     "a movement changes the wallet's trail of refusals and tombstones");
    findings_.expect(after.created == model.created && after.modified == model.modified, step.at,
                     "the wallet's times are wrong");
    findings_.expect(after.on_chain == model.on_chain, step.at,
                     "the wallet's sum on the chain is wrong");
    findings_.expect(after.withdrawals_in_flight == model.withdrawals_in_flight, step.at,
                     "the wallet's count of withdrawals on their way is wrong");
    findings_.expect(after.transaction_error == model.transaction_error, step.at,
                     "what the wallet says of its last withdrawal is wrong");
    Spending spending = model.spending;
    // Whether a grant was asked for by a game's client is not in the record: it counts or not.
    Amount with_grant = spending.granted_today;
    count(with_grant, step.transaction.amount);
    if (step.transaction.kind == TransactionKind::grant && step.integration != nullptr &&
        after.spending.granted_today == with_grant) {
        spending.granted_today = with_grant;
    }
    const Spending& said = after.spending;
    findings_.expect(said.day == spending.day && said.week == spending.week, step.at,
                     "the wallet counts another day or week than its own");
    findings_.expect(said.wagered_today == spending.wagered_today &&
                         said.returned_today == spending.returned_today &&
                         said.granted_today == spending.granted_today &&
                         said.wagered_this_week == spending.wagered_this_week &&
                         said.returned_this_week == spending.returned_this_week,
                     step.at, "what the wallet counts for its limits is wrong");
}

void WalletProof::accounts(const Step& step, const Wallet& model) {
    for (std::size_t code = 0; code < account_count; ++code) {
        const Account& said = step.wallet->accounts[code];
        const Account& is = model.accounts[code];
        const std::string account(account_names[code]);
        if (said.balance != is.balance) {
            findings_.add(step.at, "the wallet has " + format_shortest(said.balance, 0) + " in " +
                                       account + ", its entries make " +
                                       format_shortest(is.balance, 0));
        }
        findings_.expect(said.version == is.version, step.at,
                         "the wallet's version of " + account + " is wrong");
        findings_.expect(said.last == is.last, step.at,
                         "the wallet's pointer to the last entry of " + account + " is wrong");
    }
}

void WalletProof::totals(Sequence end) const {
    std::map<CurrencyId, WideSum> sums;
    for (const auto& [hash, wallet] : wallets_) {
        for (const Account& account : wallet.accounts) sums[wallet.currency].add(account.balance);
    }
    for (const auto& [currency, sum] : sums) {
        findings_.expect(sum.is_zero(), end,
                         "currency " + std::to_string(currency) + " does not add up to zero");
    }
}

}  // namespace coffer
