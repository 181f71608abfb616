#include "base/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace coffer {
namespace {

TEST(Calendar, writes_times_with_the_digits_asked_for_and_never_rounds_up) {
    const Time time = 1'700'000'000 * second_us + 999'999;
    EXPECT_EQ(format_time(time, 0), "2023-11-14T22:13:20Z");
    EXPECT_EQ(format_time(time, 3), "2023-11-14T22:13:20.999Z");
    EXPECT_EQ(format_time(time, 6), "2023-11-14T22:13:20.999999Z");
}

TEST(Calendar, writes_times_before_1970) {
    EXPECT_EQ(format_time(-1, 6), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(format_time(0, 0), "1970-01-01T00:00:00Z");
}

TEST(Calendar, writes_what_four_digits_of_year_cannot_say_as_the_nearest_end) {
    EXPECT_EQ(format_time(std::numeric_limits<Time>::max(), 0), "9999-12-31T23:59:59Z");
    EXPECT_EQ(format_time(std::numeric_limits<Time>::min(), 0), "0000-01-01T00:00:00Z");
}

TEST(Calendar, appends_to_what_is_there) {
    std::string out = "at ";
    append_time(out, 0, 0);
    EXPECT_EQ(out, "at 1970-01-01T00:00:00Z");
}

TEST(Calendar, reads_offsets_as_the_same_instant) {
    const Time noon = *parse_rfc3339("2024-02-29T12:00:00Z");
    EXPECT_EQ(parse_rfc3339("2024-02-29T14:30:00+02:30"), noon);
    EXPECT_EQ(parse_rfc3339("2024-02-28T23:00:00-13:00"), noon);
    EXPECT_EQ(parse_rfc3339("2024-02-29t12:00:00z"), noon);
    EXPECT_EQ(parse_rfc3339("2024-02-29T12:00:00-00:00"), noon);
}

TEST(Calendar, cuts_fractions_beyond_six_digits) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), 500'000);
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0000019Z"), 1);
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00." + std::string(1000, '9') + "Z"), 999'999);
}

TEST(Calendar, reads_a_leap_second_only_where_one_can_be) {
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
    EXPECT_EQ(parse_rfc3339("2016-12-31T15:59:60-08:00"), parse_rfc3339("2017-01-01T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2016-12-31T22:59:60Z"));
}

TEST(Calendar, refuses_what_is_not_rfc_3339) {
    for (const char* text : {"",
                             "2024",
                             "2024-02-30T00:00:00Z",
                             "2023-02-29T00:00:00Z",
                             "2024-13-01T00:00:00Z",
                             "2024-00-01T00:00:00Z",
                             "2024-01-00T00:00:00Z",
                             "2024-01-01T24:00:00Z",
                             "2024-01-01T00:60:00Z",
                             "2024-01-01T00:00:61Z",
                             "2024-01-01 00:00:00Z",
                             "2024-01-01T00:00:00",
                             "2024-01-01T00:00:00.Z",
                             "2024-01-01T00:00:00+24:00",
                             "2024-01-01T00:00:00+00:60",
                             "2024-01-01T00:00:00+0000",
                             "2024-01-01T00:00:00Z ",
                             "+2024-01-01T00:00:00Z",
                             "2024-1-01T00:00:00Z",
                             "2024-01-01T00:00:00,5Z",
                             "0000-01-01T00:00:00+00:01",
                             "9999-12-31T23:59:59-00:01"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

TEST(Calendar, reads_a_date_as_its_first_instant) {
    EXPECT_EQ(parse_date("1970-01-02"), day_us);
    EXPECT_EQ(parse_date("2000-02-29"), parse_rfc3339("2000-02-29T00:00:00Z"));
    for (const char* text :
         {"", "1900-02-29", "2024-02-30", "2024-2-03", "2024-02-03T", "20240203"}) {
        EXPECT_FALSE(parse_date(text)) << text;
    }
}

TEST(Calendar, counts_days_from_1970_in_both_directions) {
    EXPECT_EQ(day_number(0), 0);
    EXPECT_EQ(day_number(day_us - 1), 0);
    EXPECT_EQ(day_number(day_us), 1);
    EXPECT_EQ(day_number(-1), -1);
    EXPECT_EQ(day_number(-day_us), -1);
}

TEST(Calendar, starts_weeks_on_monday) {
    EXPECT_EQ(week_number(0), 0);
    EXPECT_EQ(week_number(*parse_date("1970-01-04")), 0);       // Sunday
    EXPECT_EQ(week_number(*parse_date("1970-01-05")), 1);       // Monday
    EXPECT_EQ(week_number(*parse_date("1969-12-29")), 0);       // Monday
    EXPECT_EQ(week_number(*parse_date("1969-12-29") - 1), -1);  // Sunday
}

RC_GTEST_PROP(CalendarProperty, a_time_written_and_read_again_is_the_same, ()) {
    const auto time = *rc::gen::inRange<Time>(-62'167'219'200'000'000, 253'402'300'800'000'000);
    RC_ASSERT(parse_rfc3339(format_time(time, 6)) == time);
}

RC_GTEST_PROP(CalendarProperty, a_text_of_few_kinds_of_characters_never_breaks_the_reader, ()) {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0129-:T.Z+")));
    (void)parse_rfc3339(text);
    (void)parse_date(text);
}

}  // namespace
}  // namespace coffer
