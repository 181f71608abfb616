#include "settle/node_words.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

const ChainAddress contract = *parse_chain_address("0x00000000000000000000000000000000000000cc");

// As a node writes it.
std::string event(std::string_view part = {}, std::string_view by = {}) {
    std::string text =
        R"({"address":"0x00000000000000000000000000000000000000CC","topics":[)"
        R"("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",)"
        R"("0x00000000000000000000000000000000000000000000000000000000000000aa",)"
        R"("0x00000000000000000000000000000000000000000000000000000000000000bb"],)"
        R"("data":"0x0000000000000000000000000000000000000000000000000de0b6b3a7640000",)"
        R"("blockNumber":"0x1b4","blockHash":"0x)" +
        std::string(64, '1') + R"(","transactionHash":"0x)" + std::string(64, '2') +
        R"(","transactionIndex":"0x0","logIndex":"0x2","removed":false})";
    if (part.empty()) return text;
    const std::size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return text.replace(at, part.size(), by);
}

std::optional<std::vector<TransferLog>> read(const std::string& events) {
    return read_transfer_logs("[" + events + "]", contract);
}

TEST(NodeWords, AnEventIsATransfer) {
    EXPECT_EQ(transfer_topic(),
              "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    const auto read_two = read(event() + "," + event("0x2\"", "0x3\""));
    ASSERT_TRUE(read_two);
    ASSERT_EQ(read_two->size(), 2U);
    const TransferLog& first = read_two->front();
    EXPECT_EQ(format_chain_address(first.from), "0x00000000000000000000000000000000000000aa");
    EXPECT_EQ(format_chain_address(first.to), "0x00000000000000000000000000000000000000bb");
    EXPECT_EQ(format_decimal(first.amount), "1000000000000000000");
    EXPECT_EQ(first.block, 436U);
    EXPECT_EQ(to_hex(view(first.block_hash)), std::string(64, '1'));
    EXPECT_EQ(to_hex(view(first.transaction)), std::string(64, '2'));
    EXPECT_EQ(first.log_index, 2U);
    EXPECT_EQ(read_two->back().log_index, 3U);
    EXPECT_TRUE(read("")->empty());
    EXPECT_EQ(account_topic(first.to),
              "0x00000000000000000000000000000000000000000000000000000000000000bb");
}

TEST(NodeWords, WhatIsTakenBackOrOfAnotherShapeIsLeftOut) {
    EXPECT_TRUE(read(event("false", "true"))->empty());
    EXPECT_TRUE(read(event("ddf252ad", "ddf252ae"))->empty());
    // A token that cannot be divided has its number as a fourth topic.
    EXPECT_TRUE(read(event("00bb\"]", "00bb\",\"0x" + std::string(64, '0') + "\"]"))->empty());
}

TEST(NodeWords, WhatMakesNoSenseIsNoAnswer) {
    EXPECT_FALSE(read_transfer_logs("null", contract));
    EXPECT_FALSE(read_transfer_logs("{", contract));
    EXPECT_FALSE(read(event("00CC", "00CD"))) << "another contract";
    EXPECT_FALSE(read(event("0x1b4", "1b4")));
    EXPECT_FALSE(read(event("0x2\"", "0x2g\"")));
    EXPECT_FALSE(read(event("0de0b6b3a7640000", "0de0b6b3a764")));
    EXPECT_FALSE(read(event(std::string(64, '2'), std::string(63, '2'))));
    EXPECT_FALSE(
        read(event("0x000000000000000000000000000000000000000000000000000000000000"
                   "00bb",
                   "0x100000000000000000000000000000000000000000000000000000000000"
                   "00bb")));
}

TEST(NodeWords, NumbersAndHashesAreWholeOrNothing) {
    EXPECT_EQ(read_number("0xffffffffffffffff"), ~std::uint64_t{0});
    EXPECT_FALSE(read_number("0x10000000000000000"));
    EXPECT_FALSE(read_number(""));
    EXPECT_TRUE(read_digest("0x" + std::string(64, 'a')));
    EXPECT_FALSE(read_digest("0x" + std::string(62, 'a')));
    EXPECT_FALSE(read_digest(std::string(64, 'a')));
}

}  // namespace
}  // namespace coffer
