#include "base/extended_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace coffer {
namespace {

// The definition writes keys in Base58 with a checksum. Only the end is looked at: 32 bytes of
// chain code and 33 of key, in front of 4 of checksum.
struct Written {
    std::string chain_code, key;
};

Written read_written(std::string_view text) {
    constexpr std::string_view digits =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    std::vector<unsigned> bytes(82);  // highest first
    for (const char digit : text) {
        unsigned carry = static_cast<unsigned>(digits.find(digit));
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
            carry += *byte * 58;
            *byte = carry & 0xff;
            carry >>= 8;
        }
    }
    std::string raw;
    for (const unsigned byte : bytes) raw.push_back(static_cast<char>(byte));
    EXPECT_EQ(view(sha256(view(sha256(raw.substr(0, 78))))).substr(0, 4), raw.substr(78)) << text;
    return {raw.substr(13, 32), raw.substr(45, 33)};
}

struct Step {
    std::uint32_t number;
    const char* written_public;
    const char* written_private;
};

void expect_key(const ExtendedKey& key, const char* written_public, const char* written_private) {
    const ExtendedPublicKey shown = key.public_key();
    const Written open = read_written(written_public);
    EXPECT_EQ(to_hex(view(shown.key)), to_hex(open.key));
    EXPECT_EQ(to_hex(view(shown.chain_code)), to_hex(open.chain_code));
    const Written secret = read_written(written_private);
    EXPECT_EQ(to_hex(key.secret()), to_hex(secret.key.substr(1)));
    EXPECT_EQ(open.chain_code, secret.chain_code);
}

// Down a path, each step also by the public keys alone where that is possible.
void expect_path(std::string_view seed, const char* master_public, const char* master_private,
                 const std::vector<Step>& steps) {
    auto master = ExtendedKey::from_seed(*from_hex(seed));
    ASSERT_TRUE(master);
    expect_key(*master, master_public, master_private);
    std::vector<ExtendedKey> path;
    path.push_back(std::move(*master));
    for (const Step& step : steps) {
        auto next = path.back().child(step.number);
        ASSERT_TRUE(next);
        expect_key(*next, step.written_public, step.written_private);
        const auto open = child_of(path.back().public_key(), step.number);
        EXPECT_EQ(open.has_value(), step.number < first_hardened_child);
        if (open) {
            EXPECT_EQ(*open, next->public_key());
        }
        path.push_back(std::move(*next));
    }
}

constexpr std::uint32_t hard = first_hardened_child;

TEST(ExtendedKey, FollowsTheFirstVectorOfItsDefinition) {
    expect_path("000102030405060708090a0b0c0d0e0f",
                "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8Yt"
                "GqsefD265TMg7usUDFdp6W1EGMcet8",
                "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5"
                "kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
                {{hard,
                  "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTs"
                  "fTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
                  "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd"
                  "7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7"},
                 {1,
                  "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMa"
                  "sh7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
                  "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQa"
                  "XwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs"},
                 {hard + 2,
                  "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG"
                  "5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5",
                  "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQ"
                  "SAewRiNMjANTtpgP4mLTj34bhnZX7UiM"},
                 {2,
                  "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1"
                  "ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
                  "xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdr"
                  "bdqqsunu5Mm3wDvUAKRHSC34sJ7in334"},
                 {1'000'000'000,
                  "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkr"
                  "o49S8yGasTvXEYBVPamhGW6cFJodrTHy",
                  "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgP"
                  "ie1rFSruoUihUZREPSL39UNdE3BBDu76"}});
}

TEST(ExtendedKey, FollowsTheSecondVectorOfItsDefinition) {
    expect_path(
        "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a87"
        "84817e7b7875726f6c696663605d5a5754514e4b484542",
        "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc"
        "4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
        "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSB"
        "HNqPqm55Qn3LqFtT2emdEXVYsCzC2U",
        {{0,
          "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjX"
          "oUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
          "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocE"
          "ZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt"},
         {hard + 2'147'483'647,
          "xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1u"
          "NRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a",
          "xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEeEg2mUCTAwCd6vnxVrcj"
          "fy2kRgVsFawNzmjuHc2YmYRmagcEPdU9"},
         {1,
          "xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU"
          "9DCWh89LojfZ537wTfunKau47EL2dhHKon",
          "xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd25UEPVuesF9yog62tGAQ"
          "tHjXajPPdbRCHuWS6T8XA2ECKADdw4Ef"},
         {hard + 2'147'483'646,
          "xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY"
          "4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL",
          "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXz"
          "U6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc"},
         {2,
          "xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9HmGsApME5hQ"
          "TZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt",
          "xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM8Dq38EGfSh6dq"
          "A9QWTyefMLEcBYJUuekgW4BYPJcr9E7j"}});
}

// The seed of the words "test test test test test test test test test test test junk", whose
// addresses test nodes print when they start.
TEST(ExtendedKey, GivesTheAddressesThatTestNodesShow) {
    auto master = ExtendedKey::from_seed(
        *from_hex("9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185d564a3aee24cab43"
                  "f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0"));
    ASSERT_TRUE(master);
    const auto account =
        master->child(hard + 44)->child(hard + 60)->child(hard)->child(0)->public_key();
    const auto address = [&](std::uint32_t number) {
        return format_checksummed(*address_of(*child_of(account, number)));
    };
    EXPECT_EQ(address(0), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    EXPECT_EQ(address(1), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    EXPECT_EQ(address(2), "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
    EXPECT_EQ(address(9), "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720");
}

TEST(ExtendedKey, WhatIsNoSeedOrNoKeyIsRefused) {
    EXPECT_FALSE(ExtendedKey::from_seed(std::string(15, 's')));
    EXPECT_FALSE(ExtendedKey::from_seed(std::string(65, 's')));
    EXPECT_TRUE(ExtendedKey::from_seed(std::string(16, 's')));
    const ExtendedPublicKey none;
    EXPECT_FALSE(child_of(none, 0));
    EXPECT_FALSE(address_of(none));
    const auto key = ExtendedKey::from_seed(std::string(16, 's'))->public_key();
    EXPECT_FALSE(child_of(key, hard));
    EXPECT_TRUE(child_of(key, hard - 1));
}

}  // namespace
}  // namespace coffer
