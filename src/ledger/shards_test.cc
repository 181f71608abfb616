// Books of several shards over PostgreSQL: the same answers as in one, whichever lane is asked, and
// one proof of all of them.

#include "store/postgres_store.h"

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "ledger/deposit_fixture.h"
#include "ledger/model_fixture.h"
#include "store/postgres_server_fixture.h"

namespace coffer {
namespace {

constexpr Shard shards = 4;

std::unique_ptr<Store> open_at(const std::string& uri) {
    auto store = PostgresStore::open({.uri = uri});
    EXPECT_TRUE(store) << store.error().detail;
    return std::move(*store);
}

std::string new_books() {
    const std::string uri = PostgresServer::shared().new_place();
    const auto made = migrate_postgres({.uri = uri, .shards = shards});
    EXPECT_TRUE(made) << made.error().detail;
    return uri;
}

class Shards : public ModelWorld {
protected:
    Shards() : Shards(new_books()) {}
    explicit Shards(const std::string& uri) : ModelWorld(open_at(uri)), uri_(uri) {}

    Shard home(std::string_view player) const { return store_->keys().home(tenant, player); }
    // A name of that beginning whose home is another than these.
    std::string name_away_from(const std::string& beginning, std::set<Shard> homes) const {
        for (int number = 0;; ++number) {
            std::string name = beginning + std::to_string(number);
            if (!homes.contains(home(name))) return name;
        }
    }
    // In the integrator's words `alias`.
    Outcome make_player(const std::string& id, const std::string& alias = "") {
        Player player;
        player.tenant = tenant;
        player.id = id;
        if (!alias.empty()) {
            Alias one;
            one.integration = integrator;
            one.site = 1;
            one.external_id = alias;
            player.aliases.push_back(one);
        }
        return perform(CreatePlayer{player});
    }
    struct Other {
        std::unique_ptr<Store> store;
        std::unique_ptr<Ledger> ledger;
    };
    // As another process over the same books would have it.
    Other open_other() {
        Other other;
        other.store = open_at(uri_);
        other.ledger =
            std::move(*Ledger::open(*other.store, LedgerOptions{}, clock_, *log_, metrics_));
        return other;
    }
    Move of_integrator(const std::string& alias, TransactionKind kind, const std::string& id,
                       long units) const {
        Move move;
        move.caller.tenant = tenant;
        move.caller.integration = integrator;
        move.caller.player = {.id = alias, .site = 1};
        move.kind = kind;
        move.currency = eur;
        move.amount.units = units;
        move.group = kind == TransactionKind::payout ? KeyGroup::integrator_credit
                                                     : KeyGroup::integrator_debit;
        move.external_id = id;
        move.round = "r-" + id;
        move.provider = 1;
        return move;
    }
    std::string uri_;
};

TEST_F(Shards, random_histories_agree_with_the_naive_model) {
    expect_agreement_with_the_naive_model();
}

TEST_F(Shards, players_live_in_all_of_them_and_every_journal_is_one_of_its_own) {
    std::set<Shard> homes;
    for (int number = 0; homes.size() < shards; ++number) {
        const std::string name = "p" + std::to_string(number);
        ASSERT_TRUE(make_player(name).created);
        deposit(name, 100);
        homes.insert(home(name));
    }
    for (Shard shard = 0; shard < shards; ++shard) {
        const JournalEnd end = store_->end_of(shard);
        EXPECT_EQ(shard_of(end.sequence), shard);
        EXPECT_GT(end.sequence, before_first(shard));
    }
    expect_clean();
}

TEST_F(Shards, an_alias_leads_to_a_player_in_another_shard_known_or_not) {
    const std::string id = name_away_from("native", {0});
    const std::string alias = name_away_from("alias", {0, home(id)});
    ASSERT_TRUE(make_player(id, alias).created);
    deposit(id, 1000);
    // The first is asked of the lane of that name, and goes to the first shard's; later ones go
    // straight to the player's.
    for (int turn = 0; turn < 5; ++turn) {
        const std::string number = std::to_string(turn);
        const Outcome done = perform(of_integrator(alias, TransactionKind::wager, number, 10));
        ASSERT_TRUE(done.done());
        EXPECT_EQ(done.player->id, id);
        EXPECT_EQ(shard_of(done.transaction->sequence), home(id));
        EXPECT_TRUE(perform(of_integrator(alias, TransactionKind::wager, number, 10)).replay);
    }
    EXPECT_EQ(balance(id), 950);
    // Known by that name alone.
    EXPECT_EQ(perform(of_integrator(id, TransactionKind::wager, "x", 10)).decline,
              Decline::player_unknown);
    expect_clean();
}

TEST_F(Shards, a_block_and_a_revoked_session_are_obeyed_at_once_by_another_ledger) {
    const Other other = open_other();
    for (const std::string name : {"alice", "bob", "carol"}) {
        deposit(name, 1000);
        const auto there = [&](const std::string& id) {
            return other.ledger->perform(wager(name, id, "r" + id, 1));
        };
        ASSERT_TRUE(there(name + "-1").done());
        ASSERT_TRUE(there(name + "-2").done());
        ChangePlayer block;
        block.tenant = tenant;
        block.player = name;
        block.blocked = true;
        ASSERT_TRUE(perform(block).done());
        EXPECT_EQ(there(name + "-3").decline, Decline::player_blocked);
        block.blocked = false;
        ASSERT_TRUE(perform(block).done());
        ASSERT_TRUE(there(name + "-4").done());
        RevokeSession revoke;
        revoke.tenant = tenant;
        const Digest digest = session_of(name);
        std::copy_n(digest.begin(), revoke.name.size(), revoke.name.begin());
        ASSERT_TRUE(perform(revoke).done());
        EXPECT_EQ(there(name + "-5").decline, Decline::session_expired);
    }
    expect_clean();
}

TEST_F(Shards, a_promotion_is_its_players_own_and_its_name_the_tenants) {
    CreatePromotion create;
    create.promotion.tenant = tenant;
    create.promotion.id = "spins";
    create.promotion.player = "alice";
    create.promotion.currency = eur;
    create.promotion.budget.units = 100;
    ASSERT_TRUE(perform(create).created);
    EXPECT_FALSE(perform(create).created);
    for (const std::string name : {"bob", "carol"}) {
        CreatePromotion same = create;
        same.promotion.player = name;
        EXPECT_EQ(perform(same).decline, Decline::exists);
        Move stolen = wager(name, "s", "rs", 10);
        stolen.promotion = "spins";
        stolen.free_bet = true;
        EXPECT_EQ(perform(stolen).decline, Decline::promotion_unknown);
    }
    Move spin = wager("alice", "s1", "rs1", 60);
    spin.promotion = "spins";
    spin.free_bet = true;
    const Outcome spun = perform(spin);
    EXPECT_TRUE(spun.done());
    EXPECT_EQ(spun.budget_left.units, 40);
    EXPECT_TRUE(perform(rollback("alice", "s1", "rs1", 60)).done());
    expect_clean();
}

TEST_F(Shards, everybodys_movements_are_one_list_in_the_order_of_time) {
    std::vector<std::string> names;
    for (int number = 0; number < 12; ++number) names.push_back("p" + std::to_string(number));
    for (const std::string& name : names) ASSERT_TRUE(make_player(name).created);
    for (int turn = 0; turn < 40; ++turn) {
        clock_.advance(second_us);
        deposit(names[static_cast<std::size_t>(turn * 7) % names.size()], 1 + turn);
    }
    const auto list = [&](Time to) {
        std::vector<long> amounts;
        ListMovements ask;
        ask.caller.tenant = tenant;
        ask.every_player = true;
        ask.limit = 7;
        ask.to = to;
        Time before = clock_.wall() + 1;
        for (;;) {
            const Outcome page = perform(ask);
            EXPECT_TRUE(page.done());
            for (const Movement& movement : page.movements) {
                EXPECT_LE(movement.transaction->time, before);
                before = movement.transaction->time;
                amounts.push_back(static_cast<long>(movement.transaction->amount.units));
            }
            if (page.next == 0 || page.movements.empty()) return amounts;
            ask.before = page.next;
        }
    };
    const auto all = list(0);
    ASSERT_EQ(all.size(), 40U);
    for (std::size_t at = 0; at < all.size(); ++at) EXPECT_EQ(all[at], 40 - static_cast<long>(at));
    EXPECT_EQ(list(clock_.wall() - 30 * second_us).size(), 10U);
    EXPECT_TRUE(list(clock_.wall() - 3600 * second_us).empty());
    expect_clean();
}

TEST_F(Shards, what_is_wrong_in_any_shard_is_found) {
    std::set<Shard> homes;
    for (int number = 0; homes.size() < shards; ++number) {
        const std::string name = "p" + std::to_string(number);
        ASSERT_TRUE(make_player(name).created);
        for (int turn = 0; turn < 3; ++turn) deposit(name, 100);
        homes.insert(home(name));
    }
    expect_clean();
    const auto says = [&](const std::string& sql, const std::string& undo) {
        PostgresServer::shared().sql(uri_, sql);
        const auto report = verify_books(*store_);
        PostgresServer::shared().sql(uri_, undo);
        return !report || !report->clean();
    };
    // Names of a kind, all of them; the last record of a journal; where it ends.
    PostgresServer::shared().sql(uri_, "create table kept as select * from coffer_record");
    PostgresServer::shared().sql(uri_, "create table books as select * from coffer_journal");
    const auto kind = [](RecordKind of, int more) {
        char text[64];
        std::snprintf(text, sizeof text, "'%02x000000-0000-0000-0000-000000000000'::uuid",
                      static_cast<unsigned>(of) + static_cast<unsigned>(more));
        return std::string(text);
    };
    for (const RecordKind of : {RecordKind::locator, RecordKind::session, RecordKind::wallet}) {
        EXPECT_TRUE(says(
            "delete from coffer_record where hash >= " + kind(of, 0) + " and hash < " + kind(of, 1),
            "insert into coffer_record select * from kept on conflict do nothing"))
            << static_cast<int>(of);
    }
    for (Shard shard = 0; shard < shards; ++shard) {
        const std::string number = std::to_string(shard);
        EXPECT_TRUE(says("delete from coffer_journal where shard = " + number +
                             " and sequence = (select max(sequence) from coffer_journal where "
                             "shard = " +
                             number + ")",
                         "insert into coffer_journal select * from books on conflict do nothing"))
            << shard;
    }
    expect_clean();
}

// Two ledgers and four threads each play random wagers for everybody, while players are made,
// blocked and given sessions beside them.
TEST_F(Shards, everybody_at_once_through_two_ledgers_adds_up) {
    const Other other = open_other();
    std::vector<std::string> names;
    for (int number = 0; number < 16; ++number) {
        names.push_back("p" + std::to_string(number));
        ASSERT_TRUE(make_player(names.back(), "a" + std::to_string(number)).created);
        deposit(names.back(), 1000);
    }
    std::atomic<long> moved{0};
    std::atomic<int> made{0};
    const auto play = [&](Ledger& ledger, int seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        for (int turn = 0; turn < 150; ++turn) {
            const std::size_t who = std::size_t{random()} % names.size();
            const std::string id = std::to_string(seed / 2) + "-" + std::to_string(turn);
            const std::string alias = "a" + std::to_string(who);
            // The same calls come through both ledgers.
            std::mt19937 same(static_cast<unsigned>(turn + 1000 * (seed / 2)));
            const std::size_t twin = std::size_t{same()} % names.size();
            Outcome outcome = ledger.perform(of_integrator(
                "a" + std::to_string(twin), TransactionKind::wager, id, 1 + turn % 3));
            EXPECT_TRUE(outcome.done() || outcome.fault == Fault::not_now);
            if (outcome.done() && !outcome.replay) moved += 1 + turn % 3;
            if (turn % 10 != 0) continue;
            Player player;
            player.tenant = tenant;
            player.id = "new-" + std::to_string(seed) + "-" + std::to_string(turn);
            made += ledger.perform(CreatePlayer{player}).created ? 1 : 0;
            OpenSession open;
            open.caller.tenant = tenant;
            open.caller.player.id = names[who];
            open.session.kind = SessionKind::rgs_session;
            open.session.integration = rgs;
            open.session.currency = eur;
            open.session.digest = sha256(id + alias + std::to_string(seed));
            EXPECT_TRUE(ledger.perform(open).done());
        }
    };
    std::vector<std::thread> threads;
    for (int seed = 0; seed < 4; ++seed)
        threads.emplace_back([&, seed] { play(seed % 2 == 0 ? *ledger_ : *other.ledger, seed); });
    for (std::thread& thread : threads) thread.join();
    long left = 0;
    for (const std::string& name : names) left += balance(name);
    EXPECT_EQ(left, 16'000 - moved);
    EXPECT_EQ(made, 60);
    expect_clean();
}

class SettlingShards : public DepositingWorld<Shards> {};

TEST_F(SettlingShards, a_withdrawal_goes_its_whole_way_and_is_counted_for_its_day) {
    open_currency();
    PutWithdrawalPolicy allow;
    allow.policy.tenant = tenant;
    allow.policy.currency = chain_currency;
    allow.policy.player_day.units = 500;
    allow.policy.tenant_day.units = 800;
    ASSERT_TRUE(perform(allow).done());
    const auto held = perform(hold("me"));
    ASSERT_TRUE(held.done());
    const auto withdrawal = withdraw(300);
    ASSERT_TRUE(withdrawal);
    EXPECT_EQ(shard_of(withdrawal->requested_by), home("alice"));
    EXPECT_TRUE(perform(cash_of(TransactionKind::prize, 300)).done());
    EXPECT_FALSE(perform(cash_of(TransactionKind::withdraw, 300)).done());
    Reports way = reports(withdrawal, held.hot_wallet->epoch);
    const ChainAttempt made = attempt("raw");
    ASSERT_TRUE(way.perform(way.sign(5, made)).done());
    ASSERT_TRUE(way.perform(WithdrawalState::broadcast).done());
    ASSERT_TRUE(way.perform(way.mine(made)).done());
    ASSERT_TRUE(way.perform(WithdrawalState::final_).done());
    ASSERT_TRUE(way.perform(WithdrawalState::completed).done());
    EXPECT_EQ(in(AccountCode::held).units, 0);
    EXPECT_EQ(in(AccountCode::earned).units, 300);
    ListWithdrawals all;
    const Outcome listed = perform(all);
    ASSERT_EQ(listed.records.size(), 2U);
    EXPECT_EQ(std::get<Ptr<Withdrawal>>(listed.records[0])->state, WithdrawalState::completed);
    expect_clean();
}

TEST_F(SettlingShards, a_deposit_is_credited_once) {
    open_deposits();
    const std::string address = address_of_player("alice");
    EXPECT_EQ(address_of_player("alice"), address);
    for (int time = 0; time < 2; ++time) {
        const Outcome outcome = perform(transfer(address, "10000000000000000"));
        EXPECT_TRUE(outcome.done());
        EXPECT_EQ(outcome.created, time == 0);
    }
    EXPECT_TRUE(perform(transfer(address, "1", 2)).created);  // less than a unit: kept aside
    EXPECT_EQ(in(AccountCode::bought), Amount{1});
    expect_clean();
}

}  // namespace
}  // namespace coffer
