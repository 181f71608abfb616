#include "settle/node_chain.h"

#include <utility>
#include <vector>

#include "settle/node_answers.h"
#include "settle/node_words.h"
#include "settle/transaction.h"

namespace coffer {

namespace {

// The blocks whose tips are looked at.
constexpr std::string_view fee_blocks = "0x5";

std::unexpected<Error> senseless(std::string_view method) {
    return fail(ErrorCode::unavailable, "a senseless answer to " + std::string(method));
}

std::string in_quotes(std::string_view plain) { return '"' + std::string(plain) + '"'; }
std::string listed(std::string_view items) { return '[' + std::string(items) + ']'; }

class NodeChain final : public Chain {
public:
    NodeChain(JsonRpcOptions options, const Clock& clock) : rpc_(std::move(options), clock) {}

    Result<std::uint64_t> chain_id() override { return number("eth_chainId", "[]"); }

    Result<ChainHead> head() override {
        const auto block = result("eth_getBlockByNumber", R"(["latest",false])");
        if (!block) return std::unexpected(block.error());
        const auto head = answered_block(*block);
        if (!head) return senseless("eth_getBlockByNumber");
        return *head;
    }

    // Some nodes answer null, some an error, where they know nothing of finality.
    Result<std::optional<std::uint64_t>> finalized() override {
        const auto reply = rpc_.call("eth_getBlockByNumber", R"(["finalized",false])");
        if (!reply) return std::unexpected(reply.error());
        if (!reply->error.empty()) return std::nullopt;
        if (is_nothing(reply->result)) return std::nullopt;
        const auto latest = answered_block(reply->result);
        if (!latest) return senseless("eth_getBlockByNumber");
        return latest->number;
    }

    Result<std::optional<Digest>> block_hash(std::uint64_t height) override {
        const auto block = result("eth_getBlockByNumber",
                                  listed(in_quotes(format_quantity(Uint256{height})) + ",false"));
        if (!block) return std::unexpected(block.error());
        if (is_nothing(*block)) return std::nullopt;
        const auto named = answered_block(*block);
        if (!named || named->number != height) return senseless("eth_getBlockByNumber");
        return named->hash;
    }

    Result<std::uint64_t> mined_nonces(const ChainAddress& account) override {
        return number("eth_getTransactionCount", of_account(account));
    }

    Result<std::uint64_t> mined_nonces_at(const ChainAddress& account,
                                          std::uint64_t block) override {
        return number("eth_getTransactionCount",
                      listed(in_quotes(format_chain_address(account)) + "," +
                             in_quotes(format_quantity(Uint256{block}))));
    }

    Result<Uint256> coins(const ChainAddress& account) override {
        return quantity("eth_getBalance", of_account(account));
    }

    Result<Uint256> tokens(const ChainAddress& contract, const ChainAddress& owner) override {
        return tokens_in(contract, owner, "latest");
    }

    Result<Uint256> tokens_at(const ChainAddress& contract, const ChainAddress& owner,
                              std::uint64_t block) override {
        return tokens_in(contract, owner, format_quantity(Uint256{block}));
    }

    Result<ChainFees> fees() override {
        const auto history =
            result("eth_feeHistory", listed(in_quotes(fee_blocks) + R"(,"latest",[50])"));
        if (!history) return std::unexpected(history.error());
        const auto fees = answered_fees(*history);
        if (!fees) return senseless("eth_feeHistory");
        return *fees;
    }

    Result<std::optional<std::string>> send(std::string_view raw) override {
        const auto reply = rpc_.call("eth_sendRawTransaction", listed(in_quotes(to_hex_0x(raw))));
        if (!reply) return std::unexpected(reply.error());
        if (reply->error.empty()) return std::nullopt;
        return reply->error;
    }

    Result<bool> knows(const Digest& hash) override {
        const auto found = result("eth_getTransactionByHash", of_hash(hash));
        if (!found) return std::unexpected(found.error());
        if (is_nothing(*found)) return false;
        if (answered_transaction(*found) != hash) return senseless("eth_getTransactionByHash");
        return true;
    }

    Result<std::optional<ChainReceipt>> receipt(const Digest& hash) override {
        const auto found = result("eth_getTransactionReceipt", of_hash(hash));
        if (!found) return std::unexpected(found.error());
        if (is_nothing(*found)) return std::nullopt;
        const auto receipt = answered_receipt(*found, hash);
        if (!receipt) return senseless("eth_getTransactionReceipt");
        return *receipt;
    }

    // That the same node has the last block is asked before the events, because a node that has
    // not come so far says that there are none, and not that it does not know.
    Result<std::vector<TransferLog>> transfers(const TransferQuestion& question) override {
        std::string accounts;
        for (const ChainAddress& account : question.to) {
            if (!accounts.empty()) accounts += ',';
            accounts += in_quotes(account_topic(account));
        }
        const std::string last = in_quotes(format_quantity(Uint256{question.last}));
        const auto block = rpc_.call("eth_getBlockByNumber", listed(last + ",false"));
        if (!block) return std::unexpected(block.error());
        const auto events = rpc_.call(
            "eth_getLogs",
            listed(R"({"fromBlock":)" + in_quotes(format_quantity(Uint256{question.first})) +
                   R"(,"toBlock":)" + last + R"(,"address":)" +
                   in_quotes(format_chain_address(question.contract)) + R"(,"topics":[)" +
                   in_quotes(transfer_topic()) + ",null," + listed(accounts) + "]}"));
        if (!events) return std::unexpected(events.error());
        if (block->node != events->node || is_nothing(block->result)) {
            return fail(ErrorCode::unavailable, "a node that has not all of the blocks");
        }
        if (!events->error.empty()) {
            return fail(ErrorCode::invalid, "eth_getLogs: " + events->error);
        }
        auto transfers = read_transfer_logs(events->result, question.contract);
        if (!transfers) return senseless("eth_getLogs");
        return std::move(*transfers);
    }

private:
    static std::string of_account(const ChainAddress& account) {
        return listed(in_quotes(format_chain_address(account)) + R"(,"latest")");
    }
    static std::string of_hash(const Digest& hash) {
        return listed(in_quotes(to_hex_0x(view(hash))));
    }

    Result<Uint256> tokens_in(const ChainAddress& contract, const ChainAddress& owner,
                              std::string_view block) {
        const auto answer =
            result("eth_call",
                   listed(R"({"to":)" + in_quotes(format_chain_address(contract)) + R"(,"data":)" +
                          in_quotes(to_hex_0x(balance_data(owner))) + R"(},)" + in_quotes(block)));
        if (!answer) return std::unexpected(answer.error());
        const auto word = answered_word(*answer);
        if (!word) return senseless("eth_call");
        return *word;
    }

    // The JSON of what was asked for. A node that answers these with an error cannot serve us.
    Result<std::string> result(std::string_view method, const std::string& parameters) {
        auto reply = rpc_.call(method, parameters);
        if (!reply) return std::unexpected(reply.error());
        if (!reply->error.empty()) {
            return fail(ErrorCode::unavailable, std::string(method) + ": " + reply->error);
        }
        return std::move(reply->result);
    }
    Result<Uint256> quantity(std::string_view method, const std::string& parameters) {
        const auto answer = result(method, parameters);
        if (!answer) return std::unexpected(answer.error());
        const auto value = answered_quantity(*answer);
        if (!value) return senseless(method);
        return *value;
    }
    Result<std::uint64_t> number(std::string_view method, const std::string& parameters) {
        const auto answer = result(method, parameters);
        if (!answer) return std::unexpected(answer.error());
        const auto value = answered_number(*answer);
        if (!value) return senseless(method);
        return *value;
    }

    JsonRpc rpc_;
};

}  // namespace

std::unique_ptr<Chain> make_node_chain(JsonRpcOptions options, const Clock& clock) {
    return std::make_unique<NodeChain>(std::move(options), clock);
}

}  // namespace coffer
