#pragma once
// The heart: what an intent does to the books, given what they say. Start reading here.
//
// Everything in this header is pure: the same view, intent and time give the same decision. Nothing
// reads a clock, a store or a log, and nothing waits. A Decision changes nothing by itself; the
// lane makes it last.

#include <memory>
#include <vector>

#include "ledger/directory.h"
#include "ledger/intent.h"
#include "ledger/outcome.h"

namespace coffer {

// What the books say, as far as this intent may look. Null means that there is no such record.
struct View {
    const Directory* directory = nullptr;
    const Integration* integration = nullptr;  // of the caller; null in the native API
    Time now = 0;
    Sequence next = 0;  // the sequence number that a change would get
    Ptr<Player> player;
    Ptr<Session> session;  // of the right kind and integration, else null
    Ptr<Wallet> wallet;
    Ptr<Key> key;        // what is known of the move's own id
    Ptr<Key> reference;  // of the wager that a rollback names, or of the reversed transaction
    Ptr<Round> round;
    Ptr<Promotion> promotion;  // the one that the call names
    Ptr<Promotion> spent;      // the one that paid the wager being taken back
    // Of a withdrawal: what was asked for today, as far as somebody counts.
    Ptr<WithdrawalDay> player_day, tenant_day;
};

struct Decision {
    Outcome outcome;
    std::shared_ptr<Transaction> transaction;  // null: none
    std::vector<Record> puts;
    bool changes_something() const { return transaction != nullptr || !puts.empty(); }
};

Decision decide(const View& view, const Move& move);
Decision decide(const View& view, const AskBalance& ask);
Decision decide(const View& view, const AskStatus& ask);

// ---- parts shared by the deciders, by number of the order of checks
// ------------------------------

bool is_live(const Session& session, Time now);

// Check 1 where the session is the credential. True when the call may go on; else outcome says why.
// `replay_only` is set when an expired session may still replay.
bool bearer_holds(const View& view, SessionRule rule, Outcome& outcome, bool& replay_only);
// Checks 6 and 7: player, currency, session.
Decline judge_caller(const View& view, const Caller& caller, CurrencyId currency);
// Is the promotion that a call names one of this player, in this currency? None named: yes.
Decline judge_promotion(const View& view, const std::string& named, CurrencyId currency);
// Puts the session with a later end, when it is the caller's own, one that lives from call to call,
// and a while has passed since the end was last moved. For calls that passed checks 6 and 7: a name
// that was only tried keeps nobody's session alive.
void keep_alive(const View& view, const Caller& caller, std::vector<Record>& puts);
// Whether two amounts are the same number as a caller writes it, in whatever currencies: so that a
// conflict of currencies names the amount only when that differs too.
struct Price {
    Amount amount;
    CurrencyId currency = 0;
    std::uint8_t scale = scale_max;  // where the currency is 0, as a Move has it
};
bool same_number(const View& view, const Price& left, const Price& right);
// Which fields of the fingerprint differ; 0 when it is the same call again.
std::uint16_t differing_fields(const View& view, const Move& move, const Transaction& known);

// What happens to the round, the limits and the money once checks 1 to 7 are passed.
void decide_wager(const View& view, const Move& move, Decision& decision);
void decide_payout(const View& view, const Move& move, Decision& decision);
void decide_rollback(const View& view, const Move& move, Decision& decision);
void decide_reversal(const View& view, const Move& move, Decision& decision);
void decide_cash(const View& view, const Move& move, Decision& decision);  // all without a round
Decline judge_limits(const View& view, const Move& move);  // check 9, of wagers and spends

// The wallet as it is, or a new one for the move's player and currency.
Wallet wallet_of(const View& view, const Move& move);
// A transaction with everything that the move says filled in.
std::shared_ptr<Transaction> transaction_of(const View& view, const Move& move);
// The round as it is, or a new one, with this movement as its latest.
Round round_of(const View& view, const Move& move);
// Ends the decision well: entries, wallet and transaction belong together.
class Posting;
void finish(Decision& decision, Posting& posting);
// Lays a transaction that moves nothing on its wallet's second trail, so that the player's history
// finds it.
void set_aside(const View& view, const Move& move, Decision& decision);
// Ends it with a final refusal, remembered under the move's id where it has one.
void refuse_for_good(const View& view, const Move& move, Decline decline, Decision& decision);

}  // namespace coffer
