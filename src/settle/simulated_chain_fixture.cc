#include "settle/simulated_chain_fixture.h"

#include <algorithm>

#include "base/check.h"
#include "base/keccak.h"

namespace coffer {

namespace {

constexpr std::size_t block_transactions_max = 6;
constexpr std::uint64_t coin_gas = 21'000, token_gas = 52'000;

Uint256 plus(const Uint256& left, const Uint256& right) {
    const auto sum = add(left, right);
    CHECK(sum.has_value());
    return *sum;
}

Uint256 minus(const Uint256& left, const Uint256& right) {
    const auto rest = subtract(left, right);
    CHECK(rest.has_value());
    return *rest;
}

// Ten per cent more, which is what nodes ask of a replacement.
bool is_dearer(const Uint256& next, const Uint256& last) {
    return *multiply(next, 10) >= *multiply(last, 11);
}

Uint256 price_of(const ChainTransaction& transaction, const Uint256& base_fee) {
    return std::min(transaction.max_fee, plus(base_fee, transaction.tip));
}

Uint256 most_of(const ChainTransaction& transaction) {
    return plus(*multiply(transaction.max_fee, transaction.gas_limit), transaction.value);
}

}  // namespace

const ChainAddress SimulatedChain::token =
    *parse_chain_address("0x00000000000000000000000000000000000070ce");

SimulatedChain::Block SimulatedChain::genesis() {
    Block block;
    block.hash = keccak256("genesis");
    return block;
}

void SimulatedChain::fund(const ChainAddress& account, const Uint256& coins,
                          const Uint256& tokens) {
    for (Block& block : blocks_) {
        Account& one = block.accounts[account];
        one.coins = plus(one.coins, coins);
        one.tokens = plus(one.tokens, tokens);
    }
}

std::optional<std::string> SimulatedChain::take(std::string_view raw) {
    const auto read = read_raw_transaction(raw);
    if (!read || read->transaction.chain_id != id) return "failed to decode the transaction";
    const Digest hash = transaction_hash(raw);
    const auto& accounts = blocks_.back().accounts;
    const auto sender = accounts.find(read->sender);
    if (sender == accounts.end()) return "insufficient funds for gas * price + value";
    if (read->transaction.nonce < sender->second.nonce) return "nonce too low";
    if (read->transaction.gas_limit < coin_gas) return "intrinsic gas too low";
    if (sender->second.coins < most_of(read->transaction)) {
        return "insufficient funds for gas * price + value";
    }
    const auto place = pool_.find({read->sender, read->transaction.nonce});
    if (place != pool_.end()) {
        if (place->second == hash) return "already known";
        const ChainTransaction& last = known_.at(place->second).read.transaction;
        if (!is_dearer(read->transaction.max_fee, last.max_fee) ||
            !is_dearer(read->transaction.tip, last.tip)) {
            return "replacement transaction underpriced";
        }
    }
    known_[hash] = {*read, hash};
    pool_[{read->sender, read->transaction.nonce}] = hash;
    return std::nullopt;
}

void SimulatedChain::mine() { add_block(below(4) == 0); }

// The pool is ordered by sender and nonce, as it must be mined.
void SimulatedChain::add_block(bool leaves_out) {
    Block block;
    block.accounts = blocks_.back().accounts;
    block.hash = keccak256("block " + std::to_string(++made_));
    for (auto place = pool_.begin(); place != pool_.end();) {
        const Transaction& transaction = known_.at(place->second);
        const bool fits = block.mined.size() < block_transactions_max;
        if (fits && !(leaves_out && below(3) == 0) && execute(transaction, block)) {
            place = pool_.erase(place);
        } else {
            ++place;
        }
    }
    for (auto arrival = coming_.begin(); arrival != coming_.end();) {
        if (below(3) == 0) {
            ++arrival;
            continue;
        }
        for (const auto& [to, amount] : arrival->transfers) {
            Account& receiver = block.accounts[to];
            receiver.tokens = plus(receiver.tokens, amount);
        }
        block.arrivals.push_back(std::move(*arrival));
        arrival = coming_.erase(arrival);
    }
    std::erase_if(pool_, [&](const auto& place) {
        return place.first.second < block.accounts[place.first.first].nonce;
    });
    blocks_.push_back(std::move(block));
}

// False when it cannot be in this block.
bool SimulatedChain::execute(const Transaction& transaction, Block& block) {
    const ChainTransaction& wants = transaction.read.transaction;
    Account& sender = block.accounts[transaction.read.sender];
    if (wants.nonce != sender.nonce || wants.max_fee < base_fee_ || sender.coins < most_of(wants)) {
        return false;
    }
    const bool calls = !wants.data.empty();
    const std::uint64_t gas = calls ? token_gas : coin_gas;
    const Uint256 fee = *multiply(price_of(wants, base_fee_), gas);
    sender.nonce += 1;
    sender.coins = minus(sender.coins, fee);
    Mined mined{.hash = transaction.hash, .reverted = wants.gas_limit < gas, .fee = fee};
    const auto pays = [&](const ChainAddress& to, const Uint256& amount, Uint256 Account::* purse) {
        sender.*purse = minus(sender.*purse, amount);
        Account& receiver = block.accounts[to];
        receiver.*purse = plus(receiver.*purse, amount);
        if (to != transaction.read.sender) {
            block.payments.push_back({transaction.read.sender, to, amount, calls, wants.nonce});
        }
    };
    const auto transfer = read_transfer_data(wants.data);
    if (calls) {
        mined.reverted = mined.reverted || !transfer || wants.to != token ||
                         sender.tokens < transfer->amount || refused_.contains(transfer->to);
        if (!mined.reverted) pays(transfer->to, transfer->amount, &Account::tokens);
    } else if (!mined.reverted) {
        pays(wants.to, wants.value, &Account::coins);
    }
    block.mined.push_back(mined);
    return true;
}

void SimulatedChain::reorganise(std::size_t depth) {
    depth = std::min(depth, height());
    for (std::size_t back = 0; back < depth; ++back) {
        for (const Mined& mined : blocks_.back().mined) {
            const Transaction& transaction = known_.at(mined.hash);
            const std::pair place(transaction.read.sender, transaction.read.transaction.nonce);
            if (below(3) == 0) {
                known_.erase(mined.hash);  // forgotten with its block
                continue;
            }
            pool_[place] = mined.hash;
        }
        for (Arrival& arrival : blocks_.back().arrivals) {
            if (below(3) != 0) coming_.push_back(std::move(arrival));
        }
        blocks_.pop_back();
    }
    for (std::size_t forth = 0; forth <= depth; ++forth) add_block(below(2) == 0);
}

void SimulatedChain::drop_waiting(std::size_t out_of) {
    std::erase_if(pool_, [&](const auto& place) {
        if (below(out_of) != 0) return false;
        known_.erase(place.second);
        return true;
    });
}

std::vector<SimulatedChain::Payment> SimulatedChain::payments() const {
    std::vector<Payment> all;
    for (const Block& block : blocks_) {
        all.insert(all.end(), block.payments.begin(), block.payments.end());
    }
    return all;
}

std::vector<SimulatedChain::Arrival> SimulatedChain::arrivals() const {
    std::vector<Arrival> all;
    for (const Block& block : blocks_) {
        all.insert(all.end(), block.arrivals.begin(), block.arrivals.end());
    }
    return all;
}

void SimulatedChain::send_in(std::vector<std::pair<ChainAddress, Uint256>> transfers) {
    const Digest hash = keccak256("arrival " + std::to_string(++sent_in_));
    coming_.push_back({hash, std::move(transfers)});
}

void SimulatedChain::take_nonce(Signer& signer) {
    const auto& accounts = blocks_.back().accounts;
    const auto account = accounts.find(signer.address());
    if (account == accounts.end()) return;
    const auto raw = signer.sign({.chain_id = id,
                                  .nonce = account->second.nonce,
                                  .tip = Uint256{1},
                                  .max_fee = *multiply(base_fee_, 2),
                                  .gas_limit = coin_gas,
                                  .to = signer.address()});
    CHECK(raw.has_value());
    const auto place = pool_.find({signer.address(), account->second.nonce});
    const auto waits = place == pool_.end() ? Digest{} : place->second;
    if (place != pool_.end()) pool_.erase(place);
    const bool is_taken = !take(*raw);
    // His own of before may wait there.
    if (waits == Digest{} || waits == transaction_hash(*raw)) return;
    if (is_taken) {
        known_.erase(waits);
    } else {
        pool_[{signer.address(), account->second.nonce}] = waits;  // it could not pay for its own
    }
}

// ---- a node -------------------------------------------------------------------------------------

Result<void> SimulatedNode::hear() {
    if (takes && happens(faults.slow)) takes(static_cast<Duration>(random_() % 30) * second_us);
    if (is_dead || happens(faults.not_heard)) return fail(ErrorCode::unavailable, "no answer");
    return {};
}

std::size_t SimulatedNode::height() const {
    return chain_.height() - std::min(faults.behind, chain_.height());
}

SimulatedChain::Account SimulatedNode::account(const ChainAddress& address) const {
    const auto found = latest().accounts.find(address);
    return found == latest().accounts.end() ? SimulatedChain::Account{} : found->second;
}

Result<std::uint64_t> SimulatedNode::chain_id() {
    TRY(hear());
    return SimulatedChain::id;
}

Result<ChainHead> SimulatedNode::head() {
    TRY(hear());
    return ChainHead{height(), latest().hash};
}

Result<std::optional<std::uint64_t>> SimulatedNode::finalized() {
    TRY(hear());
    return std::nullopt;
}

Result<std::optional<Digest>> SimulatedNode::block_hash(std::uint64_t number) {
    TRY(hear());
    if (number > height()) return std::nullopt;
    return chain_.blocks_[number].hash;
}

Result<std::uint64_t> SimulatedNode::mined_nonces(const ChainAddress& address) {
    TRY(hear());
    return account(address).nonce;
}

Result<std::uint64_t> SimulatedNode::mined_nonces_at(const ChainAddress& address,
                                                     std::uint64_t block) {
    TRY(hear());
    if (block > height()) return fail(ErrorCode::unavailable, "it has not come so far");
    const auto& accounts = chain_.blocks_[block].accounts;
    const auto found = accounts.find(address);
    return found == accounts.end() ? 0 : found->second.nonce;
}

Result<Uint256> SimulatedNode::coins(const ChainAddress& address) {
    TRY(hear());
    return account(address).coins;
}

Result<Uint256> SimulatedNode::tokens(const ChainAddress& contract, const ChainAddress& owner) {
    TRY(hear());
    return contract == SimulatedChain::token ? account(owner).tokens : Uint256{};
}

Result<Uint256> SimulatedNode::tokens_at(const ChainAddress& contract, const ChainAddress& owner,
                                         std::uint64_t block) {
    TRY(hear());
    if (block > height()) return fail(ErrorCode::unavailable, "it has not come so far");
    const auto& accounts = chain_.blocks_[block].accounts;
    const auto found = accounts.find(owner);
    return contract == SimulatedChain::token && found != accounts.end() ? found->second.tokens
                                                                        : Uint256{};
}

Result<ChainFees> SimulatedNode::fees() {
    TRY(hear());
    return ChainFees{chain_.base_fee_, Uint256{Uint128{1'000'000'000}}};
}

Result<std::optional<std::string>> SimulatedNode::send(std::string_view raw) {
    TRY(hear());
    auto refused = chain_.take(raw);
    if (happens(faults.sent_twice)) refused = chain_.take(raw);
    if (happens(faults.answer_lost)) return fail(ErrorCode::unavailable, "the answer was lost");
    return refused;
}

Result<bool> SimulatedNode::knows(const Digest& hash) {
    TRY(hear());
    if (std::ranges::any_of(chain_.pool_,
                            [&](const auto& place) { return place.second == hash; })) {
        return true;
    }
    const auto found = receipt(hash);
    return found && found->has_value();
}

Result<std::optional<ChainReceipt>> SimulatedNode::receipt(const Digest& hash) {
    TRY(hear());
    for (std::size_t number = height(); number > 0; --number) {
        const auto& block = chain_.blocks_[number];
        const auto mined =
            std::ranges::find(block.mined, hash, [](const auto& one) { return one.hash; });
        if (mined == block.mined.end()) continue;
        return ChainReceipt{number, block.hash, mined->reverted, mined->fee};
    }
    return std::nullopt;
}

Result<std::vector<TransferLog>> SimulatedNode::transfers(const TransferQuestion& question) {
    TRY(hear());
    if (question.last > height()) return fail(ErrorCode::unavailable, "it has not come so far");
    if (question.last != question.first && happens(faults.refuses_range)) {
        return fail(ErrorCode::invalid, "query returned more than 10000 results");
    }
    std::vector<TransferLog> found;
    for (std::uint64_t number = question.first; number <= question.last; ++number) {
        const SimulatedChain::Block& block = chain_.blocks_[number];
        std::uint64_t index = 0;
        for (const SimulatedChain::Arrival& arrival : block.arrivals) {
            for (const auto& [to, amount] : arrival.transfers) {
                ++index;
                if (std::ranges::find(question.to, to) == question.to.end()) continue;
                found.push_back({.to = to,
                                 .amount = amount,
                                 .block = number,
                                 .block_hash = block.hash,
                                 .transaction = arrival.hash,
                                 .log_index = index});
                if (happens(faults.sent_twice)) found.push_back(found.back());
            }
        }
    }
    if (happens(faults.answer_lost)) return fail(ErrorCode::unavailable, "the answer was lost");
    return found;
}

}  // namespace coffer
