#include "settle/json_rpc.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "settle/node_chain.h"
#include "settle/signer.h"

namespace coffer {
namespace {

// A server that answers each request with the same text, and remembers what it was asked.
class FixedServer {
public:
    explicit FixedServer(std::string body, std::string status = "200 OK")
        : reply_("HTTP/1.1 " + status + "\r\ncontent-type: application/json\r\ncontent-length: " +
                 std::to_string(body.size()) + "\r\nconnection: close\r\n\r\n" + body) {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const plain = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_, plain, length), 0);
        EXPECT_EQ(::getsockname(socket_, plain, &length), 0);
        EXPECT_EQ(::listen(socket_, 16), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~FixedServer() {
        stopping_ = true;
        ::shutdown(socket_, SHUT_RDWR);
        thread_.join();
        ::close(socket_);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int asked() const { return asked_; }
    std::string last() {
        const std::lock_guard lock(mutex_);
        return last_;
    }

private:
    void run() {
        while (!stopping_) {
            const int caller = ::accept(socket_, nullptr, nullptr);
            if (caller < 0) return;
            std::string request;
            std::array<char, 4096> part{};
            // A call of these tests has a body and ends with the array's and the object's end.
            while (!request.ends_with("]}")) {
                const ssize_t count = ::read(caller, part.data(), part.size());
                if (count <= 0) break;
                request.append(part.data(), static_cast<std::size_t>(count));
            }
            {
                const std::lock_guard lock(mutex_);
                last_ = request.substr(request.find("\r\n\r\n") + 4);
            }
            ++asked_;
            EXPECT_GE(::write(caller, reply_.data(), reply_.size()), 0);
            ::close(caller);
        }
    }
    const std::string reply_;
    int socket_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<int> asked_{0};
    std::mutex mutex_;  // guards last_
    std::string last_;
    std::thread thread_;
};

std::string nobody() {
    FixedServer gone("");
    return gone.url();
}

TEST(JsonRpc, AsksAndGivesTheResultAsItIs) {
    FixedServer node(R"({"jsonrpc":"2.0","id":1,"result":{"a":[1, "x"]}})");
    ManualClock clock(0);
    JsonRpc rpc({.urls = {node.url()}}, clock);
    const auto reply = rpc.call("some_method", R"(["0x1",true])");
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->result, R"({"a":[1,"x"]})");
    EXPECT_EQ(node.last(),
              R"({"jsonrpc":"2.0","id":1,"method":"some_method","params":["0x1",true]})");
}

TEST(JsonRpc, AnErrorOfTheNodeIsAnAnswer) {
    FixedServer node(
        R"({"jsonrpc":"2.0","id":1,"error":{"code":-32003,"message":"nonce too low"}})");
    FixedServer other(R"({"jsonrpc":"2.0","id":1,"result":1})");
    ManualClock clock(0);
    JsonRpc rpc({.urls = {node.url(), other.url()}}, clock);
    const auto reply = rpc.call("m", "[]");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error, "nonce too low");
    EXPECT_EQ(other.asked(), 0);
}

// Without words it would look like no error at all, and a refused transaction as one that is taken.
TEST(JsonRpc, AnErrorWithoutWordsIsAnErrorAndManyWordsAreCutOff) {
    for (const char* error : {R"({"code":-32000})", R"({"message":""})", R"({"message":7})", "[]",
                              "0", "false", R"("no")"}) {
        const auto reply = read_json_rpc_reply(std::string(R"({"error":)") + error + "}");
        ASSERT_TRUE(reply) << error;
        EXPECT_EQ(reply->error, "an error without words") << error;
    }
    const std::string many(json_rpc_words_max - 1, 'x');
    const auto cut = read_json_rpc_reply(R"({"error":{"message":")" + many + "\u00e9yyy\"}}");
    EXPECT_EQ(cut->error, many) << "whole characters";
    EXPECT_EQ(read_json_rpc_reply(R"({"error":null,"result":7})")->result, "7");
    EXPECT_FALSE(read_json_rpc_reply(""));
    EXPECT_FALSE(read_json_rpc_reply("[1]"));
    EXPECT_FALSE(read_json_rpc_reply(std::string(100'000, '[')));
}

TEST(JsonRpc, WhoDoesNotAnswerIsLeftAloneForAWhile) {
    FixedServer broken("busy", "503 Service Unavailable");
    FixedServer node(R"({"jsonrpc":"2.0","id":1,"result":1})");
    ManualClock clock(0);
    JsonRpc rpc({.urls = {broken.url(), node.url()}}, clock);
    EXPECT_TRUE(rpc.call("m", "[]"));
    EXPECT_TRUE(rpc.call("m", "[]"));
    EXPECT_EQ(broken.asked(), 1);
    EXPECT_EQ(node.asked(), 2);
    JsonRpc alone({.urls = {broken.url()}}, clock);
    EXPECT_FALSE(alone.call("m", "[]"));
    EXPECT_FALSE(alone.call("m", "[]")) << "it rests";
    EXPECT_EQ(broken.asked(), 2);
    clock.advance(second_us / 2);
    EXPECT_FALSE(alone.call("m", "[]"));
    EXPECT_EQ(broken.asked(), 3);
    clock.advance(second_us / 2);
    EXPECT_FALSE(alone.call("m", "[]")) << "twice as long";
    EXPECT_EQ(broken.asked(), 3);
}

// A node that takes the call and never answers would hold up the end of the process.
TEST(JsonRpc, GivesUpWhenItIsTold) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(socket, plain, length), 0);
    ASSERT_EQ(::getsockname(socket, plain, &length), 0);
    ASSERT_EQ(::listen(socket, 1), 0);
    const auto gives_up = std::make_shared<std::atomic<bool>>(false);
    ManualClock clock(0);
    JsonRpc rpc({.urls = {"http://127.0.0.1:" + std::to_string(ntohs(address.sin_port))},
                 .timeout_ms = 600'000,
                 .gives_up = gives_up},
                clock);
    std::thread asks([&] { EXPECT_FALSE(rpc.call("m", "[]")); });
    gives_up->store(true);
    asks.join();
    ::close(socket);
}

TEST(JsonRpc, WhatIsNoAnswerIsNamedWithoutTheUrl) {
    ManualClock clock(0);
    const auto words = [&](const std::string& url) {
        JsonRpc rpc({.urls = {url + "/secret-key"}, .timeout_ms = 2'000}, clock);
        const auto reply = rpc.call("m", "[]");
        return reply ? "answered" : reply.error().detail;
    };
    FixedServer text("<html>");
    FixedServer empty(R"({"jsonrpc":"2.0","id":1})");
    FixedServer moved("{}", "302 Found");
    EXPECT_EQ(words(text.url()), "node 1 of 1: an answer that is not JSON");
    EXPECT_EQ(words(empty.url()), "node 1 of 1: an answer without a result");
    EXPECT_EQ(words(moved.url()), "node 1 of 1: HTTP status 302");
    EXPECT_EQ(words("ftp://127.0.0.1").find("node 1 of 1: "), 0U);
    const std::string refused = words(nobody());
    EXPECT_EQ(refused.find("node 1 of 1: "), 0U);
    EXPECT_EQ(refused.find("secret-key"), std::string::npos);
}

TEST(NodeChain, TakesNoSenselessAnswer) {
    for (const char* senseless :
         {"null", "7", R"("7")", R"("0x")", R"({"number":"0x1"})",
          R"({"number":"0x1","hash":"0x12"})", R"("0x10000000000000000")"}) {
        FixedServer node(std::string(R"({"jsonrpc":"2.0","id":1,"result":)") + senseless + "}");
        ManualClock clock(0);
        const auto chain = make_node_chain({.urls = {node.url()}}, clock);
        EXPECT_FALSE(chain->chain_id()) << senseless;
        EXPECT_FALSE(chain->head()) << senseless;
        EXPECT_FALSE(chain->fees()) << senseless;
        EXPECT_FALSE(chain->tokens({}, {})) << senseless;
        EXPECT_FALSE(chain->mined_nonces({})) << senseless;
        const auto receipt = chain->receipt({});
        EXPECT_EQ(receipt.has_value(), std::string_view(senseless) == "null") << senseless;
    }
}

TEST(NodeChain, TakesNoAnswerToAnotherQuestion) {
    ManualClock clock(0);
    const std::string hash = "0x" + std::string(64, '2');
    FixedServer node(R"({"jsonrpc":"2.0","id":1,"result":{"number":"0x7","hash":")" + hash +
                     R"(","transactionHash":")" + hash + R"(","blockNumber":"0x7","blockHash":")" +
                     hash + R"(","status":"0x1","gasUsed":"0x5208","effectiveGasPrice":"0x3"}})");
    const auto chain = make_node_chain({.urls = {node.url()}}, clock);
    Digest asked;
    asked.fill(0x22);
    EXPECT_EQ(**chain->block_hash(7), asked);
    EXPECT_FALSE(chain->block_hash(8));
    EXPECT_TRUE(*chain->knows(asked));
    EXPECT_EQ((*chain->receipt(asked))->fee, Uint256{63'000});
    asked.fill(0x23);
    EXPECT_FALSE(chain->knows(asked));
    EXPECT_FALSE(chain->receipt(asked));
}

TEST(NodeChain, KnowsNothingOfFinalityWhereTheNodeDoesNot) {
    ManualClock clock(0);
    FixedServer refuses(
        R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"unknown tag"}})");
    FixedServer shrugs(R"({"jsonrpc":"2.0","id":1,"result":null})");
    for (FixedServer* node : {&refuses, &shrugs}) {
        const auto chain = make_node_chain({.urls = {node->url()}}, clock);
        const auto finalized = chain->finalized();
        ASSERT_TRUE(finalized);
        EXPECT_EQ(*finalized, std::nullopt);
    }
}

// Another transaction than was asked for, however well signed, is not sent.
TEST(RemoteSigner, TakesNoOtherTransactionThanItAskedFor) {
    const auto key = SigningKey::from_hex_digits(std::string(64, '7'));
    ChainTransaction wanted{.chain_id = 1, .nonce = 5, .gas_limit = 21'000, .value = Uint256{1}};
    const auto answer_to = [&](const ChainTransaction& signs) {
        const std::string raw = raw_transaction(signs, key->sign(signing_digest(signs)));
        FixedServer signer(R"({"jsonrpc":"2.0","id":1,"result":{"raw":")" + to_hex_0x(raw) +
                           R"(","tx":{}}})");
        ManualClock clock(0);
        return make_remote_signer(key->address(), {.urls = {signer.url()}}, clock)->sign(wanted);
    };
    EXPECT_TRUE(answer_to(wanted));
    ChainTransaction other = wanted;
    other.value = Uint256{2};
    ASSERT_FALSE(answer_to(other));
    EXPECT_EQ(answer_to(other).error().detail, "the signer signed something else");
    other = wanted;
    other.nonce = 6;
    EXPECT_FALSE(answer_to(other));
    other = wanted;
    other.to.bytes[3] = 1;
    EXPECT_FALSE(answer_to(other));
}

}  // namespace
}  // namespace coffer
