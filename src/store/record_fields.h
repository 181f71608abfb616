#pragma once
// Every record's fields in the order of the journal, once for both directions: `code` is called
// with a ByteWriter and a const record to write it, with a ByteReader and a fresh record to read
// it.
//
// The order and the kind of each field are on disk. A new field goes to the end of its record under
// a new change_format_version.

#include <concepts>

#include "store/bytes.h"
#include "store/record.h"

namespace coffer {

template <class Value, class Wanted>
concept Of = std::same_as<std::remove_const_t<Value>, Wanted>;

// The texts of the transaction that the puts around it mostly repeat.
inline const Transaction& repeated(const CodecContext& context) {
    static const Transaction none;
    return context.transaction != nullptr ? *context.transaction : none;
}

// ---- the directory ------------------------------------------------------------------------------

template <class Coder, Of<Tenant> Value>
void code(Coder& coder, Value& tenant) {
    coder.number(tenant.id);
    coder.text(tenant.uid);
    coder.text(tenant.name);
    coder.near(tenant.created, coder.context.time);
}

template <class Coder, Of<Currency> Value>
void code(Coder& coder, Value& currency) {
    coder.number(currency.id);
    coder.number(currency.tenant);
    coder.text(currency.code);
    coder.text(currency.name);
    coder.number(currency.scale);
    coder.number(currency.chain_scale);
    coder.near(currency.created, coder.context.time);
}

template <class Coder, Of<IntegrationSettings> Value>
void code(Coder& coder, Value& settings) {
    const auto text = [&](auto& item) { coder.text(item); };
    coder.integer(settings.deadline_ms);
    coder.integer(settings.calls_per_second);
    coder.list(settings.ip_allow, text);
    coder.list(settings.trusted_proxies, text);
    coder.list(settings.allowed_origins, text);
    coder.integer(settings.token_ttl_s);
    coder.integer(settings.session_ttl_s);
    coder.list(settings.provider_ids, [&](auto& item) { coder.number(item); });
    coder.choice(settings.signature_hash, HmacHash::sha256, HmacHash::sha512);
    coder.choice(settings.signature_encoding, SignatureEncoding::hex, SignatureEncoding::base64);
    coder.choice(settings.signature_input, SignatureInput::body, SignatureInput::target_body);
    coder.flag(settings.payout_needs_wager);
    coder.integer(settings.round_age_days);
    coder.choice(settings.debit_direction, DebitDirection::pays, DebitDirection::charge);
    coder.text(settings.game_code);
    coder.text(settings.client_credit_max);
    coder.text(settings.client_credit_day_max);
    coder.text(settings.platform_wallet);
    coder.text(settings.minimum_withdrawal);
    coder.number(settings.payout_bucket);
    coder.number(settings.deposit_bucket);
    coder.number(settings.grant_bucket);
}

template <class Coder, Of<Integration> Value>
void code(Coder& coder, Value& integration) {
    coder.number(integration.id);
    coder.number(integration.tenant);
    coder.text(integration.uid);
    coder.choice(integration.dialect, DialectId::native, DialectId::kgen);
    coder.text(integration.name);
    coder.list(integration.currencies, [&](auto& item) { coder.number(item); });
    code(coder, integration.settings);
    coder.near(integration.created, coder.context.time);
}

template <class Coder, Of<Credential> Value>
void code(Coder& coder, Value& credential) {
    coder.text(credential.uid);
    coder.number(credential.tenant);
    coder.number(credential.integration);
    coder.choice(credential.kind, CredentialKind::native_key, CredentialKind::signing_key);
    coder.text(credential.name);
    coder.bytes(credential.digest);
    coder.text(credential.sealed);
    coder.number(credential.scopes);
    coder.near(credential.created, coder.context.time);
    coder.near(credential.expires, coder.context.time);
    coder.near(credential.revoked, coder.context.time);
    coder.near(credential.last_used, coder.context.time);
}

template <class Coder, Of<Limits> Value>
void code(Coder& coder, Value& limits) {
    coder.number(limits.currency);
    coder.amount(limits.wager_max);
    coder.amount(limits.wagered_day_max);
    coder.amount(limits.wagered_week_max);
    coder.amount(limits.loss_day_max);
    coder.amount(limits.loss_week_max);
}

template <class Coder, Of<Alias> Value>
void code(Coder& coder, Value& alias) {
    coder.number(alias.tenant);
    coder.number(alias.integration);
    coder.number(alias.site);
    coder.text(alias.external_id);
    coder.text(alias.player, repeated(coder.context).player);
}

template <class Coder, Of<Player> Value>
void code(Coder& coder, Value& player) {
    coder.number(player.tenant);
    coder.text(player.id, repeated(coder.context).player);
    coder.list(player.aliases, [&](auto& item) { code(coder, item); });
    coder.flag(player.blocked);
    coder.text(player.block_reason);
    coder.text(player.payout_address);
    coder.text(player.wallet_address);
    coder.list(player.limits, [&](auto& item) { code(coder, item); });
    coder.near(player.created, coder.context.time);
}

template <class Coder, Of<Session> Value>
void code(Coder& coder, Value& session) {
    coder.bytes(session.digest);
    coder.choice(session.kind, SessionKind::operator_token, SessionKind::kgen_refresh);
    coder.number(session.tenant);
    coder.number(session.integration);
    coder.text(session.player, repeated(coder.context).player);
    coder.number(session.site);
    coder.number(session.currency);
    coder.text(session.game, repeated(coder.context).game);
    coder.flag(session.authenticated);
    coder.flag(session.used);
    coder.flag(session.reusable);
    coder.near(session.created, coder.context.time);
    coder.near(session.expires, coder.context.time);
    coder.integer(session.idle);
    coder.near(session.revoked, coder.context.time);
    coder.bytes(session.parent);
}

template <class Coder, Of<Login> Value>
void code(Coder& coder, Value& login) {
    coder.number(login.tenant);
    coder.number(login.integration);
    coder.text(login.name);
    coder.text(login.player);
    coder.text(login.email);
    coder.text(login.username);
    coder.text(login.password_hash);
    coder.text(login.metadata);
    coder.near(login.created, coder.context.time);
}

template <class Coder, Of<Promotion> Value>
void code(Coder& coder, Value& promotion) {
    coder.number(promotion.tenant);
    coder.text(promotion.id, repeated(coder.context).promotion);
    coder.text(promotion.player, repeated(coder.context).player);
    coder.number(promotion.currency);
    coder.amount(promotion.budget);
    coder.amount(promotion.remaining);
    coder.number(promotion.payout_bucket);
    coder.near(promotion.created, coder.context.time);
    coder.near(promotion.expires, coder.context.time);
}

template <class Coder, Of<Withdrawal> Value>
void code(Coder& coder, Value& withdrawal) {
    coder.number(withdrawal.tenant);
    coder.number(withdrawal.integration);
    coder.text(withdrawal.player, repeated(coder.context).player);
    coder.number(withdrawal.currency);
    coder.amount(withdrawal.amount);
    coder.text(withdrawal.destination);
    coder.choice(withdrawal.state, WithdrawalState::approval, WithdrawalState::released);
    coder.near(withdrawal.requested_by, coder.context.sequence);
    coder.near(withdrawal.created, coder.context.time);
    coder.near(withdrawal.modified, coder.context.time);
    coder.flag(withdrawal.on_chain);
}

template <class Coder, Of<ChainAttempt> Value>
void code(Coder& coder, Value& attempt) {
    coder.bytes(attempt.hash);
    coder.text(attempt.raw);
    coder.flag(attempt.cancels);
    coder.near(attempt.signed_at, coder.context.time);
}

template <class Coder, Of<Settlement> Value>
void code(Coder& coder, Value& settlement) {
    coder.near(settlement.withdrawal, coder.context.sequence);
    coder.number(settlement.tenant);
    coder.number(settlement.chain);
    coder.text(settlement.hot_wallet);
    coder.number(settlement.nonce);
    coder.number(settlement.step);
    coder.list(settlement.attempts, [&](auto& attempt) { code(coder, attempt); });
    coder.bytes(settlement.mined);
    coder.number(settlement.block);
    coder.bytes(settlement.block_hash);
    coder.flag(settlement.reverted);
    coder.amount(settlement.gas_fee);
}

template <class Coder, Of<HotWallet> Value>
void code(Coder& coder, Value& hot_wallet) {
    coder.number(hot_wallet.chain);
    coder.text(hot_wallet.address);
    coder.number(hot_wallet.next_nonce);
    coder.text(hot_wallet.holder);
    coder.number(hot_wallet.epoch);
    coder.near(hot_wallet.leased_until, coder.context.time);
    coder.near(hot_wallet.created, coder.context.time);
}

template <class Coder, Of<WithdrawalPolicy> Value>
void code(Coder& coder, Value& policy) {
    coder.number(policy.tenant);
    coder.number(policy.currency);
    coder.flag(policy.paused);
    coder.amount(policy.largest);
    coder.amount(policy.player_day);
    coder.amount(policy.tenant_day);
    coder.amount(policy.approval_above);
    coder.list(policy.destinations, [&](auto& address) { coder.text(address); });
}

// The day as in Spending.
template <class Coder, Of<WithdrawalDay> Value>
void code(Coder& coder, Value& day) {
    coder.number(day.tenant);
    coder.text(day.player, repeated(coder.context).player);
    coder.number(day.currency);
    coder.near(day.day, coder.context.time / day_us);
    coder.amount(day.requested);
}

// ---- money --------------------------------------------------------------------------------------

// Days and weeks are written as the distance to a day and a week of the Change's own time, so that
// the usual one takes a byte. This arithmetic belongs to the format and not to the calendar.
template <class Coder, Of<Spending> Value>
void code(Coder& coder, Value& spending) {
    const std::int64_t day = coder.context.time / day_us;
    coder.near(spending.day, day);
    coder.near(spending.week, day / 7);
    coder.amount(spending.wagered_today);
    coder.amount(spending.returned_today);
    coder.amount(spending.granted_today);
    coder.amount(spending.wagered_this_week);
    coder.amount(spending.returned_this_week);
}

template <class Coder, Of<Trail> Value>
void code(Coder& coder, Value& trail) {
    coder.number(trail.length);
    for (auto& mark : trail.marks) coder.near(mark, coder.context.sequence);
}

template <class Coder, Of<Wallet> Value>
void code(Coder& coder, Value& wallet) {
    coder.number(wallet.tenant);
    coder.text(wallet.player, repeated(coder.context).player);
    coder.number(wallet.currency);
    coder.begin_optional();
    for (auto& account : wallet.accounts) {
        const bool used = !account.balance.is_zero() || account.version != 0 || account.last != 0;
        if (!coder.optional(used)) continue;
        coder.amount(account.balance);
        coder.number(account.version);
        coder.near(account.last, coder.context.sequence);
        coder.require(!account.balance.is_zero() || account.version != 0 || account.last != 0);
    }
    const bool has_unapplied = wallet.unapplied != Trail{};
    if (coder.optional(has_unapplied)) {
        code(coder, wallet.unapplied);
        coder.require(wallet.unapplied != Trail{});
    }
    coder.end_optional();
    code(coder, wallet.applied);
    code(coder, wallet.spending);
    coder.near(wallet.created, coder.context.time);
    coder.near(wallet.modified, coder.context.time);
    coder.amount(wallet.on_chain);
    coder.number(wallet.withdrawals_in_flight);
    coder.flag(wallet.transaction_error);
}

template <class Coder, Of<Round> Value>
void code(Coder& coder, Value& round) {
    coder.number(round.tenant);
    coder.number(round.integration);
    coder.number(round.provider);
    coder.text(round.player, repeated(coder.context).player);
    coder.text(round.id, repeated(coder.context).round);
    coder.number(round.currency);
    coder.text(round.game, repeated(coder.context).game);
    coder.choice(round.state, RoundState::open, RoundState::closed);
    coder.amount(round.wagered);
    coder.amount(round.paid);
    coder.amount(round.rolled_back);
    coder.amount(round.bonus_staked);
    coder.number(round.wagers);
    coder.number(round.payouts);
    coder.number(round.live_wagers);
    coder.list(round.live, [&](auto& wager) { coder.near(wager, coder.context.sequence); });
    coder.near(round.opened, coder.context.time);
    coder.near(round.closed, coder.context.time);
    coder.near(round.opened_by, coder.context.sequence);
    coder.near(round.latest, coder.context.sequence);
}

// Without its `transaction`, which the journal has at `original`.
template <class Coder, Of<Key> Value>
void code(Coder& coder, Value& key) {
    coder.number(key.tenant);
    coder.number(key.integration);
    coder.text(key.player, repeated(coder.context).player);
    coder.choice(key.group, KeyGroup::self, KeyGroup::native_reversal);
    coder.text(key.external_id, repeated(coder.context).reference);
    coder.choice(key.state, KeyState::applied, KeyState::rolled_back);
    coder.flag(key.tombstoned);
    coder.near(key.original, coder.context.sequence);
    coder.near(key.rollback, coder.context.sequence);
}

template <class Coder, Of<Locator> Value>
void code(Coder& coder, Value& locator) {
    coder.text(locator.name);
    coder.number(locator.tenant);
    coder.text(locator.player);
}

// Without its entries, which follow the puts.
template <class Coder, Of<Transaction> Value>
void code(Coder& coder, Value& transaction) {
    const auto amount = [&](auto& value) { coder.amount(value); };
    const auto number = [&](auto& value) { coder.number(value); };
    const auto text = [&](auto& value) { coder.text(value); };
    coder.near(transaction.sequence, coder.context.sequence);
    coder.near(transaction.time, coder.context.time);
    coder.number(transaction.tenant);
    coder.number(transaction.integration);
    coder.text(transaction.player);
    coder.number(transaction.currency);
    coder.choice(transaction.kind, TransactionKind::wager, TransactionKind::withdraw_release);
    coder.choice(transaction.status, TransactionStatus::applied, TransactionStatus::tombstone);
    coder.choice(transaction.group, KeyGroup::self, KeyGroup::native_reversal);
    coder.text(transaction.external_id);
    coder.amount(transaction.amount);
    coder.byte(transaction.bucket);
    coder.begin_optional();
    optional_field(coder, transaction.decline, number);
    optional_field(coder, transaction.payout, amount);
    optional_field(coder, transaction.provider, number);
    optional_field(coder, transaction.round, text);
    optional_field(coder, transaction.game, text);
    optional_field(coder, transaction.reference, text);
    optional_field(coder, transaction.promotion, text);
    optional_field(coder, transaction.reason, text);
    optional_field(coder, transaction.meta, text);
    optional_field(coder, transaction.detail, text);
    optional_field(coder, transaction.reverses,
                   [&](auto& value) { coder.near(value, coder.context.sequence); });
    coder.end_optional();
}

// `after` is the wallet put of the same Change, or null: an entry whose account ended as the wallet
// shows does not repeat that.
inline constexpr std::uint8_t entry_is_whole = 0x80;

template <class Coder, Of<Entry> Value>
void code(Coder& coder, Value& entry, const Wallet* after) {
    const auto agrees = [&] {
        return after != nullptr && after->at(entry.account).balance == entry.balance_after &&
               after->at(entry.account).version == entry.version;
    };
    bool whole = false;
    if constexpr (Coder::reads) {
        const std::uint8_t lead = coder.byte();
        whole = (lead & entry_is_whole) != 0;
        const std::uint8_t account = lead & 0x7f;
        coder.require(account < account_count);
        coder.require(whole || after != nullptr);
        if (coder.bad()) return;
        entry.account = static_cast<AccountCode>(account);
    } else {
        whole = !agrees();
        const auto account = static_cast<std::uint8_t>(entry.account);
        coder.byte(whole ? static_cast<std::uint8_t>(account | entry_is_whole) : account);
    }
    coder.amount(entry.amount);
    coder.near(entry.previous, coder.context.sequence);
    if (whole) {
        coder.amount(entry.balance_after);
        coder.number(entry.version);
        coder.require(!agrees());
    } else if constexpr (Coder::reads) {
        entry.balance_after = after->at(entry.account).balance;
        entry.version = after->at(entry.account).version;
    }
}

}  // namespace coffer
