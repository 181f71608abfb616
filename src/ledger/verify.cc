// The walk: every record of the journal in order, its place in the chain, and what each part of the
// proof has to say of it; then the indexes, asked for everything that was seen.

#include "ledger/verify.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "ledger/findings.h"
#include "ledger/past.h"
#include "ledger/proof_claims.h"
#include "ledger/proof_deposits.h"
#include "ledger/proof_directory.h"
#include "ledger/proof_ids.h"
#include "ledger/proof_policy.h"
#include "ledger/proof_rounds.h"
#include "ledger/proof_settlements.h"
#include "ledger/proof_shards.h"
#include "ledger/proof_wallets.h"
#include "ledger/step.h"
#include "store/directory_kinds.h"

namespace coffer {

namespace {

// Enough for a trip to a database to cost next to nothing for each of them.
constexpr std::size_t chunk_changes = 1000;

bool may_be_refused(TransactionKind kind) {
    return is_wager_kind(kind) || kind == TransactionKind::spend ||
           kind == TransactionKind::withdraw;
}

bool takes_back(TransactionKind kind) {
    return kind == TransactionKind::rollback || kind == TransactionKind::reversal;
}

// Takes the one put of that kind out of a change; `twice` when there are two.
template <class T>
Ptr<T> only_put(const Change& change, bool& twice) {
    Ptr<T> found;
    for (const Record& record : change.puts) {
        const auto* one = std::get_if<Ptr<T>>(&record);
        if (one == nullptr) continue;
        twice = twice || found;
        found = *one;
    }
    return found;
}

class Auditor {
public:
    explicit Auditor(const Reader& reader) : reader_(reader), journals_(reader.keys().shards()) {
        for (Shard shard = 0; shard < reader_.keys().shards(); ++shard)
            journals_[shard].expected = before_first(shard) + 1;
    }

    Result<VerifyReport> run() {
        const Result<void> walked = in_chunks([&](std::span<const Change> changes) -> Result<void> {
            past_.foresee(changes);
            for (const Change& change : changes) record(change);
            return {};
        });
        if (!walked) {
            if (walked.error().code != ErrorCode::corrupt) return std::unexpected(walked.error());
            findings_.add(journals_.front().expected,
                          "the journal cannot be read on: " + walked.error().detail);
            return std::move(report_);
        }
        for (Shard shard = 0; shard < reader_.keys().shards(); ++shard) check_end(shard);
        wallets_.totals(latest_);
        TRY(check_indexes());
        report_.wallets = past_.count(RecordKind::wallet);
        report_.rounds = past_.count(RecordKind::round);
        report_.keys = ids_.count();
        for (const RecordKind kind : directory_kinds) report_.others += past_.count(kind);
        return std::move(report_);
    }

private:
    static constexpr std::array directory_kinds{RecordKind::tenant,
                                                RecordKind::currency,
                                                RecordKind::integration,
                                                RecordKind::credential,
                                                RecordKind::player,
                                                RecordKind::alias,
                                                RecordKind::session,
                                                RecordKind::login,
                                                RecordKind::promotion,
                                                RecordKind::withdrawal,
                                                RecordKind::settlement,
                                                RecordKind::hot_wallet,
                                                RecordKind::withdrawal_policy,
                                                RecordKind::withdrawal_day,
                                                RecordKind::deposit_root,
                                                RecordKind::deposit_address,
                                                RecordKind::address_owner,
                                                RecordKind::deposit_watch,
                                                RecordKind::chain_deposit,
                                                RecordKind::chain_transfer,
                                                RecordKind::chain_pause,
                                                RecordKind::withdrawal_retry,
                                                RecordKind::locator};

    // The journal from its beginning, a chunk at a time; what was read before an error, too.
    Result<void> in_chunks(const std::function<Result<void>(std::span<const Change>)>& use) {
        std::vector<Change> chunk;
        Result<void> used;
        const Result<void> walked = reader_.upward(1, [&](const Change& change) {
            chunk.push_back(change);
            if (chunk.size() < chunk_changes) return true;
            used = use(chunk);
            chunk.clear();
            return used.has_value();
        });
        if (used) used = use(chunk);
        TRY(used);
        return walked;
    }

    void record(const Change& change) {
        ++report_.records;
        chain(change);
        if (change.transaction) {
            transaction(change, *change.transaction);
        } else {
            puts_alone(change);
        }
        shards_.record(change);
        settlements_.record(change);
        policies_.record(change);
        deposits_.record(change);
        for (const Record& put : change.puts) {
            directory_.put(change, put);
            if (!std::holds_alternative<Ptr<Key>>(put)) {
                past_.note(reader_.keys().of(put), change.sequence);
            }
        }
    }

    void chain(const Change& change) {
        const Sequence at = latest_ = change.sequence;
        if (shard_of(at) >= journals_.size()) return findings_.add(at, "a record of no shard");
        Journal& journal = journals_[shard_of(at)];
        findings_.expect(at == journal.expected, at,
                         "expected record " + std::to_string(journal.expected));
        journal.expected = at + 1;
        findings_.expect(change.time >= journal.time, at,
                         "its time is before the one of the record before");
        journal.time = change.time;
        findings_.expect(change.previous_hash == journal.previous_hash, at,
                         "the hash of the record before is wrong: the chain is broken");
        bytes_.clear();
        encode(change, bytes_);
        journal.previous_hash = sha256(bytes_);
    }

    // A change of the directory, a round closed by hand, the mark on a refused wager.
    void puts_alone(const Change& change) {
        for (const Record& put : change.puts) {
            if (const auto* key = std::get_if<Ptr<Key>>(&put)) {
                ids_.put(change, **key, nullptr);
            } else if (const auto* round = std::get_if<Ptr<Round>>(&put)) {
                rounds_.closed_by_hand(change, **round);
            } else if (const auto* promotion = std::get_if<Ptr<Promotion>>(&put)) {
                claims_.made(change, **promotion);
            } else if (const auto* withdrawal = std::get_if<Ptr<Withdrawal>>(&put)) {
                claims_.advanced(change, **withdrawal);
            } else if (std::holds_alternative<Ptr<Wallet>>(put)) {
                findings_.add(change.sequence, "a wallet changes without a transaction");
            }
        }
    }

    void transaction(const Change& change, const Transaction& transaction) {
        ++report_.transactions;
        const Sequence at = change.sequence;
        findings_.expect(transaction.sequence == at && transaction.time == change.time, at,
                         "its transaction bears another number or time");
        directory_.names(at, transaction);
        ids_.taken(change);
        Step step{.at = at, .time = change.time, .transaction = transaction};
        bool twice = false;
        step.wallet = only_put<Wallet>(change, twice);
        step.round = only_put<Round>(change, twice);
        step.promotion = only_put<Promotion>(change, twice);
        step.withdrawal = only_put<Withdrawal>(change, twice);
        findings_.expect(!twice, at, "one movement of two wallets, rounds, budgets or withdrawals");
        step.deposit = only_put<ChainDeposit>(change, twice);
        if (transaction.status != TransactionStatus::applied) {
            moves_nothing(step);
        } else {
            look_back(step);
        }
        for (const Record& put : change.puts) {
            if (const auto* key = std::get_if<Ptr<Key>>(&put)) {
                ids_.put(change, **key, step.original.get());
            }
        }
        if (transaction.status == TransactionStatus::applied) applied(step);
    }

    void moves_nothing(const Step& step) {
        const Transaction& transaction = step.transaction;
        const bool refused = transaction.status == TransactionStatus::refused;
        findings_.expect(transaction.entries.empty() && !step.round && !step.promotion &&
                             !step.withdrawal && !step.deposit && transaction.reverses == 0,
                         step.at, "a refusal or a tombstone moves something");
        if (step.wallet) {
            wallets_.set_aside(step);
        } else {
            findings_.add(step.at, "a refusal or a tombstone without its wallet");
        }
        findings_.expect(refused == (transaction.decline != 0), step.at,
                         "a refusal without its reason, or a reason without a refusal");
        findings_.expect(
            refused ? may_be_refused(transaction.kind) : transaction.kind == TransactionKind::wager,
            step.at, "a refusal or a tombstone of what is never remembered");
    }

    // Everything that the parts of the proof ask of the past, once.
    void look_back(Step& step) {
        const Transaction& transaction = step.transaction;
        step.integration = directory_.integration(transaction.integration);
        step.rules = rules_of(step.integration);
        step.is_wager = is_wager_kind(transaction.kind);
        step.free_bet = is_free_bet(transaction);
        step.takes_back = takes_back(transaction.kind);
        if (step.takes_back) step.original = taken_back(step);
        step.takes_back_wager = step.original && is_wager_kind(step.original->kind);
        step.round_before = rounds_.before(transaction, step.original.get());
        if (!transaction.promotion.empty()) {
            step.named_promotion = past_.before<Promotion>(
                reader_.keys().promotion(transaction.tenant, transaction.promotion));
        }
        const bool is_prize = transaction.kind == TransactionKind::prize;
        step.paid = is_prize ? transaction.amount : paid_by(transaction);
        if (step.is_wager) step.from_bonus = given_by(AccountCode::bonus, transaction);
        if (step.named_promotion || transaction.round.empty() || is_prize) return;
        // A round gives back only in its own currency, and nothing while it gave too much.
        const Round* round = step.round_before.get();
        if (round != nullptr && round->currency != transaction.currency) return;
        Amount staked = round != nullptr ? round->bonus_staked : Amount{};
        staked = add(staked, step.from_bonus).value_or(staked);
        step.back_to_bonus = std::min(step.paid, std::max(staked, Amount{}));
    }

    // The transaction that this one takes back, if that may be.
    Ptr<Transaction> taken_back(const Step& step) {
        const Transaction& transaction = step.transaction;
        Ptr<Transaction> original =
            transaction.reverses < step.at ? past_.transaction(transaction.reverses) : nullptr;
        if (!original || original->status != TransactionStatus::applied) {
            findings_.add(step.at, "takes back a record that moved nothing");
            return nullptr;
        }
        findings_.expect(original->tenant == transaction.tenant &&
                             original->player == transaction.player &&
                             original->currency == transaction.currency,
                         step.at, "takes back another player's movement");
        findings_.expect(original->amount == transaction.amount &&
                             original->round == transaction.round &&
                             original->game == transaction.game,
                         step.at, "takes back a movement of another amount, round or game");
        if (transaction.kind == TransactionKind::rollback) {
            findings_.expect(is_wager_kind(original->kind) &&
                                 original->integration == transaction.integration &&
                                 original->external_id == transaction.reference,
                             step.at, "a rollback takes back what is not the wager that it names");
        } else {
            findings_.expect(
                !takes_back(original->kind) && original->kind != TransactionKind::withdraw_settle &&
                    original->kind != TransactionKind::withdraw_release &&
                    std::ranges::count(original->entries, AccountCode::chain, &Entry::account) == 0,
                step.at, "a reversal of what is final");
        }
        return original;
    }

    void applied(const Step& step) {
        const Transaction& transaction = step.transaction;
        findings_.expect(transaction.decline == 0, step.at,
                         "a refusal without its reason, or a reason without a refusal");
        findings_.expect(step.takes_back || transaction.reverses == 0, step.at,
                         "takes something back, which its kind never does");
        const bool may_be_negative = transaction.kind == TransactionKind::adjust || step.takes_back;
        findings_.expect(may_be_negative || !transaction.amount.is_negative(), step.at,
                         "an amount below zero");
        findings_.expect(!transaction.payout.is_negative() &&
                             (transaction.payout.is_zero() || step.takes_back ||
                              transaction.kind == TransactionKind::wager_and_payout),
                         step.at, "a payout where its kind has none");
        if (!step.wallet)
            return findings_.add(step.at, "an applied transaction without its wallet");
        wallets_.movement(step);
        rounds_.movement(step);
        claims_.movement(step);
        ids_.marked(step);
    }

    void check_end(Shard shard) {
        const JournalEnd end = reader_.end_of(shard);
        const Journal& journal = journals_[shard];
        if (end.sequence != journal.expected - 1) {
            findings_.add(journal.expected, "the store says that the journal ends at " +
                                                std::to_string(end.sequence));
            return;
        }
        findings_.expect(end.hash == journal.previous_hash, end.sequence,
                         "the last record's hash is not what the store says");
    }

    // What an index finds must be what the journal said last; asked record by record of the
    // journal, many at once. And it must not know of anything else.
    Result<void> check_indexes() {
        TRY(in_chunks([&](std::span<const Change> changes) -> Result<void> {
            claims_of(changes);
            return check_claims();
        }));
        for (const RecordKind kind : directory_kinds) TRY(check_each(kind));
        return {};
    }

    // What the index must find under a name: an id, or a record as the journal has it.
    struct IndexClaim {
        Sequence at = 0;
        const IdProof::Known* id = nullptr;
        const Record* record = nullptr;
    };

    void claims_of(std::span<const Change> changes) {
        index_claims_.clear();
        names_.clear();
        const auto add = [&](RecordKey name, const IndexClaim& claim) {
            index_claims_.push_back(claim);
            names_.push_back(std::move(name));
        };
        const auto claim_id = [&](Sequence at, RecordKey name) {
            const IdProof::Known* id = ids_.known(name);
            if (id != nullptr && id->latest == at) add(std::move(name), {.at = at, .id = id});
        };
        for (const Change& change : changes) {
            const Sequence at = change.sequence;
            for (const Record& record : change.puts) {
                RecordKey name = reader_.keys().of(record);
                if (name.kind == RecordKind::key) {
                    claim_id(at, std::move(name));
                } else if (past_.latest(name) == at) {
                    add(std::move(name), {.at = at, .record = &record});
                }
            }
            if (change.transaction) claim_id(at, reader_.keys().of(*change.transaction));
        }
    }

    Result<void> check_claims() {
        found_.assign(names_.size(), Record{});
        const Result<void> found = reader_.find_all(names_, found_);
        const bool one_by_one = !found && found.error().code == ErrorCode::corrupt;
        if (!found && !one_by_one) return found;
        for (std::size_t number = 0; number < names_.size(); ++number) {
            const IndexClaim& claim = index_claims_[number];
            if (one_by_one) {
                auto record = reader_.find(names_[number]);
                if (!record) {
                    TRY(check_error(claim.at, record.error()));
                    continue;
                }
                found_[number] = std::move(*record);
            }
            check_claim(claim, found_[number]);
        }
        return {};
    }

    void check_claim(const IndexClaim& claim, const Record& found) {
        if (claim.id != nullptr) {
            const auto* known = std::get_if<Ptr<Key>>(&found);
            const bool right = known != nullptr && (*known)->original == claim.id->original &&
                               (*known)->state == claim.id->state &&
                               (*known)->tombstoned == claim.id->tombstoned &&
                               (*known)->rollback == claim.id->rollback && (*known)->transaction &&
                               (*known)->transaction->sequence == claim.id->original;
            return findings_.expect(right, claim.at,
                                    "its id is not found in the index, or found wrongly");
        }
        if (found.index() != claim.record->index()) {
            return findings_.add(claim.at, "a record of it is not found in the index");
        }
        // The same bytes, whatever the kind.
        std::string left, right;
        encode(Change{.puts = {found}}, left);
        encode(Change{.puts = {*claim.record}}, right);
        findings_.expect(left == right, claim.at, "a record of it is found with another content");
    }

    Result<void> check_each(RecordKind kind) {
        std::uint64_t visited = 0;
        const auto walked = reader_.each(kind, [&](const Record& record) {
            ++visited;
            findings_.expect(past_.latest(reader_.keys().of(record)) != 0, latest_,
                             "the index has a record that the journal never had");
            return true;
        });
        if (!walked) return check_error(latest_, walked.error());
        findings_.expect(visited == past_.count(kind), latest_,
                         "the index lists another number of records than the journal has");
        return {};
    }

    Result<void> check_error(Sequence at, const Error& error) {
        if (error.code != ErrorCode::corrupt) return std::unexpected(error);
        findings_.add(at, error.detail);
        return {};
    }

    const Reader& reader_;
    VerifyReport report_;
    Findings findings_{report_};
    Past past_{reader_, findings_};
    DirectoryProof directory_{past_, findings_};
    WalletProof wallets_{past_, directory_, findings_};
    RoundProof rounds_{past_, findings_};
    IdProof ids_{past_, findings_};
    ClaimProof claims_{past_, findings_};
    SettlementProof settlements_{past_, findings_};
    ShardProof shards_{past_, findings_};
    PolicyProof policies_{past_, findings_};
    DepositProof deposits_{past_, directory_, findings_};
    // The chain of each shard.
    struct Journal {
        Sequence expected = 1;
        Time time = 0;
        Digest previous_hash{};
    };
    std::vector<Journal> journals_;
    Sequence latest_ = 0;  // that was looked at
    std::string bytes_;
    // Of one chunk: what the index must find, under which names, and what it finds.
    std::vector<IndexClaim> index_claims_;
    std::vector<RecordKey> names_;
    std::vector<Record> found_;
};

}  // namespace

Result<VerifyReport> verify_books(const Reader& reader) { return Auditor(reader).run(); }

}  // namespace coffer
