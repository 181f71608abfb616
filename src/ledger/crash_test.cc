// The ledger's own journal on a disk that loses its power at any moment: whatever was acknowledged
// is there once and verify passes. And a store that answers before it syncs is caught by the same
// checks.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "ledger/world_fixture.h"
#include "store/crash_disk.h"
#include "store/rocks_store.h"

namespace coffer {
namespace {

// Its books are kept twice: in memory, where the ledger decides, and change by change on the disk.
// The lane itself would end the process when the disk fails, so it does not stand in between.
class DyingBooks : public World {
protected:
    void play(std::uint64_t seed, int steps) {
        std::mt19937_64 random(seed);
        const auto below = [&](std::uint64_t limit) { return static_cast<long>(random() % limit); };
        for (int step = 0; step < steps; ++step) {
            const std::string player = below(2) == 0 ? "alice" : "bob";
            const std::string id = std::to_string(below(60));
            const std::string round = std::to_string(below(12));
            switch (below(8)) {
                case 0: deposit(player, below(100)); break;
                case 1:
                case 2:
                case 3: perform(wager(player, id, round, below(20))); break;
                case 4: perform(payout(player, id, round, below(20))); break;
                case 5: perform(rollback(player, id, round, below(20))); break;
                case 6: perform(both(player, id, round, below(20), below(3))); break;
                default: perform(cash(player, below(2) == 0, below(30)));
            }
        }
        ASSERT_TRUE(store_->upward(1, [&](const Change& change) {
            history_.push_back(change);
            return true;
        }));
    }

    // Lives on the disk, one after the other, until all of the history is there; each ends with the
    // power and a look at what is left. Empty if that was legal every time.
    std::string live(std::uint64_t seed, bool answers_before_sync) {
        std::mt19937_64 random(seed);
        CrashDisk disk;
        const RocksOptions options{.directory = "/store",
                                   .create = true,
                                   .cache_rows = 64,
                                   .cache_rounds = 16,
                                   .index_generation_entries = 1 + random() % 100,
                                   .memtable_bytes = std::size_t{64} << 10,
                                   .file_system = disk.files(),
                                   .answers_before_sync = answers_before_sync};
        Sequence acknowledged = 0;
        while (acknowledged < history_.size()) {
            disk.cut_power_after(1 + random() % 120);
            acknowledged = std::max(acknowledged, write_until_dark(disk, options, random));
            disk.restore_power(random());
            ++lives_;
            const auto opened = RocksStore::open(options);
            if (!opened) return "the store does not open: " + opened.error().detail;
            std::string trouble = look(**opened, acknowledged);
            if (!trouble.empty()) return trouble;
        }
        return {};
    }

    int lives_ = 0;

private:
    Move both(const std::string& player, const std::string& id, const std::string& round,
              long amount, long pays) const {
        Move move = wager(player, id, round, amount);
        move.kind = TransactionKind::wager_and_payout;
        move.payout.units = pays;
        return move;
    }
    Move cash(const std::string& player, bool out, long amount) {
        Move move;
        move.caller.tenant = tenant;
        move.caller.player.id = player;
        move.kind = out ? TransactionKind::withdraw : TransactionKind::grant;
        move.currency = eur;
        move.amount.units = amount;
        move.group = KeyGroup::native_withdrawal;
        move.external_id = "cash-" + std::to_string(++cash_);
        return move;
    }

    Sequence write_until_dark(const CrashDisk& disk, const RocksOptions& options,
                              std::mt19937_64& random) {
        const auto opened = RocksStore::open(options);
        if (!opened) return 0;
        Sequence done = (*opened)->end().sequence;
        while (disk.has_power() && done < history_.size()) {
            const std::size_t count =
                std::min<std::size_t>(1 + random() % 8, history_.size() - done);
            const auto first = history_.begin() + static_cast<std::ptrdiff_t>(done);
            std::vector<Change> batch(first, first + static_cast<std::ptrdiff_t>(count));
            if (!(*opened)->commit(batch)) break;
            done += count;
            acknowledged_ = done;
        }
        return acknowledged_;
    }

    std::string look(const Reader& store, Sequence acknowledged) {
        const auto report = verify_books(store);
        if (!report) return "verify cannot read: " + report.error().detail;
        if (!report->clean()) return "verify: " + report->mistakes.front();
        for (Sequence at = 1; at <= acknowledged; ++at) {
            const Transaction* transaction = history_[at - 1].transaction.get();
            if (transaction == nullptr) continue;
            const auto found = store.find(store.keys().of(*transaction));
            const auto* key = found ? std::get_if<Ptr<Key>>(&*found) : nullptr;
            if (key == nullptr || !(*key)->transaction) {
                return "an acknowledged id is gone: record " + std::to_string(at);
            }
        }
        if (store.end().sequence < acknowledged) return "acknowledged records are gone";
        // What came through without an answer counts as well, and is not written again.
        return {};
    }

    std::vector<Change> history_;
    Sequence acknowledged_ = 0;
    int cash_ = 0;
};

TEST_F(DyingBooks, nothing_acknowledged_is_lost_and_verify_passes_after_every_power_cut) {
    play(1, 600);
    for (std::uint64_t seed = 1; seed <= 8; ++seed) EXPECT_EQ(live(seed, false), "") << seed;
    EXPECT_GE(lives_, 20);
}

// The test of the test.
TEST_F(DyingBooks, a_store_that_answers_before_it_syncs_is_caught) {
    play(2, 600);
    int caught = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) caught += live(seed, true).empty() ? 0 : 1;
    EXPECT_GE(caught, 4);
}

}  // namespace
}  // namespace coffer
