#include "settle/keystore.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace coffer {
namespace {

constexpr ScryptCost cheap{.n = 1024, .r = 8, .p = 1};

// The scrypt example of the definition of Web3 Secret Storage.
constexpr std::string_view example = R"({
    "crypto" : {
        "cipher" : "aes-128-ctr",
        "cipherparams" : {"iv" : "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext" : "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf" : "scrypt",
        "kdfparams" : {
            "dklen" : 32, "n" : 262144, "r" : 1, "p" : 8,
            "salt" : "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"
        },
        "mac" : "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"
    },
    "id" : "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version" : 3
})";

std::string with(std::string_view from, std::string_view to) {
    std::string text(example);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(Keystore, OfTheDefinitionOpens) {
    const auto key = read_keystore(example, "testpassword");
    ASSERT_TRUE(key) << key.error().detail;
    EXPECT_EQ(to_hex(key->secret()),
              "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d");
}

TEST(Keystore, DoesNotOpenByAnotherPassword) {
    const auto key = read_keystore(example, "testpassworD");
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().detail, "the password is wrong, or the keystore is damaged");
    EXPECT_FALSE(read_keystore(with("479c\"", "479d\""), "testpassword"));
}

TEST(Keystore, OfAnotherKindIsNamed) {
    const auto words = [](const std::string& text) {
        const auto key = read_keystore(text, "testpassword");
        return key ? "opened" : key.error().detail;
    };
    EXPECT_EQ(words("{"), "the keystore is not JSON");
    EXPECT_EQ(words(with("\"version\" : 3", "\"version\" : 1")),
              "the keystore is not of version 3");
    EXPECT_EQ(words(with("aes-128-ctr", "aes-256-gcm")),
              "the keystore's cipher is not aes-128-ctr");
    EXPECT_EQ(words(with("\"kdf\" : \"scrypt\"", "\"kdf\" : \"pbkdf2\"")),
              "the keystore's key derivation is not scrypt");
    for (const auto& text : {with("\"dklen\" : 32", "\"dklen\" : 64"), with("83dbcc02", "83dbcc0"),
                             with("\"mac\"", "\"Mac\""), with("\"r\" : 1", "\"r\" : -1"),
                             with("\"p\" : 8", "\"p\" : 4294967304"), with("ab0c78", "zb0c78")}) {
        EXPECT_EQ(words(text), "a field of the keystore is missing or wrong");
    }
    for (const auto& text :
         {with("262144", "262143"), with("262144", "1"), with("262144", "1099511627776"),
          with("\"r\" : 1", "\"r\" : 0"), with("\"p\" : 8", "\"p\" : 100000")}) {
        EXPECT_EQ(words(text), "the keystore's costs of scrypt are wrong or over 1 GiB");
    }
}

TEST(Keystore, OpensAsItWasWritten) {
    const auto key = SigningKey::from_hex_digits(std::string(64, '7'));
    const std::string json = write_keystore(*key, "a password", cheap);
    const auto read = read_keystore(json, "a password");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->address(), key->address());
    EXPECT_EQ(json.find(std::string(64, '7')), std::string::npos);
    EXPECT_NE(json.find(to_hex(key->address().view())), std::string::npos);
    EXPECT_NE(json, write_keystore(*key, "a password", cheap)) << "salt and counter are random";
}

class SecretFile : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "coffer_secret_XXXXXX";
        const int file = ::mkstemp(name.data());
        ASSERT_GE(file, 0);
        ::close(file);
        path_ = name;
    }
    void TearDown() override { std::remove(path_.c_str()); }
    void write(std::string_view text) { std::ofstream(path_) << text; }
    std::string path_;
};

TEST_F(SecretFile, IsReadByItsOwnerAlone) {
    write("a secret\n");
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    EXPECT_EQ(read_secret_file(path_).value(), "a secret\n");
    for (const mode_t mode : {0604U, 0640U, 0660U, 0610U, 0601U}) {
        ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
        const auto refused = read_secret_file(path_);
        ASSERT_FALSE(refused) << mode;
        EXPECT_EQ(refused.error().detail.find("a secret\n"), std::string::npos);
        EXPECT_NE(refused.error().detail.find("others may read it"), std::string::npos);
    }
}

TEST_F(SecretFile, ThatIsAbsentOrNoSecretIsRefused) {
    write(std::string(65'537, 'a'));
    EXPECT_FALSE(read_secret_file(path_));
    EXPECT_EQ(read_secret_file(path_ + "x").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace coffer
