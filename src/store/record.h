#pragma once
// The records a store keeps, and the Change that makes new ones last.
//
// Every Change is one record of the journal under a rising sequence number: at most one Transaction
// and the after-images ("puts") of every record it touched. The journal is the truth; whatever
// finds a record by its key is an index that can be rebuilt from it. Shared, they never change.
//
// Amounts are in units of their currency's scale. Times are wall time in microseconds. Texts are
// UTF-8 as they came. An empty text or a zero time means "none" unless said otherwise.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/money.h"
#include "store/chain_deposit.h"
#include "store/trail.h"
#include "store/withdrawal.h"

namespace coffer {

// ---- accounts and wallets -----------------------------------------------------------------------

// The four buckets of a player and, under the same wallet so that no row is shared by all writers,
// the house accounts that take the other side of this wallet's movements. Values are on disk.
// clang-format off
enum class AccountCode : std::uint8_t {
    bought, earned, bonus, held,                  // the player's
    stakes, payouts, cashier, promotions, chain,  // the house's
};
// clang-format on
inline constexpr std::size_t account_count = 9;
constexpr bool is_bucket(AccountCode code) { return code <= AccountCode::held; }

struct Account {
    Amount balance;
    std::uint64_t version = 0;  // entries so far, gapless
    Sequence last = 0;          // the journal record of the latest entry
};

// What limits count, per player and currency. Only the current day and week are kept.
struct Spending {
    std::int64_t day = 0;   // day_number() of the figures below
    std::int64_t week = 0;  // week_number()
    Amount wagered_today, returned_today, granted_today;
    Amount wagered_this_week, returned_this_week;
};

// Balances, and the ends of what happened to them. A wallet whose first wager was refused has a
// record for the sake of its second trail, and was never touched: `created` is 0.
struct Wallet {
    TenantId tenant = 0;
    std::string player;
    CurrencyId currency = 0;
    std::array<Account, account_count> accounts{};
    Trail applied;    // its movements
    Trail unapplied;  // refusals and tombstones, which moved nothing
    Spending spending;
    Time created = 0, modified = 0;
    Amount on_chain;  // confirmed deposits less completed withdrawals
    std::uint32_t withdrawals_in_flight = 0;
    bool transaction_error = false;  // the last withdrawal came back

    bool touched() const { return applied.length != 0; }
    const Account& at(AccountCode code) const { return accounts[static_cast<std::size_t>(code)]; }
    Account& at(AccountCode code) { return accounts[static_cast<std::size_t>(code)]; }
};

// ---- transactions -------------------------------------------------------------------------------

enum class TransactionKind : std::uint8_t {
    wager = 1,
    payout,
    wager_and_payout,
    rollback,
    prize,
    grant,
    spend,
    deposit,
    withdraw,
    adjust,
    reversal,         // of any transaction, by an administrator
    withdraw_settle,  // held -> chain, when a withdrawal is completed
    withdraw_release  // held -> earned, when it is given up
};

// What became of it. A refusal is remembered under its id; a tombstone blocks an id that was rolled
// back before it came. Neither moves money.
enum class TransactionStatus : std::uint8_t { applied = 1, refused, tombstone };

// The space in which an external id is unique for (integration, player). Values are on disk.
enum class KeyGroup : std::uint8_t {
    self = 1,  // a transaction without an external id; the id is then its sequence number
    integrator_debit,
    integrator_credit,
    integrator_rollback,
    rgs,  // wagers, payouts and prizes together
    operator_debit,
    operator_credit,
    sverse_transaction,
    kgen_withdraw,
    native_deposit,
    native_withdrawal,
    native_adjustment,
    native_reversal,
};

struct Entry {
    AccountCode account = AccountCode::bought;
    Amount amount;  // what this adds to the account; entries of a transaction sum to zero
    Amount balance_after;
    std::uint64_t version = 0;  // of the account, after this entry
    Sequence previous = 0;      // the account's entry before
};

struct Transaction {
    Sequence sequence = 0;
    Time time = 0;
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string player;
    CurrencyId currency = 0;
    TransactionKind kind = TransactionKind::wager;
    TransactionStatus status = TransactionStatus::applied;
    std::uint8_t decline = 0;  // the ledger's Decline of a refusal
    KeyGroup group = KeyGroup::self;
    std::string external_id;  // in `self` empty
    // The fingerprint: what a repeated call must repeat.
    Amount amount;  // of the wager, or of the only movement; signed for an adjustment
    Amount payout;  // of the payout in wager_and_payout
    std::uint64_t provider = 0;
    std::string round;
    std::string game;
    std::string reference;  // the id of the wager that a rollback names; a caller's own reference
    std::string promotion;
    std::uint8_t bucket = 0xff;  // the bucket that the call named (AccountCode), or none
    // Not in the fingerprint.
    std::string reason;     // message, reason: words for people
    std::string meta;       // a JSON object as text, or empty
    std::string detail;     // the dialect's own word for the type (DEBIT_JACKPOT), its timestamp
    Sequence reverses = 0;  // the transaction that this one takes back
    std::vector<Entry> entries;
};

// What is known of an external id of (tenant, integration, player, group).
enum class KeyState : std::uint8_t { applied = 1, refused, tombstone, rolled_back };

struct Key {
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string player;
    KeyGroup group = KeyGroup::self;
    std::string external_id;
    KeyState state = KeyState::applied;
    bool tombstoned = false;  // a refused wager that was rolled back afterwards
    Sequence original = 0;    // the Transaction that first took the id
    Sequence rollback = 0;    // the Transaction that took it back
    // The Transaction at `original`, filled in by the store on read; never null once read.
    std::shared_ptr<const Transaction> transaction;
};

// ---- rounds -------------------------------------------------------------------------------------

enum class RoundState : std::uint8_t { open = 1, closed };

struct Round {
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::uint64_t provider = 0;
    std::string player;
    std::string id;  // the caller's
    CurrencyId currency = 0;
    std::string game;
    RoundState state = RoundState::open;
    Amount wagered, paid, rolled_back;
    Amount bonus_staked;  // staked from bonus less given back; below zero after a reversal
    std::uint64_t wagers = 0, payouts = 0, live_wagers = 0;
    std::vector<Sequence> live;  // live wagers, oldest first; where only the latest may go back
    Time opened = 0, closed = 0;
    Sequence opened_by = 0;  // the record that opened it; its native id is made of this
    Sequence latest = 0;     // the record that touched it last
};

// ---- the directory ------------------------------------------------------------------------------

enum class DialectId : std::uint8_t { native = 0, operator_ = 1, integrator, rgs, sverse, kgen };
inline constexpr std::size_t dialect_count = 6;

struct Tenant {
    TenantId id = 0;
    std::string uid;  // UUID, the public name
    std::string name;
    Time created = 0;
};

struct Currency {
    CurrencyId id = 0;
    TenantId tenant = 0;
    std::string code, name;
    std::uint8_t scale = 0;
    std::uint8_t chain_scale = 0xff;  // decimals on the chain, or 0xff: has no chain
    Time created = 0;
    bool has_chain() const { return chain_scale != 0xff; }
};

enum class SignatureInput : std::uint8_t { body, target_body };
enum class SignatureEncoding : std::uint8_t { hex, base64 };
enum class DebitDirection : std::uint8_t { pays, charge };

// Every setting of every dialect with its default; what a dialect does not know it ignores.
struct IntegrationSettings {
    std::int64_t deadline_ms = 3000;
    std::int64_t calls_per_second = 0;         // per credential; 0: no throttle
    std::vector<std::string> ip_allow;         // CIDR; empty: any
    std::vector<std::string> trusted_proxies;  // CIDR, for X-Forwarded-For
    std::vector<std::string> allowed_origins;  // CORS; `*` for any
    std::int64_t token_ttl_s = 3600;           // operator
    std::int64_t session_ttl_s = 0;            // 0: the dialect's own (24 h; sverse 30 days)
    std::vector<std::uint64_t> provider_ids;   // integrator
    HmacHash signature_hash = HmacHash::sha256;
    SignatureEncoding signature_encoding = SignatureEncoding::hex;
    SignatureInput signature_input = SignatureInput::body;
    bool payout_needs_wager = false;                        // integrator; always so in rgs
    std::int64_t round_age_days = 30;                       // integrator
    DebitDirection debit_direction = DebitDirection::pays;  // rgs
    std::string game_code;                                  // sverse
    std::string client_credit_max = "1000";                 // sverse, whole and decimals, per call
    std::string client_credit_day_max = "10000";            // sverse, per player, currency and day
    std::string platform_wallet;                            // kgen
    std::string minimum_withdrawal = "0";                   // kgen
    std::uint8_t payout_bucket = static_cast<std::uint8_t>(AccountCode::earned);
    std::uint8_t deposit_bucket = static_cast<std::uint8_t>(AccountCode::bought);
    std::uint8_t grant_bucket = static_cast<std::uint8_t>(AccountCode::bonus);
};

struct Integration {
    IntegrationId id = 0;
    TenantId tenant = 0;
    std::string uid;  // UUID, the public name
    DialectId dialect = DialectId::native;
    std::string name;
    std::vector<CurrencyId> currencies;
    IntegrationSettings settings;
    Time created = 0;
};

enum class CredentialKind : std::uint8_t {
    native_key = 1,  // /v1
    secret,          // operator; rgs X-Auth-Token
    basic,           // integrator; kgen client id and secret: `name` is the id
    client_key,
    server_key,   // sverse
    signing_key,  // integrator HMAC, kgen JWT: `sealed` holds the key
};

enum Scope : std::uint32_t {  // native keys; a set of bits
    scope_read = 1,
    scope_play = 2,
    scope_cashier = 4,
    scope_admin = 8,
    scope_install = 16,
};

struct Credential {
    std::string uid;  // UUID
    TenantId tenant = 0;
    IntegrationId integration = 0;
    CredentialKind kind = CredentialKind::native_key;
    std::string name;    // client id, or a label
    Digest digest{};     // SHA-256 of the secret
    std::string sealed;  // signing keys only: the key, encrypted with the master key
    std::uint32_t scopes = 0;
    Time created = 0, expires = 0, revoked = 0, last_used = 0;
};

struct Limits {  // zero-width: a limit that is not set is negative
    CurrencyId currency = 0;
    Amount wager_max{-1}, wagered_day_max{-1}, wagered_week_max{-1}, loss_day_max{-1},
        loss_week_max{-1};
};

struct Alias {  // (integration, site, external id) -> player
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::uint64_t site = 0;
    std::string external_id;
    std::string player;
};

struct Player {
    TenantId tenant = 0;
    std::string id;
    std::vector<Alias> aliases;
    bool blocked = false;
    std::string block_reason;
    std::string payout_address, wallet_address;  // lower-case 0x hex, or empty
    std::vector<Limits> limits;
    Time created = 0;
};

enum class SessionKind : std::uint8_t {
    operator_token = 1,  // of the integration, of no player
    launch_token,        // integrator; issued, then authenticated
    player_token,        // rgs, for one use
    rgs_session,
    sverse_session,
    kgen_session,
    kgen_refresh,  // its `parent` is the kgen_session
};

struct Session {
    Digest digest{};  // SHA-256 of the token; its first half names the session
    SessionKind kind = SessionKind::launch_token;
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string player;
    std::uint64_t site = 0;
    CurrencyId currency = 0;
    std::string game;
    bool authenticated = false;  // launch_token
    bool used = false;           // player_token, kgen_refresh
    bool reusable = false;       // player_token of the demo
    Time created = 0;
    Time expires = 0;   // 0: never
    Duration idle = 0;  // if set, every call moves `expires` to now + idle
    Time revoked = 0;
    Digest parent{};
};

struct Login {  // sverse: a name or e-mail address that can log in
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string name;  // as compared: lower case
    std::string player;
    std::string email, username;
    std::string password_hash;  // Argon2id, libsodium's text form
    std::string metadata;       // JSON object as text
    Time created = 0;
};

struct Promotion {
    TenantId tenant = 0;
    std::string id;
    std::string player;
    CurrencyId currency = 0;
    Amount budget, remaining;
    std::uint8_t payout_bucket = static_cast<std::uint8_t>(AccountCode::bonus);
    Time created = 0, expires = 0;
};

// Whose a session or a promotion is, for those that are asked for before anybody knows. Kept in
// books of several shards only: in shard 0, while the record that it speaks of is in its player's.
// Never changed.
struct Locator {
    std::string name;  // the text of that record's key
    TenantId tenant = 0;
    std::string player;
};

// ---- one of them --------------------------------------------------------------------------------

template <class T>
using Ptr = std::shared_ptr<const T>;

// Absent, or one record. The alternatives' order is RecordKind's order and is on disk.
using Record =
    std::variant<std::monostate, Ptr<Tenant>, Ptr<Currency>, Ptr<Integration>, Ptr<Credential>,
                 Ptr<Player>, Ptr<Alias>, Ptr<Session>, Ptr<Login>, Ptr<Promotion>, Ptr<Withdrawal>,
                 Ptr<Wallet>, Ptr<Round>, Ptr<Key>, Ptr<Settlement>, Ptr<HotWallet>,
                 Ptr<WithdrawalPolicy>, Ptr<WithdrawalDay>, Ptr<DepositRoot>, Ptr<DepositAddress>,
                 Ptr<AddressOwner>, Ptr<DepositWatch>, Ptr<ChainDeposit>, Ptr<ChainTransfer>,
                 Ptr<ChainPause>, Ptr<WithdrawalRetry>, Ptr<Locator>>;

enum class RecordKind : std::uint8_t {
    none,
    tenant,
    currency,
    integration,
    credential,
    player,
    alias,
    session,
    login,
    promotion,
    withdrawal,
    wallet,
    round,
    key,
    settlement,
    hot_wallet,
    withdrawal_policy,
    withdrawal_day,
    deposit_root,
    deposit_address,
    address_owner,
    deposit_watch,
    chain_deposit,
    chain_transfer,
    chain_pause,
    withdrawal_retry,
    locator,
};
inline constexpr std::size_t record_kind_count = 27;
constexpr RecordKind kind_of(const Record& record) {
    return static_cast<RecordKind>(record.index());
}

// ---- the journal --------------------------------------------------------------------------------

// The journal of a shard counts its records from 1 in the lower bits of their numbers; above them
// is the shard's own number. Books of one shard have shard 0.
using Shard = std::uint16_t;
inline constexpr Shard shards_max = 1024;
inline constexpr unsigned sequence_count_bits = 48;
constexpr Shard shard_of(Sequence sequence) {
    return static_cast<Shard>(sequence >> sequence_count_bits);
}
// The number before a shard's first record: where a journal without records ends.
constexpr Sequence before_first(Shard shard) { return Sequence{shard} << sequence_count_bits; }

// One record of the journal. `transaction` may be null (directory changes); its own Key is implied
// and is not among the puts.
struct Change {
    Sequence sequence = 0;  // given by the ledger: the one after the last, without gaps
    Time time = 0;          // never before the time of the record before
    std::shared_ptr<const Transaction> transaction;
    std::vector<Record> puts;
    // The hashes of the names it is found under, where they were made already: of the transaction's
    // own Key, if there is one, then of the puts in order. Not on disk.
    std::vector<Hash16> names;
    Digest previous_hash{};  // SHA-256 of the bytes of the record before; set by the store
};

// A Change's bytes in the journal (docs/STORE_FORMAT.md), and back: all others are `corrupt`.
void encode(const Change& change, std::string& out);
Result<Change> decode(std::string_view bytes);
// The newest of its formats. A Change is written in the oldest that can say it, so that books
// without a chain stay as an older Coffer reads them.
inline constexpr std::uint8_t change_format_version = 6;

}  // namespace coffer
