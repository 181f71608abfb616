// Hostile days by seed: players withdraw while nodes fall silent, answers are lost, transactions
// are dropped, revert or stick, fees jump, blocks are replaced, somebody else uses the house's
// nonces and the settler is cut off anywhere.
// Meanwhile they send tokens to their deposit addresses. At the end of each day: every withdrawal
// has ended once, what arrived on the chain is what the books say left, what was sent in is in the
// books once and in a hot wallet, and the books prove themselves.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "ledger/world_fixture.h"
#include "settle/chain_settler.h"
#include "settle/deposit_watcher.h"
#include "settle/simulated_chain_fixture.h"
#include "settle/sweeper.h"

namespace coffer {
namespace {

struct CutOff {};  // thrown where the settler is killed

ChainAddress player_address(std::size_t player) {
    ChainAddress address;
    address.bytes[0] = 0xbb;
    address.bytes[19] = static_cast<std::uint8_t>(player + 1);
    return address;
}

class Day final : public World {
public:
    explicit Day(std::uint64_t seed)
        : seed_(seed), random_(seed), chain_(seed * 3 + 1), quiet_log_({.path = "/dev/null"}) {
        for (std::uint64_t key = 1; key <= 3; ++key) {
            signers_.push_back(make_key_signer(
                *SigningKey::from_bytes(to_word(Uint256{Uint128{seed * 8 + key}}))));
            chain_.fund(signers_.back()->address(), wei(below(8) == 0 ? 1 : 1'000), wei(1'000'000));
        }
        open_books();
        policy_.name = "simulated";
        policy_.chain_id = SimulatedChain::id;
        policy_.tokens = {
            {.tenant = "test", .code = "TOK", .contract = SimulatedChain::token},
            {.tenant = "t-1", .code = "COIN", .contract = std::nullopt, .gas_limit = 21'000}};
        policy_.max_fee_cap = Uint256{Uint128{400'000'000'000}};
        policy_.under_way_max = 4 + below(12);
        if (below(3) == 0) policy_.give_up_after = 10 * minute_us;
        two_settlers_ = below(4) == 0;
        if (below(3) != 0) policy_.tokens[0].sweep_above = "3.00";
        has_thief_ = below(4) == 0;
    }
    void TestBody() override {}

    void pass() {
        ASSERT_NO_FATAL_FAILURE(be_hostile());
        ASSERT_NO_FATAL_FAILURE(be_calm());
        ASSERT_NO_FATAL_FAILURE(judge());
    }
    std::size_t completed_ = 0, released_ = 0, cut_off_ = 0, credited_ = 0, aside_ = 0, swept_ = 0;
    std::size_t lost_ = 0;

private:
    static constexpr CurrencyId tok = 3, coin = 4;
    static constexpr std::size_t players = 6;
    static constexpr std::size_t unpayable = 5;  // tokens to this player revert

    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
    static Uint256 wei(std::uint64_t coins) {
        return *multiply(Uint256{Uint128{1'000'000'000'000'000}}, coins);  // thousandths
    }
    static std::string name(std::size_t player) { return "p" + std::to_string(player); }

    void open_books() {
        perform(CreateCurrency{tenant, "TOK", "Token", 2, 18});
        perform(CreateCurrency{tenant, "COIN", "Coin", 6, 18});
        for (std::size_t player = 0; player < players; ++player) {
            Player one;
            one.tenant = tenant;
            one.id = name(player);
            one.payout_address = format_chain_address(player_address(player));
            perform(CreatePlayer{one});
        }
        chain_.refuse(player_address(unpayable));
        EXPECT_TRUE(perform(OpenDeposits{root()}).done());
    }
    static const ExtendedKey& key() {
        static const ExtendedKey made =
            std::move(*ExtendedKey::from_seed("a seed that everybody knows"));
        return made;
    }
    static ExtendedPublicKey root() { return key().public_key(); }

    // As soon as somebody looks for deposits there are addresses.
    std::optional<ChainAddress> deposit_address(std::size_t player) {
        const Outcome given =
            perform(GiveDepositAddress{.tenant = tenant, .player = name(player), .currency = tok});
        if (!given.done()) return std::nullopt;
        return parse_chain_address(std::get<Ptr<DepositAddress>>(given.records[0])->address);
    }
    // Whole cents for most, with dust on it for some; now and then several in one transaction.
    void send_in() {
        std::vector<std::pair<ChainAddress, Uint256>> transfers;
        for (std::size_t count = below(4) == 0 ? 3 : 1; count > 0; --count) {
            const auto to = deposit_address(below(players));
            if (!to) return;
            Uint256 units = *multiply(Uint256{Uint128{10'000'000'000'000'000}}, below(900));
            if (below(3) == 0) units = *add(units, Uint256{Uint128{below(1'000'000)}});
            transfers.emplace_back(*to, units);
        }
        chain_.send_in(std::move(transfers));
    }

    void withdraw() {
        Move move;
        move.caller.tenant = tenant;
        move.caller.player.id = name(below(players));
        move.kind = TransactionKind::prize;
        move.currency = below(3) == 0 ? coin : tok;
        move.amount.units = static_cast<Int128>(1 + below(500));
        ASSERT_TRUE(perform(move).done());
        move.kind = TransactionKind::withdraw;
        ASSERT_TRUE(perform(move).done());
    }

    // A process of its own, with nodes of its own.
    struct Process {
        Process(Day& day, std::uint64_t seed)
            : random(seed),
              first(day.chain_, seed + 1),
              second(day.chain_, seed + 2),
              chain(first, second),
              settler(day.policy_, {.ledger = *day.ledger_,
                                    .chain = chain,
                                    .signers = day.signers_,
                                    .clock = day.clock_,
                                    .log = day.quiet_log_,
                                    .metrics = day.quiet_metrics_,
                                    .holder = "process " + std::to_string(seed),
                                    .alone = !day.two_settlers_,
                                    .passes = [this](std::string_view) { maybe_die(); }}),
              sweeper(day.policy_, {.ledger = *day.ledger_,
                                    .chain = chain,
                                    .signers = day.signers_,
                                    .key = key(),
                                    .clock = day.clock_,
                                    .log = day.quiet_log_,
                                    .metrics = day.quiet_metrics_,
                                    .holder = "process " + std::to_string(seed),
                                    .alone = !day.two_settlers_,
                                    .passes = [this](std::string_view) { maybe_die(); }}),
              watcher(day.policy_,
                      {.ledger = *day.ledger_,
                       .chain = chain,
                       .log = day.quiet_log_,
                       .metrics = day.quiet_metrics_,
                       .root = root(),
                       .credited =
                           [this](const AddressOwner& owner, CurrencyId currency,
                                  std::uint64_t block) { sweeper.notice(owner, currency, block); },
                       .passes = [this](std::string_view) { maybe_die(); }}) {
            for (SimulatedNode* node : {&first, &second}) {
                node->takes = [&day](Duration time) { day.clock_.advance(time); };
            }
            settler.learn(day.perform(ListWithdrawals{.open_only = true}));
        }
        void maybe_die() {
            if (may_die && random() % 40 == 0) throw CutOff{};
        }
        std::mt19937_64 random;
        bool may_die = false;
        SimulatedNode first, second;
        FailoverChain chain;
        ChainSettler settler;
        Sweeper sweeper;
        DepositWatcher watcher;
    };

    void spoil(Process& process) {
        for (SimulatedNode* node : {&process.first, &process.second}) {
            node->faults = {.not_heard = 5 + below(60),
                            .answer_lost = 2 + below(10),
                            .sent_twice = 1 + below(8),
                            .slow = below(3) == 0 ? 5 + below(40) : 0,
                            .behind = below(3) == 0 ? below(4) : 0,
                            .refuses_range = below(3) == 0 ? 2 + below(4) : 0};
            node->is_dead = below(6) == 0;
        }
        process.may_die = true;
    }

    void look(std::unique_ptr<Process>& process, bool hostile) {
        if (!process) process = std::make_unique<Process>(*this, random_());
        if (hostile && below(4) == 0) spoil(*process);
        std::vector<Sequence> queued;
        ledger_->take_queued(queued);
        told_.insert(told_.end(), queued.begin(), queued.end());
        if (!told_.empty()) {
            // What one process was told, another learns of from the list in time; here at once.
            for (auto& one : {first_.get(), second_.get()}) {
                if (one != nullptr) one->settler.learn(perform(ListWithdrawals{.only = told_}));
            }
            told_.clear();
        }
        try {
            process->settler.look();
            process->watcher.look();
            process->sweeper.look();
        } catch (const CutOff&) {
            ++cut_off_;
            process.reset();
        }
    }

    void be_hostile() {
        const std::size_t moments = 60 + below(60);
        for (std::size_t moment = 0; moment < moments; ++moment) {
            if (moment < 40 && below(4) == 0) {
                ASSERT_NO_FATAL_FAILURE(withdraw());
            }
            if (below(3) == 0) send_in();
            look(two_settlers_ && below(2) == 0 ? second_ : first_, true);
            if (below(3) != 0) chain_.mine();
            if (below(12) == 0) chain_.reorganise(1 + below(10));
            if (below(10) == 0) chain_.drop_waiting(2);
            if (has_thief_ && below(6) == 0) take_nonce();
            if (below(15) == 0) {
                chain_.set_base_fee(Uint256{Uint128{1'000'000'000} * (1 + below(600))});
            }
            clock_.advance(static_cast<Duration>(1 + below(20)) * second_us);
        }
    }

    // Of a hot wallet or of a player's address. He takes nothing, which is how this day can end
    // with what it began with.
    void take_nonce() {
        if (below(2) == 0) return chain_.take_nonce(*signers_[below(signers_.size())]);
        const auto child = key().child(static_cast<std::uint32_t>(below(players)));
        chain_.take_nonce(*make_key_signer(*SigningKey::from_bytes(child->secret())));
    }
    // A person looks at what waits, and lets withdrawals take another nonce.
    void allow_retries() {
        const Outcome open = perform(ListWithdrawals{.open_only = true});
        for (std::size_t at = 0; at + 1 < open.records.size(); at += 2) {
            const auto& one = *std::get<Ptr<Withdrawal>>(open.records[at]);
            perform(JudgeWithdrawal{.tenant = tenant,
                                    .requested_by = one.requested_by,
                                    .created = one.created,
                                    .verdict = Verdict::retry});
        }
    }

    // Nothing goes wrong any more: all must come to an end.
    void be_calm() {
        chain_.set_base_fee(Uint256{Uint128{2'000'000'000}});
        for (const auto& signer : signers_) chain_.fund(signer->address(), wei(5'000), wei(0));
        first_.reset();
        second_.reset();
        for (int moment = 0; moment < 3'000; ++moment) {
            look(first_, false);
            chain_.mine();
            clock_.advance(5 * second_us);
            if (has_thief_ && moment % 20 == 0) allow_retries();
            if (moment % 20 == 19 && all_ended() && deposits().size() >= sent_in() && all_swept()) {
                return;
            }
        }
        FAIL() << "seed " << seed_
               << ": withdrawals, deposits or sweeps are still under way: " << under_way();
    }
    std::string under_way() {
        std::string words;
        const Outcome open = perform(ListWithdrawals{.open_only = true});
        for (std::size_t at = 0; at + 1 < open.records.size(); at += 2) {
            const auto& one = *std::get<Ptr<Withdrawal>>(open.records[at]);
            words += "withdrawal " + std::to_string(one.requested_by) + " in state " +
                     std::to_string(static_cast<int>(one.state));
            const auto* chain_side = std::get_if<Ptr<Settlement>>(&open.records[at + 1]);
            if (chain_side != nullptr) {
                words += " nonce " + std::to_string((*chain_side)->nonce) + " of " +
                         (*chain_side)->hot_wallet;
            }
            words += "; ";
        }
        for (const Record& record : perform(ListTransfers{SimulatedChain::id}).records) {
            const auto& one = *std::get<Ptr<ChainTransfer>>(record);
            words += "transfer of " + one.from + " nonce " + std::to_string(one.nonce) +
                     " in state " + std::to_string(static_cast<int>(one.state)) + "; ";
        }
        for (const auto& signer : signers_) {
            const ChainAddress& address = signer->address();
            words += format_chain_address(address) + " has used " +
                     std::to_string(chain_.account(address).nonce) + "; ";
        }
        return words + std::to_string(deposits().size()) + " deposits of " +
               std::to_string(sent_in());
    }
    // Nothing is under way, and no address has as much as is swept.
    bool all_swept() {
        if (!perform(ListTransfers{SimulatedChain::id}).records.empty()) return false;
        if (!policy_.tokens[0].sweep_above) return true;
        const Uint256 least = *multiply(Uint256{Uint128{10'000'000'000'000'000}}, 300);
        for (const auto& arrival : chain_.arrivals()) {
            for (const auto& [to, units] : arrival.transfers) {
                if (chain_.account(to).tokens >= least) return false;
            }
        }
        return true;
    }
    std::vector<Record> deposits() {
        return perform(ListDeposits{.tenant = tenant, .limit = 100'000}).records;
    }
    // Transfers of something, by the canonical chain.
    std::size_t sent_in() const {
        std::size_t count = 0;
        for (const auto& arrival : chain_.arrivals()) {
            for (const auto& [to, units] : arrival.transfers) count += units.is_zero() ? 0U : 1U;
        }
        return count;
    }
    bool all_ended() { return perform(ListWithdrawals{.open_only = true}).records.empty(); }

    void judge() {
        std::map<std::pair<ChainAddress, bool>, Uint256> left;  // by the books
        std::size_t paid = 0;
        const Outcome all = perform(ListWithdrawals{});
        for (std::size_t at = 0; at + 1 < all.records.size(); at += 2) {
            const auto& one = *std::get<Ptr<Withdrawal>>(all.records[at]);
            if (one.state == WithdrawalState::released) {
                ++released_;
                continue;
            }
            ASSERT_EQ(one.state, WithdrawalState::completed);
            ++paid;
            const bool in_tokens = one.currency == tok;
            Uint256& sum = left[{*parse_chain_address(one.destination), in_tokens}];
            sum =
                *add(sum, *to_chain_units(one.amount, {.ledger = in_tokens ? 2 : 6, .chain = 18}));
        }
        completed_ = paid;
        std::map<std::pair<ChainAddress, bool>, Uint256> arrived;
        std::set<std::pair<ChainAddress, std::uint64_t>> nonces;
        std::size_t payments = 0;
        for (const auto& payment : chain_.payments()) {
            EXPECT_TRUE(nonces.emplace(payment.from, payment.nonce).second);
            if (is_of_the_house(payment.to)) {
                swept_ += payment.in_tokens ? 1U : 0U;
                continue;
            }
            ++payments;
            Uint256& sum = arrived[{payment.to, payment.in_tokens}];
            sum = *add(sum, payment.amount);
        }
        EXPECT_EQ(payments, paid) << "seed " << seed_;
        lost_ = lost_transfers();
        EXPECT_EQ(arrived, left) << "seed " << seed_;
        judge_deposits();
        ASSERT_NO_FATAL_FAILURE(expect_clean());
    }

    // Transfers of the house that are final with nothing mined.
    std::size_t lost_transfers() {
        return static_cast<std::size_t>(
            quiet_metrics_.counter("coffer_sweep_lost_total", "", "chain=\"simulated\"").value());
    }

    // Gas for an address, or what was swept: tokens go to a hot wallet and coins to an address.
    bool is_of_the_house(const ChainAddress& to) {
        const bool is_hot = std::ranges::any_of(
            signers_, [&](const auto& signer) { return signer->address() == to; });
        const Outcome owner = perform(ReadDeposits{.addresses = {format_chain_address(to)}});
        return is_hot || std::holds_alternative<Ptr<AddressOwner>>(owner.records.at(1));
    }

    // Each transfer that stands on the chain is one deposit of as many units, and what is credited
    // is what is bought.
    void judge_deposits() {
        std::multiset<std::tuple<Digest, std::string, std::string>> came, recorded;
        for (const auto& arrival : chain_.arrivals()) {
            for (const auto& [to, units] : arrival.transfers) {
                if (units.is_zero()) continue;
                came.emplace(arrival.hash, format_chain_address(to), format_decimal(units));
            }
        }
        std::map<std::string, Int128> credited;
        for (const Record& record : deposits()) {
            const auto& one = *std::get<Ptr<ChainDeposit>>(record);
            recorded.emplace(one.transaction, one.address, one.units);
            credited[one.player] += one.amount.units;
            credited_ += one.amount.is_zero() ? 0U : 1U;
            aside_ += one.rest == "0" ? 0U : 1U;
        }
        EXPECT_EQ(came, recorded) << "seed " << seed_;
        for (std::size_t player = 0; player < players; ++player) {
            AskBalance ask;
            ask.caller.tenant = tenant;
            ask.caller.player.id = name(player);
            ask.currency = tok;
            const auto wallet = perform(ask).wallet;
            const Int128 bought = wallet ? wallet->at(AccountCode::bought).balance.units : 0;
            EXPECT_TRUE(bought == credited[name(player)]) << "seed " << seed_;
        }
    }

    const std::uint64_t seed_;
    std::mt19937_64 random_;
    SimulatedChain chain_;
    Log quiet_log_;
    Metrics quiet_metrics_;
    std::vector<std::unique_ptr<Signer>> signers_;
    ChainPolicy policy_;
    bool two_settlers_ = false;
    bool has_thief_ = false;  // somebody else has the keys and uses nonces
    std::vector<Sequence> told_;
    std::unique_ptr<Process> first_, second_;
};

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// SETTLE_SEEDS and SETTLE_FIRST_SEED ask for others than the first thousand.
TEST(Seeds, EveryHostileDayEndsWithEachWithdrawalAndDepositCountedOnce) {
    const std::uint64_t first = number_of("SETTLE_FIRST_SEED", 1);
    const std::uint64_t count = number_of("SETTLE_SEEDS", 1'000);
    std::size_t completed = 0, released = 0, cut_off = 0, credited = 0, aside = 0, swept = 0,
                lost = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Day day(seed);
        ASSERT_NO_FATAL_FAILURE(day.pass());
        completed += day.completed_;
        released += day.released_;
        cut_off += day.cut_off_;
        credited += day.credited_;
        aside += day.aside_;
        swept += day.swept_;
        lost += day.lost_;
    }
    RecordProperty("completed", static_cast<int>(completed));
    RecordProperty("released", static_cast<int>(released));
    RecordProperty("cut_off", static_cast<int>(cut_off));
    RecordProperty("credited", static_cast<int>(credited));
    std::printf(
        "%zu completed, %zu released, %zu deposits (%zu with dust), %zu sweeps, %zu nonces of "
        "sweeps lost, cut off %zu times\n",
        completed, released, credited, aside, swept, lost, cut_off);
    // The days are as hostile as they claim.
    EXPECT_GT(completed, count * 5);
    EXPECT_GT(released, count / 2);
    EXPECT_GT(cut_off, count);
    EXPECT_GT(credited, count * 5);
    EXPECT_GT(aside, count);
    EXPECT_GT(swept, count * 3);
    EXPECT_GT(lost, count / 10);
}

}  // namespace
}  // namespace coffer
