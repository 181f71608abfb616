// Whatever a Change holds comes back from its bytes, and no other bytes are taken.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/field_filler.h"
#include "store/history_sample.h"

namespace coffer {
namespace {

// Field by field where the bytes might hide a difference: what the format leaves out.
void expect_same(const Change& left, const Change& right) {
    ASSERT_EQ(left.sequence, right.sequence);
    ASSERT_EQ(left.time, right.time);
    ASSERT_EQ(left.previous_hash, right.previous_hash);
    ASSERT_EQ(left.transaction != nullptr, right.transaction != nullptr);
    if (left.transaction) {
        ASSERT_EQ(left.transaction->player, right.transaction->player);
        ASSERT_EQ(left.transaction->reason, right.transaction->reason);
        ASSERT_EQ(left.transaction->entries.size(), right.transaction->entries.size());
        for (std::size_t at = 0; at < left.transaction->entries.size(); ++at) {
            const Entry& wrote = left.transaction->entries[at];
            const Entry& read = right.transaction->entries[at];
            ASSERT_EQ(wrote.account, read.account);
            ASSERT_EQ(wrote.amount, read.amount);
            ASSERT_EQ(wrote.balance_after, read.balance_after);
            ASSERT_EQ(wrote.version, read.version);
            ASSERT_EQ(wrote.previous, read.previous);
        }
    }
    ASSERT_EQ(left.puts.size(), right.puts.size());
    for (std::size_t at = 0; at < left.puts.size(); ++at) {
        ASSERT_EQ(describe(left.puts[at]), describe(right.puts[at])) << "put " << at;
    }
    ASSERT_EQ(describe(left), describe(right));
}

RC_GTEST_PROP(RecordCodec, WhatIsWrittenIsReadBack, (std::uint64_t seed)) {
    const Change change = arbitrary_change(seed);
    const Result<Change> read = decode(describe(change));
    RC_ASSERT(read.has_value());
    expect_same(change, *read);
    RC_ASSERT(!testing::Test::HasFatalFailure());
}

RC_GTEST_PROP(RecordCodec, NothingShorterOrLongerIsTaken, (std::uint64_t seed)) {
    const std::string bytes = describe(arbitrary_change(seed));
    const std::size_t step = 1 + bytes.size() / 200;
    for (std::size_t size = 0; size < bytes.size(); size += step) {
        // A copy of exactly that size, so that a sanitiser sees the byte behind it being read.
        const std::string cut(bytes, 0, size);
        RC_ASSERT(!decode(cut).has_value());
    }
    RC_ASSERT(!decode(bytes + '\0').has_value());
}

RC_GTEST_PROP(RecordCodec, AChangedByteIsRefusedOrIsAnotherChangeExactly, (std::uint64_t seed)) {
    FieldFiller random(seed);
    std::string bytes = describe(arbitrary_change(seed));
    for (int flips = 0; flips < 20; ++flips) {
        std::string changed = bytes;
        changed[random.below(changed.size())] ^= static_cast<char>(1 << random.below(8));
        const Result<Change> read = decode(changed);
        if (read) RC_ASSERT(describe(*read) == changed);
    }
}

// The bytes in the example of docs/STORE_FORMAT.md: the words in front of each line's comment.
std::string documented_bytes() {
    const auto page = std::filesystem::path(COFFER_SOURCE_DIR) / "docs/STORE_FORMAT.md";
    std::ifstream file(page);
    std::string line;
    while (std::getline(file, line) && line != "## An example") continue;
    while (std::getline(file, line) && line != "```") continue;
    std::string bytes;
    while (std::getline(file, line) && line != "```") {
        const std::string_view two_digits = "0123456789abcdef";
        for (std::size_t at = 0; at + 1 < line.size(); at += 3) {
            const auto high = two_digits.find(line[at]);
            const auto low = two_digits.find(line[at + 1]);
            if (high == std::string_view::npos || low == std::string_view::npos) break;
            bytes.push_back(static_cast<char>(high << 4 | low));
            if (at + 2 >= line.size() || line[at + 3] == ' ') break;
        }
    }
    return bytes;
}

TEST(RecordCodec, TheDocumentedExampleIsWhatIsWritten) {
    constexpr Time now = 1'700'000'000'000'000;
    auto transaction = std::make_shared<Transaction>();
    transaction->sequence = 7;
    transaction->time = now;
    transaction->tenant = 1;
    transaction->integration = 2;
    transaction->player = "0189aa00-1234-4abc-8def-0123456789ab";
    transaction->currency = 3;
    transaction->group = KeyGroup::rgs;
    transaction->external_id = "bet-1";
    transaction->amount = Amount{250};
    transaction->round = "r1";
    transaction->entries = {{AccountCode::earned, Amount{-250}, Amount{750}, 2, 5},
                            {AccountCode::stakes, Amount{250}, Amount{250}, 1, 0}};
    auto wallet = std::make_shared<Wallet>();
    wallet->tenant = 1;
    wallet->player = transaction->player;
    wallet->currency = 3;
    wallet->at(AccountCode::earned) = {Amount{750}, 2, 7};
    wallet->at(AccountCode::stakes) = {Amount{250}, 1, 7};
    wallet->at(AccountCode::cashier) = {Amount{-1000}, 1, 5};
    wallet->applied = {.length = 2, .marks = {7, 5, 0, 0}};
    wallet->created = now - second_us;
    wallet->modified = now;
    Change change{
        .sequence = 7, .time = now, .transaction = transaction, .puts = {Ptr<Wallet>(wallet)}};
    change.previous_hash.fill(0xaa);
    EXPECT_EQ(to_hex(describe(change)), to_hex(documented_bytes()));
}

TEST(RecordCodec, AChangeIsWrittenInTheOldestFormatThatCanSayIt) {
    Change change{.sequence = 1, .time = 1};
    change.puts = {std::make_shared<const Withdrawal>(Withdrawal{.requested_by = 1})};
    std::string bytes = describe(change);
    EXPECT_EQ(bytes[0], 2);
    bytes[0] = 3;
    EXPECT_FALSE(decode(bytes)) << "there is one way to write it";
    bytes[0] = 1;
    EXPECT_NE(decode(bytes).error().detail.find("no longer knows"), std::string::npos);
    change.puts.emplace_back(std::make_shared<const Settlement>(Settlement{.withdrawal = 1}));
    bytes = describe(change);
    EXPECT_EQ(bytes[0], 3);
    EXPECT_TRUE(decode(bytes));
    bytes[0] = 2;
    EXPECT_FALSE(decode(bytes));
    change.puts.emplace_back(std::make_shared<const DepositRoot>());
    bytes = describe(change);
    EXPECT_EQ(bytes[0], 4);
    EXPECT_TRUE(decode(bytes));
    bytes[0] = 3;
    EXPECT_FALSE(decode(bytes));
    change.puts.emplace_back(std::make_shared<const ChainTransfer>());
    bytes = describe(change);
    EXPECT_EQ(bytes[0], 5);
    EXPECT_TRUE(decode(bytes));
}

TEST(RecordCodec, ANewerFormatIsNamed) {
    std::string bytes = describe(arbitrary_change(1));
    bytes[0] = change_format_version + 1;
    const Result<Change> read = decode(bytes);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().detail.find("newer"), std::string::npos);
}

TEST(RecordCodec, AUuidIsSixteenBytesAndOnlyInItsUsualSpelling) {
    EXPECT_TRUE(pack_uuid("0189aa00-1234-4abc-8def-0123456789ab"));
    EXPECT_FALSE(pack_uuid("0189AA00-1234-4abc-8def-0123456789ab"));
    EXPECT_FALSE(pack_uuid("0189aa0001234-4abc-8def-0123456789ab"));
    EXPECT_FALSE(pack_uuid("0189aa00-1234-4abc-8def-0123456789a"));
    std::string text;
    unpack_uuid(*pack_uuid("0189aa00-1234-4abc-8def-0123456789ab"), text);
    EXPECT_EQ(text, "0189aa00-1234-4abc-8def-0123456789ab");
}

TEST(RecordCodec, AnOverlongNumberIsRefused) {
    // Sequence 1 as 0x01 and as 0x81 0x00.
    std::string bytes = describe(Change{.sequence = 1});
    ASSERT_EQ(bytes[1], 1);
    ASSERT_TRUE(decode(bytes));
    bytes.replace(1, 1, std::string("\x81\x00", 2));
    EXPECT_FALSE(decode(bytes));
}

TEST(RecordCodec, ATextLongerThanTheRecordIsRefused) {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = "four";
    Change change{.sequence = 1, .puts = {Ptr<Tenant>(tenant)}};
    std::string bytes = describe(change);
    const std::size_t at = bytes.find("four") - 1;
    ASSERT_EQ(bytes[at], 6);
    bytes[at] = 0x7f;
    EXPECT_FALSE(decode(bytes));
}

// The texts are as long as those that providers send: 36, 87, 79 and 36 bytes, of which the format
// keeps 198. 32 are the hash of the record before; the rest is the wallet, the round, two entries.
TEST(RecordCodec, AWagerTakesNoMoreThanItsTextsAndAHundredAndFiftyBytes) {
    HistorySample history({.seed = 4, .players = 50, .directory_percent = 0}, {});
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (const Change& change : history.next(2000)) {
        if (change.transaction->kind == TransactionKind::rollback) continue;
        EXPECT_EQ(change.transaction->external_id.size(), 87U);
        bytes += describe(change).size();
        ++count;
    }
    EXPECT_LT(bytes / count, 198U + 150U);
}

TEST(FindIn, TheOwnKeyIsImplied) {
    HistorySample history({.directory_percent = 0}, {});
    const KeyMaker keys(SecretKey16{1});
    const Change change = history.next(1).front();
    const Record found = find_in(change, keys.of(*change.transaction), keys);
    const auto& key = *std::get<Ptr<Key>>(found);
    EXPECT_EQ(key.state, KeyState::applied);
    EXPECT_EQ(key.original, change.sequence);
    EXPECT_EQ(key.external_id, change.transaction->external_id);
    EXPECT_EQ(key.transaction, change.transaction);
    EXPECT_EQ(keys.of(found), keys.of(*change.transaction));
}

TEST(FindIn, ATransactionWithoutAnIdIsNamedByItsNumber) {
    const KeyMaker keys(SecretKey16{1});
    auto transaction = std::make_shared<Transaction>();
    transaction->sequence = 77;
    transaction->tenant = 1;
    transaction->player = "p";
    transaction->status = TransactionStatus::refused;
    const Change change{.sequence = 77, .transaction = transaction};
    const RecordKey wanted =
        keys.key({.tenant = 1, .player = "p", .group = KeyGroup::self, .external_id = "77"});
    const Record found = find_in(change, wanted, keys);
    EXPECT_EQ(std::get<Ptr<Key>>(found)->state, KeyState::refused);
    EXPECT_EQ(keys.of(found), wanted);
}

TEST(FindIn, OfSeveralPutsOfARecordTheLastCounts) {
    const KeyMaker keys(SecretKey16{1});
    const auto named = [](const char* name) {
        auto tenant = std::make_shared<Tenant>();
        tenant->id = 1;
        tenant->name = name;
        return Ptr<Tenant>(tenant);
    };
    const Change change{.sequence = 1, .puts = {named("first"), named("second")}};
    EXPECT_EQ(std::get<Ptr<Tenant>>(find_in(change, keys.tenant(1), keys))->name, "second");
    EXPECT_TRUE(std::holds_alternative<std::monostate>(find_in(change, keys.tenant(2), keys)));
}

TEST(KeyMaker, DifferentNamesHaveDifferentTextsAndTheKindInFront) {
    const KeyMaker keys(SecretKey16{1});
    const RecordKey first = keys.wallet(1, "ab", 3);
    EXPECT_EQ(first.hash[0], static_cast<std::uint8_t>(RecordKind::wallet));
    EXPECT_EQ(first, keys.wallet(1, "ab", 3));
    EXPECT_NE(first.text, keys.wallet(1, "a", 3).text);
    // Where one part ends and the next begins is part of the text.
    EXPECT_NE(keys.round({1, 2, 3, "ab", "c"}).text, keys.round({1, 2, 3, "a", "bc"}).text);
    EXPECT_NE(keys.session(SessionKind::rgs_session, Digest{}).text,
              keys.session(SessionKind::player_token, Digest{}).text);
    EXPECT_NE(first.hash, KeyMaker(SecretKey16{2}).wallet(1, "ab", 3).hash);
}

}  // namespace
}  // namespace coffer
