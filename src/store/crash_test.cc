// After the power goes at any moment every acknowledged Change is there, byte for byte, the chain
// holds and the index finds what the journal has; and a store that answers before it syncs is
// caught.

#include <gtest/gtest.h>

#include <random>

#include "store/crash_disk.h"
#include "store/history_sample.h"
#include "store/rocks_store.h"

namespace coffer {
namespace {

// One disk that lives through several crashes.
class Lives {
public:
    Lives(std::uint64_t seed, bool answers_before_sync) : random_(seed) {
        options_ = {.directory = "/store",
                    .create = true,
                    .cache_rows = 64,
                    .cache_rounds = 16,
                    .index_generation_entries = 1 + random_() % 100,
                    .memtable_bytes = std::size_t{64} << 10,
                    .file_system = disk_.files(),
                    .answers_before_sync = answers_before_sync};
    }

    // Writes until the power goes, then looks what is left. Empty if that is legal.
    std::string live() {
        disk_.cut_power_after(1 + random_() % 250);
        write_until_dark();
        disk_.restore_power(random_());
        const auto opened = RocksStore::open(options_);
        if (!opened) return "the store does not open: " + opened.error().detail;
        return trouble(**opened);
    }

private:
    void write_until_dark() {
        attempted_.clear();
        const auto opened = RocksStore::open(options_);
        if (!opened) return;
        RocksStore& store = **opened;
        HistorySample history({.seed = random_()}, store.end());
        while (disk_.has_power()) {
            std::vector<Change> changes = history.next(1 + random_() % 8);
            const bool acknowledged = store.commit(changes).has_value();
            std::vector<std::string> bytes;
            for (const Change& change : changes) bytes.push_back(describe(change));
            if (!acknowledged) {
                attempted_ = std::move(bytes);
                return;
            }
            acknowledged_.insert(acknowledged_.end(), bytes.begin(), bytes.end());
        }
    }

    std::string trouble(const Reader& store) {
        if (store.end().sequence < acknowledged_.size()) {
            return "acknowledged " + std::to_string(acknowledged_.size()) + " changes, kept " +
                   std::to_string(store.end().sequence);
        }
        // The batch on its way may have arrived, whole or not at all.
        const std::size_t more = store.end().sequence - acknowledged_.size();
        if (more != 0 && more != attempted_.size()) return "a batch was torn";
        if (more != 0) {
            acknowledged_.insert(acknowledged_.end(), attempted_.begin(), attempted_.end());
        }
        std::string different;
        const auto walked = store.upward(1, [&](const Change& change) {
            if (describe(change) != acknowledged_[change.sequence - 1]) {
                different = "change " + std::to_string(change.sequence) + " is another";
            }
            return different.empty();
        });
        if (!walked) return walked.error().detail;
        return different.empty() ? disagreement(store) : different;
    }

    std::mt19937_64 random_;
    CrashDisk disk_;
    RocksOptions options_;
    std::vector<std::string> acknowledged_;
    std::vector<std::string> attempted_;
};

// A test for each seed, so that they run side by side: RocksDB sleeps for a second when a flush
// fails.
class Crash : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Crash, NothingAcknowledgedIsLost) {
    Lives lives(GetParam(), false);
    for (int life = 1; life <= 5; ++life) ASSERT_EQ(lives.live(), "") << "life " << life;
}
INSTANTIATE_TEST_SUITE_P(Seeds, Crash, testing::Range<std::uint64_t>(1, 25));

// The test of the test.
TEST(CrashTest, AStoreThatAnswersBeforeItSyncsIsCaught) {
    int caught = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Lives lives(seed, true);
        for (int life = 1; life <= 3; ++life) {
            const std::string trouble = lives.live();
            if (trouble.empty()) continue;
            ++caught;
            break;
        }
    }
    EXPECT_GT(caught, 7);
}

}  // namespace
}  // namespace coffer
