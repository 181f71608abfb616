#include "settle/transaction.h"

#include <gtest/gtest.h>

#include <random>

#include "settle/rlp.h"
#include "settle/signing_key.h"

namespace coffer {
namespace {

// The first account of anvil and hardhat, which everybody knows.
constexpr std::string_view known_key =
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
constexpr std::string_view known_address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
constexpr std::string_view second_address = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

SigningKey key() { return *SigningKey::from_hex_digits(known_key); }

std::string signed_by_key(const ChainTransaction& transaction) {
    return raw_transaction(transaction, key().sign(signing_digest(transaction)));
}

ChainTransaction coin_transfer() {
    return {.chain_id = 1337,
            .nonce = 0,
            .tip = Uint256{1'000'000'000},
            .max_fee = Uint256{2'000'000'000},
            .gas_limit = 21'000,
            .to = *parse_chain_address(second_address),
            .value = Uint256{1'000'000'000'000'000'000}};
}

TEST(SigningKey, LeadsToItsAddress) {
    EXPECT_EQ(format_checksummed(key().address()), known_address);
}

TEST(SigningKey, IsANumberOfTheCurveAndNothingElse) {
    EXPECT_FALSE(SigningKey::from_bytes(std::string(32, '\0')));
    EXPECT_FALSE(SigningKey::from_bytes(std::string(32, '\xff')));
    EXPECT_FALSE(SigningKey::from_bytes(std::string(31, 'a')));
    const auto wrong = SigningKey::from_hex_digits("0xac0974bec39a17e36ba4a6b4d238ff94zz");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().detail.find("ac09"), std::string::npos);
}

// Both were made by anvil 1.7.1's eth_signTransaction, and the first was mined by it under the
// hash.
TEST(Transaction, OfTheCoinIsSignedAsANodeSignsIt) {
    const std::string raw = signed_by_key(coin_transfer());
    EXPECT_EQ(to_hex_0x(raw),
              "0x02f87482053980843b9aca0084773594008252089470997970c51812dc3a010c7d01b50e0d17dc79c8"
              "880de0b6b3a764000080c080a026d4ab2c04d14bee21b6694435b54a6bbee33f277bcc8ecec7a7d049f0"
              "aca7ffa027ee88e89ac6c143ded24069e895a6a305fb1b38d40e90d1b437f7b4f32d7ea0");
    EXPECT_EQ(to_hex_0x(view(transaction_hash(raw))),
              "0xd23a3a5cf3a7633483d6c77789fd42f58e1b485243fe73880f69b364f3050750");
}

TEST(Transaction, OfATokenIsSignedAsANodeSignsIt) {
    ChainTransaction transfer{
        .chain_id = 1337,
        .nonce = 0x81,
        .max_fee = Uint256{20'000'000'000},
        .gas_limit = 100'000,
        .to = *parse_chain_address("0x5fbdb2315678afecb367f032d93f642f64180aa3")};
    transfer.data =
        transfer_data(*parse_chain_address(second_address), *parse_decimal("10000000000000000000"));
    EXPECT_EQ(to_hex_0x(signed_by_key(transfer)),
              "0x02f8b08205398181808504a817c800830186a0945fbdb2315678afecb367f032d93f642f64180aa380"
              "b844a9059cbb00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c800000000"
              "00000000000000000000000000000000000000008ac7230489e80000c001a0610a5c89f6dd96392c58b5"
              "e33c2bf84783451b4f9b2fbd1849779123e42e1b81a07bd51ec449425378d56889370a1ce931d18b131e"
              "2bec50050903fc84fc958610");
}

TEST(Transaction, SaysWhatItIsAndWhoSignedIt) {
    const auto read = read_raw_transaction(signed_by_key(coin_transfer()));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->transaction, coin_transfer());
    EXPECT_EQ(format_checksummed(read->sender), known_address);
    const auto transfer = read_transfer_data(
        transfer_data(*parse_chain_address(second_address),
                      *parse_decimal("340282366920938463463374607431768211456")));
    ASSERT_TRUE(transfer);
    EXPECT_EQ(format_chain_address(transfer->to), second_address);
    EXPECT_EQ(format_decimal(transfer->amount), "340282366920938463463374607431768211456");
    EXPECT_FALSE(read_transfer_data(balance_data(*parse_chain_address(second_address))));
}

TEST(Transaction, WithAHighSOrAnyOtherByteIsNotOurs) {
    const ChainTransaction transaction = coin_transfer();
    ChainSignature signature = key().sign(signing_digest(transaction));
    // n - s, with the other parity, is the same signature to plain ECDSA and nobody's here.
    const Uint256 order =
        *parse_quantity("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    const std::string high = to_word(*subtract(order, *from_big_endian(view(signature.s))));
    std::copy(high.begin(), high.end(), signature.s.begin());
    signature.odd = !signature.odd;
    EXPECT_FALSE(read_raw_transaction(raw_transaction(transaction, signature)));
    const std::string raw = signed_by_key(transaction);
    std::size_t other_signers = 0;
    for (std::size_t at = 0; at < raw.size(); ++at) {
        std::string bent = raw;
        bent[at] = static_cast<char>(bent[at] ^ 1);
        const auto read = read_raw_transaction(bent);
        if (!read) continue;
        ++other_signers;
        EXPECT_NE(format_checksummed(read->sender), known_address) << at;
    }
    EXPECT_GT(other_signers, 0U);
    for (std::size_t length = 0; length < raw.size(); ++length) {
        EXPECT_FALSE(read_raw_transaction(raw.substr(0, length)));
    }
    EXPECT_FALSE(read_raw_transaction(raw + "x"));
}

// One signature in 128 has an r or an s that begins with a zero, one in 256 each; it must not be
// written.
TEST(Transaction, TwentyThousandSignaturesKeepTheRulesOfTheEncoding) {
    std::mt19937_64 random(20'000);
    const SigningKey signer = key();
    std::size_t short_ones = 0;
    for (std::uint64_t nonce = 0; nonce < 20'000; ++nonce) {
        ChainTransaction transaction = coin_transfer();
        transaction.nonce = nonce;
        transaction.tip = Uint256{random() >> random() % 64};
        transaction.max_fee = Uint256{Uint128{random()} << random() % 40};
        transaction.value.limbs = {random(), random() >> random() % 64, 0, 0};
        if (random() % 2 == 0) transaction.data = transfer_data(transaction.to, transaction.value);
        const std::string raw =
            raw_transaction(transaction, signer.sign(signing_digest(transaction)));
        const auto read = read_raw_transaction(raw);
        ASSERT_TRUE(read) << nonce;
        ASSERT_EQ(read->transaction, transaction);
        ASSERT_EQ(read->sender, signer.address());
        const auto items = read_rlp_list(std::string_view(raw).substr(1));
        ASSERT_TRUE(items && items->size() == 12);
        for (const std::size_t at : {10U, 11U}) {
            ASSERT_FALSE((*items)[at].bytes.starts_with('\0'));
            if ((*items)[at].bytes.size() < 32) ++short_ones;
        }
    }
    EXPECT_GT(short_ones, 50U);
    EXPECT_LT(short_ones, 400U);
}

}  // namespace
}  // namespace coffer
