#include "base/chain_address.h"

#include <gtest/gtest.h>

namespace coffer {
namespace {

// The examples of EIP-55.
TEST(ChainAddress, CarriesItsChecksumInTheCaseOfItsLetters) {
    for (const char* text : {
             "0x52908400098527886E0F7030069857D2E4169EE7",
             "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
             "0xde709f2102306220921060314715629080e2fb77",
             "0x27b1fdb04752bbc536007a920d24acb045561c26",
             "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
             "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
             "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
             "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
         }) {
        const auto address = parse_chain_address(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(format_checksummed(*address), text);
    }
}

TEST(ChainAddress, OfWrongChecksumLengthOrLettersIsNone) {
    for (const char* text : {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",  // one letter's case
                             "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",   //
                             "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed0",
                             "5aaeb6053f3e94c9b9a09f33669435e7ef1beaedff",
                             "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg", "", "0x"}) {
        EXPECT_FALSE(parse_chain_address(text)) << text;
    }
}

TEST(ChainAddress, IsStoredInLowerCaseAndShownInPart) {
    const auto address = parse_chain_address("0x7D0D5aAeb6053F3E94C9b9A09f33669435E7F0A2");
    EXPECT_FALSE(address);  // its checksum is another one
    const auto known = parse_chain_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    EXPECT_EQ(format_chain_address(*known), "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");
    EXPECT_EQ(mask_chain_address(*known), "0x5a*****eaed");
}

}  // namespace
}  // namespace coffer
