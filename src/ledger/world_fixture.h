#pragma once
// A small world for the ledger's tests: one tenant, EUR with 2 decimals and GOLD with none, one rgs
// and one integrator integration, players by native id, over the memory store. Amounts here are
// units.

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "store/memory_store.h"

namespace coffer {

// Time that passes only when a test says so, seen by all threads. Begins on a Wednesday at noon.
// Held, it lets whoever asks for the time wait: the lane asks once a batch, so that what is
// submitted meanwhile is decided together.
class TestClock final : public Clock {
public:
    Time wall() const override;
    Time monotonic() const override { return wall(); }
    void advance(Duration by);
    void hold();
    void wait_until_asked();
    void release();

private:
    mutable std::mutex mutex_;  // guards all below
    mutable std::condition_variable changed_;
    mutable int asking_ = 0;
    bool held_ = false;
    Time now_ = 1'715'774'400 * second_us;  // 2024-05-15T12:00:00Z
};

class World : public ::testing::Test {
protected:
    // Over a store in memory, or over another one that is empty.
    explicit World(std::unique_ptr<Store> store = std::make_unique<MemoryStore>());
    ~World() override;

    Outcome perform(Intent intent) { return ledger_->perform(std::move(intent)); }
    // In one batch of the lane.
    std::vector<Outcome> perform_at_once(std::vector<Intent> intents, Time deadline = 0);
    std::vector<Outcome> perform_at_once(std::vector<Move> moves);
    Outcome deposit(std::string_view player, long units);
    long balance(std::string_view player);
    Ptr<Wallet> wallet_of(std::string_view player);
    Move wager(std::string_view player, std::string_view id, std::string_view round,
               long units) const;
    Move payout(std::string_view player, std::string_view id, std::string_view round,
                long units) const;
    Move rollback(std::string_view player, std::string_view wager, std::string_view round,
                  long units) const;
    void expect_clean();  // verify_books finds nothing wrong

    static constexpr TenantId tenant = 1;
    static constexpr CurrencyId eur = 1, gold = 2;
    static constexpr IntegrationId rgs = 1, integrator = 2;
    static Digest session_of(std::string_view player);  // a live rgs session

    std::unique_ptr<Store> store_;
    TestClock clock_;
    std::unique_ptr<Log> log_;
    Metrics metrics_;
    std::unique_ptr<Ledger> ledger_;
    int deposits_ = 0;
};

}  // namespace coffer
