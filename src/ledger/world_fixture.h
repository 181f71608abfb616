#pragma once
// A small world for the ledger's tests: one tenant, EUR with 2 decimals, one rgs and one integrator
// integration, players by native id, over the memory store. Amounts here are units.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "store/memory_store.h"

namespace coffer {

class World : public ::testing::Test {
protected:
    World();
    ~World() override;

    Outcome perform(Intent intent) { return ledger_->perform(std::move(intent)); }
    std::vector<Outcome> perform_at_once(std::vector<Move> moves);
    Outcome deposit(std::string_view player, long units);
    long balance(std::string_view player);
    Move wager(std::string_view player, std::string_view id, std::string_view round,
               long units) const;
    Move payout(std::string_view player, std::string_view id, std::string_view round,
                long units) const;
    Move rollback(std::string_view player, std::string_view wager, std::string_view round,
                  long units) const;
    void expect_clean();  // verify_books finds nothing wrong

    static constexpr TenantId tenant = 1;
    static constexpr CurrencyId eur = 1;
    static constexpr IntegrationId rgs = 1, integrator = 2;
    static Digest session_of(std::string_view player);  // a live rgs session

    std::unique_ptr<Store> store_;
    SystemClock clock_;
    std::unique_ptr<Log> log_;
    Metrics metrics_;
    std::unique_ptr<Ledger> ledger_;
    int deposits_ = 0;
};

}  // namespace coffer
