#pragma once
// Books on the disk and settlers over them, against a real node: for tests.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/verify.h"
#include "settle/anvil_fixture.h"
#include "settle/chain_settler.h"
#include "settle/node_chain.h"
#include "store/rocks_store.h"

namespace coffer {

inline ChainAddress payee(std::size_t number) {
    ChainAddress address;
    address.bytes[0] = 0xaa;
    address.bytes[19] = static_cast<std::uint8_t>(number + 1);
    return address;
}

inline Uint256 whole_tokens(std::uint64_t count) {
    return *multiply(Uint256{Uint128{1'000'000'000'000'000'000}}, count);
}

// Books on the disk with a ledger over them, for as long as a process has them.
class OpenBooks {
public:
    explicit OpenBooks(const std::string& folder) : log_({.path = "/dev/null"}) {
        store_ = std::move(*RocksStore::open({.directory = folder, .create = true}));
        ledger_ = std::move(*Ledger::open(*store_, {}, clock_, log_, metrics_));
    }
    Outcome perform(Intent intent) { return ledger_->perform(std::move(intent)); }

    SystemClock clock_;
    Log log_;
    Metrics metrics_;
    std::unique_ptr<RocksStore> store_;
    std::unique_ptr<Ledger> ledger_;
};

class AnvilTest : public testing::Test {
protected:
    static constexpr TenantId tenant = 1;
    static constexpr CurrencyId tok = 1, coin = 2;

    void SetUp() override {
        std::string name = testing::TempDir() + "coffer_settle_XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        anvil_ = std::make_unique<Anvil>();
        policy_.name = "anvil";
        policy_.chain_id = Anvil::chain_id;
        policy_.confirmations = 3;
        policy_.wait_for_finalized = false;
        policy_.resend_after = 0;
        policy_.tokens = {{.tenant = "t", .code = "TOK", .contract = anvil_->token()},
                          {.tenant = "t", .code = "COIN", .gas_limit = 21'000}};
        for (std::size_t number = 1; number <= 3; ++number) {
            anvil_->give_tokens(Anvil::key(number).address(), whole_tokens(1'000'000));
        }
    }
    void TearDown() override {
        anvil_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::string books() const { return folder_ + "/" + books_; }

    void open_world(OpenBooks& books, std::size_t players) {
        books.perform(CreateTenant{"t-uid", "t"});
        books.perform(CreateCurrency{tenant, "TOK", "Token", 2, 18});
        books.perform(CreateCurrency{tenant, "COIN", "Coin", 4, 18});
        for (std::size_t player = 0; player < players; ++player) {
            Player one;
            one.tenant = tenant;
            one.id = "p" + std::to_string(player);
            one.payout_address = format_chain_address(payee(player));
            ASSERT_TRUE(books.perform(CreatePlayer{one}).done());
        }
    }
    static void withdraw(OpenBooks& books, std::size_t player, CurrencyId currency, long units) {
        Move move;
        move.caller.tenant = tenant;
        move.caller.player.id = "p" + std::to_string(player);
        move.kind = TransactionKind::prize;
        move.currency = currency;
        move.amount.units = units;
        ASSERT_TRUE(books.perform(move).done());
        move.kind = TransactionKind::withdraw;
        ASSERT_TRUE(books.perform(move).done());
    }

    struct Running {
        Running(AnvilTest& test, OpenBooks& books, std::vector<std::string> urls,
                std::size_t wallets = 3, std::function<void(std::string_view)> passes = {}) {
            for (std::size_t number = 1; number <= wallets; ++number) {
                signers.push_back(make_key_signer(Anvil::key(number)));
            }
            if (urls.empty()) urls = {test.anvil_->url()};
            chain = make_node_chain({.urls = std::move(urls), .timeout_ms = 5'000}, books.clock_);
            settler = std::make_unique<ChainSettler>(
                test.policy_, ChainSettlerParts{.ledger = *books.ledger_,
                                                .chain = *chain,
                                                .signers = signers,
                                                .clock = books.clock_,
                                                .log = books.log_,
                                                .metrics = books.metrics_,
                                                .holder = "process " + std::to_string(::getpid()),
                                                .alone = true,
                                                .passes = std::move(passes)});
            settler->learn(books.perform(ListWithdrawals{.open_only = true}));
        }
        bool look() { return settler->look(); }
        std::vector<std::unique_ptr<Signer>> signers;
        std::unique_ptr<Chain> chain;
        std::unique_ptr<ChainSettler> settler;
    };

    using Passes = std::function<void(std::string_view point)>;
    // Another process over the same books, killed when it passes that point for the n-th time. True
    // when it was, false when `life` came to its end, which it says by true.
    bool dies_at(std::string_view point, int nth,
                 const std::function<bool(OpenBooks&, const Passes&)>& life) {
        const pid_t child = ::fork();
        if (child == 0) {
            // Never destroyed: the store's end would wait for threads of the process that forked.
            auto* const open = new OpenBooks(books());
            int passed = 0;
            const bool is_at_end = life(*open, [&](std::string_view here) {
                if (here == point && ++passed == nth) ::kill(::getpid(), SIGKILL);
            });
            ::_exit(is_at_end ? 0 : 1);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status)) return true;
        EXPECT_EQ(WEXITSTATUS(status), 0) << point << ": it came to no end";
        return false;
    }

    // Until all has ended; a block a look.
    void finish(Running& running, int looks_max = 200) {
        for (int look = 0; look < looks_max; ++look) {
            if (!running.look()) return;
            anvil_->mine();
        }
        FAIL() << "withdrawals are still under way";
    }
    static std::pair<Ptr<Withdrawal>, Ptr<Settlement>> only_one(OpenBooks& books) {
        const Outcome all = books.perform(ListWithdrawals{});
        EXPECT_EQ(all.records.size(), 2U);
        const auto* settlement = std::get_if<Ptr<Settlement>>(&all.records[1]);
        return {std::get<Ptr<Withdrawal>>(all.records[0]),
                settlement == nullptr ? nullptr : *settlement};
    }
    static void expect_clean(OpenBooks& books) {
        const auto report = verify_books(*books.store_);
        ASSERT_TRUE(report) << report.error().detail;
        for (const std::string& mistake : report->mistakes) ADD_FAILURE() << mistake;
    }
    std::int64_t alarm(OpenBooks& books, std::string_view reason) {
        return books.metrics_
            .gauge("coffer_settle_alarm", "",
                   "chain=\"anvil\",reason=\"" + std::string(reason) + "\"")
            .value();
    }

    std::string folder_, books_ = "books";
    std::unique_ptr<Anvil> anvil_;
    ChainPolicy policy_;
};

}  // namespace coffer
