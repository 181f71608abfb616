// A player's history: everything that became of his calls, found along his wallets' trails and in
// bounded steps.

#include "ledger/history.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ledger/table_fixture.h"

namespace coffer {
namespace {

class History : public Table {
protected:
    // Counts the records that an answer looks at.
    class CountingReader : public Reader {
    public:
        explicit CountingReader(const Reader& books) : books_(books) {}
        const KeyMaker& keys() const override { return books_.keys(); }
        Result<Record> find(const RecordKey& key) const override { return books_.find(key); }
        Result<Change> change(Sequence sequence) const override {
            ++looks;
            return books_.change(sequence);
        }
        Result<void> upward(Sequence first, const Visit& visit) const override {
            return books_.upward(first, visit);
        }
        Result<void> downward(Sequence first, const Visit& visit) const override {
            return books_.downward(first, [&](const Change& change) {
                ++looks;
                return visit(change);
            });
        }
        Result<void> each(RecordKind kind, const VisitRecord& visit) const override {
            return books_.each(kind, visit);
        }
        JournalEnd end() const override { return books_.end(); }
        mutable std::size_t looks = 0;

    private:
        const Reader& books_;
    };

    static ListMovements everything_of(std::string_view player) {
        ListMovements list;
        list.caller.tenant = tenant;
        list.caller.player.id = player;
        list.every_player = player.empty();
        list.refusals = list.tombstones = true;
        list.limit = 1000;
        return list;
    }
    Outcome answer(const ListMovements& list,
                   std::size_t steps_max = Historian::steps_max_default) {
        reader_ = std::make_unique<CountingReader>(*store_);
        return Historian(*reader_, steps_max).answer(list, *ledger_->directory(), clock_.wall());
    }
    std::vector<std::string> ids(const Outcome& outcome) {
        std::vector<std::string> all;
        for (const Movement& movement : outcome.movements) {
            all.push_back(movement.transaction->external_id);
        }
        return all;
    }
    // Every page of the list in turn.
    std::vector<std::string> pages(ListMovements list, std::size_t steps_max) {
        std::vector<std::string> all;
        for (;;) {
            const Outcome page = answer(list, steps_max);
            EXPECT_LE(page.movements.size(), list.limit);
            for (std::string& id : ids(page)) all.push_back(std::move(id));
            if (page.next == 0 || all.size() > 10'000) return all;
            list.before = page.next;
        }
    }
    std::size_t looks() const { return reader_->looks; }

private:
    std::unique_ptr<CountingReader> reader_;
};

TEST_F(History, shows_refusals_and_tombstones_among_the_movements) {
    run(R"(
        alice wager early r1 5                | insufficient_funds 0
        alice deposit d1 - 100                | done 100
        alice wager w1 r1 10                  | done 90
        alice back  ghost r1 10               | transaction_unknown 90
        alice wager big r1 1000               | insufficient_funds 90
        alice pay   p1 r1 20                  | done 110
        alice pay   p9 r9 20                  | no_wager_in_round 110
        bob   wager w1 r1 10                  | insufficient_funds 0
    )");
    const std::vector<std::string> all{"p1", "big", "ghost", "w1", "d1", "early"};
    EXPECT_EQ(ids(answer(everything_of("alice"))), all);
    EXPECT_EQ(ids(answer(everything_of("bob"))), std::vector<std::string>{"w1"});

    ListMovements applied = everything_of("alice");
    applied.refusals = applied.tombstones = false;
    EXPECT_EQ(ids(answer(applied)), (std::vector<std::string>{"p1", "w1", "d1"}));
    ListMovements tombstones = everything_of("alice");
    tombstones.refusals = false;
    EXPECT_EQ(ids(answer(tombstones)), (std::vector<std::string>{"p1", "ghost", "w1", "d1"}));
}

TEST_F(History, a_refusal_touches_no_wallet) {
    run("alice wager w1 r1 10 | insufficient_funds 0");
    ListWallets wallets;
    wallets.caller.tenant = tenant;
    wallets.caller.player.id = "alice";
    EXPECT_TRUE(perform(wallets).records.empty());
    deposit("alice", 5);
    const Outcome touched = perform(wallets);
    ASSERT_EQ(touched.records.size(), 1U);
    EXPECT_NE(std::get<Ptr<Wallet>>(touched.records[0])->created, 0);
    expect_clean();
}

TEST_F(History, of_one_player_does_not_walk_past_the_others) {
    deposit("alice", 100);
    EXPECT_FALSE(perform(wager("alice", "refused", "r1", 1000)).done());
    for (int count = 0; count < 500; ++count) deposit("bob", 1);
    EXPECT_EQ(answer(everything_of("alice")).movements.size(), 2U);
    EXPECT_LE(looks(), 10U);
}

TEST_F(History, pages_of_any_size_join_up) {
    deposit("alice", 100);
    std::vector<std::string> wanted{"deposit-1"};
    for (int count = 0; count < 70; ++count) {
        const std::string id = "w" + std::to_string(count);
        const bool refused = count % 3 == 0;
        EXPECT_EQ(perform(wager("alice", id, "r1", refused ? 1000 : 1)).done(), !refused);
        deposit("bob", 1);
        wanted.insert(wanted.begin(), id);
    }
    ListMovements list = everything_of("alice");
    for (const std::uint32_t limit : {1U, 7U, 71U}) {
        list.limit = limit;
        for (const std::size_t steps_max : {1U, 5U, 1000U}) {
            EXPECT_EQ(pages(list, steps_max), wanted) << limit << " of " << steps_max;
        }
    }
}

TEST_F(History, a_page_ends_early_rather_than_looking_at_more_than_it_may) {
    for (int count = 0; count < 200; ++count) deposit("bob", 1);
    ListMovements list = everything_of("");
    list.external_id = "deposit-3";
    const Outcome page = answer(list, 50);
    EXPECT_TRUE(page.movements.empty());
    EXPECT_NE(page.next, 0U);
    EXPECT_LE(looks(), 51U);
    EXPECT_EQ(pages(list, 50), std::vector<std::string>{"deposit-3"});
}

TEST_F(History, a_list_goes_on_in_steps_until_its_page_is_full) {
    deposit("alice", 1);
    // More than two steps of records that do not fit.
    for (int round = 0; round < 45; ++round) {
        std::vector<Move> moves;
        for (int count = 0; count < 1000; ++count) {
            Move move = wager("bob", "", "", 0);
            move.caller = {};
            move.caller.tenant = tenant;
            move.caller.player.id = "bob";
            move.kind = TransactionKind::grant;
            move.group = KeyGroup::self;
            move.amount.units = 1;
            moves.push_back(std::move(move));
        }
        perform_at_once(std::move(moves));
    }
    deposit("alice", 1);
    ListMovements list = everything_of("");
    list.kind = TransactionKind::deposit;
    const Outcome both = perform(list);
    EXPECT_EQ(ids(both), (std::vector<std::string>{"deposit-2", "deposit-1"}));
    EXPECT_EQ(both.next, 0U);
    EXPECT_EQ(answer(list).movements.size(), 1U);

    list.limit = 1;
    const Outcome one = perform(list);
    EXPECT_EQ(ids(one), std::vector<std::string>{"deposit-2"});
    EXPECT_NE(one.next, 0U);
}

TEST_F(History, a_cursor_and_an_end_are_found_by_long_jumps) {
    std::vector<Time> times;
    for (int count = 0; count < 3000; ++count) {
        clock_.advance(millisecond_us);
        const Outcome outcome = deposit("alice", 1);
        times.push_back(outcome.transaction->time);
    }
    ListMovements list = everything_of("alice");
    list.limit = 1;
    list.before = 30;
    EXPECT_EQ(answer(list).movements.front().transaction->sequence, 29U);
    EXPECT_LE(looks(), 100U);

    list.before = 0;
    list.to = times[10];
    EXPECT_EQ(ids(answer(list)), std::vector<std::string>{"deposit-11"});
    EXPECT_LE(looks(), 130U);

    list.to = 0;
    list.currency = eur;
    list.refusals = list.tombstones = false;
    list.skip = 2990;
    EXPECT_EQ(ids(answer(list)), std::vector<std::string>{"deposit-10"});
    EXPECT_LE(looks(), 100U);
    list.skip = 3000;
    const Outcome beyond = answer(list);
    EXPECT_TRUE(beyond.movements.empty());
    EXPECT_EQ(beyond.total, 3000U);
    expect_clean();
}

TEST_F(History, the_id_of_a_rollback_that_found_nothing_leads_to_its_tombstone) {
    run(R"(
        alice token token-alice live -        | done
        alice undo  u1 r1 10 of=ghost         | transaction_unknown 0
    )");
    for (const std::string_view player : {"alice", ""}) {
        ListMovements list = everything_of(player);
        for (const std::string_view id : {"u1", "ghost"}) {
            list.external_id = id;
            const Outcome outcome = answer(list);
            ASSERT_EQ(outcome.movements.size(), 1U) << player << " " << id;
            EXPECT_EQ(outcome.movements[0].state, KeyState::tombstone);
            EXPECT_EQ(outcome.movements[0].transaction->external_id, "ghost");
        }
    }
}

TEST_F(History, rounds_of_one_player_are_found_along_his_wallets) {
    deposit("alice", 100);
    deposit("bob", 100);
    perform(wager("alice", "w1", "mine", 1));
    for (int count = 0; count < 100; ++count) {
        perform(wager("bob", "w" + std::to_string(count), "r" + std::to_string(count), 1));
    }
    const CountingReader reader(*store_);
    const Historian historian(reader);
    ListRounds list{.tenant = tenant, .player = "alice"};
    const Outcome mine = historian.answer(list, *ledger_->directory());
    ASSERT_EQ(mine.records.size(), 1U);
    EXPECT_EQ(std::get<Ptr<Round>>(mine.records[0])->id, "mine");
    EXPECT_LE(reader.looks, 10U);

    list.player.clear();
    std::size_t seen = 0;
    do {
        list.limit = 7;
        const Outcome page = Historian(reader, 20).answer(list, *ledger_->directory());
        seen += page.records.size();
        list.before = page.next;
    } while (list.before != 0);
    EXPECT_EQ(seen, 101U);
}

}  // namespace
}  // namespace coffer
