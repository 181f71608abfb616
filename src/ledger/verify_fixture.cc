#include "ledger/verify_fixture.h"

#include <algorithm>

namespace coffer {

void ForgedBooks::hash_again() {
    end_ = {};
    for (Change& change : changes_) {
        change.previous_hash = end_.hash;
        std::string bytes;
        encode(change, bytes);
        end_ = {change.sequence, change.time, sha256(bytes)};
        Result<Change> stored = decode(bytes);
        ASSERT_TRUE(stored) << "record " << change.sequence << ": " << stored.error().detail;
        change = std::move(*stored);
    }
}

Result<Record> ForgedBooks::find(const RecordKey& key) const {
    if (index_errs) {
        if (auto wrong = index_errs(key)) return std::move(*wrong);
    }
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
        Record found = find_in(*change, key, keys_);
        if (std::holds_alternative<std::monostate>(found)) continue;
        const auto* id = std::get_if<Ptr<Key>>(&found);
        if (id == nullptr || (*id)->transaction) return found;
        Key whole = **id;
        if (const auto original = this->change(whole.original)) {
            whole.transaction = original->transaction;
        }
        return Record{std::make_shared<const Key>(std::move(whole))};
    }
    return Record{};
}

Result<Change> ForgedBooks::change(Sequence sequence) const {
    for (const Change& change : changes_) {
        if (change.sequence == sequence) return change;
    }
    return fail(ErrorCode::not_found, "no such record");
}

Result<void> ForgedBooks::upward(Sequence first, const Visit& visit) const {
    for (const Change& change : changes_) {
        if (change.sequence >= first && !visit(change)) break;
    }
    return {};
}

Result<void> ForgedBooks::downward(Sequence first, const Visit& visit) const {
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
        if (change->sequence <= first && !visit(*change)) break;
    }
    return {};
}

Result<void> ForgedBooks::each(RecordKind kind, const VisitRecord& visit) const {
    if (kind == lists_nothing_of) return {};
    std::vector<RecordKey> seen;
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
        for (const Record& put : change->puts) {
            const RecordKey key = keys_.of(put);
            const bool again = std::find(seen.begin(), seen.end(), key) != seen.end();
            if (key.kind != kind || again) continue;
            seen.push_back(key);
            if (!visit(put)) return {};
        }
    }
    if (kind == RecordKind::tenant && lists_a_stranger) {
        auto stranger = std::make_shared<Tenant>();
        stranger->id = 99;
        visit(Ptr<Tenant>(stranger));
    }
    return {};
}

// ---- the history --------------------------------------------------------------------------------

void Verify::SetUp() {
    open_chain();
    play_rounds();
    play_free_bet();
    move_cash();
    bury_by_another_id();
    ASSERT_EQ(heard([](ForgedBooks&) {}), "");
    ASSERT_EQ(heard_with_chain([](ForgedBooks&) {}), "");
}

Sequence Verify::made_by(const Outcome& outcome) const {
    EXPECT_TRUE(outcome.transaction);
    EXPECT_FALSE(outcome.replay);
    return outcome.transaction ? outcome.transaction->sequence : 0;
}

Move Verify::cash(TransactionKind kind, long units) const {
    Move move;
    move.caller.tenant = tenant;
    move.caller.player.id = "alice";
    move.kind = kind;
    move.currency = eur;
    move.amount.units = units;
    return move;
}

// A currency of a chain, and where alice wants it paid out.
void Verify::open_chain() {
    perform(CreateCurrency{tenant, "TOK", "Token", 2, 18});
    ChangePlayer change;
    change.tenant = tenant;
    change.player = "alice";
    change.payout_address = "0x00000000000000000000000000000000000000aa";
    perform(change);
    player_ = latest();
}

void Verify::play_rounds() {
    deposited_ = made_by(deposit("alice", 1000));
    granted_ = made_by(perform(cash(TransactionKind::grant, 30)));
    wagered_ = made_by(perform(wager("alice", "w1", "r1", 50)));  // 30 of them from bonus
    paid_ = made_by(perform(payout("alice", "p1", "r1", 40)));    // which gets them back
    second_ = made_by(perform(wager("alice", "w2", "r2", 5)));
    last_of_round_ = made_by(perform(wager("alice", "w3", "r2", 5)));
    rolled_back_ = made_by(perform(rollback("alice", "w3", "r2", 5)));
    Move both = wager("alice", "b1", "r3", 20);
    both.kind = TransactionKind::wager_and_payout;
    both.payout.units = 7;
    both.closes_round = true;
    closed_ = made_by(perform(both));
    refused_ = made_by(perform(wager("alice", "w4", "r4", 99'999)));
    perform(rollback("alice", "w9", "r4", 1));
    buried_ = latest();
    perform(rollback("alice", "w4", "r4", 99'999));
    refused_and_buried_ = latest();
}

void Verify::play_free_bet() {
    Promotion promotion;
    promotion.tenant = tenant;
    promotion.player = "alice";
    promotion.id = "f1";
    promotion.currency = eur;
    promotion.budget.units = 30;
    EXPECT_TRUE(perform(CreatePromotion{promotion}).done());
    promoted_ = latest();
    Move bet = wager("alice", "f", "r5", 10);
    bet.promotion = "f1";
    bet.free_bet = true;
    free_bet_ = made_by(perform(bet));
    free_bet_back_ = made_by(perform(rollback("alice", "f", "r5", 10)));
}

void Verify::move_cash() {
    prized_ = made_by(perform(cash(TransactionKind::prize, 11)));
    spent_ = made_by(perform(cash(TransactionKind::spend, 12)));
    withdrawn_ = made_by(perform(cash(TransactionKind::withdraw, 3)));
    adjusted_ = made_by(perform(cash(TransactionKind::adjust, -2)));
    Move won = cash(TransactionKind::prize, 500);
    won.currency = token;
    perform(won);
    Move out = cash(TransactionKind::withdraw, 400);
    out.currency = token;
    held_ = made_by(perform(out));
    Move back = cash(TransactionKind::reversal, 0);
    back.reverses = made_by(deposit("alice", 1));
    back.reverses_time = store_->change(back.reverses)->time;
    reversed_ = made_by(perform(back));
}

// In the integrator's way, where a rollback has an id of its own.
void Verify::bury_by_another_id() {
    OpenSession open;
    open.caller.tenant = tenant;
    open.caller.player.id = "alice";
    open.session.kind = SessionKind::launch_token;
    open.session.integration = integrator;
    open.session.currency = eur;
    open.session.digest = sha256("token");
    open.session.authenticated = true;
    EXPECT_TRUE(perform(open).done());
    Move undo = wager("alice", "x1", "ri", 8);
    undo.caller.integration = integrator;
    undo.caller.player.site = 1;
    undo.caller.session = sha256("token");
    undo.caller.session_kind = SessionKind::launch_token;
    undo.provider = 1;
    undo.kind = TransactionKind::rollback;
    undo.group = KeyGroup::integrator_rollback;
    undo.reference_group = KeyGroup::integrator_debit;
    undo.reference = "d1";
    perform(undo);
    undo.external_id = "x2";
    perform(undo);
    marked_ = latest();
}

// ---- forgeries ----------------------------------------------------------------------------------

std::string Verify::heard(const std::function<void(ForgedBooks&)>& forge) {
    std::vector<Change> changes;
    EXPECT_TRUE(store_->upward(1, [&](const Change& change) {
        changes.push_back(change);
        return true;
    }));
    ForgedBooks books(store_->keys(), std::move(changes));
    books.hash_again();
    forge(books);
    const auto report = verify_books(books);
    if (!report) return "error: " + report.error().detail;
    std::string said;
    for (const std::string& mistake : report->mistakes) said += mistake + "\n";
    EXPECT_EQ(report->clean(), said.empty());
    return said;
}

std::string Verify::heard_with_chain(const std::function<void(ForgedBooks&)>& forge) {
    return heard([&](ForgedBooks& books) {
        forge(books);
        books.hash_again();
    });
}

void Verify::expect_found(Sequence at, std::string_view words,
                          const std::function<void(Change&)>& forge) {
    const std::string said =
        heard_with_chain([&](ForgedBooks& books) { forge(books.changes()[at - 1]); });
    const std::string line = "record " + std::to_string(at) + ": " + std::string(words) + "\n";
    EXPECT_NE(said.find(line), std::string::npos) << "expected: " << line << "heard: " << said;
}

void Verify::expect_transaction_found(Sequence at, std::string_view words,
                                      const std::function<void(Transaction&)>& forge) {
    expect_found(at, words, [&](Change& change) { forge_transaction(change, forge); });
}

void Verify::forge_transaction(Change& change, const std::function<void(Transaction&)>& forge) {
    ASSERT_TRUE(change.transaction);
    Transaction forged = *change.transaction;
    forge(forged);
    change.transaction = std::make_shared<const Transaction>(std::move(forged));
}

}  // namespace coffer
