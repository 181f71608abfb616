#include "settle/anvil_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "settle/transaction.h"

namespace coffer {

namespace {

const std::string chain_folder = COFFER_SOURCE_DIR "/build/chain";
const std::string anvil_program =
    chain_folder + "/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";

constexpr std::array<std::string_view, 4> known_keys{
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"};

std::string without_quotes(const std::string& json) {
    return json.size() < 2 ? json : json.substr(1, json.size() - 2);
}

std::string compiled_token() {
    const std::string command =
        "node " COFFER_SOURCE_DIR "/tools/chain/compile.js " + chain_folder + " 2>&1";
    FILE* const out = ::popen(command.c_str(), "r");
    if (out == nullptr) throw std::runtime_error("node cannot be started");
    std::string text;
    std::array<char, 4096> part{};
    while (const std::size_t count = std::fread(part.data(), 1, part.size(), out)) {
        text.append(part.data(), count);
    }
    if (::pclose(out) != 0 || !text.starts_with("0x")) {
        throw std::runtime_error(
            "the token does not compile; `./dev test` installs what it needs: " + text);
    }
    return text;
}

}  // namespace

std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) throw std::runtime_error("there is no socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    const bool bound =
        ::bind(socket, plain, length) == 0 && ::getsockname(socket, plain, &length) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("there is no free port");
    return ntohs(address.sin_port);
}

Anvil::Anvil() {
    const std::string port = std::to_string(free_port());
    url_ = "http://127.0.0.1:" + port;
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("there is no other process");
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive a test that crashed
        const int nowhere = ::open("/dev/null", O_RDWR);
        if (nowhere < 0 || ::dup2(nowhere, 0) < 0 || ::dup2(nowhere, 1) < 0) _exit(127);
        const std::string chain = std::to_string(chain_id);
        ::execl(anvil_program.c_str(), "anvil", "--host", "127.0.0.1", "--port", port.c_str(),
                "--silent", "--chain-id", chain.c_str(), "--slots-in-an-epoch", "1",
                static_cast<char*>(nullptr));
        _exit(127);
    }
    rpc_ = std::make_unique<JsonRpc>(JsonRpcOptions{.urls = {url_}}, clock_);
    for (int attempt = 0; attempt < 1'000; ++attempt) {
        // A new one each time: the old one leaves a node that did not answer alone.
        JsonRpc asks({.urls = {url_}, .timeout_ms = 1'000}, clock_);
        if (asks.call("eth_chainId", "[]")) return;
        if (::waitpid(process_, nullptr, WNOHANG) == process_) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error(anvil_program + " does not start; `./dev test` installs it");
}

Anvil::~Anvil() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

std::string Anvil::ask(std::string_view method, std::string_view parameters) {
    const auto reply = rpc_->call(method, parameters);
    if (!reply) throw std::runtime_error(std::string(method) + ": " + reply.error().detail);
    if (!reply->error.empty()) throw std::runtime_error(std::string(method) + ": " + reply->error);
    return reply->result;
}

void Anvil::mine(int blocks) {
    for (int block = 0; block < blocks; ++block) ask("evm_mine");
}

std::string Anvil::run(std::string_view to, std::string_view data) {
    std::string call = R"([{"from":")" + format_chain_address(key(0).address()) + R"(","data":")" +
                       std::string(data) + "\"";
    if (!to.empty()) call += R"(,"to":")" + std::string(to) + "\"";
    const std::string hash = ask("eth_sendTransaction", call + "}]");
    // The node answers before it has mined what it was sent.
    for (int attempt = 0; attempt < 1'000; ++attempt) {
        const std::string receipt = ask("eth_getTransactionReceipt", "[" + hash + "]");
        if (receipt != "null") return receipt;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error("a transaction is not mined");
}

const ChainAddress& Anvil::token() {
    if (token_ != ChainAddress{}) return token_;
    const std::string receipt = run("", compiled_token());
    const std::string name = R"("contractAddress":")";
    const std::size_t at = receipt.find(name);
    if (at == std::string::npos) throw std::runtime_error("the token was not deployed");
    token_ = parse_chain_address(receipt.substr(at + name.size(), 42)).value();
    return token_;
}

void Anvil::give_tokens(const ChainAddress& to, const Uint256& amount) {
    run(format_chain_address(token()), to_hex_0x(transfer_data(to, amount)));
}

Uint256 Anvil::tokens(const ChainAddress& owner) {
    const std::string word = without_quotes(
        ask("eth_call", R"([{"to":")" + format_chain_address(token()) + R"(","data":")" +
                            to_hex_0x(balance_data(owner)) + R"("},"latest"])"));
    return from_big_endian(from_hex_0x(word).value()).value();
}

Uint256 Anvil::coins(const ChainAddress& owner) {
    return parse_quantity(without_quotes(ask("eth_getBalance", "[\"" + format_chain_address(owner) +
                                                                   "\",\"latest\"]")))
        .value();
}

std::uint64_t Anvil::nonce(const ChainAddress& owner) {
    return parse_quantity(
               without_quotes(ask("eth_getTransactionCount",
                                  "[\"" + format_chain_address(owner) + "\",\"latest\"]")))
        .value()
        .limbs[0];
}

SigningKey Anvil::key(std::size_t number) {
    return *SigningKey::from_hex_digits(known_keys.at(number));
}

}  // namespace coffer
