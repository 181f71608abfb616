#include "base/uint256.h"

#include <gtest/gtest.h>

#include <random>

namespace coffer {
namespace {

const Uint256 greatest{*from_big_endian(std::string(32, '\xff'))};

TEST(Uint256, AddsWithCarriesAndSaysWhenItDoesNotFit) {
    const Uint256 limb{~std::uint64_t{0}};
    EXPECT_EQ(format_quantity(*add(limb, Uint256{1})), "0x10000000000000000");
    EXPECT_EQ(add(greatest, Uint256{}), greatest);
    EXPECT_FALSE(add(greatest, Uint256{1}));
}

TEST(Uint256, SubtractsWithBorrowsAndNeverGoesBelowZero) {
    const Uint256 power = *parse_quantity("0x1000000000000000000000000000000000000000000000000");
    EXPECT_EQ(format_quantity(*subtract(power, Uint256{1})),
              "0xffffffffffffffffffffffffffffffffffffffffffffffff");
    EXPECT_FALSE(subtract(Uint256{1}, Uint256{2}));
    EXPECT_EQ(subtract(greatest, greatest), Uint256{});
}

TEST(Uint256, MultiplicationAndDivisionAreEachOthersOpposite) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 10'000; ++round) {
        Uint256 value;
        for (std::uint64_t& limb : value.limbs) limb = random() >> random() % 64;
        value.limbs[3] >>= 32;
        const std::uint64_t by = (random() >> (32 + random() % 31)) + 1;
        const std::uint64_t rest = random() % by;
        const Uint256 whole = *add(*multiply(value, by), Uint256{rest});
        EXPECT_EQ(divide(whole, by), std::pair(value, rest));
        EXPECT_EQ(subtract(whole, Uint256{rest}), multiply(value, by));
    }
    EXPECT_FALSE(multiply(greatest, 2));
}

TEST(Uint256, IsWrittenWithoutNeedlessDigits) {
    EXPECT_EQ(format_quantity(Uint256{}), "0x0");
    EXPECT_EQ(format_quantity(Uint256{1024}), "0x400");
    EXPECT_EQ(to_minimal(Uint256{}), "");
    EXPECT_EQ(to_minimal(Uint256{0x0400}), std::string("\x04\x00", 2));
    EXPECT_EQ(format_decimal(greatest),
              "115792089237316195423570985008687907853269984665640564039457584007913129639935");
    EXPECT_EQ(parse_decimal(format_decimal(greatest)), greatest);
    EXPECT_FALSE(parse_decimal(format_decimal(greatest) + "0"));
    EXPECT_FALSE(parse_decimal("12a"));
}

TEST(Uint256, ReadsQuantitiesAndNothingElse) {
    EXPECT_EQ(parse_quantity("0x0041"), Uint256{65});
    EXPECT_EQ(parse_quantity("0xFf"), Uint256{255});
    EXPECT_EQ(parse_quantity("0x" + std::string(64, 'f')), greatest);
    for (const char* wrong : {"", "0x", "41", "0xg", "0x 1", "-0x1"}) {
        EXPECT_FALSE(parse_quantity(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_quantity("0x1" + std::string(64, '0')));
}

TEST(Uint256, ComparesAsNumbers) {
    EXPECT_LT(Uint256{~std::uint64_t{0}}, *parse_quantity("0x10000000000000000"));
    EXPECT_GT(greatest, *parse_quantity("0x" + std::string(63, 'f')));
    EXPECT_EQ(narrow(greatest), std::nullopt);
    EXPECT_EQ(narrow(Uint256{Uint128{5} << 64}), Uint128{5} << 64);
}

TEST(ChainUnits, AreTheSameAmountOrRefused) {
    EXPECT_EQ(format_decimal(*to_chain_units(Amount{12'34}, {.ledger = 2, .chain = 18})),
              "12340000000000000000");
    EXPECT_EQ(to_chain_units(Amount{1'500'000}, {.ledger = 6, .chain = 2}), Uint256{150});
    EXPECT_FALSE(to_chain_units(Amount{1'500'001}, {.ledger = 6, .chain = 2}));
    EXPECT_FALSE(to_chain_units(Amount{-1}, {.ledger = 2, .chain = 2}));
    EXPECT_FALSE(to_chain_units(Amount{1}, {.ledger = 0, .chain = 78}));
    EXPECT_EQ(to_amount(Uint256{150}, {.ledger = 6, .chain = 2}), Amount{1'500'000});
    EXPECT_FALSE(to_amount(Uint256{151}, {.ledger = 2, .chain = 4}));
    EXPECT_FALSE(to_amount(greatest, {.ledger = 2, .chain = 2}));
}

TEST(ChainUnits, OfTheGreatestAmountComeBack) {
    Int128 units = 1;
    for (int digit = 0; digit < amount_digits_max; ++digit) units *= 10;
    const Amount most{units - 1};
    const Scales scales{.ledger = 18, .chain = 36};
    EXPECT_EQ(to_amount(*to_chain_units(most, scales), scales), most);
    EXPECT_FALSE(to_amount(*add(*to_chain_units(most, {}), Uint256{1}), {}));
}

TEST(Uint256, UnitsAreTakenApartIntoWholeOnesAndARest) {
    const auto units = [](const char* text) { return *parse_decimal(text); };
    const auto some = split_units(units("12345678901234567"), {.ledger = 2, .chain = 16});
    ASSERT_TRUE(some);
    EXPECT_EQ(some->whole, Amount{123});
    EXPECT_EQ(format_decimal(some->rest), "45678901234567");
    const auto dust = split_units(units("9999"), {.ledger = 2, .chain = 6});
    ASSERT_TRUE(dust);
    EXPECT_EQ(dust->whole, Amount{});
    EXPECT_EQ(format_decimal(dust->rest), "9999");
    const auto finer = split_units(units("7"), {.ledger = 4, .chain = 2});
    ASSERT_TRUE(finer);
    EXPECT_EQ(finer->whole, Amount{700});
    EXPECT_TRUE(finer->rest.is_zero());
    EXPECT_FALSE(split_units(greatest, {.ledger = 18, .chain = 18}));
    const auto huge = split_units(greatest, {.ledger = 0, .chain = 77});
    ASSERT_TRUE(huge);
    EXPECT_EQ(huge->whole, Amount{1});
}

}  // namespace
}  // namespace coffer
