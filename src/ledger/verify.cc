#include "ledger/verify.h"

#include <array>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace coffer {

namespace {

struct HashOfHash {
    std::size_t operator()(const Hash16& hash) const {
        std::size_t value = 0;
        std::memcpy(&value, hash.data() + 8, sizeof value);
        return value;
    }
};

// What a naive reader of the journal remembers of one wallet: nothing but sums and counts.
struct WalletModel {
    std::array<Int128, account_count> balances{};
    std::array<std::uint64_t, account_count> versions{};
    std::array<Sequence, account_count> last{};
    std::uint64_t movements = 0;
    Sequence latest = 0;
};

struct RoundModel {
    Int128 wagered = 0, paid = 0, rolled_back = 0;
    std::uint64_t wagers = 0, payouts = 0, live = 0;
    bool closed = false;
    Sequence opened_by = 0;
    Sequence latest = 0;
};

struct KeyModel {
    KeyState state = KeyState::applied;
    Sequence original = 0;
    Sequence latest = 0;
};

class Auditor {
public:
    explicit Auditor(const Reader& reader) : reader_(reader) {}

    Result<VerifyReport> run() {
        Result<void> read = reader_.upward(1, [&](const Change& change) {
            record(change);
            return true;
        });
        if (!read) {
            if (read.error().code == ErrorCode::corrupt) {
                mistake(expected_, "the journal cannot be read on: " + read.error().detail);
                return std::move(report_);
            }
            return std::unexpected(read.error());
        }
        const JournalEnd end = reader_.end();
        if (end.sequence != expected_ - 1) {
            mistake(expected_,
                    "the store says that the journal ends at " + std::to_string(end.sequence));
        } else if (expected_ > 1 && end.hash != previous_hash_) {
            mistake(end.sequence, "the last record's hash is not what the store says");
        }
        check_totals();
        TRY(check_indexes());
        report_.wallets = wallets_.size();
        report_.rounds = rounds_.size();
        report_.keys = keys_.size();
        report_.others = others_.size();
        return std::move(report_);
    }

private:
    void mistake(Sequence sequence, const std::string& what) {
        ++report_.mistakes_found;
        if (report_.mistakes.size() < mistakes_max) {
            report_.mistakes.push_back("record " + std::to_string(sequence) + ": " + what);
        }
    }

    void record(const Change& change) {
        ++report_.records;
        if (change.sequence != expected_) {
            mistake(change.sequence, "expected record " + std::to_string(expected_));
        }
        expected_ = change.sequence + 1;
        if (change.time < time_)
            mistake(change.sequence, "its time is before the one of the record before");
        time_ = change.time;
        if (change.previous_hash != previous_hash_) {
            mistake(change.sequence, "the hash of the record before is wrong: the chain is broken");
        }
        bytes_.clear();
        encode(change, bytes_);
        previous_hash_ = sha256(bytes_);
        if (change.transaction) transaction(change, *change.transaction);
        puts(change);
    }

    void transaction(const Change& change, const Transaction& transaction) {
        ++report_.transactions;
        const Sequence at = change.sequence;
        const RecordKey key = reader_.keys().of(transaction);
        KeyModel& known = keys_[key.hash];
        // A rollback that found no wager leaves a mark and may come again.
        if (known.original != 0 && known.state != KeyState::tombstone) {
            mistake(at,
                    "takes an id that record " + std::to_string(known.original) + " has already");
        }
        known = KeyModel{static_cast<KeyState>(transaction.status), at, at};
        const bool applied = transaction.status == TransactionStatus::applied;
        const Wallet* wallet = nullptr;
        const Round* round = nullptr;
        for (const Record& record : change.puts) {
            if (const auto* one = std::get_if<Ptr<Wallet>>(&record)) wallet = one->get();
            if (const auto* one = std::get_if<Ptr<Round>>(&record)) round = one->get();
        }
        if (!applied) {
            if (!transaction.entries.empty() || wallet != nullptr || round != nullptr) {
                mistake(at, "a refusal or a tombstone moves something");
            }
            return;
        }
        if (wallet == nullptr) return mistake(at, "an applied transaction without its wallet");
        entries(at, transaction, *wallet);
        if (round != nullptr) round_after(at, transaction, *round);
    }

    void entries(Sequence at, const Transaction& transaction, const Wallet& wallet) {
        WalletModel& model =
            wallets_[reader_.keys().wallet(wallet.tenant, wallet.player, wallet.currency).hash];
        if (wallet.player != transaction.player || wallet.currency != transaction.currency ||
            wallet.tenant != transaction.tenant) {
            mistake(at, "its wallet is another player's or of another currency");
        }
        Int128 sum = 0;
        for (const Entry& entry : transaction.entries) {
            const auto code = static_cast<std::size_t>(entry.account);
            sum += entry.amount.units;
            model.balances[code] += entry.amount.units;
            model.versions[code] += 1;
            if (entry.previous != model.last[code])
                mistake(at, "an entry's pointer to the one before is wrong");
            model.last[code] = at;
            if (entry.version != model.versions[code])
                mistake(at, "an account's version has a gap");
            if (entry.balance_after.units != model.balances[code]) {
                mistake(at, "an entry's balance after is not the sum of the entries");
            }
            const bool may_be_negative =
                transaction.kind == TransactionKind::adjust || !is_bucket(entry.account);
            if (!may_be_negative && entry.amount.is_negative() &&
                entry.balance_after.is_negative()) {
                mistake(at, "a player's balance goes below zero");
            }
        }
        if (sum != 0) mistake(at, "its entries do not add up to zero");
        amounts_[wallet.currency] += sum;
        model.movements += 1;
        if (wallet.movements != model.movements)
            mistake(at, "the wallet's count of movements is wrong");
        if (wallet.trail[0] != at) mistake(at, "the wallet's trail does not begin here");
        if (wallet.trail[1] != model.latest) mistake(at, "the wallet's trail skips a movement");
        model.latest = at;
        compare(at, wallet, model);
    }

    void compare(Sequence at, const Wallet& wallet, const WalletModel& model) {
        for (std::size_t code = 0; code < account_count; ++code) {
            const Account& account = wallet.accounts[code];
            if (account.balance.units != model.balances[code] ||
                account.version != model.versions[code] || account.last != model.last[code]) {
                mistake(at, "a balance of the wallet is not the sum of its entries");
            }
        }
    }

    void round_after(Sequence at, const Transaction& transaction, const Round& round) {
        const RecordKey key = reader_.keys().round(
            RoundName{round.tenant, round.integration, round.provider, round.player, round.id});
        RoundModel& model = rounds_[key.hash];
        if (model.opened_by == 0) model.opened_by = at;
        const bool sums = round.currency == transaction.currency;
        switch (transaction.kind) {
            case TransactionKind::wager:
            case TransactionKind::wager_and_payout:
                model.wagers += 1;
                model.live += 1;
                if (sums) model.wagered += transaction.amount.units;
                paid(model, transaction, sums, 1);
                break;
            case TransactionKind::payout: paid(model, transaction, sums, 1); break;
            case TransactionKind::rollback:
            case TransactionKind::reversal: taken_back(transaction, model, sums); break;
            case TransactionKind::prize:
            case TransactionKind::grant:
            case TransactionKind::spend:
            case TransactionKind::deposit:
            case TransactionKind::withdraw:
            case TransactionKind::adjust:
            case TransactionKind::withdraw_settle:
            case TransactionKind::withdraw_release:
                mistake(at, "a movement without a round touches one");
        }
        if (round.state == RoundState::closed) model.closed = true;
        if (model.closed && round.state != RoundState::closed)
            mistake(at, "a closed round is open again");
        if (round.wagered.units != model.wagered || round.paid.units != model.paid ||
            round.rolled_back.units != model.rolled_back || round.wagers != model.wagers ||
            round.payouts != model.payouts || round.live_wagers != model.live ||
            round.opened_by != model.opened_by) {
            mistake(at, "the round's figures are not the sums of its movements");
        }
        model.latest = at;
    }

    // Adds a transaction's payout to its round, or takes it off again.
    static void paid(RoundModel& model, const Transaction& one, bool sums, int sign) {
        const bool is_payout = one.kind == TransactionKind::payout;
        if (!is_payout && !one.payout.is_positive()) return;
        model.payouts += static_cast<std::uint64_t>(sign);
        if (sums) model.paid += sign * (is_payout ? one.amount : one.payout).units;
    }

    void taken_back(const Transaction& transaction, RoundModel& model, bool sums) {
        const auto original = reader_.change(transaction.reverses);
        if (!original || !original->transaction) {
            return mistake(transaction.sequence, "takes back a record that is no transaction");
        }
        const Transaction& one = *original->transaction;
        Int128 balance = 0;
        if (one.entries.size() != transaction.entries.size()) balance = 1;
        for (const Entry& entry : one.entries) balance += entry.amount.units;
        for (const Entry& entry : transaction.entries) balance += entry.amount.units;
        if (balance != 0)
            mistake(transaction.sequence, "is not the opposite of what it takes back");
        paid(model, one, sums, -1);
        if (one.kind == TransactionKind::payout) return;
        model.live -= 1;
        if (sums) model.rolled_back += one.amount.units;
    }

    void puts(const Change& change) {
        for (const Record& record : change.puts) {
            const RecordKey key = reader_.keys().of(record);
            if (const auto* one = std::get_if<Ptr<Key>>(&record)) {
                KeyModel& known = keys_[key.hash];
                if (known.original != 0 && known.original != (*one)->original) {
                    mistake(change.sequence, "an id changes hands");
                }
                if ((*one)->state == KeyState::rolled_back &&
                    known.state == KeyState::rolled_back && known.original != 0) {
                    mistake(change.sequence, "a wager is taken back twice");
                }
                known = KeyModel{(*one)->state, (*one)->original, change.sequence};
            } else if (const auto* round = std::get_if<Ptr<Round>>(&record)) {
                RoundModel& model = rounds_[key.hash];
                model.latest = change.sequence;
                model.closed = (*round)->state == RoundState::closed;
            } else if (std::holds_alternative<Ptr<Wallet>>(record)) {
                if (!change.transaction)
                    mistake(change.sequence, "a wallet changes without a transaction");
            } else {
                others_[key.hash] = {change.sequence, key};
            }
        }
    }

    void check_totals() {
        for (const auto& [currency, sum] : amounts_) {
            if (sum != 0)
                mistake(expected_ - 1,
                        "currency " + std::to_string(currency) + " does not add up to zero");
        }
    }

    // What an index finds must be what the journal said last; asked record by record of the
    // journal.
    Result<void> check_indexes() {
        Result<void> inner;
        TRY(reader_.upward(1, [&](const Change& change) {
            inner = check_record(change);
            return inner.has_value();
        }));
        return inner;
    }

    Result<void> check_record(const Change& change) {
        for (const Record& record : change.puts) {
            const RecordKey key = reader_.keys().of(record);
            if (!is_latest(key, change.sequence)) continue;
            TRY(check_found(change.sequence, key, record));
        }
        if (!change.transaction) return {};
        const RecordKey key = reader_.keys().of(*change.transaction);
        const KeyModel& model = keys_[key.hash];
        if (model.latest != change.sequence) return {};
        auto found = reader_.find(key);
        if (!found) return check_error(change.sequence, found.error());
        const auto* known = std::get_if<Ptr<Key>>(&*found);
        if (known == nullptr || (*known)->original != model.original ||
            (*known)->state != model.state || !(*known)->transaction) {
            mistake(change.sequence, "its id is not found in the index, or found wrongly");
        }
        return {};
    }

    bool is_latest(const RecordKey& key, Sequence sequence) {
        switch (key.kind) {
            case RecordKind::wallet: return wallets_[key.hash].latest == sequence;
            case RecordKind::round: return rounds_[key.hash].latest == sequence;
            case RecordKind::key: return keys_[key.hash].latest == sequence;
            case RecordKind::none:
            case RecordKind::tenant:
            case RecordKind::currency:
            case RecordKind::integration:
            case RecordKind::credential:
            case RecordKind::player:
            case RecordKind::alias:
            case RecordKind::session:
            case RecordKind::login:
            case RecordKind::promotion:
            case RecordKind::withdrawal: return others_[key.hash].first == sequence;
        }
        return false;
    }

    Result<void> check_found(Sequence sequence, const RecordKey& key, const Record& record) {
        auto found = reader_.find(key);
        if (!found) return check_error(sequence, found.error());
        if (found->index() != record.index()) {
            mistake(sequence, "a record of it is not found in the index");
            return {};
        }
        if (key.kind == RecordKind::key) return {};
        // The same bytes, whatever the kind.
        Change as_found, as_written;
        as_found.puts.push_back(*found);
        as_written.puts.push_back(record);
        std::string left, right;
        encode(as_found, left);
        encode(as_written, right);
        if (left != right) mistake(sequence, "a record of it is found with another content");
        return {};
    }

    Result<void> check_error(Sequence sequence, const Error& error) {
        if (error.code != ErrorCode::corrupt) return std::unexpected(error);
        mistake(sequence, error.detail);
        return {};
    }

    const Reader& reader_;
    VerifyReport report_;
    Sequence expected_ = 1;
    Time time_ = 0;
    Digest previous_hash_{};
    std::string bytes_;
    std::unordered_map<Hash16, WalletModel, HashOfHash> wallets_;
    std::unordered_map<Hash16, RoundModel, HashOfHash> rounds_;
    std::unordered_map<Hash16, KeyModel, HashOfHash> keys_;
    std::unordered_map<Hash16, std::pair<Sequence, RecordKey>, HashOfHash> others_;
    std::unordered_map<CurrencyId, Int128> amounts_;
};

}  // namespace

Result<VerifyReport> verify_books(const Reader& reader) { return Auditor(reader).run(); }

}  // namespace coffer
