// Verify as a hostile auditor would have it: honest books, forged in one place, with the chain
// hashed again so that only the meaning is wrong. Each forgery is found where it is, in words that
// name it. Forged money is in verify_money_test.cc.

#include "ledger/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/verify_fixture.h"

namespace coffer {
namespace {

// ---- the chain ----------------------------------------------------------------------------------

TEST_F(Verify, a_record_that_was_changed_breaks_the_chain_behind_it) {
    const std::string said = heard([&](ForgedBooks& books) {
        forge_transaction(books.changes()[deposited_ - 1],
                          [](Transaction& one) { one.reason = "another"; });
    });
    EXPECT_EQ(said, "record " + std::to_string(deposited_ + 1) +
                        ": the hash of the record before is wrong: the chain is broken\n");
}

TEST_F(Verify, a_record_that_is_gone_is_missed) {
    const std::string said = heard_with_chain([&](ForgedBooks& books) {
        books.changes().erase(books.changes().begin() + static_cast<std::ptrdiff_t>(refused_) - 1);
    });
    EXPECT_EQ(said.substr(0, said.find('\n')), "record " + std::to_string(refused_ + 1) +
                                                   ": expected record " + std::to_string(refused_));
}

TEST_F(Verify, a_record_that_was_put_in_twice_is_noticed) {
    const std::string said = heard_with_chain([&](ForgedBooks& books) {
        auto& changes = books.changes();
        changes.insert(changes.begin() + static_cast<std::ptrdiff_t>(refused_),
                       changes[refused_ - 1]);
    });
    EXPECT_EQ(
        said.substr(0, said.find('\n')),
        "record " + std::to_string(refused_) + ": expected record " + std::to_string(refused_ + 1));
}

TEST_F(Verify, a_journal_that_was_cut_or_replaced_is_not_what_the_store_says) {
    EXPECT_NE(heard([](ForgedBooks& books) {
                  books.changes().pop_back();
              }).find("the store says that the journal ends at"),
              std::string::npos);
    EXPECT_NE(heard([](ForgedBooks& books) {
                  books.forged_end().hash[0] ^= 1;
              }).find("the last record's hash is not what the store says"),
              std::string::npos);
}

TEST_F(Verify, time_does_not_go_backwards) {
    expect_found(wagered_, "its time is before the one of the record before", [](Change& change) {
        change.time -= hour_us;
        forge_transaction(change, [](Transaction& one) { one.time -= hour_us; });
    });
    constexpr std::string_view another = "its transaction bears another number or time";
    expect_transaction_found(wagered_, another, [](Transaction& one) { one.time += 1; });
    expect_transaction_found(wagered_, another, [](Transaction& one) { one.sequence -= 1; });
}

// ---- ids ----------------------------------------------------------------------------------------

TEST_F(Verify, an_id_belongs_to_one_transaction_for_ever) {
    const auto taken_by = [](Sequence at) {
        return "takes an id that record " + std::to_string(at) + " has already";
    };
    const auto named = [](const char* id) {
        return [id](Transaction& one) { one.external_id = id; };
    };
    expect_transaction_found(second_, taken_by(wagered_), named("w1"));
    expect_transaction_found(buried_, taken_by(refused_), named("w4"));
    // The wager that a tombstone blocks, and the one that was refused, as if they had come later.
    expect_transaction_found(free_bet_, taken_by(buried_), named("w9"));
    expect_transaction_found(free_bet_, taken_by(refused_), named("w4"));
    constexpr std::string_view no_group = "has an id and no group for it, or the other way round";
    expect_transaction_found(second_, no_group, named(""));
    expect_transaction_found(prized_, no_group, named("p"));
}

TEST_F(Verify, refusals_and_tombstones_move_nothing) {
    constexpr std::string_view moves = "a refusal or a tombstone moves something";
    expect_transaction_found(second_, moves, [](Transaction& one) {
        one.status = TransactionStatus::refused;
        one.decline = static_cast<std::uint8_t>(Decline::insufficient_funds);
    });
    expect_transaction_found(buried_, moves, [](Transaction& one) { one.reverses = 1; });
    constexpr std::string_view reason =
        "a refusal without its reason, or a reason without a refusal";
    expect_transaction_found(refused_, reason, [](Transaction& one) { one.decline = 0; });
    expect_transaction_found(buried_, reason, [](Transaction& one) { one.decline = 1; });
    expect_transaction_found(prized_, reason, [](Transaction& one) { one.decline = 1; });
    constexpr std::string_view never = "a refusal or a tombstone of what is never remembered";
    expect_transaction_found(refused_, never,
                             [](Transaction& one) { one.kind = TransactionKind::payout; });
    expect_transaction_found(buried_, never,
                             [](Transaction& one) { one.kind = TransactionKind::prize; });
}

TEST_F(Verify, a_wager_is_taken_back_once_by_its_opposite_and_marked) {
    expect_transaction_found(rolled_back_, "is not the opposite of what it takes back",
                             [](Transaction& one) {
                                 for (Entry& entry : one.entries) entry.amount.units *= 2;
                             });
    expect_transaction_found(rolled_back_, "is not the opposite of what it takes back",
                             [](Transaction& one) { one.entries.clear(); });
    expect_transaction_found(rolled_back_, "takes back a record that moved nothing",
                             [&](Transaction& one) { one.reverses = refused_; });
    expect_transaction_found(rolled_back_, "takes back a record that moved nothing",
                             [&](Transaction& one) { one.reverses = rolled_back_; });
    expect_transaction_found(rolled_back_, "takes back a movement of another amount, round or game",
                             [](Transaction& one) { one.amount.units = 6; });
    expect_transaction_found(rolled_back_,
                             "a rollback takes back what is not the wager that it names",
                             [](Transaction& one) { one.reference = "w2"; });
    expect_transaction_found(rolled_back_,
                             "a rollback takes back what is not the wager that it names",
                             [&](Transaction& one) { one.reverses = paid_; });
    expect_transaction_found(reversed_, "a reversal of what is final",
                             [&](Transaction& one) { one.reverses = rolled_back_; });
    expect_transaction_found(reversed_, "takes back another player's movement",
                             [&](Transaction& one) { one.currency = token; });
    expect_transaction_found(prized_, "takes something back, which its kind never does",
                             [&](Transaction& one) { one.reverses = second_; });
    expect_found(rolled_back_, "takes back a movement that is not marked as taken back",
                 [](Change& change) { drop_puts<Key>(change); });
    expect_put_found<Key>(rolled_back_, "what is said to take a movement back is another record",
                          [](Key& key) { key.rollback -= 1; });
    // The same wager again, by a rollback that comes later.
    expect_found(free_bet_back_, "a movement is taken back twice", [&](Change& change) {
        forge_transaction(change, [&](Transaction& one) { one.reverses = last_of_round_; });
        forge_put<Key>(change, [&](Key& key) {
            key.external_id = "w3";
            key.original = last_of_round_;
        });
    });
}

TEST_F(Verify, what_is_known_of_an_id_changes_for_a_reason_only) {
    expect_put_found<Key>(rolled_back_, "an id changes hands",
                          [](Key& key) { key.external_id = "p1"; });
    expect_put_found<Key>(rolled_back_, "the state of an id changes for no reason",
                          [](Key& key) { key.state = KeyState::applied; });
    expect_put_found<Key>(rolled_back_, "an id is buried and nothing buries it",
                          [](Key& key) { key.state = KeyState::tombstone; });
    expect_put_found<Key>(refused_and_buried_, "the state of an id changes for no reason",
                          [](Key& key) { key.tombstoned = false; });
    expect_put_found<Key>(refused_and_buried_,
                          "an id is said to be taken back and nothing takes it back",
                          [](Key& key) { key.state = KeyState::rolled_back; });
    expect_put_found<Key>(refused_and_buried_, "an id changes hands",
                          [&](Key& key) { key.original = wagered_; });
    // The mark of a rollback with an id of its own that found only a tombstone.
    constexpr std::string_view no_grave = "an id is buried and nothing buries it";
    expect_put_found<Key>(marked_, no_grave, [](Key& key) { key.player = "bob"; });
    expect_put_found<Key>(marked_, no_grave, [&](Key& key) { key.original = wagered_; });
    expect_put_found<Key>(marked_, "an id changes hands", [](Key& key) { key.external_id = "x1"; });
}

// ---- claims -------------------------------------------------------------------------------------

TEST_F(Verify, a_promotion_has_its_budget_less_its_free_bets) {
    constexpr std::string_view remains =
        "what remains of the promotion is not its budget less its free bets";
    const auto found = [&](Sequence at, std::string_view words, auto forge) {
        expect_put_found<Promotion>(at, words, forge);
    };
    found(free_bet_, remains, [](Promotion& promotion) { promotion.remaining.units += 1; });
    found(free_bet_back_, remains, [](Promotion& promotion) { promotion.remaining.units -= 1; });
    found(free_bet_, "a promotion's terms change",
          [](Promotion& promotion) { promotion.budget.units += 1; });
    found(free_bet_, "a promotion's terms change",
          [](Promotion& promotion) { promotion.expires = hour_us; });
    found(free_bet_, "a promotion changes for no reason",
          [](Promotion& promotion) { promotion.id = "f2"; });
    found(promoted_, "a promotion pays into what is no bucket",
          [](Promotion& promotion) { promotion.payout_bucket = 200; });
    found(promoted_, "a new promotion is not whole",
          [](Promotion& promotion) { promotion.remaining.units += 1; });
    found(promoted_, "a new promotion is not whole",
          [](Promotion& promotion) { promotion.created -= 1; });
    found(promoted_, "a new promotion is not whole",
          [](Promotion& promotion) { promotion.budget.units = promotion.remaining.units = -1; });
    expect_found(free_bet_, "a promotion does not know of its free bet",
                 [](Change& change) { drop_puts<Promotion>(change); });
    // Over before the bet; said by the promotion from the start.
    const std::string late = heard_with_chain([&](ForgedBooks& books) {
        for (const Sequence at : {promoted_, free_bet_, free_bet_back_}) {
            forge_put<Promotion>(books.changes()[at - 1],
                                 [](Promotion& promotion) { promotion.expires = hour_us; });
        }
    });
    EXPECT_EQ(late,
              "record " + std::to_string(free_bet_) + ": a free bet of a promotion that is over\n");
}

TEST_F(Verify, what_is_held_is_owed_to_its_owner) {
    const auto found = [&](std::string_view words, auto forge) {
        expect_put_found<Withdrawal>(held_, words, forge);
    };
    constexpr std::string_view other = "the withdrawal is not what was asked for";
    found(other, [](Withdrawal& one) { one.amount.units += 1; });
    found(other, [](Withdrawal& one) { one.player = "bob"; });
    found(other, [](Withdrawal& one) { one.currency = eur; });
    found(other, [](Withdrawal& one) { one.requested_by -= 1; });
    found(other, [](Withdrawal& one) { one.state = WithdrawalState::completed; });
    found("a withdrawal to an address that is not the player's",
          [](Withdrawal& one) { one.destination = "0x00000000000000000000000000000000000000bb"; });
    expect_found(held_, "holds money for no withdrawal",
                 [](Change& change) { drop_puts<Withdrawal>(change); });
    expect_found(prized_, "a withdrawal for which no money is held", [&](Change& change) {
        auto withdrawal = std::make_shared<Withdrawal>();
        withdrawal->requested_by = prized_;
        change.puts.emplace_back(Ptr<Withdrawal>(withdrawal));
    });
    expect_found(promoted_, "a withdrawal changes for no reason", [](Change& change) {
        change.puts.emplace_back(std::make_shared<const Withdrawal>());
    });
}

// ---- the directory ------------------------------------------------------------------------------

TEST_F(Verify, movements_are_of_a_player_and_a_currency_that_exist) {
    expect_transaction_found(prized_, "it is of a player who does not exist",
                             [](Transaction& one) { one.player = "mallory"; });
    expect_transaction_found(prized_, "it is in a currency that is not its tenant's",
                             [](Transaction& one) { one.currency = of_nobody; });
    expect_transaction_found(wagered_, "it came through an integration that is not its tenant's",
                             [](Transaction& one) { one.integration = 9; });
    expect_transaction_found(prized_, "it is in a currency that is not its tenant's",
                             [](Transaction& one) { one.tenant = 2; });
}

TEST_F(Verify, what_must_not_change_in_the_directory_does_not) {
    // One more record behind the others, which puts something that is there already.
    const auto put_again = [&](auto record, std::string_view words) {
        using Kind = decltype(record);
        const std::string said = heard_with_chain([&](ForgedBooks& books) {
            Change more;
            more.sequence = books.changes().back().sequence + 1;
            more.time = books.changes().back().time;
            more.puts.emplace_back(std::make_shared<const Kind>(record));
            books.changes().push_back(std::move(more));
        });
        EXPECT_NE(said.find(words), std::string::npos) << words << "\n" << said;
    };
    const auto known = [&](const RecordKey& key) { return *store_->find(key); };
    const KeyMaker& keys = store_->keys();
    Tenant other = *std::get<Ptr<Tenant>>(known(keys.tenant(tenant)));
    other.uid = "t-2";
    put_again(other, "a tenant becomes another one");
    other.id = 5;
    put_again(other, "a tenant's number does not follow the one before");
    Currency currency = *std::get<Ptr<Currency>>(known(keys.currency(eur)));
    currency.scale = 3;
    put_again(currency, "a currency's tenant, code or scale changes");
    Integration integration = *std::get<Ptr<Integration>>(known(keys.integration(rgs)));
    integration.dialect = DialectId::integrator;
    put_again(integration, "an integration's tenant, name or dialect changes");
    integration.dialect = DialectId::rgs;
    integration.currencies.push_back(of_nobody);
    put_again(integration, "an integration moves a currency that is not its tenant's");
    Player player = *std::get<Ptr<Player>>(known(keys.player(tenant, "alice")));
    player.created -= 1;
    put_again(player, "a player's time of creation changes");
    Alias alias = *std::get<Ptr<Alias>>(known(keys.alias(tenant, integrator, 1, "alice")));
    alias.player = "bob";
    put_again(alias, "an alias leads to another player than before");
}

// Whatever is paid by it afterwards.
TEST_F(Verify, an_integration_pays_into_buckets_only) {
    const std::string said = heard_with_chain([&](ForgedBooks& books) {
        for (Change& change : books.changes()) {
            const bool has_one = std::ranges::any_of(change.puts, [](const Record& put) {
                return std::holds_alternative<Ptr<Integration>>(put);
            });
            if (!has_one) continue;
            forge_put<Integration>(
                change, [](Integration& integration) { integration.settings.payout_bucket = 200; });
        }
    });
    EXPECT_NE(said.find("an integration pays into what is no bucket"), std::string::npos);
}

TEST_F(Verify, a_revoked_credential_stays_revoked) {
    Credential credential;
    credential.uid = "c-1";
    credential.tenant = tenant;
    credential.kind = CredentialKind::native_key;
    perform(CreateCredential{credential});
    perform(RevokeCredential{tenant, 0, "c-1"});
    const Sequence revoked = store_->end().sequence;
    perform(CreateTenant{"t-9", "after it"});
    ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    const auto before = store_->change(revoked - 1);
    expect_found(revoked + 1, "a revoked credential is live again",
                 [&](Change& change) { change.puts.push_back(before->puts.front()); });
    expect_put_found<Credential>(revoked, "a credential becomes another one",
                                 [](Credential& one) { one.scopes = scope_admin; });
    expect_put_found<Credential>(revoked, "a credential of no tenant",
                                 [](Credential& one) { one.tenant = 8; });
}

// ---- the indexes --------------------------------------------------------------------------------

TEST_F(Verify, an_index_that_finds_nothing_or_something_else_is_wrong) {
    const auto with_index = [&](RecordKind kind, auto answer) {
        return heard([&](ForgedBooks& books) {
            books.index_errs = [kind, answer](const RecordKey& key) -> std::optional<Record> {
                if (key.kind != kind) return std::nullopt;
                return answer();
            };
        });
    };
    const auto nothing = [] { return Record{}; };
    for (const RecordKind kind :
         {RecordKind::tenant, RecordKind::currency, RecordKind::integration, RecordKind::player,
          RecordKind::alias, RecordKind::session, RecordKind::promotion, RecordKind::withdrawal,
          RecordKind::wallet, RecordKind::round}) {
        EXPECT_NE(with_index(kind, nothing).find("a record of it is not found in the index"),
                  std::string::npos)
            << static_cast<int>(kind);
    }
    EXPECT_NE(with_index(RecordKind::key, nothing)
                  .find("record " + std::to_string(wagered_) +
                        ": its id is not found in the index, or found wrongly"),
              std::string::npos);
    const auto older = [&] {
        const auto change = store_->change(deposited_);
        return find_in(*change, store_->keys().wallet(tenant, "alice", eur), store_->keys());
    };
    EXPECT_NE(
        with_index(RecordKind::wallet, older).find("a record of it is found with another content"),
        std::string::npos);
}

TEST_F(Verify, an_index_that_forgot_what_became_of_an_id_is_wrong) {
    const auto with_key = [&](std::function<void(Key&)> forge) {
        const RecordKey key = store_->keys().of(*store_->change(last_of_round_)->transaction);
        Key known = *std::get<Ptr<Key>>(*store_->find(key));
        forge(known);
        return heard([&](ForgedBooks& books) {
            books.index_errs = [&](const RecordKey& asked) -> std::optional<Record> {
                if (!(asked == key)) return std::nullopt;
                return Record{std::make_shared<const Key>(known)};
            };
        });
    };
    EXPECT_EQ(with_key([](Key&) {}), "");
    for (const auto& forge : std::vector<std::function<void(Key&)>>{
             [](Key& key) { key.state = KeyState::applied; }, [](Key& key) { key.rollback = 0; },
             [](Key& key) { key.tombstoned = true; }, [](Key& key) { key.original -= 1; },
             [](Key& key) { key.transaction = nullptr; }}) {
        EXPECT_EQ(with_key(forge), "record " + std::to_string(rolled_back_) +
                                       ": its id is not found in the index, or found wrongly\n");
    }
}

TEST_F(Verify, an_index_that_is_broken_in_one_place_is_still_asked_for_all_others) {
    const KeyMaker& keys = store_->keys();
    const RecordKey broken = keys.wallet(tenant, "alice", eur);
    const RecordKey lost = keys.of(*store_->change(wagered_)->transaction);
    const std::string said = heard([&](ForgedBooks& books) {
        books.index_errs = [&](const RecordKey& asked) -> std::optional<Result<Record>> {
            if (asked == broken) return fail(ErrorCode::corrupt, "a page with a wrong checksum");
            if (asked == lost) return Record{};
            return std::nullopt;
        };
    });
    EXPECT_NE(said.find("a page with a wrong checksum"), std::string::npos) << said;
    EXPECT_NE(said.find("record " + std::to_string(wagered_) + ": its id is not found"),
              std::string::npos)
        << said;
    EXPECT_EQ(std::ranges::count(said, '\n'), 2) << said;
}

TEST_F(Verify, an_index_lists_all_and_nothing_else) {
    EXPECT_NE(heard([](ForgedBooks& books) {
                  books.lists_nothing_of = RecordKind::player;
              }).find("the index lists another number of records than the journal has"),
              std::string::npos);
    EXPECT_NE(heard([](ForgedBooks& books) {
                  books.lists_a_stranger = true;
              }).find("the index has a record that the journal never had"),
              std::string::npos);
}

}  // namespace
}  // namespace coffer
