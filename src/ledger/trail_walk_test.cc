// Lists are read with few questions to the store: one is a trip where that is a database.

#include "ledger/trail_walk.h"

#include <gtest/gtest.h>

#include "ledger/history.h"
#include "ledger/world_fixture.h"

namespace coffer {
namespace {

// Counts what it is asked.
class CountingReader final : public Reader {
public:
    explicit CountingReader(const Reader& inner) : inner_(inner) {}
    const KeyMaker& keys() const override { return inner_.keys(); }
    Result<Record> find(const RecordKey& key) const override {
        ++asked;
        return inner_.find(key);
    }
    Result<Change> change(Sequence sequence) const override {
        ++asked;
        return inner_.change(sequence);
    }
    Result<void> find_all(std::span<const RecordKey> wanted,
                          std::span<Record> found) const override {
        ++asked;
        return inner_.find_all(wanted, found);
    }
    Result<std::vector<Change>> changes_at(std::span<const Sequence> wanted) const override {
        ++asked;
        records += wanted.size();
        return inner_.changes_at(wanted);
    }
    Result<void> upward(Sequence first, const Visit& visit) const override {
        return inner_.upward(first, visit);
    }
    Result<void> downward(Sequence first, const Visit& visit) const override {
        return inner_.downward(first, visit);
    }
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override {
        return inner_.each(kind, visit);
    }
    JournalEnd end() const override { return inner_.end(); }

    mutable std::size_t asked = 0, records = 0;

private:
    const Reader& inner_;
};

class TrailWalkTest : public World {
protected:
    // Movements of that player, newest first, as the whole journal has them.
    std::vector<Sequence> movements_of(std::string_view player) {
        std::vector<Sequence> all;
        EXPECT_TRUE(store_->downward(store_->end().sequence, [&](const Change& change) {
            if (change.transaction && change.transaction->player == player)
                all.push_back(change.sequence);
            return true;
        }));
        return all;
    }
    std::vector<Sequence> walked(TrailWalk& walk, std::size_t count) {
        std::vector<Sequence> all;
        while (all.size() < count) {
            const auto change = walk.next();
            EXPECT_TRUE(change) << change.error().detail;
            if (!change || *change == nullptr) break;
            all.push_back((*change)->sequence);
        }
        return all;
    }
    CountingReader reader_{*store_};
};

TEST_F(TrailWalkTest, a_trail_of_any_length_is_gone_along_from_any_place) {
    for (int count = 0; count < 70; ++count) {
        deposit("alice", 10);
        deposit("bob", 10);
        std::vector<Sequence> expected = movements_of("alice");
        TrailWalk walk(reader_);
        walk.add(&Wallet::applied, wallet_of("alice")->applied.marks[0]);
        EXPECT_EQ(walked(walk, 1000), expected);
    }
    const std::vector<Sequence> all = movements_of("alice");
    for (std::size_t from = 0; from < all.size(); ++from) {
        TrailWalk walk(reader_);
        walk.add(&Wallet::applied, all[from]);
        const auto at = static_cast<std::ptrdiff_t>(from);
        EXPECT_EQ(walked(walk, 1000), std::vector<Sequence>(all.begin() + at, all.end()));
    }
}

TEST_F(TrailWalkTest, a_long_one_takes_few_questions_and_a_short_one_reads_little) {
    for (int count = 0; count < 1500; ++count) deposit("alice", 1);
    const Sequence newest = wallet_of("alice")->applied.marks[0];
    TrailWalk whole(reader_);
    whole.add(&Wallet::applied, newest);
    EXPECT_EQ(walked(whole, 2000).size(), 1500U);
    EXPECT_LT(reader_.asked, 220U);
    EXPECT_EQ(reader_.records, 1500U);
    reader_.asked = reader_.records = 0;
    TrailWalk start(reader_);
    start.add(&Wallet::applied, newest);
    EXPECT_EQ(walked(start, 20).size(), 20U);
    EXPECT_LE(reader_.asked, 20U);
    EXPECT_LE(reader_.records, 40U);
}

TEST_F(TrailWalkTest, several_trails_are_one_list) {
    deposit("alice", 1000);
    for (int count = 0; count < 90; ++count) {
        const std::string id = std::to_string(count);
        // Every third is refused for want of funds, which is the other trail.
        EXPECT_TRUE(count % 3 == 0 ? !perform(wager("alice", "w" + id, "r" + id, 100'000)).done()
                                   : perform(wager("alice", "w" + id, "r" + id, 1)).done());
    }
    const Ptr<Wallet> wallet = wallet_of("alice");
    TrailWalk walk(reader_);
    walk.add(&Wallet::applied, wallet->applied.marks[0]);
    walk.add(&Wallet::unapplied, wallet->unapplied.marks[0]);
    EXPECT_EQ(walked(walk, 1000), movements_of("alice"));
}

TEST_F(TrailWalkTest, a_tenants_rounds_are_looked_up_many_at_once) {
    deposit("alice", 1000);
    for (int count = 0; count < 300; ++count) {
        const std::string id = std::to_string(count);
        EXPECT_TRUE(perform(wager("alice", "w" + id, "r" + id, 1)).done());
    }
    const Historian historian(reader_);
    ListRounds ask;
    ask.tenant = tenant;
    ask.limit = 100;
    std::vector<std::string> rounds;
    do {
        const Outcome page = historian.answer(ask, *ledger_->directory());
        ASSERT_TRUE(page.done());
        EXPECT_LE(page.records.size(), 100U);
        for (const Record& record : page.records)
            rounds.push_back(std::get<Ptr<Round>>(record)->id);
        ask.before = page.next;
    } while (ask.before != 0);
    ASSERT_EQ(rounds.size(), 300U);
    for (std::size_t at = 0; at < rounds.size(); ++at)
        EXPECT_EQ(rounds[at], "r" + std::to_string(299 - at));
    EXPECT_LT(reader_.asked, 12U);
}

}  // namespace
}  // namespace coffer
