#include "ledger/posting.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

constexpr Int128 most() {
    Int128 power = 1;
    for (int digit = 0; digit < amount_digits_max; ++digit) power *= 10;
    return power - 1;
}

// A wallet whose accounts, three full and three empty by as much, were all moved by one
// transaction.
struct Books {
    Transaction transaction;
    Wallet after;

    explicit Books(Int128 last) {
        transaction.sequence = 7;
        transaction.kind = TransactionKind::adjust;
        enter(AccountCode::bought, most());
        enter(AccountCode::earned, most());
        enter(AccountCode::bonus, most());
        enter(AccountCode::stakes, -most());
        enter(AccountCode::payouts, -most());
        enter(AccountCode::cashier, last);
    }
    void enter(AccountCode code, Int128 units) {
        after.at(code) = {.balance = {units}, .version = 1, .last = 7};
        transaction.entries.push_back(
            {.account = code, .amount = {units}, .balance_after = {units}, .version = 1});
    }
};

TEST(Audit, adds_up_what_128_bits_do_not_hold) {
    const Books books(-most());
    audit(books.transaction, books.after);
}

TEST(Audit, finds_one_unit_among_them) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const Books more(-most() + 1);
    EXPECT_DEATH(audit(more.transaction, more.after), "is_zero");
    const Books less(-most() - 1);
    EXPECT_DEATH(audit(less.transaction, less.after), "is_zero");
}

TEST(Audit, finds_what_the_lower_64_bits_do_not_show) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const Books books(-most() + (Int128{1} << 64));
    EXPECT_DEATH(audit(books.transaction, books.after), "is_zero");
}

}  // namespace
}  // namespace coffer
