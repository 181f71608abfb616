#include "base/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <thread>

namespace coffer {
namespace {

// NIST's examples for FIPS 180-4.
TEST(Sha256, gives_the_standards_answers) {
    EXPECT_EQ(to_hex(view(sha256(""))),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(view(sha256("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(view(sha256(std::string(1'000'000, 'a')))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, may_be_asked_by_any_thread) {
    Digest there{};
    std::thread([&] { there = sha256("abc"); }).join();
    EXPECT_EQ(there, sha256("abc"));
}

// The first lines of the vectors that came with SipHash: key 00..0f, input 00..(n-1).
TEST(KeyedHash, gives_the_authors_answers) {
    SecretKey16 key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
    EXPECT_EQ(to_hex(view(keyed_hash(key, ""))), "a3817f04ba25a8e66df67214c7550293");
    EXPECT_EQ(to_hex(view(keyed_hash(key, std::string(1, '\0')))),
              "da87c1d86b99af44347659119b22fc45");
}

TEST(KeyedHash, depends_on_the_key) {
    EXPECT_NE(keyed_hash(SecretKey16{}, "player"), keyed_hash(SecretKey16{1}, "player"));
}

// RFC 4231, test cases 1 and 6.
TEST(Hmac, gives_the_answers_of_rfc_4231) {
    EXPECT_EQ(to_hex(hmac(HmacHash::sha256, std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac(HmacHash::sha512, std::string(20, '\x0b'), "Hi There")),
              "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
              "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
    EXPECT_EQ(to_hex(hmac(HmacHash::sha256, std::string(131, '\xaa'),
                          "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, takes_an_empty_key_for_an_empty_key_and_not_for_the_last_one) {
    const std::string empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    hmac(HmacHash::sha256, "another key", "text");
    EXPECT_EQ(to_hex(hmac(HmacHash::sha256, "", "")), empty);
    hmac(HmacHash::sha256, "another key", "text");
    EXPECT_EQ(to_hex(hmac(HmacHash::sha256, std::string_view{}, std::string_view{})), empty);
}

TEST(Hex, is_written_in_lower_case_and_read_in_either) {
    EXPECT_EQ(to_hex("\x01\xab\xff"), "01abff");
    EXPECT_EQ(from_hex("01aBFf"), "\x01\xab\xff");
    EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, refuses_odd_lengths_and_other_characters) {
    for (const char* text : {"0", "0g", "01 ", " 01", "0x01", "01:02"}) {
        EXPECT_FALSE(from_hex(text)) << text;
    }
}

// RFC 4648, section 10.
TEST(Base64, gives_the_answers_of_rfc_4648) {
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
    EXPECT_EQ(from_base64("Zm8="), "fo");
    EXPECT_EQ(from_base64("Zm8"), "fo");
    EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
}

TEST(Base64, refuses_what_has_more_than_one_reading) {
    for (const char* text :
         {"Zg=", "Zg===", "Z", "Zh==", "Zm 8=", "Zm8=\n", "-_8=", "=", "Zg==Zg=="}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
    for (const char* text : {"Zg==", "Z", "Zh", "+/8", "Zg "}) {
        EXPECT_FALSE(from_base64url(text)) << text;
    }
}

RC_GTEST_PROP(EncodingProperty, every_encoding_reads_back_what_it_wrote,
              (const std::string& bytes)) {
    RC_ASSERT(from_hex(to_hex(bytes)) == bytes);
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
    RC_ASSERT(from_base64url(to_base64url(bytes)) == bytes);
}

TEST(EqualConstantTime, compares_content_and_length) {
    EXPECT_TRUE(equal_constant_time("", ""));
    EXPECT_TRUE(equal_constant_time("secret", "secret"));
    EXPECT_FALSE(equal_constant_time("secret", "secres"));
    EXPECT_FALSE(equal_constant_time("secret", "secret "));
    EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

TEST(Sealed, opens_with_its_key_only) {
    const MasterKey key{1, 2, 3};
    const std::string sealed = seal(key, "a signing key");
    EXPECT_EQ(open_sealed(key, sealed), "a signing key");
    EXPECT_FALSE(open_sealed(MasterKey{1, 2, 4}, sealed));
    EXPECT_EQ(open_sealed(key, seal(key, "")), "");
}

TEST(Sealed, differs_each_time_and_does_not_show_what_it_holds) {
    const MasterKey key{};
    EXPECT_NE(seal(key, "a signing key"), seal(key, "a signing key"));
    EXPECT_EQ(seal(key, "a signing key").find("signing"), std::string::npos);
}

TEST(Sealed, refuses_any_byte_changed_or_missing) {
    const MasterKey key{9};
    const std::string sealed = seal(key, "x");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(open_sealed(key, changed)) << i;
        EXPECT_FALSE(open_sealed(key, sealed.substr(0, i))) << i;
    }
}

TEST(Password, matches_itself_only_and_is_salted) {
    const std::string hash = hash_password("correct horse");
    EXPECT_TRUE(hash.starts_with("$argon2id$")) << hash;
    EXPECT_TRUE(password_matches(hash, "correct horse"));
    EXPECT_FALSE(password_matches(hash, "correct horsf"));
    EXPECT_NE(hash, hash_password("correct horse"));
}

TEST(Password, matches_no_hash_that_is_not_one) {
    for (const char* hash : {"", "x", "$argon2id$", "$argon2id$v=19$m=65536,t=2,p=1$"}) {
        EXPECT_FALSE(password_matches(hash, "")) << hash;
    }
}

TEST(Wipe, leaves_an_empty_string_and_no_bytes_behind) {
    std::string secret(100, 's');
    const char* const memory = secret.data();
    wipe(secret);
    EXPECT_TRUE(secret.empty());
    EXPECT_EQ(secret.data(), memory);
    secret.resize(secret.capacity(), 'x');  // the old bytes would be under these
    EXPECT_EQ(secret.find('s'), std::string::npos);
}

}  // namespace
}  // namespace coffer
