// Deposits from a chain: whose address is whose, and that a transfer is worth what was sent, once.

#include "ledger/deposit_fixture.h"

namespace coffer {
namespace {

class Depositing : public DepositingWorld<World> {
protected:
    Depositing() { open_deposits(); }
    Outcome withdraw_all() {
        const auto asked = perform(cash_of(TransactionKind::withdraw, 0)).withdrawal;
        EXPECT_TRUE(asked);
        Reports one = reports(asked);
        EXPECT_TRUE(perform(hold("one")).done());
        const ChainAttempt pays = attempt("pays " + std::to_string(asked->requested_by));
        const auto nonce = perform(hold("one")).hot_wallet->next_nonce;
        one.perform(one.sign(nonce, pays));
        one.perform(WithdrawalState::broadcast);
        one.perform(one.mine(pays));
        one.perform(WithdrawalState::final_);
        return one.perform(WithdrawalState::completed);
    }
};

TEST_F(Depositing, a_player_has_one_address_and_nobody_else_has_it) {
    const Outcome first = perform(ask("alice"));
    ASSERT_TRUE(first.done() && first.created);
    const auto& given = *std::get<Ptr<DepositAddress>>(first.records[0]);
    EXPECT_EQ(given.index, 0U);
    EXPECT_EQ(given.address, format_chain_address(*address_of(*child_of(test_root(), 0))));
    EXPECT_EQ(std::get<Ptr<DepositWatch>>(first.records[1])->contract, contract);
    const Outcome again = perform(ask("alice"));
    ASSERT_TRUE(again.done() && !again.created);
    EXPECT_EQ(std::get<Ptr<DepositAddress>>(again.records[0])->address, given.address);
    const Outcome other = perform(ask("bob"));
    EXPECT_EQ(std::get<Ptr<DepositAddress>>(other.records[0])->index, 1U);
    EXPECT_NE(address_of_player("bob"), given.address);
    EXPECT_EQ(owner_of(given.address)->player, "alice");
    EXPECT_EQ(owner_of(payout_address), nullptr);
    expect_clean();
}

TEST_F(Depositing, addresses_that_are_asked_for_at_once_are_different) {
    const auto given = perform_at_once(std::vector<Intent>{ask("alice"), ask("bob"), ask("alice")});
    const auto address = [&](std::size_t at) {
        return std::get<Ptr<DepositAddress>>(given[at].records.at(0))->address;
    };
    EXPECT_NE(address(0), address(1));
    EXPECT_EQ(address(0), address(2));
    EXPECT_FALSE(given[2].created);
    expect_clean();
}

TEST_F(Depositing, no_address_for_whom_or_what_is_unknown_or_not_looked_at) {
    EXPECT_EQ(perform(ask("nobody")).decline, Decline::player_unknown);
    GiveDepositAddress wrong = ask("alice");
    wrong.currency = eur;
    EXPECT_EQ(perform(wrong).decline, Decline::not_permitted);
    wrong = ask("alice");
    wrong.tenant = 2;
    EXPECT_EQ(perform(wrong).decline, Decline::player_unknown);
}

TEST_F(Depositing, the_root_is_one_for_ever) {
    EXPECT_TRUE(perform(OpenDeposits{test_root()}).done());
    EXPECT_EQ(perform(OpenDeposits{test_root("quite another seed")}).decline, Decline::exists);
    EXPECT_EQ(perform(OpenDeposits{}).decline, Decline::invalid);
    WatchDeposits other = watch();
    EXPECT_FALSE(perform(other).created);
    other.contract = payout_address;
    EXPECT_EQ(perform(other).decline, Decline::exists);
    other = watch();
    other.chain = 1;
    EXPECT_EQ(perform(other).decline, Decline::exists);
    other.currency = 77;
    EXPECT_EQ(perform(other).decline, Decline::not_found);
    expect_clean();
}

TEST_F(Depositing, what_came_is_bought_and_is_on_the_chain) {
    const std::string address = address_of_player("alice");
    const Outcome credited = perform(transfer(address, "12340000000000000000"));
    ASSERT_TRUE(credited.done() && credited.created);
    EXPECT_EQ(deposit_in(credited).amount, Amount{12'34});
    EXPECT_EQ(deposit_in(credited).rest, "0");
    EXPECT_EQ(deposit_in(credited).player, "alice");
    ASSERT_TRUE(credited.transaction);
    EXPECT_EQ(credited.transaction->kind, TransactionKind::deposit);
    EXPECT_EQ(credited.transaction->reference, "0x" + to_hex(view(sha256("transaction 1"))));
    EXPECT_EQ(in(AccountCode::bought), Amount{12'34});
    EXPECT_EQ(in(AccountCode::chain), Amount{-12'34});
    EXPECT_EQ(wallet_of_player("alice")->on_chain, Amount{12'34});
    expect_clean();
}

TEST_F(Depositing, a_transfer_counts_once_whoever_reports_it) {
    const std::string address = address_of_player("alice");
    const RecordDeposit report = transfer(address, "5000000000000000000");
    const auto outcomes = perform_at_once(
        std::vector<Intent>{report, report, transfer(address, "10000000000000000", 2)});
    EXPECT_TRUE(outcomes[0].created);
    EXPECT_TRUE(outcomes[1].done() && !outcomes[1].created);
    EXPECT_TRUE(outcomes[2].created);
    clock_.advance(400 * day_us);
    RecordDeposit later = report;
    later.deposit.units = "7000000000000000000";
    later.deposit.block = 99;
    const Outcome again = perform(later);
    EXPECT_TRUE(again.done() && !again.created);
    EXPECT_EQ(deposit_in(again).amount, Amount{5'00}) << "the first one's";
    EXPECT_EQ(in(AccountCode::bought), Amount{5'01});
    // Another event of the same transaction is another transfer.
    later.deposit.log_index = 4;
    EXPECT_TRUE(perform(later).created);
    EXPECT_EQ(in(AccountCode::bought), Amount{12'01});
    expect_clean();
}

TEST_F(Depositing, what_is_no_whole_unit_is_kept_aside_where_everybody_sees_it) {
    const std::string address = address_of_player("alice");
    const Outcome split = perform(transfer(address, "1239999999999999999"));
    EXPECT_EQ(deposit_in(split).amount, Amount{1'23});
    EXPECT_EQ(deposit_in(split).rest, "9999999999999999");
    const Outcome dust = perform(transfer(address, "7", 2));
    ASSERT_TRUE(dust.done() && dust.created);
    EXPECT_EQ(deposit_in(dust).amount, Amount{});
    EXPECT_EQ(deposit_in(dust).rest, "7");
    EXPECT_FALSE(dust.transaction);
    EXPECT_FALSE(perform(transfer(address, "7", 2)).created);
    EXPECT_EQ(in(AccountCode::bought), Amount{1'23});
    // More than 38 digits.
    const std::string huge = "9" + std::string(60, '0');
    const Outcome aside = perform(transfer(address, huge, 3));
    EXPECT_EQ(deposit_in(aside).rest, huge);
    EXPECT_FALSE(aside.transaction);
    // What fits by itself but not with what is there.
    const std::string most = std::string(38, '9') + std::string(16, '0');
    const Outcome no_room = perform(transfer(address, most, 4));
    ASSERT_TRUE(no_room.done() && no_room.created);
    EXPECT_EQ(deposit_in(no_room).rest, most);
    EXPECT_EQ(in(AccountCode::bought), Amount{1'23});
    EXPECT_EQ(perform(transfer(address, "0", 5)).decline, Decline::invalid);
    EXPECT_EQ(perform(transfer(address, "1x", 5)).decline, Decline::invalid);
    RecordDeposit wrong = transfer(address, "1", 5);
    wrong.deposit.decimals = 6;
    EXPECT_EQ(perform(wrong).decline, Decline::invalid);
    expect_clean();
}

TEST_F(Depositing, is_refused_to_an_address_of_nobody_or_of_another_tenant) {
    const std::string address = address_of_player("alice");
    RecordDeposit wrong = transfer(address, "1000000000000000000");
    wrong.deposit.address = payout_address;
    EXPECT_EQ(perform(wrong).decline, Decline::not_found);
    wrong = transfer(address, "1000000000000000000");
    AddressOwner liar = *wrong.owner;
    liar.player = "bob";
    wrong.owner = std::make_shared<const AddressOwner>(liar);
    EXPECT_EQ(perform(wrong).decline, Decline::not_found);
    wrong = transfer(address, "1000000000000000000");
    wrong.deposit.chain = 1;
    EXPECT_EQ(perform(wrong).decline, Decline::not_found) << "not the chain that is looked at";
    perform(CreateTenant{"t-two", "two"});
    perform(CreateCurrency{2, "TOK", "Token", 2, 18});
    WatchDeposits foreign = watch();
    foreign.currency = token + 1;
    EXPECT_TRUE(perform(foreign).created);
    wrong = transfer(address, "1000000000000000000");
    wrong.deposit.currency = token + 1;
    EXPECT_EQ(perform(wrong).decline, Decline::not_found);
    EXPECT_EQ(wallet_of_player("alice"), nullptr);
    GiveDepositAddress across = ask("alice");
    across.currency = token + 1;
    EXPECT_EQ(perform(across).decline, Decline::not_permitted);
    expect_clean();
}

TEST_F(Depositing, a_blocked_player_is_credited_and_it_cannot_be_taken_back) {
    const std::string address = address_of_player("alice");
    ChangePlayer block{.tenant = tenant, .player = "alice", .blocked = true};
    ASSERT_TRUE(perform(block).done());
    const Outcome credited = perform(transfer(address, "1000000000000000000"));
    ASSERT_TRUE(credited.transaction);
    Move back = cash_of(TransactionKind::reversal, 0);
    back.group = KeyGroup::native_reversal;
    back.external_id = "r";
    back.reverses = credited.transaction->sequence;
    back.reverses_time = credited.transaction->time;
    EXPECT_EQ(perform(back).decline, Decline::not_permitted);
    EXPECT_EQ(in(AccountCode::bought), Amount{1'00});
    expect_clean();
}

TEST_F(Depositing, what_is_on_the_chain_is_what_came_less_what_of_it_went_back) {
    const std::string address = address_of_player("alice");
    perform(transfer(address, "10000000000000000000"));
    EXPECT_EQ(wallet_of_player("alice")->on_chain, Amount{10'00});
    // Winning 4.00 and sending it out takes 4.00 of the 10.00; then 8.00 more than is left.
    EXPECT_TRUE(perform(cash_of(TransactionKind::prize, 4'00)).done());
    ASSERT_TRUE(withdraw_all().done());
    EXPECT_EQ(wallet_of_player("alice")->on_chain, Amount{6'00});
    EXPECT_EQ(in(AccountCode::chain), Amount{-6'00});
    EXPECT_TRUE(perform(cash_of(TransactionKind::prize, 8'00)).done());
    ASSERT_TRUE(withdraw_all().done());
    EXPECT_EQ(wallet_of_player("alice")->on_chain, Amount{}) << "never less than nothing";
    perform(transfer(address, "1000000000000000000", 2));
    EXPECT_EQ(wallet_of_player("alice")->on_chain, Amount{1'00});
    expect_clean();
}

TEST_F(Depositing, a_watch_goes_forward_from_where_it_is) {
    const MoveWatch on{.currency = token, .from = 10, .to = 20};
    EXPECT_TRUE(perform(on).done());
    EXPECT_EQ(perform(on).decline, Decline::conflict);
    EXPECT_EQ(perform(MoveWatch{token, 20, 20}).decline, Decline::invalid);
    EXPECT_EQ(perform(MoveWatch{token, 20, 19}).decline, Decline::invalid);
    EXPECT_EQ(perform(MoveWatch{eur, 20, 21}).decline, Decline::not_found);
    const Outcome known = perform(ReadDeposits{.currencies = {token, eur}});
    ASSERT_EQ(known.records.size(), 3U);
    EXPECT_EQ(std::get<Ptr<DepositWatch>>(known.records[1])->next_block, 20U);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(known.records[2]));
    EXPECT_EQ(std::get<Ptr<DepositWatch>>(perform(watch(99)).records[0])->next_block, 20U);
    expect_clean();
}

TEST_F(Depositing, deposits_are_listed_newest_first_and_to_their_tenant) {
    const std::string alice = address_of_player("alice"), bob = address_of_player("bob");
    perform(transfer(alice, "1000000000000000000", 1));
    perform(transfer(bob, "2000000000000000000", 2));
    perform(transfer(alice, "3", 3));
    const Outcome all = perform(ListDeposits{.tenant = tenant, .limit = 2});
    ASSERT_EQ(all.records.size(), 2U);
    EXPECT_EQ(deposit_in(all).rest, "3");
    ASSERT_NE(all.next, 0U);
    const Outcome rest = perform(ListDeposits{.tenant = tenant, .before = all.next});
    ASSERT_EQ(rest.records.size(), 1U);
    EXPECT_EQ(deposit_in(rest).amount, Amount{1'00});
    EXPECT_EQ(perform(ListDeposits{.tenant = tenant, .player = "bob"}).records.size(), 1U);
    EXPECT_TRUE(perform(ListDeposits{.tenant = 2}).records.empty());
    // A history shows where a movement came from.
    ListMovements history;
    history.caller.tenant = tenant;
    history.caller.player.id = "bob";
    const Outcome movements = perform(history);
    ASSERT_EQ(movements.movements.size(), 1U);
    ASSERT_TRUE(movements.movements[0].deposit);
    EXPECT_EQ(movements.movements[0].deposit->block, 12U);
}

}  // namespace
}  // namespace coffer
