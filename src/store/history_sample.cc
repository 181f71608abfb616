#include "store/history_sample.h"

#include <fmt/format.h>

#include <map>

#include "store/memory_store.h"

namespace coffer {

namespace {

// A UUID's text that depends on two numbers.
std::string sample_uuid(std::uint64_t kind, std::uint64_t number) {
    return fmt::format("{:08x}-0000-4000-8000-{:012x}", kind, number);
}

constexpr TenantId tenant = 1;
constexpr IntegrationId integration = 2;
constexpr CurrencyId currency = 3;

}  // namespace

std::string describe(const Record& record) {
    if (std::holds_alternative<std::monostate>(record)) return "absent";
    std::string text;
    Change change;
    change.sequence = 1;
    change.puts = {record};
    encode(change, text);
    if (const auto* key = std::get_if<Ptr<Key>>(&record); key != nullptr && (*key)->transaction) {
        change.puts.clear();
        change.transaction = (*key)->transaction;
        encode(change, text);
    }
    return text;
}

std::string describe(const Change& change) {
    std::string text;
    encode(change, text);
    return text;
}

std::string disagreement(const Reader& store) {
    MemoryStore model;
    std::map<std::string, std::pair<RecordKey, RecordKey>> keys;  // of the store and of the model
    std::string trouble;
    const auto play = [&](const Change& change) {
        std::vector<Change> again = {change};
        const Result<void> done = model.commit(again);
        if (!done) trouble = done.error().detail;
        if (done && again[0].previous_hash != change.previous_hash) {
            trouble = fmt::format("record {} does not name the one before it", change.sequence);
        }
        const auto name = [&](const auto& record) {
            const RecordKey key = store.keys().of(record);
            keys.try_emplace(key.text, key, model.keys().of(record));
        };
        if (change.transaction) name(*change.transaction);
        for (const Record& put : change.puts) name(put);
        return trouble.empty();
    };
    if (const Result<void> walked = store.upward(1, play); !walked) return walked.error().detail;
    if (!trouble.empty()) return trouble;
    if (model.end().sequence != store.end().sequence) return "the journal is shorter than its end";
    if (model.end().hash != store.end().hash) return "the end's hash is wrong";
    std::vector<RecordKey> wanted;
    std::vector<Sequence> numbers;
    for (const auto& [text, key] : keys) wanted.push_back(key.first);
    for (Sequence number = store.end().sequence; number > 0; --number) numbers.push_back(number);
    std::vector<Record> together(wanted.size());
    const Result<void> all = store.find_all(wanted, together);
    if (!all) return all.error().detail;
    const auto changes = store.changes_at(numbers);
    if (!changes) return changes.error().detail;
    for (std::size_t at = 0; at < numbers.size(); ++at) {
        if ((*changes)[at].sequence != numbers[at]) return "a journal record is another";
    }
    std::size_t at = 0;
    for (const auto& [text, key] : keys) {
        const Result<Record> found = store.find(key.first);
        if (!found) return found.error().detail;
        const std::string expected = describe(*model.find(key.second));
        if (describe(*found) != expected || describe(together[at++]) != expected) {
            return fmt::format("a record of kind {} differs", static_cast<int>(key.first.kind));
        }
    }
    return {};
}

HistorySample::HistorySample(const Options& options, const JournalEnd& end)
    : options_(options),
      random_(options.seed),
      sequence_(end.sequence),
      time_(std::max<Time>(end.time, 1'700'000'000'000'000)),
      gamblers_(options.players) {
    for (std::uint32_t index = 0; index < options.players; ++index) {
        Wallet& wallet = gamblers_[index].wallet;
        wallet.tenant = tenant;
        wallet.player = sample_uuid(0x1000, index);
        wallet.currency = currency;
        wallet.created = time_;
    }
}

std::vector<Change> HistorySample::next(std::size_t count) {
    std::vector<Change> changes;
    for (std::size_t index = 0; index < count; ++index) {
        ++sequence_;
        time_ += 5;
        changes.push_back(below(100) < options_.directory_percent ? directory_change()
                                                                  : movement());
    }
    return changes;
}

std::uint64_t HistorySample::below(std::uint64_t limit) { return random_() % limit; }

Change HistorySample::movement() {
    Gambler& gambler = gamblers_[below(gamblers_.size())];
    return !gambler.wagers.empty() && below(20) == 0 ? rollback(gambler) : wager(gambler);
}

Transaction HistorySample::begin(const Gambler& gambler) {
    Transaction transaction;
    transaction.sequence = sequence_;
    transaction.time = time_;
    transaction.tenant = tenant;
    transaction.integration = integration;
    transaction.player = gambler.wallet.player;
    transaction.currency = currency;
    transaction.group = KeyGroup::rgs;
    // 87 characters, as providers send them.
    transaction.external_id =
        fmt::format("{}-{}-t{:012d}", sample_uuid(7, sequence_ % 1000),
                    sample_uuid(8, random_() >> 16), sequence_ % 1'000'000'000'000);
    return transaction;
}

Change HistorySample::wager(Gambler& gambler) {
    Transaction transaction = begin(gambler);
    transaction.kind = below(3) == 0 ? TransactionKind::payout : TransactionKind::wager;
    transaction.amount = Amount{static_cast<Int128>(1 + below(50'000))};
    transaction.game = sample_uuid(5, below(40));
    if (gambler.rounds.empty() || below(2) == 0) {
        if (gambler.rounds.size() >= options_.rounds_kept)
            gambler.rounds.erase(gambler.rounds.begin());
        Round& opened = gambler.rounds.emplace_back();
        opened.tenant = tenant;
        opened.integration = integration;
        opened.player = transaction.player;
        opened.id = fmt::format("{}-r{}-{:04d}", sample_uuid(9, below(1000)),
                                sample_uuid(4, sequence_), below(10'000));
        opened.currency = currency;
        opened.game = transaction.game;
        opened.opened = time_;
        opened.opened_by = sequence_;
    }
    Round& round = gambler.rounds[below(gambler.rounds.size())];
    transaction.game = round.game;
    transaction.round = round.id;
    (transaction.kind == TransactionKind::wager ? round.wagers : round.payouts) += 1;
    Amount& sum = transaction.kind == TransactionKind::wager ? round.wagered : round.paid;
    sum.units += transaction.amount.units;
    round.latest = sequence_;
    const auto put = std::make_shared<Round>(round);

    const Int128 sign = transaction.kind == TransactionKind::wager ? -1 : 1;
    const AccountCode house =
        transaction.kind == TransactionKind::wager ? AccountCode::stakes : AccountCode::payouts;
    transaction.entries = {{AccountCode::earned, Amount{sign * transaction.amount.units}},
                           {house, Amount{-sign * transaction.amount.units}}};
    Change change = finish(gambler, std::move(transaction), {put});
    gambler.wagers.push_back(change.transaction);
    if (gambler.wagers.size() > 4) gambler.wagers.erase(gambler.wagers.begin());
    return change;
}

Change HistorySample::rollback(Gambler& gambler) {
    const Ptr<Transaction> taken_back = gambler.wagers.back();
    gambler.wagers.pop_back();
    Transaction transaction = begin(gambler);
    transaction.kind = TransactionKind::rollback;
    transaction.group = KeyGroup::integrator_rollback;
    transaction.reference = taken_back->external_id;
    transaction.reverses = taken_back->sequence;
    for (const Entry& entry : taken_back->entries) {
        transaction.entries.push_back({entry.account, negate(entry.amount)});
    }
    auto key = std::make_shared<Key>();
    key->tenant = tenant;
    key->integration = integration;
    key->player = taken_back->player;
    key->group = taken_back->group;
    key->external_id = taken_back->external_id;
    key->state = KeyState::rolled_back;
    key->original = taken_back->sequence;
    key->rollback = sequence_;
    return finish(gambler, std::move(transaction), {key});
}

Change HistorySample::finish(Gambler& gambler, Transaction transaction,
                             std::vector<Record> others) {
    Wallet& wallet = gambler.wallet;
    for (Entry& entry : transaction.entries) {
        Account& account = wallet.at(entry.account);
        account.balance.units += entry.amount.units;
        ++account.version;
        entry.balance_after = account.balance;
        entry.version = account.version;
        entry.previous = std::exchange(account.last, sequence_);
    }
    wallet.applied.extend(sequence_);
    wallet.spending.day = time_ / day_us;
    wallet.spending.week = time_ / day_us / 7;
    wallet.spending.wagered_today.units += transaction.amount.units;
    wallet.spending.wagered_this_week.units += transaction.amount.units;
    wallet.modified = time_;

    Change change;
    change.sequence = sequence_;
    change.time = time_;
    change.transaction = std::make_shared<Transaction>(std::move(transaction));
    change.puts = {std::make_shared<Wallet>(wallet)};
    change.puts.insert(change.puts.end(), others.begin(), others.end());
    return change;
}

Change HistorySample::directory_change() {
    Change change;
    change.sequence = sequence_;
    change.time = time_;
    const std::uint64_t choice = below(4);
    if (choice == 0) {
        auto row = std::make_shared<Tenant>();
        row->id = static_cast<TenantId>(1 + below(4));
        row->uid = sample_uuid(0x2000, row->id);
        row->name = fmt::format("tenant at {}", sequence_);
        row->created = time_;
        change.puts = {row};
    } else if (choice == 1) {
        auto row = std::make_shared<Session>();
        row->digest = sha256(std::to_string(below(20)));
        row->tenant = tenant;
        row->integration = integration;
        row->player = gamblers_[below(gamblers_.size())].wallet.player;
        row->created = time_;
        row->expires = time_ + hour_us;
        change.puts = {row};
    } else if (choice == 2) {
        auto row = std::make_shared<Player>();
        row->tenant = tenant;
        row->id = gamblers_[below(gamblers_.size())].wallet.player;
        row->created = time_;
        row->limits.push_back({.currency = currency, .wager_max = Amount{5}});
        auto alias = std::make_shared<Alias>();
        alias->tenant = tenant;
        alias->integration = integration;
        alias->site = below(3);
        alias->external_id = fmt::format("site user {}", below(7));
        alias->player = row->id;
        row->aliases.push_back(*alias);
        change.puts = {row, alias};
    } else {
        auto row = std::make_shared<Credential>();
        row->uid = sample_uuid(0x3000, below(5));
        row->tenant = tenant;
        row->digest = sha256(row->uid);
        row->last_used = time_;
        change.puts = {row};
    }
    return change;
}

}  // namespace coffer
