#include "dialect/body.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

bool reads(std::string_view json) { return Body::parse(json).has_value(); }

std::string mistake_of(std::string_view json) {
    const auto body = Body::parse(json);
    return body ? "" : body.error();
}

TEST(Body, NothingAndBlanksAndAnEmptyObjectAreTheSame) {
    for (const std::string_view json : {"", " \r\n\t", "{}", " { } "}) {
        const auto body = Body::parse(json);
        ASSERT_TRUE(body) << json;
        EXPECT_TRUE(body->members().empty());
    }
}

TEST(Body, NumbersStayTheCharactersThatCame) {
    for (const std::string_view number :
         {"50.5", "50.50", "5.05e1", "-0", "0.1E-7", "18446744073709551615", "1e400", "-12.0e+3"}) {
        const auto body = Body::parse("{\"amount\" : " + std::string(number) + " }");
        ASSERT_TRUE(body) << number;
        EXPECT_EQ(body->find("amount")->text, number);
        EXPECT_EQ(body->find("amount")->type, Value::Type::number);
    }
}

TEST(Body, WhatIsNotANumberIsRefused) {
    for (const std::string_view number :
         {"01", "-", "+1", ".5", "5.", "1e", "1e+", "0x10", "NaN", "1.2.3", "--1", "1_000",
          "Infinity", "00", "-01", "1 2", "1a"}) {
        EXPECT_FALSE(reads("{\"amount\":" + std::string(number) + "}")) << number;
        EXPECT_FALSE(reads("{\"deep\":[{\"amount\":" + std::string(number) + "}]}")) << number;
    }
}

TEST(Body, LiteralsAreWhole) {
    EXPECT_TRUE(reads(R"({"a":true,"b":false,"c":null})"));
    for (const std::string_view word : {"tru", "True", "nul", "nulll", "falsee", "none", "truee"}) {
        EXPECT_FALSE(reads("{\"a\":" + std::string(word) + "}")) << word;
        EXPECT_FALSE(reads("{\"a\":[" + std::string(word) + "]}")) << word;
    }
}

TEST(Body, StringsAreDecoded) {
    const auto body = Body::parse(R"({"a\u0062":"x\n\u00e9\ud83d\ude00\/\"","plain":"ü 😀"})");
    ASSERT_TRUE(body);
    EXPECT_EQ(body->find("ab")->text, "x\né😀/\"");
    EXPECT_EQ(body->find("plain")->text, "ü 😀");
}

TEST(Body, AKeyGivenTwiceIsRefusedAtAnyDepth) {
    EXPECT_EQ(mistake_of(R"({"a":1,"b":2,"a":1})"), "the key \"a\" is given twice");
    EXPECT_FALSE(reads(R"({"a":1,"\u0061":1})"));
    EXPECT_FALSE(reads(R"({"deep":[{"a":1,"a":2}]})"));
    EXPECT_TRUE(reads(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})"));
}

TEST(Body, AKeyGivenTwiceAmongThousandsIsFound) {
    std::string json = "{";
    for (int i = 0; i < 5000; ++i) json += "\"key" + std::to_string(i) + "\":0,";
    EXPECT_TRUE(reads(json + "\"last\":0}"));
    EXPECT_FALSE(reads(json + "\"key77\":0}"));
}

TEST(Body, NulsAndLoneSurrogatesAreRefusedAnywhere) {
    using namespace std::string_literals;
    for (const std::string& text :
         {R"("\u0000")"s, R"("a\u0000b")"s, R"("\ud800")"s, R"("\udc00")"s, R"("\ud83dx")"s,
          R"("\ud83d\u0041")"s, R"("\ude00\ud83d")"s, R"("\ud83d\ud83d")"s, "\"a\0b\""s,
          "\"\xED\xA0\x80\""s}) {
        EXPECT_FALSE(reads("{\"a\":" + text + "}")) << text;
        EXPECT_FALSE(reads("{" + text + ":1}")) << text;
        EXPECT_FALSE(reads("{\"a\":[[{\"b\":" + text + "}]]}")) << text;
        EXPECT_FALSE(reads("{\"a\":{" + text + ":1}}")) << text;
    }
    EXPECT_TRUE(reads("{\"a\":\"\xED\x9F\xBF\"}"));  // U+D7FF, the last before the surrogates
}

TEST(Body, BytesThatAreNotUtf8AreRefused) {
    for (const char* text : {"\xFF", "\xC0\xAF", "\xE2\x82", "\xF4\x90\x80\x80"}) {
        EXPECT_EQ(mistake_of("{\"a\":\"" + std::string(text) + "\"}"), "the body is not UTF-8");
    }
}

TEST(Body, ControlCharactersAndUnknownEscapesAreRefused) {
    EXPECT_FALSE(reads("{\"a\":\"x\ny\"}"));
    EXPECT_FALSE(reads(R"({"a":"\x41"})"));
    EXPECT_FALSE(reads(R"({"a":"\u12g4"})"));
    EXPECT_FALSE(reads(R"({"a":"\u12"})"));
}

TEST(Body, BrokenStructureIsRefused) {
    for (const std::string_view json : {"{",
                                        "}",
                                        "{\"a\"",
                                        "{\"a\":",
                                        "{\"a\":1",
                                        "{\"a\":1,",
                                        "{\"a\":1,}",
                                        "{,}",
                                        "{\"a\" 1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{a:1}",
                                        "{1:2}",
                                        "{'a':1}",
                                        "{\"a\":[1,]}",
                                        "{\"a\":[,1]}",
                                        "{\"a\":[1 2]}",
                                        "{\"a\":[1}",
                                        "{\"a\":{]}",
                                        "{\"a\":}",
                                        "{\"a\"::1}",
                                        "{\"a\":1}}",
                                        "{\"a\":1} {}",
                                        "{\"a\":1} x",
                                        "{} {}",
                                        "{}x",
                                        "[]",
                                        "[{}]",
                                        "1",
                                        "\"a\"",
                                        "null",
                                        "{\"a\":\"b}",
                                        "\xEF\xBB\xBF{}",
                                        "{\"a\":{\"b\":[1,{\"c\":2]}}",
                                        "{\"a\":[[]",
                                        "{\"a\":1,,\"b\":2}",
                                        "{\"a\":1}]",
                                        "{\"a\":[]]}",
                                        "{}{",
                                        "{\"a\":1;}",
                                        "{/**/}"}) {
        EXPECT_FALSE(reads(json)) << json;
    }
}

TEST(Body, NestingEndsAtTheLimit) {
    const auto nested = [](int depth) {
        const auto inner = static_cast<std::size_t>(depth - 1);
        return "{\"a\":" + std::string(inner, '[') + std::string(inner, ']') + "}";
    };
    EXPECT_TRUE(reads(nested(json_depth_max)));
    EXPECT_EQ(mistake_of(nested(json_depth_max + 1)), "the body is nested too deeply");
    EXPECT_FALSE(reads(nested(30000)));
}

TEST(Body, ObjectsAndArraysComeAsTheirRawText) {
    const auto body = Body::parse(R"({"m" : { "a":[1, 2.50] , "s":"\u0041" } ,"l": [ ] , "z":0})");
    ASSERT_TRUE(body);
    EXPECT_EQ(body->find("m")->type, Value::Type::object);
    EXPECT_EQ(body->find("m")->text, R"({ "a":[1, 2.50] , "s":"\u0041" })");
    EXPECT_EQ(body->find("l")->type, Value::Type::array);
    EXPECT_EQ(body->find("l")->text, "[ ]");
    EXPECT_EQ(body->find("z")->text, "0");
}

TEST(Body, AnArrayIsReadElementByElement) {
    const auto array = Body::parse_array(R"([ 1.0, "two", {"three":3}, [4] ])");
    ASSERT_TRUE(array);
    ASSERT_EQ(array->members().size(), 4U);
    EXPECT_EQ(array->members()[1].value.text, "two");
    EXPECT_EQ(array->members()[2].value.text, R"({"three":3})");
    EXPECT_FALSE(Body::parse_array("{}"));
    EXPECT_FALSE(Body::parse_array("[1,2"));
    EXPECT_FALSE(Body::parse_array("[1]]"));
    EXPECT_TRUE(Body::parse_array("[]")->members().empty());
}

TEST(Body, ItsViewsSurviveAMoveAndTheNextParse) {
    auto first = Body::parse(R"({"a":"b"})");
    const Body kept = std::move(*first);
    ASSERT_TRUE(Body::parse(R"({"another":"text that is longer"})"));
    EXPECT_EQ(kept.find("a")->text, "b");
}

TEST(Fields, RememberTheFirstMistake) {
    const auto body = Body::parse(R"({"a":1,"b":"x"})");
    Fields fields(*body);
    EXPECT_EQ(fields.text("b", 1, 1), "x");
    EXPECT_FALSE(fields.failed());
    fields.text("c", 1, 9);
    fields.text("a", 1, 9);
    EXPECT_EQ(fields.message(), "c is missing");
}

TEST(Fields, LengthsAreBytesOrCharactersAsAsked) {
    const auto body = Body::parse(R"({"a":"üü","empty":"","none":null})");
    EXPECT_EQ(Fields(*body).words("a", 1, 2), "üü");
    Fields bytes(*body);
    bytes.text("a", 1, 3);
    EXPECT_EQ(bytes.message(), "a must have 1 to 3 bytes");
    Fields characters(*body);
    characters.words("a", 1, 1);
    EXPECT_EQ(characters.message(), "a must have 1 to 1 characters");
    Fields empty(*body);
    empty.text("empty", 1, 5);
    EXPECT_TRUE(empty.failed());
    Fields optional(*body);
    EXPECT_EQ(optional.text_or_empty("none", 5), "");
    EXPECT_EQ(optional.words_or_empty("absent", 5), "");
    EXPECT_FALSE(optional.failed());
}

TEST(Fields, AWholeNumberHasNoSignFractionOrExponent) {
    const auto body = Body::parse(
        R"({"max":18446744073709551615,"over":18446744073709551616,"minus":-1,"half":1.5,
            "whole":1.0,"power":1e2,"text":"1"})");
    Fields fine(*body);
    EXPECT_EQ(fine.unsigned_integer("max"), 18446744073709551615ULL);
    EXPECT_FALSE(fine.failed());
    for (const std::string_view name : {"over", "minus", "half", "whole", "power", "text"}) {
        Fields fields(*body);
        fields.unsigned_integer(name);
        EXPECT_TRUE(fields.failed()) << name;
    }
}

TEST(Fields, AnAmountIsANumberAndExact) {
    const auto body = Body::parse(
        R"({"a":50.5,"b":5.050e1,"c":50.555,"d":"50.5","e":123456789012345678901234567890123456789,
            "t":true})");
    Fields fine(*body);
    EXPECT_EQ(fine.amount("a", 2).units, 5050);
    EXPECT_EQ(fine.amount("b", 2).units, 5050);
    EXPECT_EQ(fine.amount_text("d", 2).units, 5050);
    EXPECT_FALSE(fine.failed());
    for (const std::string_view name : {"c", "d", "e", "t", "absent"}) {
        Fields fields(*body);
        fields.amount(name, 2);
        EXPECT_TRUE(fields.failed()) << name;
    }
    Fields text(*body);
    text.amount_text("a", 2);
    EXPECT_TRUE(text.failed());
}

TEST(Fields, TheFinestScaleHasRoomForEveryAmountThatIsNamed) {
    const auto body = Body::parse(
        R"({"small":50.5,"fine":0.000000000000000001,"large":123456789012345678901234567890,
            "text":"12345678901234567890123456789012345678","huge":1e38,"word":"none"})");
    const Fields fields(*body);
    EXPECT_EQ(fields.finest_scale({"small"}), 18);
    EXPECT_EQ(fields.finest_scale({"small", "absent", "fine"}), 18);
    EXPECT_EQ(fields.finest_scale({"small", "large"}), 8);
    EXPECT_EQ(fields.finest_scale({"text"}), 0);
    // No scale has room, or it is no amount at all: amount() then says so.
    EXPECT_EQ(fields.finest_scale({"small", "text"}), 18);
    EXPECT_EQ(fields.finest_scale({"huge"}), 18);
    EXPECT_EQ(fields.finest_scale({"word"}), 18);
}

TEST(Fields, BooleansObjectsAndBoundedIntegers) {
    const auto body = Body::parse(R"({"yes":true,"no":false,"o":{"k":1},"n":7,"list":[]})");
    Fields fields(*body);
    EXPECT_TRUE(fields.boolean("yes"));
    EXPECT_FALSE(fields.boolean("no"));
    EXPECT_EQ(fields.raw_object_or_empty("o"), R"({"k":1})");
    EXPECT_EQ(fields.raw_object_or_empty("absent"), "");
    EXPECT_EQ(fields.integer("n", 1, 7), 7);
    EXPECT_FALSE(fields.failed());
    fields.integer("n", 1, 6);
    EXPECT_EQ(fields.message(), "n must be a whole number from 1 to 6");
    Fields list(*body);
    list.raw_object_or_empty("list");
    EXPECT_TRUE(list.failed());
}

}  // namespace
}  // namespace coffer
