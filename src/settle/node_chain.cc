#include "settle/node_chain.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <vector>

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

// A JSON value whose members are read as the API's texts.
class Value {
public:
    explicit Value(const std::string& json) : text_(json) {
        if (parser_.parse(text_).get(root_) != simdjson::SUCCESS) is_sound_ = false;
    }
    bool is_null() const { return !is_sound_ || root_.is_null(); }
    std::string_view text() const {
        std::string_view found;
        if (!is_sound_ || root_.get_string().get(found) != simdjson::SUCCESS) return {};
        return found;
    }
    std::string_view text(const char* member) const {
        std::string_view found;
        if (!is_sound_ || root_.at_pointer(member).get_string().get(found) != simdjson::SUCCESS) {
            return {};
        }
        return found;
    }
    // The texts of a list.
    std::vector<std::string_view> texts(const char* member) const {
        std::vector<std::string_view> found;
        simdjson::dom::array list;
        if (!is_sound_ || root_.at_pointer(member).get_array().get(list) != simdjson::SUCCESS) {
            return found;
        }
        for (const auto item : list) {
            // A list of lists gives the first of each.
            std::string_view one;
            simdjson::dom::array inner;
            if (item.get_array().get(inner) == simdjson::SUCCESS) {
                if (inner.at(0).get_string().get(one) == simdjson::SUCCESS) found.push_back(one);
            } else if (item.get_string().get(one) == simdjson::SUCCESS) {
                found.push_back(one);
            }
        }
        return found;
    }

private:
    simdjson::padded_string text_;
    simdjson::dom::parser parser_;
    simdjson::dom::element root_;
    bool is_sound_ = true;
};

class NodeChain final : public Chain {
public:
    NodeChain(JsonRpcOptions options, const Clock& clock) : rpc_(std::move(options), clock) {}

    Result<std::uint64_t> chain_id() override { return number("eth_chainId", "[]"); }

    Result<ChainHead> head() override {
        const auto block = result("eth_getBlockByNumber", R"(["latest",false])");
        if (!block) return std::unexpected(block.error());
        const Value value(*block);
        const auto height = read_number(value.text("/number"));
        const auto hash = read_digest(value.text("/hash"));
        if (!height || !hash) return senseless("eth_getBlockByNumber");
        return ChainHead{*height, *hash};
    }

    // Some nodes answer null, some an error, where they know nothing of finality.
    Result<std::optional<std::uint64_t>> finalized() override {
        const auto reply = rpc_.call("eth_getBlockByNumber", R"(["finalized",false])");
        if (!reply) return std::unexpected(reply.error());
        if (!reply->error.empty()) return std::nullopt;
        const Value value(reply->result);
        if (value.is_null()) return std::nullopt;
        const auto height = read_number(value.text("/number"));
        if (!height) return senseless("eth_getBlockByNumber");
        return height;
    }

    Result<std::optional<Digest>> block_hash(std::uint64_t height) override {
        const auto block = result("eth_getBlockByNumber",
                                  listed(in_quotes(format_quantity(Uint256{height})) + ",false"));
        if (!block) return std::unexpected(block.error());
        const Value value(*block);
        if (value.is_null()) return std::nullopt;
        const auto hash = read_digest(value.text("/hash"));
        if (!hash) return senseless("eth_getBlockByNumber");
        return hash;
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
        const Value value(*history);
        const auto bases = value.texts("/baseFeePerGas");
        const auto base = bases.empty() ? std::nullopt : parse_quantity(bases.back());
        if (!base) return senseless("eth_feeHistory");
        std::vector<Uint256> tips;
        for (const std::string_view text : value.texts("/reward")) {
            if (const auto tip = parse_quantity(text)) tips.push_back(*tip);
        }
        std::ranges::sort(tips);
        return ChainFees{*base, tips.empty() ? Uint256{} : tips[tips.size() / 2]};
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
        return !Value(*found).is_null();
    }

    Result<std::optional<ChainReceipt>> receipt(const Digest& hash) override {
        const auto found = result("eth_getTransactionReceipt", of_hash(hash));
        if (!found) return std::unexpected(found.error());
        const Value value(*found);
        if (value.is_null()) return std::nullopt;
        const auto block = read_number(value.text("/blockNumber"));
        const auto in = read_digest(value.text("/blockHash"));
        const auto status = read_number(value.text("/status"));
        const auto gas = read_number(value.text("/gasUsed"));
        const auto price = parse_quantity(value.text("/effectiveGasPrice"));
        if (!block || !in || !status || !gas || !price) {
            return senseless("eth_getTransactionReceipt");
        }
        const auto fee = multiply(*price, *gas);
        if (!fee) return senseless("eth_getTransactionReceipt");
        return ChainReceipt{*block, *in, *status == 0, *fee};
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
        if (block->node != events->node || Value(block->result).is_null()) {
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
        const auto bytes = from_hex_0x(Value(*answer).text());
        if (!bytes || bytes->size() != 32) return senseless("eth_call");
        return *from_big_endian(*bytes);
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
        const auto value = parse_quantity(Value(*answer).text());
        if (!value) return senseless(method);
        return *value;
    }
    Result<std::uint64_t> number(std::string_view method, const std::string& parameters) {
        const auto answer = result(method, parameters);
        if (!answer) return std::unexpected(answer.error());
        const auto value = read_number(Value(*answer).text());
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
