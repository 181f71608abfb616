// Forged money: entries, wallets and rounds that do not add up, with the chain hashed again so that
// only the meaning is wrong. Each is found where it is, in words that name it.

#include "ledger/verify.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "ledger/verify_fixture.h"

namespace coffer {
namespace {

// ---- entries ------------------------------------------------------------------------------------

TEST_F(Verify, entries_add_up_and_follow_each_other) {
    const auto entry = [](Transaction& one) -> Entry& { return one.entries.back(); };
    expect_transaction_found(deposited_, "its entries do not add up to zero",
                             [&](Transaction& one) { entry(one).amount.units += 1; });
    expect_transaction_found(paid_, "an entry's balance after is not the sum of the entries",
                             [&](Transaction& one) { entry(one).balance_after.units += 1; });
    expect_transaction_found(paid_, "an account's version has a gap",
                             [&](Transaction& one) { entry(one).version += 1; });
    expect_transaction_found(second_, "an entry's pointer to the one before is wrong",
                             [&](Transaction& one) { entry(one).previous -= 1; });
    expect_transaction_found(deposited_, "an entry of nothing", [&](Transaction& one) {
        one.entries.push_back(entry(one));
        entry(one).amount = Amount{};
    });
}

TEST_F(Verify, amounts_are_what_the_entries_move) {
    expect_transaction_found(deposited_, "moves -1000 at cashier, its kind and amounts say -999",
                             [](Transaction& one) { one.amount.units = 999; });
    expect_transaction_found(wagered_, "moves 50 at stakes, its kind and amounts say 51",
                             [](Transaction& one) { one.amount.units = 51; });
    expect_transaction_found(closed_, "moves -7 at payouts, its kind and amounts say -8",
                             [](Transaction& one) { one.payout.units = 8; });
    expect_transaction_found(prized_, "moves -11 at payouts, its kind and amounts say 0",
                             [](Transaction& one) { one.kind = TransactionKind::deposit; });
    expect_transaction_found(prized_, "an amount below zero",
                             [](Transaction& one) { one.amount.units = -11; });
    expect_transaction_found(prized_, "a payout where its kind has none",
                             [](Transaction& one) { one.payout.units = 11; });
}

// An entry said to be of another bucket.
const auto rebooked = [](AccountCode from, AccountCode to) {
    return [from, to](Transaction& transaction) {
        for (Entry& entry : transaction.entries) {
            if (entry.account == from) entry.account = to;
        }
    };
};

TEST_F(Verify, money_goes_to_and_comes_from_the_bucket_that_the_rules_say) {
    using enum AccountCode;
    const auto found = [&](Sequence at, std::string_view words, auto forge) {
        expect_transaction_found(at, words, forge);
    };
    found(wagered_, "takes from earned out of its turn", rebooked(bonus, earned));
    found(wagered_, "takes from held out of its turn", rebooked(bonus, held));
    found(spent_, "takes from bought out of its turn", rebooked(bonus, bought));
    found(withdrawn_, "takes from bonus out of its turn", rebooked(earned, bonus));
    found(withdrawn_, "takes from bought out of its turn", rebooked(earned, bought));
    found(held_, "takes from bought out of its turn", rebooked(earned, bought));
    found(adjusted_, "takes from earned out of its turn", rebooked(bought, earned));
    found(granted_, "moves 0 at bonus, its kind and amounts say 30", rebooked(bonus, earned));
    found(deposited_, "moves 0 at bought, its kind and amounts say 1000", rebooked(bought, earned));
    // The bonus staked 30 of the 50, so 30 of the 40 are owed to it.
    found(paid_, "moves 0 at bonus, its kind and amounts say 30", rebooked(bonus, earned));
    found(prized_, "moves 0 at earned, its kind and amounts say 11", rebooked(earned, bonus));
    found(free_bet_, "moves 0 at stakes, its kind and amounts say 10",
          [](Transaction& one) { one.entries.clear(); });
}

TEST_F(Verify, nobody_spends_what_he_does_not_have) {
    expect_transaction_found(spent_, "a player's balance goes below zero", [](Transaction& one) {
        for (Entry& entry : one.entries) entry.amount.units *= 1000;
    });
}

// ---- what a wallet says of itself ---------------------------------------------------------------

TEST_F(Verify, a_wallet_is_the_sum_of_its_entries) {
    const auto found = [&](Sequence at, std::string_view words, auto forge) {
        expect_put_found<Wallet>(at, words, forge);
    };
    found(deposited_, "the wallet has 2000 in bought, its entries make 1000",
          [](Wallet& wallet) { wallet.at(AccountCode::bought).balance.units = 2000; });
    // A house account that no entry of the record touches.
    found(paid_, "the wallet has 1 in chain, its entries make 0",
          [](Wallet& wallet) { wallet.at(AccountCode::chain).balance.units = 1; });
    found(paid_, "the wallet's version of bought is wrong",
          [](Wallet& wallet) { wallet.at(AccountCode::bought).version += 1; });
    found(paid_, "the wallet's pointer to the last entry of bought is wrong",
          [](Wallet& wallet) { wallet.at(AccountCode::bought).last = 1; });
    found(paid_, "the wallet's count of movements is wrong",
          [](Wallet& wallet) { wallet.applied.length += 1; });
    found(paid_, "the wallet's trail does not begin here",
          [](Wallet& wallet) { wallet.applied.marks[0] -= 1; });
    found(paid_, "the wallet's trail skips a movement",
          [](Wallet& wallet) { wallet.applied.marks[1] -= 1; });
    found(paid_, "the wallet's trail has a milestone in the wrong place",
          [](Wallet& wallet) { wallet.applied.marks[2] = 1; });
    found(paid_, "the wallet's trail has a milestone in the wrong place",
          [](Wallet& wallet) { wallet.applied.marks[3] = 1; });
    found(paid_, "a movement changes the wallet's trail of refusals and tombstones",
          [](Wallet& wallet) { wallet.unapplied.extend(3); });
    found(paid_, "the wallet's times are wrong", [](Wallet& wallet) { wallet.created -= 1; });
    found(paid_, "the wallet's times are wrong", [](Wallet& wallet) { wallet.modified -= 1; });
    found(paid_, "the wallet's sum on the chain is wrong",
          [](Wallet& wallet) { wallet.on_chain.units = 5; });
    found(held_, "the wallet's count of withdrawals on their way is wrong",
          [](Wallet& wallet) { wallet.withdrawals_in_flight = 0; });
    found(paid_, "what the wallet says of its last withdrawal is wrong",
          [](Wallet& wallet) { wallet.transaction_error = true; });
    found(paid_, "its wallet is another player's or of another currency",
          [](Wallet& wallet) { wallet.player = "bob"; });
    found(paid_, "its wallet is another player's or of another currency",
          [](Wallet& wallet) { wallet.currency = of_nobody; });
}

TEST_F(Verify, a_refusal_and_a_tombstone_lengthen_their_trail_and_change_nothing_else) {
    for (const Sequence at : {refused_, buried_}) {
        const auto found = [&](std::string_view words, auto forge) {
            expect_put_found<Wallet>(at, words, forge);
        };
        constexpr std::string_view off =
            "the wallet's trail of refusals and tombstones does not go on here";
        found(off, [](Wallet& wallet) { wallet.unapplied.length += 1; });
        found(off, [](Wallet& wallet) { wallet.unapplied.marks[0] -= 1; });
        found(off, [](Wallet& wallet) { wallet.unapplied.marks[1] += 1; });
        found(off, [](Wallet& wallet) { wallet.unapplied.marks[2] += 1; });
        found(off, [](Wallet& wallet) { wallet.unapplied.marks[3] += 1; });
        constexpr std::string_view changes = "a refusal or a tombstone changes its wallet";
        found(changes, [](Wallet& wallet) { wallet.at(AccountCode::bought).balance.units += 1; });
        found(changes, [](Wallet& wallet) { wallet.applied.extend(3); });
        found(changes, [](Wallet& wallet) { wallet.modified += 1; });
        found("its wallet is another player's or of another currency",
              [](Wallet& wallet) { wallet.player = "bob"; });
        expect_found(at, "a refusal or a tombstone without its wallet",
                     [](Change& change) { drop_puts<Wallet>(change); });
    }
}

TEST_F(Verify, what_limits_count_is_counted_again) {
    const auto found = [&](Sequence at, std::string_view words, auto forge) {
        expect_put_found<Wallet>(at, words, forge);
    };
    constexpr std::string_view wrong = "what the wallet counts for its limits is wrong";
    found(wagered_, wrong, [](Wallet& wallet) { wallet.spending.wagered_today = {}; });
    found(wagered_, wrong, [](Wallet& wallet) { wallet.spending.wagered_this_week = {}; });
    found(paid_, wrong, [](Wallet& wallet) { wallet.spending.returned_today = {}; });
    found(paid_, wrong, [](Wallet& wallet) { wallet.spending.returned_this_week = {}; });
    found(granted_, wrong, [](Wallet& wallet) { wallet.spending.granted_today.units = 1; });
    found(rolled_back_, wrong, [](Wallet& wallet) { wallet.spending.wagered_today.units += 5; });
    found(prized_, wrong, [](Wallet& wallet) { wallet.spending.returned_today.units += 11; });
    found(free_bet_, wrong, [](Wallet& wallet) { wallet.spending.wagered_today.units += 10; });
    found(paid_, "the wallet counts another day or week than its own",
          [](Wallet& wallet) { wallet.spending.day += 1; });
    found(paid_, "the wallet counts another day or week than its own",
          [](Wallet& wallet) { wallet.spending.week += 1; });
}

TEST_F(Verify, a_wallet_changes_with_a_transaction_and_with_one_only) {
    expect_found(paid_, "an applied transaction without its wallet",
                 [](Change& change) { drop_puts<Wallet>(change); });
    expect_found(paid_, "one movement of two wallets, rounds, budgets or withdrawals",
                 [](Change& change) { change.puts.push_back(change.puts.back()); });
    expect_found(promoted_, "a wallet changes without a transaction", [&](Change& change) {
        auto wallet = std::make_shared<Wallet>();
        wallet->tenant = tenant;
        wallet->player = "alice";
        wallet->currency = eur;
        change.puts.emplace_back(Ptr<Wallet>(wallet));
    });
}

// ---- rounds -------------------------------------------------------------------------------------

TEST_F(Verify, a_rounds_figures_are_the_sums_of_its_movements) {
    constexpr std::string_view wrong = "the round's figures are not the sums of its movements";
    const auto found = [&](Sequence at, std::string_view words, auto forge) {
        expect_put_found<Round>(at, words, forge);
    };
    found(wagered_, wrong, [](Round& round) { round.wagered.units += 1; });
    found(wagered_, wrong, [](Round& round) { round.wagers += 1; });
    found(wagered_, wrong, [](Round& round) { round.live_wagers += 1; });
    found(wagered_, wrong, [](Round& round) { round.bonus_staked = {}; });
    found(paid_, wrong, [](Round& round) { round.paid.units += 1; });
    found(paid_, wrong, [](Round& round) { round.payouts += 1; });
    found(paid_, wrong, [](Round& round) { round.bonus_staked.units = 1; });
    found(rolled_back_, wrong, [](Round& round) { round.rolled_back.units += 1; });
    found(rolled_back_, wrong, [](Round& round) { round.live_wagers += 1; });
    found(last_of_round_, "the round's list of live wagers is wrong",
          [](Round& round) { round.live.pop_back(); });
    constexpr std::string_view history = "what the round says of its history is wrong";
    found(paid_, history, [](Round& round) { round.opened -= 1; });
    found(paid_, history, [](Round& round) { round.opened_by -= 1; });
    found(paid_, history, [](Round& round) { round.latest -= 1; });
    found(paid_, history, [](Round& round) { round.game = "another"; });
    found(paid_, history, [](Round& round) { round.currency = of_nobody; });
    found(closed_, history, [](Round& round) { round.closed -= 1; });
    expect_found(second_, "its round does not know of it",
                 [](Change& change) { drop_puts<Round>(change); });
    expect_found(prized_, "a movement without a round touches one", [&](Change& change) {
        auto round = std::make_shared<Round>();
        round->player = "alice";
        change.puts.emplace_back(Ptr<Round>(round));
    });
}

TEST_F(Verify, a_closed_round_is_over) {
    const auto close = [](Change& change) {
        forge_put<Round>(change, [&](Round& round) {
            round.state = RoundState::closed;
            round.closed = change.time;
        });
    };
    const auto record = [](Sequence at, std::string_view words) {
        return "record " + std::to_string(at) + ": " + std::string(words) + "\n";
    };
    // Closed one movement before, so that what comes after could not have been.
    const std::string paid =
        heard_with_chain([&](ForgedBooks& books) { close(books.changes()[wagered_ - 1]); });
    EXPECT_NE(paid.find(record(paid_, "a payout or rollback in a closed round")), paid.npos);
    EXPECT_NE(paid.find(record(paid_, "a closed round is open again")), paid.npos) << paid;
    const std::string played =
        heard_with_chain([&](ForgedBooks& books) { close(books.changes()[second_ - 1]); });
    EXPECT_NE(played.find(record(last_of_round_, "a wager in a closed round")), played.npos);
    expect_found(rolled_back_, "a round is closed by a movement that cannot close it", close);
}

TEST_F(Verify, a_round_pays_what_was_staked_and_takes_back_only_the_latest) {
    expect_transaction_found(paid_, "pays out of a round without a live wager",
                             [](Transaction& one) { one.round = "r9"; });
    expect_transaction_found(rolled_back_, "takes back a wager that is not the latest of its round",
                             [&](Transaction& one) {
                                 one.reverses = second_;
                                 one.reference = "w2";
                             });
    expect_transaction_found(rolled_back_, "takes back a wager of a round that was paid out",
                             [&](Transaction& one) {
                                 one.reverses = wagered_;
                                 one.reference = "w1";
                             });
}

TEST_F(Verify, a_round_is_closed_by_hand_once_and_changes_in_nothing_else) {
    const auto opened = store_->change(second_);
    CloseRound close;
    close.tenant = tenant;
    close.opened_by = second_;
    close.opened = opened->time;
    ASSERT_TRUE(perform(close).done());
    const Sequence by_hand = store_->end().sequence;
    ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    expect_put_found<Round>(by_hand, "the round's figures are not the sums of its movements",
                            [](Round& round) { round.paid.units += 1; });
    expect_put_found<Round>(by_hand, "a closed round is open again",
                            [](Round& round) { round.state = RoundState::open; });
    expect_put_found<Round>(by_hand, "a round without a movement",
                            [](Round& round) { round.id = "never seen"; });
}

}  // namespace
}  // namespace coffer
