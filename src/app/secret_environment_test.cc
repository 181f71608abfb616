#include "app/secret_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string_view>

namespace coffer {
namespace {

using testing::HasSubstr;

ChainOptions chain_with(const std::string& variable) {
    ChainOptions chain;
    chain.policy.name = "main";
    chain.hot_wallets = {{.keystore_file = "hot.json"}, {.key_environment = variable}};
    return chain;
}

TEST(SecretEnvironment, WhatIsTakenIsGoneFromTheEnvironment) {
    ::setenv("COFFER_TEST_KEY", "0xabcd\r\n", 1);
    ::setenv("COFFER_TEST_SEED", "77", 1);
    const std::string_view before = ::getenv("COFFER_TEST_KEY");
    std::vector<ChainOptions> chains{chain_with("COFFER_TEST_KEY")};
    DepositOptions deposits{.seed_environment = "COFFER_TEST_SEED"};
    ASSERT_TRUE(take_secrets(chains, deposits));
    EXPECT_EQ(chains[0].hot_wallets[0].key_digits, "");
    EXPECT_EQ(chains[0].hot_wallets[1].key_digits, "0xabcd");
    EXPECT_EQ(deposits.seed_digits, "77");
    EXPECT_EQ(::getenv("COFFER_TEST_KEY"), nullptr);
    EXPECT_EQ(::getenv("COFFER_TEST_SEED"), nullptr);
    EXPECT_EQ(before, std::string(before.size(), '\0')) << "nor can others read it";
}

TEST(SecretEnvironment, AVariableThatIsNotThereIsNamed) {
    std::vector<ChainOptions> chains{chain_with("COFFER_TEST_NOTHING")};
    DepositOptions deposits;
    const auto taken = take_secrets(chains, deposits);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::not_found);
    EXPECT_THAT(taken.error().detail, HasSubstr("chain main: COFFER_TEST_NOTHING: "));
    chains.clear();
    EXPECT_TRUE(take_secrets(chains, deposits)) << "nothing is asked for";
    deposits.seed_environment = "COFFER_TEST_NOTHING";
    EXPECT_THAT(take_secrets(chains, deposits).error().detail,
                HasSubstr("deposits: COFFER_TEST_NOTHING: "));
    ::setenv("COFFER_TEST_NOTHING", "\n", 1);
    EXPECT_EQ(take_secrets(chains, deposits).error().code, ErrorCode::invalid);
    ::unsetenv("COFFER_TEST_NOTHING");
}

}  // namespace
}  // namespace coffer
