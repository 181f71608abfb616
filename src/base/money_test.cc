#include "base/money.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>

namespace coffer {
namespace {

constexpr const char* nines_38 = "99999999999999999999999999999999999999";

Amount amount(std::string_view number, int scale) {
    const Result<Amount> result = parse_amount(number, scale);
    EXPECT_TRUE(result.has_value()) << number;
    return result.value_or(Amount{});
}

std::string fixed(std::string_view number, int scale) {
    return format_fixed(amount(number, scale), scale);
}

bool refused(std::string_view number, int scale) {
    const Result<Amount> result = parse_amount(number, scale);
    return !result && result.error().code == ErrorCode::invalid;
}

Amount any_amount() {
    const auto size = *rc::gen::inRange<std::size_t>(1, 39);
    const auto digits = *rc::gen::container<std::string>(size, rc::gen::inRange('0', ':'));
    Int128 units = 0;
    for (const char c : digits) units = units * 10 + (c - '0');
    return Amount{*rc::gen::arbitrary<bool>() ? -units : units};
}

TEST(ParseAmount, reads_plain_numbers_in_the_units_of_the_scale) {
    EXPECT_EQ(amount("50.5", 2).units, 5050);
    EXPECT_EQ(amount("50", 2).units, 5000);
    EXPECT_EQ(amount("-3", 2).units, -300);
    EXPECT_EQ(amount("0.01", 2).units, 1);
    EXPECT_EQ(amount("7", 0).units, 7);
    EXPECT_EQ(amount("0.000000000000000001", 18).units, 1);
}

TEST(ParseAmount, reads_exponents_that_move_the_point_either_way) {
    EXPECT_EQ(amount("5.05e1", 2).units, 5050);
    EXPECT_EQ(amount("5050E-2", 2).units, 5050);
    EXPECT_EQ(amount("5.05e+1", 2).units, 5050);
    EXPECT_EQ(amount("1e0005", 0).units, 100'000);
    EXPECT_EQ(amount("12300e-4", 2).units, 123);
    EXPECT_EQ(amount("0.00000000000000000000000000000000000001e38", 0).units, 1);
    EXPECT_EQ(amount("100000000000000000000000000000000000000000e-41", 0).units, 1);
}

TEST(ParseAmount, takes_decimals_beyond_the_scale_only_when_they_are_zeros) {
    EXPECT_EQ(amount("1.500000000", 2).units, 150);
    EXPECT_EQ(amount("1.0", 0).units, 1);
    EXPECT_TRUE(refused("1.505", 2));
    EXPECT_TRUE(refused("1.50000000000000000000000000001", 2));
    EXPECT_TRUE(refused("0.1", 0));
    EXPECT_TRUE(refused("1e-3", 2));
}

TEST(ParseAmount, takes_38_digits_and_not_39) {
    const std::string most = nines_38;
    EXPECT_EQ(format_fixed(amount(most, 0), 0), most);
    EXPECT_EQ(format_fixed(amount("-" + most, 0), 0), "-" + most);
    EXPECT_TRUE(refused(most + "0", 0));
    EXPECT_TRUE(refused("1" + most, 0));
    EXPECT_TRUE(refused("1e38", 0));
    EXPECT_TRUE(refused(most, 1));
    EXPECT_EQ(fixed("1e37", 0), "1" + std::string(37, '0'));
    EXPECT_TRUE(refused("170141183460469231731687303715884105728", 0));
    EXPECT_TRUE(refused("340282366920938463463374607431768211457", 0));
}

TEST(ParseAmount, reads_minus_zero_as_zero) {
    for (const char* text : {"-0", "-0.00", "-0e5", "-0.000e-9"}) {
        EXPECT_EQ(amount(text, 2).units, 0) << text;
        EXPECT_EQ(fixed(text, 2), "0.00") << text;
    }
}

TEST(ParseAmount, reads_zero_with_any_exponent) {
    EXPECT_TRUE(amount("0e400", 2).is_zero());
    EXPECT_TRUE(amount("0e-400", 2).is_zero());
    EXPECT_TRUE(amount("0.000000000000000000000000000000000000000000000", 2).is_zero());
    EXPECT_TRUE(amount("0e99999999999999999999999999", 2).is_zero());
}

TEST(ParseAmount, refuses_exponents_out_of_all_proportion) {
    for (const char* text : {"1e400", "1e-400", "1e99999999999999999999", "1e-99999999999999999999",
                             "1e9223372036854775807", "1e-9223372036854775808", "1e2147483648"}) {
        EXPECT_TRUE(refused(text, 2)) << text;
    }
}

TEST(ParseAmount, follows_the_grammar_of_json_to_the_letter) {
    for (const char* text : {"",         "-",         "+1",
                             "01",       "-01",       "00",
                             ".5",       "5.",        "-.5",
                             "1.e5",     "1e",        "1e+",
                             "1e-",      "e5",        "1.5.0",
                             "1,5",      " 1",        "1 ",
                             "1\n",      "0x10",      "NaN",
                             "Infinity", "-Infinity", "1_000",
                             "--1",      "1e5.0",     "1e 5",
                             "\"1\"",    "1a",        "\xd9\xa1",
                             "000.5",    "1e5e5",     "12345678901234567890x"}) {
        EXPECT_TRUE(refused(text, 2)) << text;
    }
    EXPECT_TRUE(refused(std::string_view("1\0", 2), 2));
    EXPECT_TRUE(refused(std::string_view{}, 2));
}

// A megabyte takes about a millisecond in one pass; a method that multiplies at each digit, or
// divides for each zero, would take minutes.
TEST(ParseAmount, reads_a_megabyte_of_padding_in_one_pass) {
    const std::string zeros(1'000'000, '0');
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(refused(zeros, 2));
    EXPECT_TRUE(refused(zeros + "1", 2));
    EXPECT_TRUE(refused("1" + zeros, 2));
    EXPECT_TRUE(refused("0." + zeros + "1", 2));
    EXPECT_TRUE(refused("1e1" + zeros, 2));
    EXPECT_TRUE(refused("1e-1" + zeros, 2));
    EXPECT_EQ(amount("1." + zeros, 2).units, 100);
    EXPECT_EQ(amount("1e" + zeros + "1", 2).units, 1000);
    EXPECT_EQ(amount("1" + zeros + "e-1000000", 2).units, 100);
    EXPECT_EQ(amount("0." + zeros + "1e1000001", 2).units, 100);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(FormatAmount, always_shows_the_currencys_decimals_when_fixed) {
    EXPECT_EQ(format_fixed(Amount{1'957'550}, 2), "19575.50");
    EXPECT_EQ(format_fixed(Amount{0}, 2), "0.00");
    EXPECT_EQ(format_fixed(Amount{-5}, 2), "-0.05");
    EXPECT_EQ(format_fixed(Amount{100}, 2), "1.00");
    EXPECT_EQ(format_fixed(Amount{7}, 0), "7");
    EXPECT_EQ(format_fixed(Amount{1}, 18), "0.000000000000000001");
}

TEST(FormatAmount, shows_no_more_than_needed_when_shortest) {
    EXPECT_EQ(format_shortest(Amount{5000}, 2), "50");
    EXPECT_EQ(format_shortest(Amount{1250}, 2), "12.5");
    EXPECT_EQ(format_shortest(Amount{-1}, 2), "-0.01");
    EXPECT_EQ(format_shortest(Amount{0}, 8), "0");
    EXPECT_EQ(format_shortest(Amount{100}, 0), "100");
    EXPECT_EQ(format_shortest(Amount{1'000'000'000'000'000'010}, 18), "1.00000000000000001");
}

TEST(FormatAmount, shows_the_longest_amounts) {
    EXPECT_EQ(format_fixed(amount(nines_38, 0), 18), "99999999999999999999.999999999999999999");
    const Int128 lowest = static_cast<Int128>(1) << 126;
    EXPECT_EQ(format_fixed(Amount{-lowest - lowest}, 0),
              "-170141183460469231731687303715884105728");
}

TEST(FormatAmount, appends_to_what_is_there) {
    std::string out = "EUR ";
    append_fixed(out, Amount{5}, 2);
    append_shortest(out, Amount{-50}, 2);
    EXPECT_EQ(out, "EUR 0.05-0.5");
}

TEST(AddAmounts, gives_nothing_beyond_38_digits) {
    const Amount most = amount(nines_38, 0);
    EXPECT_EQ(add(most, Amount{0}), most);
    EXPECT_FALSE(add(most, Amount{1}));
    EXPECT_FALSE(add(negate(most), Amount{-1}));
    EXPECT_FALSE(subtract(negate(most), Amount{1}));
    EXPECT_FALSE(add(most, most));
    EXPECT_FALSE(subtract(negate(most), most));
    EXPECT_EQ(subtract(most, most), Amount{0});
    EXPECT_EQ(add(negate(most), most), Amount{0});
}

RC_GTEST_PROP(MoneyProperty, an_amount_written_either_way_reads_back_as_itself, ()) {
    const Amount value = any_amount();
    const int scale = *rc::gen::inRange(0, scale_max + 1);
    RC_ASSERT(parse_amount(format_fixed(value, scale), scale).value() == value);
    RC_ASSERT(parse_amount(format_shortest(value, scale), scale).value() == value);
}

RC_GTEST_PROP(MoneyProperty, the_shortest_form_is_the_fixed_form_without_its_last_zeros, ()) {
    const Amount value = any_amount();
    const int scale = *rc::gen::inRange(1, scale_max + 1);
    std::string expected = format_fixed(value, scale);
    expected.resize(expected.find_last_not_of('0') + 1);
    if (expected.ends_with('.')) expected.pop_back();
    RC_ASSERT(format_shortest(value, scale) == expected);
}

RC_GTEST_PROP(MoneyProperty, moving_the_point_and_the_exponent_together_changes_nothing, ()) {
    const Amount value = any_amount();
    const int scale = *rc::gen::inRange(0, scale_max + 1);
    const int moved = *rc::gen::inRange(0, 60);
    const std::string fixed_text = format_fixed(value, scale);
    const std::string padded =
        value.is_zero() ? "0" : format_fixed(value, 0) + std::string(60, '0');
    RC_ASSERT(parse_amount(padded + "e" + std::to_string(-60 - scale), scale).value() == value);
    RC_ASSERT(parse_amount(fixed_text + (scale == 0 ? "." : "") +
                               std::string(static_cast<std::size_t>(moved) + 1, '0'),
                           scale)
                  .value() == value);
}

RC_GTEST_PROP(MoneyProperty, the_short_way_and_the_long_way_agree, ()) {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("00123459..-eE+")));
    const int scale = *rc::gen::inRange(0, scale_max + 1);
    // An exponent of nothing makes the same number take the long way.
    const bool has_exponent = text.find_first_of("eE") != std::string::npos;
    const Result<Amount> as_is = parse_amount(text, scale);
    if (has_exponent) RC_DISCARD("only numbers without an exponent have a short way");
    const Result<Amount> longer = parse_amount(text + "e0", scale);
    RC_ASSERT(as_is.has_value() == longer.has_value());
    if (as_is) RC_ASSERT(*as_is == *longer);
}

RC_GTEST_PROP(MoneyProperty, what_is_added_can_be_subtracted, ()) {
    const Amount left = any_amount();
    const Amount right = any_amount();
    const std::optional<Amount> sum = add(left, right);
    RC_PRE(sum.has_value());
    RC_ASSERT(subtract(*sum, right) == left);
    RC_ASSERT(add(right, left) == sum);
}

}  // namespace
}  // namespace coffer
