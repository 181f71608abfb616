#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config.h"

namespace coffer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view whole = R"([[chain]]
name = "main"
chain_id = 137
urls = ["https://one.example/key", "http://10.0.0.1:8545"]
ca_file = "nodes.pem"
max_fee_gwei = 90
stuck_after_s = 30
[[token]]
chain = "main"
tenant = "games"
currency = "TOK"
contract = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
[[token]]
chain = "main"
tenant = "games"
currency = "COIN"
[[hot_wallet]]
chain = "main"
keystore = "keys/hot.json"
password_file = "/run/hot"
[[hot_wallet]]
chain = "main"
signer_url = "http://127.0.0.1:8550"
address = "0x27b1fdb04752bbc536007a920d24acb045561c26"
)";

std::vector<std::string> mistakes(std::string_view text) {
    const auto config = parse_config(text, "/etc/coffer");
    std::vector<std::string> words;
    if (config) return words;
    for (const Mistake& mistake : config.error()) words.push_back(mistake.words);
    return words;
}

// With the part of the whole text replaced.
std::vector<std::string> mistakes_with(std::string_view part, std::string_view by) {
    std::string text(whole);
    const std::size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return mistakes(text.replace(at, part.size(), by));
}

TEST(ConfigChain, SaysWhereWithdrawalsGoAndWhoPaysThem) {
    const auto config = parse_config(whole, "/etc/coffer");
    ASSERT_TRUE(config) << config.error()[0].words;
    ASSERT_EQ(config->chains.size(), 1U);
    const ChainOptions& chain = config->chains[0];
    EXPECT_EQ(chain.policy.chain_id, 137U);
    EXPECT_EQ(chain.urls.size(), 2U);
    EXPECT_EQ(chain.ca_file, "/etc/coffer/nodes.pem");
    EXPECT_EQ(format_decimal(chain.policy.max_fee_cap), "90000000000");
    EXPECT_EQ(format_decimal(chain.policy.tip_min), "1000000000");
    EXPECT_EQ(chain.policy.stuck_after, 30 * second_us);
    EXPECT_EQ(chain.policy.give_up_after, 0);
    EXPECT_EQ(chain.policy.late_after, 3'600 * second_us);
    ASSERT_EQ(chain.policy.tokens.size(), 2U);
    EXPECT_TRUE(chain.policy.tokens[0].contract);
    EXPECT_EQ(chain.policy.tokens[0].gas_limit, 100'000U);
    EXPECT_FALSE(chain.policy.tokens[1].contract);
    EXPECT_EQ(chain.policy.tokens[1].gas_limit, 21'000U);
    ASSERT_EQ(chain.hot_wallets.size(), 2U);
    EXPECT_EQ(chain.hot_wallets[0].keystore_file, "/etc/coffer/keys/hot.json");
    EXPECT_EQ(chain.hot_wallets[0].password_file, "/run/hot");
    EXPECT_TRUE(parse_config("", "/etc")->chains.empty());
}

TEST(ConfigChain, WhatIsMissingOrWrongIsSaid) {
    EXPECT_THAT(mistakes_with("chain_id = 137\n", ""), ElementsAre("chain.chain_id is missing"));
    EXPECT_THAT(mistakes_with("chain_id = 137", "chain_id = 0"),
                ElementsAre(HasSubstr("chain.chain_id is from 1"), "chain.chain_id is missing"));
    EXPECT_THAT(mistakes_with("Ef1BeAed", "Ef1Beaed"),
                ElementsAre("token.contract is no address, or its checksum is wrong"));
    EXPECT_THAT(mistakes_with("chain = \"main\"\ntenant", "chain = \"mian\"\ntenant"),
                ElementsAre("there is no [[chain]] whose name is \"mian\""));
    EXPECT_THAT(mistakes_with("currency = \"COIN\"", "currency = \"COIN\"\ngas_limit = 20999"),
                ElementsAre("token.gas_limit is below 21000, which every transfer takes"));
    EXPECT_THAT(mistakes_with("password_file = \"/run/hot\"\n", ""),
                ElementsAre("hot_wallet.keystore and password_file come together"));
    EXPECT_THAT(mistakes_with("password_file", "key_environment = \"KEY\"\npassword_file"),
                ElementsAre("a hot wallet has one of keystore, key_environment and signer_url"));
    EXPECT_THAT(mistakes_with("address = \"0x27b1fdb04752bbc536007a920d24acb045561c26\"\n", ""),
                ElementsAre("hot_wallet.address goes with signer_url: 0x and 40 digits"));
    EXPECT_THAT(mistakes_with("currency", "curency"),
                ElementsAre("token.currency is missing",
                            "unknown key token.curency; did you mean currency?"));
    EXPECT_THAT(mistakes("[[chain]]\nname = \"a\"\nchain_id = 1\nurls = [\"http://a\"]\n"),
                ElementsAre("chain \"a\" has no [[hot_wallet]]", "chain \"a\" has no [[token]]"));
}

TEST(ConfigChain, SaysWhatIsLookedAtForDeposits) {
    const std::string seed =
        "[deposits]\nkeystore = \"keys/seed.json\"\npassword_file = \"/run/s\"\n";
    const auto config =
        parse_config(std::string(whole) +
                         "[[token]]\nchain = \"main\"\ntenant = \"games\"\ncurrency = \"OLD\"\n"
                         "deposits = false\ndeposits_from_block = 77\nsweep_above = \"25.50\"\n" +
                         seed,
                     "/etc/coffer");
    ASSERT_TRUE(config) << config.error()[0].words;
    EXPECT_EQ(config->deposits.keystore_file, "/etc/coffer/keys/seed.json");
    EXPECT_TRUE(config->deposits.is_set());
    EXPECT_EQ(config->chains[0].policy.deposit_blocks_max, 500U);
    EXPECT_TRUE(config->chains[0].policy.tokens[0].takes_deposits);
    EXPECT_FALSE(config->chains[0].policy.tokens[0].deposits_from);
    EXPECT_FALSE(config->chains[0].policy.tokens[2].takes_deposits);
    EXPECT_EQ(config->chains[0].policy.tokens[2].deposits_from, 77U);
    EXPECT_EQ(config->chains[0].policy.tokens[2].sweep_above, "25.50");
    EXPECT_FALSE(config->chains[0].policy.tokens[0].sweep_above);
    EXPECT_THAT(mistakes_with("currency = \"COIN\"", "currency = \"COIN\"\nsweep_above = \"0\""),
                ElementsAre(HasSubstr("token.sweep_above is no amount above 0")));
    EXPECT_FALSE(parse_config(whole, "/etc")->deposits.is_set());
    EXPECT_THAT(mistakes("[deposits]\nkeystore = \"a\"\n"),
                ElementsAre("deposits.keystore and password_file come together"));
    EXPECT_THAT(mistakes(seed + "seed_environment = \"SEED\"\n"),
                ElementsAre("the seed of deposits is in a keystore or in the environment"));
}

TEST(ConfigChain, AUrlIsNotRepeatedInAMistake) {
    const auto found = mistakes_with("https://one.example/key", "ftp://one.example/key");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0], HasSubstr("chain.urls has one that is neither"));
    EXPECT_THAT(found[0], Not(HasSubstr("one.example")));
}

}  // namespace
}  // namespace coffer
