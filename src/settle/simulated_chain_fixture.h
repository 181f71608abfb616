#pragma once
// A chain in memory, by seed, behind the same door as a real one: blocks, a pool, fees, tokens, and
// everything that can go wrong with them. What is sent must be a real transaction with a real
// signature; an account pays with what it has; a nonce is mined once.
//
// The chain is one; a node is a view of it, which may be some blocks behind, not answer, or lose an
// answer after it has heard the question.

#include <functional>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "base/clock.h"
#include "settle/chain.h"
#include "settle/signer.h"
#include "settle/transaction.h"

namespace coffer {

class SimulatedChain {
public:
    static constexpr std::uint64_t id = 4242;
    static const ChainAddress token;

    struct Account {
        std::uint64_t nonce = 0;
        Uint256 coins, tokens;
    };
    struct Payment {  // what arrived somewhere else than where it came from
        ChainAddress from, to;
        Uint256 amount;
        bool in_tokens = false;
        std::uint64_t nonce = 0;
    };

    // Somebody else's transfers of tokens, all in one transaction.
    struct Arrival {
        Digest hash{};
        std::vector<std::pair<ChainAddress, Uint256>> transfers;
    };

    explicit SimulatedChain(std::uint64_t seed) : random_(seed) { blocks_.push_back(genesis()); }

    void fund(const ChainAddress& account, const Uint256& coins, const Uint256& tokens);
    // Transfers of tokens there revert from now on.
    void refuse(const ChainAddress& account) { refused_.insert(account); }
    // In one of the next blocks.
    void send_in(std::vector<std::pair<ChainAddress, Uint256>> transfers);
    // Whoever has the key too sends a transaction of nothing with the account's next nonce. What
    // waits with that nonce is forgotten for it, as for something much dearer.
    void take_nonce(Signer& signer);
    void set_base_fee(const Uint256& fee) { base_fee_ = fee; }
    void mine();
    // The last blocks are replaced by others, one more; what was in them may be in them again, wait
    // again, or be forgotten.
    void reorganise(std::size_t depth);
    void drop_waiting(std::size_t out_of);  // each with a chance of 1 in so many

    std::size_t height() const { return blocks_.size() - 1; }
    std::size_t waiting() const { return pool_.size(); }
    // By the canonical chain as it is.
    std::vector<Payment> payments() const;
    std::vector<Arrival> arrivals() const;
    Account account(const ChainAddress& address) const {
        return state_at(height()).accounts.at(address);
    }

private:
    friend class SimulatedNode;
    struct Transaction {
        SignedTransaction read;
        Digest hash{};
    };
    struct Mined {
        Digest hash{};
        bool reverted = false;
        Uint256 fee;
    };
    struct Block {
        Digest hash{};
        std::vector<Mined> mined;
        std::map<ChainAddress, Account> accounts;  // after it
        std::vector<Payment> payments;
        std::vector<Arrival> arrivals;
    };

    static Block genesis();
    const Block& state_at(std::size_t number) const { return blocks_[number]; }
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
    std::optional<std::string> take(std::string_view raw);
    void add_block(bool leaves_out);
    bool execute(const Transaction& transaction, Block& block);

    std::mt19937_64 random_;
    Uint256 base_fee_{Uint128{1'000'000'000}};
    std::set<ChainAddress> refused_;
    std::map<Digest, Transaction> known_;
    std::map<std::pair<ChainAddress, std::uint64_t>, Digest> pool_;
    std::vector<Block> blocks_;
    std::vector<Arrival> coming_;  // sent in, and in no block
    std::uint64_t sent_in_ = 0;
    std::uint64_t made_ = 0;  // blocks, so that no two have one hash
};

// How a node misbehaves, each with a chance of 1 in so many; 0: never.
struct NodeFaults {
    std::size_t not_heard = 0, answer_lost = 0, sent_twice = 0;
    std::size_t slow = 0;           // the answer takes up to half a minute
    std::size_t behind = 0;         // blocks
    std::size_t refuses_range = 0;  // of more than one block
};

class SimulatedNode final : public Chain {
public:
    SimulatedNode(SimulatedChain& chain, std::uint64_t seed) : chain_(chain), random_(seed) {}
    NodeFaults faults;
    std::function<void(Duration)> takes;  // how long an answer took that was slow
    bool is_dead = false;

    Result<std::uint64_t> chain_id() override;
    Result<ChainHead> head() override;
    Result<std::optional<std::uint64_t>> finalized() override;
    Result<std::optional<Digest>> block_hash(std::uint64_t number) override;
    Result<std::uint64_t> mined_nonces(const ChainAddress& account) override;
    Result<std::uint64_t> mined_nonces_at(const ChainAddress& account,
                                          std::uint64_t block) override;
    Result<Uint256> coins(const ChainAddress& account) override;
    Result<Uint256> tokens(const ChainAddress& contract, const ChainAddress& owner) override;
    Result<Uint256> tokens_at(const ChainAddress& contract, const ChainAddress& owner,
                              std::uint64_t block) override;
    Result<ChainFees> fees() override;
    Result<std::optional<std::string>> send(std::string_view raw) override;
    Result<bool> knows(const Digest& hash) override;
    Result<std::optional<ChainReceipt>> receipt(const Digest& hash) override;
    Result<std::vector<TransferLog>> transfers(const TransferQuestion& question) override;

private:
    bool happens(std::size_t out_of) { return out_of != 0 && random_() % out_of == 0; }
    Result<void> hear();
    std::size_t height() const;
    const SimulatedChain::Block& latest() const { return chain_.blocks_[height()]; }
    SimulatedChain::Account account(const ChainAddress& address) const;

    SimulatedChain& chain_;
    std::mt19937_64 random_;
};

// Asks the first of two nodes that answers, as several URLs are asked.
class FailoverChain final : public Chain {
public:
    FailoverChain(SimulatedNode& first, SimulatedNode& second) : nodes_{&first, &second} {}
    Result<std::uint64_t> chain_id() override { return ask(&Chain::chain_id); }
    Result<ChainHead> head() override { return ask(&Chain::head); }
    Result<std::optional<std::uint64_t>> finalized() override { return ask(&Chain::finalized); }
    Result<std::optional<Digest>> block_hash(std::uint64_t number) override {
        return ask(&Chain::block_hash, number);
    }
    Result<std::uint64_t> mined_nonces(const ChainAddress& account) override {
        return ask(&Chain::mined_nonces, account);
    }
    Result<std::uint64_t> mined_nonces_at(const ChainAddress& account,
                                          std::uint64_t block) override {
        return ask(&Chain::mined_nonces_at, account, block);
    }
    Result<Uint256> coins(const ChainAddress& account) override {
        return ask(&Chain::coins, account);
    }
    Result<Uint256> tokens(const ChainAddress& contract, const ChainAddress& owner) override {
        return ask(&Chain::tokens, contract, owner);
    }
    Result<Uint256> tokens_at(const ChainAddress& contract, const ChainAddress& owner,
                              std::uint64_t block) override {
        return ask(&Chain::tokens_at, contract, owner, block);
    }
    Result<ChainFees> fees() override { return ask(&Chain::fees); }
    Result<std::optional<std::string>> send(std::string_view raw) override {
        return ask(&Chain::send, raw);
    }
    Result<bool> knows(const Digest& hash) override { return ask(&Chain::knows, hash); }
    Result<std::optional<ChainReceipt>> receipt(const Digest& hash) override {
        return ask(&Chain::receipt, hash);
    }
    Result<std::vector<TransferLog>> transfers(const TransferQuestion& question) override {
        return ask(&Chain::transfers, question);
    }

private:
    template <class Answer, class... Takes, class... Gives>
    Answer ask(Answer (Chain::*question)(Takes...), const Gives&... gives) {
        Answer answer = (nodes_[choice_]->*question)(gives...);
        if (answer) return answer;
        choice_ = 1 - choice_;
        return (nodes_[choice_]->*question)(gives...);
    }
    std::array<Chain*, 2> nodes_;
    std::size_t choice_ = 0;
};

}  // namespace coffer
