#pragma once
// What a caller wants, in the ledger's words: the only thing a dialect hands down.
//
// An Intent is a value. A dialect fills it from one Call; nothing in it is HTTP. Tokens come as
// their SHA-256. Amounts are already in units of the currency; a currency that the integration may
// not move is currency 0, with units of the finest scale that has room for what was sent, so that
// the ledger can judge it in its place in the order of checks.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/extended_key.h"
#include "base/random.h"
#include "store/record.h"

namespace coffer {

// Whom the call names. In an integration the id is that integration's alias (site only where the
// dialect has one), falling back to the native id; in the native API it is the native id.
struct PlayerName {
    std::string id;  // empty: the player of the session
    std::uint64_t site = 0;
};

// What the call needs of its session. Which error an unsuitable one gives is the ledger's business.
enum class SessionRule : std::uint8_t {
    none,              // not looked at (but a live one of this player fixes the currency)
    issued,            // one that was ever issued to this player
    live,              // a live one of this player
    bearer,            // the session is the credential itself: checked before everything else
    bearer_or_replay,  // the same, but an expired one may still replay
};

struct Caller {
    TenantId tenant = 0;            // 0: the session tells (bearer)
    IntegrationId integration = 0;  // 0: native API, or the session tells
    PlayerName player;
    SessionRule rule = SessionRule::none;
    std::optional<Digest> session;                         // SHA-256 of the token
    SessionKind session_kind = SessionKind::launch_token;  // another kind is an unknown session
    std::string game;  // a session of another game does not count; empty: any
};

// A movement of money.
struct Move {
    Caller caller;
    TransactionKind kind = TransactionKind::wager;
    CurrencyId currency = 0;
    std::uint8_t scale = scale_max;  // of the amounts, where the currency is 0
    Amount amount;
    Amount payout;  // wager_and_payout only
    KeyGroup group = KeyGroup::self;
    std::string external_id;  // empty in `self`: a new movement every time
    std::uint64_t provider = 0;
    std::string round, game;
    bool closes_round = false;
    // rollback: the id of the wager in `reference_group`, which is also the fingerprint's
    // reference.
    KeyGroup reference_group = KeyGroup::self;
    std::string reference;
    std::string promotion;      // id, or empty
    bool free_bet = false;      // the wager is paid by the promotion
    bool client_grant = false;  // sverse: a grant asked for by a game client
    std::optional<AccountCode> bucket;
    std::string reason, meta, detail;
    Sequence reverses = 0;      // reversal: the transaction
    Time reverses_time = 0;     // must be its time, to the millisecond
    Ptr<Transaction> original;  // reversal: filled in by the ledger
};

// Questions that the lane answers, because the answer must be current and durable.
struct AskBalance {
    Caller caller;
    CurrencyId currency = 0;      // 0 with every_currency: all of the integration's
    bool every_currency = false;  // Outcome.records: the wallets that exist
    std::string promotion;
};
struct AskStatus {  // integrator: what became of that id
    Caller caller;
    CurrencyId currency = 0;
    KeyGroup group = KeyGroup::integrator_debit;
    std::string external_id;
    Amount amount;
    std::uint64_t provider = 0;
    std::string round, game;
};

// Lists, answered from what is durable, off the lane.
struct ListMovements {
    Caller caller;  // with rule bearer: whose wallet
    std::optional<CurrencyId> currency;
    IntegrationId only_integration = 0;  // 0: whoever made it
    std::string round, external_id;      // filters; empty: any
    std::optional<TransactionKind> kind;
    bool tombstones = false, refusals = false;  // shown too
    bool every_player = false;                  // the whole tenant (or integration)
    Time from = 0, to = 0;                      // both inclusive; 0: open
    Sequence before = 0;                        // only older ones: a cursor; 0: from the newest
    std::uint64_t skip = 0;                     // newest ones to leave out (page numbers)
    std::uint32_t limit = 50;
};
struct FindTransaction {
    TenantId tenant = 0;
    Sequence sequence = 0;
    Time time = 0;  // must be the transaction's, to the millisecond
};
struct ListWallets {  // of one player, now or at a past time
    Caller caller;
    Time at = 0;  // 0: now
};
struct ListRounds {
    TenantId tenant = 0;
    std::string player;
    IntegrationId integration = 0;
    std::optional<RoundState> state;
    Time opened_before = 0;
    Sequence before = 0;
    std::uint32_t limit = 50;
    Sequence opened_by = 0;  // set: just that round
    Time opened = 0;         // then: must be when it was opened, to the millisecond
};
struct ListRecords {  // a kind of the directory; tenant 0 sees tenants only
    TenantId tenant = 0;
    RecordKind kind = RecordKind::player;
    IntegrationId integration = 0;  // alias look-up: with `id` and `site`
    std::string id;
    std::uint64_t site = 0;
    // Of promotions, which may be many, oldest first: a page of them.
    std::uint64_t skip = 0;
    std::uint32_t limit = 50;
};

// Changes of the directory.
struct CreateTenant {
    std::string uid, name;
};
struct CreateCurrency {
    TenantId tenant = 0;
    std::string code, name;
    std::uint8_t scale = 0, chain_scale = 0xff;
};
struct CreateIntegration {
    TenantId tenant = 0;
    std::string uid, name;
    DialectId dialect = DialectId::native;
    std::vector<std::string> currencies;  // codes
    IntegrationSettings settings;
};
struct PatchIntegration {
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::optional<std::string> name;
    std::optional<std::vector<std::string>> currencies;
    // Whole; but only what differs from those that it was made from is a change, so that two calls
    // at once that change different settings both do.
    std::optional<IntegrationSettings> settings;
    IntegrationSettings settings_before;
};
struct CreateCredential {
    Credential credential;
};  // `created` is filled in
struct RevokeCredential {
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string uid;
};
struct TouchCredential {
    std::string uid;
};  // last_used; at most hourly
struct CreatePlayer {
    Player player;
};  // the same again is done, not an error
struct ChangePlayer {
    TenantId tenant = 0;
    std::string player;
    std::optional<bool> blocked;
    std::string block_reason;
    std::optional<std::string> payout_address;
    std::optional<std::vector<Limits>> limits;
};
// Opens a session of any kind, for the native API and for get-token. The player must exist, be of
// the integration, and not be blocked. One of that digest and kind that is there already is
// replaced.
struct OpenSession {
    Caller caller;
    // All but tenant, player, created, expires and revoked, which are filled in. Its integration
    // may differ from the caller's, which only says how the player is named (0: by native id).
    Session session;
    Duration ttl = 0;  // 0: never expires; negative: it has expired already
    bool even_if_blocked = false;
};
// Whose session is that? For dialects whose only credential is one: the desk must know the
// integration (its currencies) before it can read the call. Declines session_unknown,
// session_expired.
struct FindSession {
    Digest digest{};
    SessionKind kind = SessionKind::operator_token;  // another kind is an unknown session
};
struct RevokeSession {
    TenantId tenant = 0;
    UuidBytes name{};
};
struct ActivateToken {
    Caller caller;
    CurrencyId currency = 0;
};  // integrator authenticate
struct StartSession {  // rgs GET /session
    Caller caller;     // session: the player token
    std::string game;
    Digest session{};  // of the new session's id
    Duration idle = 0;
};
struct Register {  // sverse
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string email, username, password, metadata;
    std::string player;         // the new identity
    std::string password_hash;  // filled in by the password thread
};
struct LogIn {
    TenantId tenant = 0;
    IntegrationId integration = 0;
    std::string name, password;
    Session session;  // player is filled in
    Duration ttl = 0;
};
struct LogOut {
    Caller caller;
};
struct RenewSession {  // sverse refresh: a new token for the same player, the old one is revoked
    Caller caller;
    Digest digest{};
    Duration ttl = 0;
};
struct OpenUser {  // kgen /s2s/session: makes the player when the alias is unknown
    Caller caller;
    std::string new_player;
    Digest session{}, refresh{};
    Duration ttl = 0, refresh_ttl = 0;
};
struct RenewUser {  // kgen refresh: spends the refresh token and the session it came with
    Caller caller;  // session: the refresh token
    Digest session{}, refresh{};
    Duration ttl = 0, refresh_ttl = 0;
};
struct CreatePromotion {
    Promotion promotion;
};
struct CloseRound {
    TenantId tenant = 0;
    Sequence opened_by = 0;
    Time opened = 0;   // must be when it was opened, to the millisecond
    Ptr<Round> round;  // filled in by the ledger
};

// What the settler asks and reports; no dialect submits these.
//
// Takes the lease of a hot wallet, or renews it for who has it, and makes the hot wallet known the
// first time. Declines: withdrawal_in_flight, while somebody else holds the lease; conflict, where
// it is not known yet and has no first nonce.
struct HoldHotWallet {
    std::uint64_t chain = 0;
    std::string address;
    std::string holder;
    Duration lease = 0;
    // Of a hot wallet that the ledger does not know yet; none while what it sent before may still
    // be taken back by its chain, and the nonce be another.
    std::optional<std::uint64_t> first_nonce;
    bool alone = false;  // nobody else can be there: an earlier holder's lease counts no more
};
// The next step of a withdrawal. Declines: not_found; conflict, where it is no longer at that step,
// or the hot wallet is no longer held under that epoch or has another next nonce; invalid, for a
// step that does not follow.
struct AdvanceWithdrawal {
    Ptr<Withdrawal> withdrawal;  // says whose it is; not how far it is
    std::uint64_t step = 0;      // of its Settlement, as the caller knows it; 0: it has none
    // queued: approved. signed_: `attempt` is to be sent; the state stays where it was sent
    // already. broadcast: sent, or no longer mined. mined, final_, completed, released.
    WithdrawalState to = WithdrawalState::signed_;
    std::uint64_t chain = 0;
    std::string hot_wallet;  // empty: an operator's word, on one of which nothing is signed yet
    std::uint64_t epoch = 0;
    // Of the first that is signed; a higher one than the Settlement's of the first after a retry.
    std::uint64_t nonce = 0;
    ChainAttempt attempt;
    // mined: which of its attempts, where, and what came of it.
    Digest mined{};
    std::uint64_t block = 0;
    Digest block_hash{};
    bool reverted = false;
    Amount gas_fee;
    std::string reason;  // released
};
// An operator's word: a withdrawal that waits for approval may go, or one for which nothing is
// signed goes back to `earned`. Declines: not_found; not_permitted, when it is too late for that.
// One that cannot go on because somebody else used its nonce may take another, if that is safe.
enum class Verdict : std::uint8_t { approve, cancel, retry };
struct JudgeWithdrawal {
    TenantId tenant = 0;
    Sequence requested_by = 0;
    Time created = 0;  // must be when it was asked for, to the millisecond
    Verdict verdict = Verdict::cancel;
    std::string reason;          // of a cancelled one
    Ptr<Withdrawal> withdrawal;  // filled in by the ledger
};
// What the tenant allows from now on, in place of what it allowed before.
struct PutWithdrawalPolicy {
    WithdrawalPolicy policy;
};
// Withdrawals to a chain as they stand, newest first, each followed by its Settlement or nothing.
struct ListWithdrawals {
    TenantId tenant = 0;  // 0: of all
    std::optional<WithdrawalState> state;
    bool open_only = false;      // neither completed nor released
    std::vector<Sequence> only;  // just these; empty: any
    Time created_before = 0;     // 0: any
    Sequence before = 0;         // a cursor
    std::uint32_t limit = 0;     // 0: all
};
// The accounts that pay: Outcome.hot_wallets.
struct ListHotWallets {};
// Nothing new is signed for a chain, or is again. Outcome.records: its ChainPause.
struct PauseChain {
    std::uint64_t chain = 0;
    bool paused = true;
    std::string reason;
};
struct ReadPause {  // absent: it was never paused
    std::uint64_t chain = 0;
};
struct ReadRetry {  // the WithdrawalRetry, absent: it was never asked for
    Sequence withdrawal = 0;
};

// Deposits from chains, decide_deposit.cc. The settler asks and reports all but GiveDepositAddress
// and ListDeposits.
//
// What all deposit addresses follow from, once for the books. Declines: exists, where they follow
// from something else already; invalid.
struct OpenDeposits {
    ExtendedPublicKey root;
};
// A currency's token is looked at for deposits from that block on; the same again is done.
// Declines: not_found; exists, where another chain or contract is looked at for it.
struct WatchDeposits {
    CurrencyId currency = 0;
    std::uint64_t chain = 0;
    std::string contract;
    std::uint64_t first_block = 0;
};
// All that came before block `to` is in the books. Declines: not_found; invalid, when that is no
// step forward; conflict, when the watch is no longer at `from`.
struct MoveWatch {
    CurrencyId currency = 0;
    std::uint64_t from = 0, to = 0;
};
// A transfer that is final on its chain: what of it is whole units of the currency is credited.
// The second time it changes nothing and is done, with the first one's record and `created` false.
// Declines: not_found, when the address is nobody's in the currency's tenant; invalid.
struct RecordDeposit {
    ChainDeposit deposit;     // all but player, amount, rest, recorded_by and created
    Ptr<AddressOwner> owner;  // of its address
};
// A player's deposit address; made the first time (`created`). Outcome.records: the DepositAddress
// and the currency's DepositWatch. Declines: player_unknown; not_permitted, when nobody looks for
// deposits of that currency; limit_reached, when all two thousand million are given.
struct GiveDepositAddress {
    TenantId tenant = 0;
    std::string player;
    CurrencyId currency = 0;
};
// What the settler must know, each absent where there is none: the DepositRoot, the DepositWatch of
// each currency, the AddressOwner of each address.
struct ReadDeposits {
    std::vector<CurrencyId> currencies;
    std::vector<std::string> addresses;
};
// What came from chains, newest first.
struct ListDeposits {
    TenantId tenant = 0;
    std::string player;   // empty: everybody's
    Sequence before = 0;  // a cursor
    std::uint32_t limit = 50;
};

// The next step of a transfer between accounts of the house on a chain; the first (`step` 0) takes
// the account's nonce. Declines as for AdvanceWithdrawal.
struct AdvanceTransfer {
    std::uint64_t chain = 0;
    std::string from;         // held, as a hot wallet is
    std::uint64_t epoch = 0;  // under which it is held
    std::uint64_t nonce = 0;
    std::uint64_t step = 0;
    WithdrawalState to = WithdrawalState::signed_;  // to final_
    // With final_, of one that was signed or sent: somebody else used its nonce for good, so that
    // nothing that was signed for it can ever be mined.
    bool is_lost = false;
    // Of the first.
    TransferPurpose purpose = TransferPurpose::sweep;
    std::string receiver, contract, units;
    // As in AdvanceWithdrawal.
    ChainAttempt attempt;
    Digest mined{};
    std::uint64_t block = 0;
    Digest block_hash{};
    bool reverted = false;
    Amount gas_fee;
};
// Whose addresses ever got something on a chain, and in what: an AddressOwner and a DepositWatch in
// turn.
struct ListDepositors {
    std::uint64_t chain = 0;
};
// Transfers that are not final, of one chain.
struct ListTransfers {
    std::uint64_t chain = 0;
};

using Intent = std::variant<
    Move, AskBalance, AskStatus, ListMovements, FindTransaction, ListWallets, ListRounds,
    ListRecords, CreateTenant, CreateCurrency, CreateIntegration, PatchIntegration,
    CreateCredential, RevokeCredential, TouchCredential, CreatePlayer, ChangePlayer, OpenSession,
    RevokeSession, ActivateToken, StartSession, Register, LogIn, LogOut, RenewSession, OpenUser,
    RenewUser, CreatePromotion, CloseRound, FindSession, HoldHotWallet, AdvanceWithdrawal,
    JudgeWithdrawal, PutWithdrawalPolicy, ListWithdrawals, ListHotWallets, OpenDeposits,
    WatchDeposits, MoveWatch, RecordDeposit, GiveDepositAddress, ReadDeposits, ListDeposits,
    AdvanceTransfer, ListTransfers, ListDepositors, PauseChain, ReadPause, ReadRetry>;

}  // namespace coffer
