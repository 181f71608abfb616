#include "settle/signer.h"

#include <utility>

#include "base/json_writer.h"
#include "settle/node_answers.h"

namespace coffer {

namespace {

class KeySigner final : public Signer {
public:
    explicit KeySigner(SigningKey key) : key_(std::move(key)) {}
    const ChainAddress& address() const override { return key_.address(); }
    Result<std::string> sign(const ChainTransaction& transaction) override {
        return raw_transaction(transaction, key_.sign(signing_digest(transaction)));
    }

private:
    const SigningKey key_;
};

class RemoteSigner final : public Signer {
public:
    RemoteSigner(const ChainAddress& address, JsonRpcOptions options, const Clock& clock)
        : address_(address), rpc_(std::move(options), clock) {}
    const ChainAddress& address() const override { return address_; }

    Result<std::string> sign(const ChainTransaction& transaction) override {
        std::string parameters;
        JsonWriter json(parameters);
        const auto number = [&](std::string_view name, const Uint256& value) {
            json.key(name).string(format_quantity(value));
        };
        json.open_array().open_object();
        json.key("from").string(format_chain_address(address_));
        json.key("to").string(format_chain_address(transaction.to));
        number("chainId", Uint256{transaction.chain_id});
        number("nonce", Uint256{transaction.nonce});
        number("gas", Uint256{transaction.gas_limit});
        number("maxFeePerGas", transaction.max_fee);
        number("maxPriorityFeePerGas", transaction.tip);
        number("value", transaction.value);
        json.key("data").string(to_hex_0x(transaction.data));
        json.close_object().close_array();
        const auto reply = rpc_.call("eth_signTransaction", parameters);
        if (!reply) return std::unexpected(reply.error());
        if (!reply->error.empty()) {
            return fail(ErrorCode::unavailable, "the signer refuses: " + reply->error);
        }
        std::string raw = answered_bytes(reply->result);
        const auto read = read_raw_transaction(raw);
        if (!read || read->transaction != transaction || read->sender != address_) {
            return fail(ErrorCode::unavailable, "the signer signed something else");
        }
        return raw;
    }

private:
    const ChainAddress address_;
    JsonRpc rpc_;
};

}  // namespace

std::unique_ptr<Signer> make_key_signer(SigningKey key) {
    return std::make_unique<KeySigner>(std::move(key));
}

std::unique_ptr<Signer> make_remote_signer(const ChainAddress& address, JsonRpcOptions options,
                                           const Clock& clock) {
    return std::make_unique<RemoteSigner>(address, std::move(options), clock);
}

}  // namespace coffer
