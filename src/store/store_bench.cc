// How many movements a second the store takes: for each movement the lane reads four records
// (wallet, player, external id, round) and commits one Change (transaction, wallet, round), in
// batches with one sync each. Half of the movements are wagers that open a round, half payouts that
// close the round of a wager some batches before.
//
//   store_bench DIRECTORY [movements [batch [players [none|lz4|zstd]]]]
//
// The time of read and commit is measured, and the time between them, in which the records are
// made, is not. A line is printed for each tenth, since stores slow down as they fill.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>

#include "base/check.h"
#include "store/rocks_store.h"

namespace coffer {
namespace {

struct Plan {
    std::string directory;
    std::uint64_t movements = 3'000'000;
    std::size_t batch = 256;
    std::uint32_t players = 100'000;
    JournalCompression compression = JournalCompression::lz4;
};

double thread_cpu_us() {
    timespec spent{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) / 1e3;
}

std::string uuid_like(std::uint64_t high, std::uint64_t low) {
    return fmt::format("{:08x}-{:04x}-4000-8000-{:012x}", high & 0xffffffff, high >> 48,
                       low & 0xffffffffffff);
}

// What is read and written for one movement.
struct Movement {
    std::uint32_t player = 0;
    std::string external_id;
    Ptr<Round> round;  // of a payout
    std::string round_id;
};

class Bench {
public:
    Bench(const Plan& plan, Store& store) : plan_(plan), store_(store), random_(7) {}

    void players() {
        std::vector<Change> changes;
        for (std::uint32_t index = 0; index < plan_.players; ++index) {
            auto player = std::make_shared<Player>();
            player->tenant = 1;
            player->id = uuid_like(std::uint64_t{index} * 2654435761U, index);
            auto wallet = std::make_shared<Wallet>();
            wallet->tenant = 1;
            wallet->player = player->id;
            wallet->currency = 1;
            wallet->created = time_;
            player_ids_.push_back(player->id);
            Change& change = changes.emplace_back();
            change.sequence = ++sequence_;
            change.time = ++time_;
            change.puts = {player, wallet};
            if (changes.size() == 1000) {
                CHECK(store_.commit(changes));
                changes.clear();
            }
        }
        if (!changes.empty()) CHECK(store_.commit(changes));
    }

    void batch() {
        plan_batch();
        const double cpu_start = thread_cpu_us();
        const Time start = clock_.monotonic();
        keys_.clear();
        for (const Movement& movement : movements_) {
            const std::string& player = player_ids_[movement.player];
            keys_.push_back(store_.keys().wallet(1, player, 1));
            keys_.push_back(store_.keys().player(1, player));
            keys_.push_back(store_.keys().key({1, 2, player, KeyGroup::rgs, movement.external_id}));
            keys_.push_back(store_.keys().round({1, 2, 0, player, movement.round_id}));
        }
        found_.assign(keys_.size(), Record{});
        CHECK(store_.read(keys_, found_));
        const Time read = clock_.monotonic();
        const double cpu_read = thread_cpu_us();
        make_changes();
        const double cpu_made = thread_cpu_us();
        const Time made = clock_.monotonic();
        CHECK(store_.commit(changes_));
        const Time done = clock_.monotonic();
        read_cpu_us += cpu_read - cpu_start;
        commit_cpu_us += thread_cpu_us() - cpu_made;
        read_us += read - start;
        commit_us += done - made;
        commits_.push_back(done - made);
    }

    Time read_us = 0, commit_us = 0;
    double read_cpu_us = 0, commit_cpu_us = 0;
    // The slowest and the 99th percentile of a hundred commits since the last asking.
    std::pair<Time, Time> worst() {
        std::sort(commits_.begin(), commits_.end());
        const std::pair<Time, Time> answer{commits_[commits_.size() * 99 / 100], commits_.back()};
        commits_.clear();
        return answer;
    }

private:
    void plan_batch() {
        movements_.resize(plan_.batch);
        for (Movement& movement : movements_) {
            const bool pays = open_.size() > 8 * plan_.batch && random_() % 2 == 0;
            const std::uint64_t luck = random_();
            if (pays) {
                // Rounds are closed some batches after they were opened.
                auto& [player, round] = open_[luck % (4 * plan_.batch)];
                movement.player = player;
                movement.round_id = round;
                std::swap(open_[luck % (4 * plan_.batch)], open_.back());
                open_.pop_back();
            } else {
                movement.player = static_cast<std::uint32_t>(luck % plan_.players);
                movement.round_id =
                    fmt::format("{}-round-{}", uuid_like(1, luck), uuid_like(2, random_()));
                open_.emplace_back(movement.player, movement.round_id);
            }
            movement.external_id =
                fmt::format("{}-{}-tx{:011d}", uuid_like(3, random_()), uuid_like(luck, random_()),
                            random_() % 100'000'000'000);
        }
    }

    void make_changes() {
        changes_.clear();
        // Two movements of a player in one batch are rare; the bench forgets the first's balance.
        for (std::size_t index = 0; index < movements_.size(); ++index) {
            CHECK(std::holds_alternative<Ptr<Wallet>>(found_[4 * index]));
            CHECK(std::holds_alternative<Ptr<Player>>(found_[4 * index + 1]));
            CHECK(std::holds_alternative<std::monostate>(found_[4 * index + 2]));
            make_change(movements_[index], *std::get<Ptr<Wallet>>(found_[4 * index]),
                        found_[4 * index + 3]);
        }
    }

    void make_change(const Movement& movement, const Wallet& before, const Record& round_before) {
        Change& change = changes_.emplace_back();
        change.sequence = ++sequence_;
        change.time = ++time_;
        auto transaction = std::make_shared<Transaction>();
        auto wallet = std::make_shared<Wallet>(before);
        auto round = std::make_shared<Round>();
        const auto* known = std::get_if<Ptr<Round>>(&round_before);
        if (known != nullptr) *round = **known;
        transaction->sequence = sequence_;
        transaction->time = time_;
        transaction->tenant = 1;
        transaction->integration = 2;
        transaction->player = before.player;
        transaction->currency = 1;
        transaction->kind = known != nullptr ? TransactionKind::payout : TransactionKind::wager;
        transaction->group = KeyGroup::rgs;
        transaction->external_id = movement.external_id;
        transaction->amount = Amount{static_cast<Int128>(100 + sequence_ % 5000)};
        transaction->round = movement.round_id;
        transaction->game = player_ids_[movement.player % 50];
        const Int128 sign = known != nullptr ? 1 : -1;
        const AccountCode house = known != nullptr ? AccountCode::payouts : AccountCode::stakes;
        for (const auto& [code, units] :
             {std::pair{AccountCode::earned, sign * transaction->amount.units},
              std::pair{house, -sign * transaction->amount.units}}) {
            Account& account = wallet->at(code);
            account.balance.units += units;
            ++account.version;
            transaction->entries.push_back(
                {code, Amount{units}, account.balance, account.version, account.last});
            account.last = sequence_;
        }
        wallet->applied.extend(sequence_);
        wallet->spending.day = time_ / day_us;
        wallet->spending.week = time_ / day_us / 7;
        wallet->spending.wagered_today.units += transaction->amount.units;
        wallet->spending.wagered_this_week.units += transaction->amount.units;
        wallet->modified = time_;
        round->tenant = 1;
        round->integration = 2;
        round->player = before.player;
        round->id = movement.round_id;
        round->currency = 1;
        round->game = transaction->game;
        round->state = known != nullptr ? RoundState::closed : RoundState::open;
        (known != nullptr ? round->paid : round->wagered) = transaction->amount;
        (known != nullptr ? round->payouts : round->wagers) = 1;
        (known != nullptr ? round->closed : round->opened) = time_;
        if (known == nullptr) round->opened_by = sequence_;
        round->latest = sequence_;
        change.puts = {std::move(wallet), std::move(round)};
        change.transaction = std::move(transaction);
    }

    const Plan& plan_;
    Store& store_;
    std::mt19937_64 random_;
    SystemClock clock_;
    Sequence sequence_ = 0;
    Time time_ = 1'700'000'000'000'000;
    std::vector<std::string> player_ids_;
    std::vector<std::pair<std::uint32_t, std::string>> open_;
    std::vector<Movement> movements_;
    std::vector<RecordKey> keys_;
    std::vector<Record> found_;
    std::vector<Change> changes_;
    std::vector<Time> commits_;
};

std::uint64_t bytes_in(const std::string& directory) {
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return bytes;
}

int run(const Plan& plan) {
    std::filesystem::remove_all(plan.directory);
    auto opened = RocksStore::open(
        {.directory = plan.directory, .create = true, .compression = plan.compression});
    if (!opened) {
        fmt::print(stderr, "{}\n", opened.error().detail);
        return 1;
    }
    RocksStore& store = **opened;
    Bench bench(plan, store);
    bench.players();
    fmt::print("{:>10} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6}\n", "movements",
               "movements/s", "read us", "cpu", "commit", "cpu", "sync", "p99 ms", "max ms",
               "waits");
    RocksStats before = store.stats();
    const std::uint64_t batches = plan.movements / plan.batch;
    const std::uint64_t batches_a_line = std::max<std::uint64_t>(batches / 10, 1);
    for (std::uint64_t batch = 1; batch <= batches; ++batch) {
        bench.batch();
        if (batch % batches_a_line != 0) continue;
        const RocksStats after = store.stats();
        const auto count = static_cast<double>(batches_a_line * plan.batch);
        const auto [late, latest] = bench.worst();
        fmt::print(
            "{:>10} {:>12.0f} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.1f} {:>8.1f} "
            "{:>6}\n",
            batch * plan.batch, count / static_cast<double>(bench.read_us + bench.commit_us) * 1e6,
            static_cast<double>(bench.read_us) / count, bench.read_cpu_us / count,
            static_cast<double>(bench.commit_us) / count, bench.commit_cpu_us / count,
            static_cast<double>(after.sync_us - before.sync_us) / count,
            static_cast<double>(late) / 1e3, static_cast<double>(latest) / 1e3, after.index_waits);
        std::fflush(stdout);
        before = after;
        bench.read_us = bench.commit_us = 0;
        bench.read_cpu_us = bench.commit_cpu_us = 0;
    }
    const std::uint64_t movements = store.end().sequence;
    opened->reset();
    fmt::print("{:.0f} bytes a movement on disk\n",
               static_cast<double>(bytes_in(plan.directory)) / static_cast<double>(movements));
    return 0;
}

}  // namespace
}  // namespace coffer

int main(int count, char** words) {
    if (count < 2) {
        fmt::print(stderr,
                   "usage: store_bench DIRECTORY [movements [batch [players [none|lz4|zstd]]]]\n");
        return 2;
    }
    coffer::Plan plan{.directory = words[1]};
    if (count > 2) plan.movements = std::strtoull(words[2], nullptr, 10);
    if (count > 3) plan.batch = std::strtoull(words[3], nullptr, 10);
    if (count > 4) plan.players = static_cast<std::uint32_t>(std::strtoul(words[4], nullptr, 10));
    if (count > 5) {
        plan.compression = std::strcmp(words[5], "none") == 0   ? coffer::JournalCompression::none
                           : std::strcmp(words[5], "zstd") == 0 ? coffer::JournalCompression::zstd
                                                                : coffer::JournalCompression::lz4;
    }
    return coffer::run(plan);
}
