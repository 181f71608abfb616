#include "dialect/text.h"

#include <gtest/gtest.h>

#include <set>

namespace coffer {
namespace {

Call with_header(std::string name, std::string value) {
    Call call;
    call.headers.push_back({.name = std::move(name), .value = std::move(value)});
    return call;
}

TEST(Percent, EscapesAreDecodedAndBrokenOnesRefused) {
    EXPECT_EQ(percent_decode("a%20b%C3%BC", false), "a bü");
    EXPECT_EQ(percent_decode("a+b", false), "a+b");
    EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
    for (const std::string_view text : {"%", "%4", "%zz", "a%00", "%FF", "%C3"}) {
        EXPECT_FALSE(percent_decode(text, false)) << text;
    }
    EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
}

TEST(Query, ParametersComeInOrder) {
    const auto query = parse_query("user_id=a%2Fb&empty=&flag&&x=1=2");
    ASSERT_TRUE(query);
    ASSERT_EQ(query->size(), 4U);
    EXPECT_EQ(*find_parameter(*query, "user_id"), "a/b");
    EXPECT_EQ(*find_parameter(*query, "empty"), "");
    EXPECT_EQ(*find_parameter(*query, "flag"), "");
    EXPECT_EQ(*find_parameter(*query, "x"), "1=2");
    EXPECT_EQ(find_parameter(*query, "y"), nullptr);
    EXPECT_TRUE(parse_query("")->empty());
}

TEST(Query, OneBrokenOrGivenTwiceIsRefused) {
    EXPECT_FALSE(parse_query("a=1&a=2"));
    EXPECT_FALSE(parse_query("a=%"));
    EXPECT_FALSE(parse_query("a=%00"));
}

TEST(Integer, IsDigitsWithinBounds) {
    EXPECT_EQ(parse_integer("20", 1, 100), 20);
    EXPECT_EQ(parse_integer("-5", -10, 10), -5);
    for (const std::string_view text :
         {"", "101", "0", "1.0", "1e1", " 1", "+1", "1 ", "9999999999999999999999"}) {
        EXPECT_FALSE(parse_integer(text, 1, 100)) << text;
    }
}

TEST(Characters, AreCodePoints) {
    EXPECT_EQ(count_characters("aü😀"), 3U);
    EXPECT_EQ(count_characters(""), 0U);
}

TEST(Bearer, TheSchemeIsInAnyCase) {
    EXPECT_EQ(bearer_token(with_header("authorization", "Bearer abc-._~+/123==")),
              "abc-._~+/123==");
    EXPECT_EQ(bearer_token(with_header("authorization", "BEARER  abc")), "abc");
    EXPECT_EQ(bearer_token(with_header("authorization", "bearer abc")), "abc");
}

TEST(Bearer, AnythingElseIsNoToken) {
    for (const char* value :
         {"", "Bearer", "Bearer ", "abc", "Basic abc", "Bearer a b", "Bearer =", "Bearer a=b",
          "Bearer ab\"c", "Bearer\tabc", "Bearer ä", "Bearerabc"}) {
        EXPECT_FALSE(bearer_token(with_header("authorization", value))) << value;
    }
    EXPECT_FALSE(bearer_token(Call{}));
    Call twice = with_header("authorization", "Bearer abc");
    twice.headers.push_back(twice.headers.front());
    EXPECT_FALSE(bearer_token(twice));
}

TEST(Basic, IdAndSecretAreSplitAtTheFirstColon) {
    const auto pair =
        basic_credentials(with_header("authorization", "basic " + to_base64("id:se:cret")));
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->first, "id");
    EXPECT_EQ(pair->second, "se:cret");
    EXPECT_FALSE(basic_credentials(with_header("authorization", "Basic " + to_base64("nocolon"))));
    EXPECT_FALSE(basic_credentials(with_header("authorization", "Basic !!!")));
    EXPECT_FALSE(basic_credentials(Call{}));
}

TEST(IdempotencyKey, IsAbsentOrOneTo255Bytes) {
    EXPECT_EQ(idempotency_key(Call{}), "");
    EXPECT_EQ(idempotency_key(with_header("idempotency-key", "k")), "k");
    const std::string longest(255, 'k');
    EXPECT_EQ(idempotency_key(with_header("idempotency-key", longest)), longest);
    EXPECT_FALSE(idempotency_key(with_header("idempotency-key", "")));
    EXPECT_FALSE(idempotency_key(with_header("idempotency-key", longest + "k")));
    EXPECT_FALSE(idempotency_key(with_header("idempotency-key", "\xFF")));
    Call twice = with_header("idempotency-key", "k");
    twice.headers.push_back(twice.headers.front());
    EXPECT_FALSE(idempotency_key(twice));
}

TEST(PublicId, NamesItsRecordAndIsAUuidOfVersion8) {
    const SecretKey16 key{1, 2, 3};
    const Time time = 1'700'000'000'123'456;
    std::set<std::string> seen;
    for (const Sequence sequence :
         {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        const std::string id = public_id(sequence, time, key);
        ASSERT_EQ(id.size(), 36U);
        EXPECT_EQ(id[14], '8');
        EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos) << id;
        const auto parsed = parse_public_id(id, key);
        ASSERT_TRUE(parsed) << id;
        EXPECT_EQ(parsed->sequence, sequence);
        EXPECT_EQ(parsed->time_ms, time / 1000);
        seen.insert(id.substr(19));
    }
    EXPECT_EQ(seen.size(), 4U);
}

TEST(PublicId, OneMadeUpOrOfAnotherKeyIsRefused) {
    const SecretKey16 key{1};
    EXPECT_FALSE(parse_public_id("", key));
    EXPECT_FALSE(parse_public_id("123e4567-e89b-12d3-a456-426614174000", key));
    int taken = 0;  // ten bits of check: one in a thousand gets through, to be refused by its time
    for (Sequence sequence = 1; sequence <= 200; ++sequence) {
        if (parse_public_id(public_id(sequence, 1'700'000'000'000'000, key), SecretKey16{2}))
            ++taken;
    }
    EXPECT_LE(taken, 4);
}

TEST(Cursor, IsReadOnlyWhereItWasMade) {
    const std::string key = "cursor key";
    const std::string cursor = make_cursor(12345, "transactions?player=a", key);
    EXPECT_EQ(read_cursor(cursor, "transactions?player=a", key), 12345U);
    EXPECT_FALSE(read_cursor(cursor, "transactions?player=b", key));
    EXPECT_FALSE(read_cursor(cursor, "transactions?player=a", "other key"));
    EXPECT_FALSE(read_cursor("", "transactions?player=a", key));
    EXPECT_FALSE(read_cursor("AAAA", "transactions?player=a", key));
    std::string broken = cursor;
    broken[3] = broken[3] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read_cursor(broken, "transactions?player=a", key));
    EXPECT_FALSE(read_cursor(cursor + "=", "transactions?player=a", key));
}

TEST(RandomToken, Is256BitsOfTheCallsOwn) {
    Call call;
    call.random[32] = 0xFF;
    EXPECT_EQ(random_token(call, 0).size(), 43U);
    EXPECT_NE(random_token(call, 0), random_token(call, 32));
}

TEST(PlayableChange, CountsBucketsButNotMoneyThatIsLeaving) {
    Transaction transaction;
    transaction.entries = {{.account = AccountCode::bonus, .amount = {-30}},
                           {.account = AccountCode::bought, .amount = {-20}},
                           {.account = AccountCode::held, .amount = {7}},
                           {.account = AccountCode::stakes, .amount = {43}}};
    EXPECT_EQ(playable_change(transaction), Amount{-50});
}

}  // namespace
}  // namespace coffer
