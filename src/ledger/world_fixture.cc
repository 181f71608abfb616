#include "ledger/world_fixture.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace coffer {

World::World() : store_(std::make_unique<MemoryStore>()) {
    Log::Options quiet;
    quiet.level = LogLevel::error;
    log_ = std::make_unique<Log>(quiet);
    ledger_ = std::move(*Ledger::open(*store_, LedgerOptions{}, clock_, *log_, metrics_));
    perform(CreateTenant{"t-1", "test"});
    perform(CreateCurrency{tenant, "EUR", "Euro", 2, 0xff});
    CreateIntegration one;
    one.tenant = tenant;
    one.uid = "i-1";
    one.name = "rgs";
    one.dialect = DialectId::rgs;
    one.currencies = {"EUR"};
    perform(one);
    CreateIntegration two = one;
    two.uid = "i-2";
    two.name = "integrator";
    two.dialect = DialectId::integrator;
    two.settings.provider_ids = {1};
    perform(two);
    for (const std::string_view name : {"alice", "bob", "carol"}) {
        Player player;
        player.tenant = tenant;
        player.id = name;
        Alias alias;
        alias.integration = integrator;
        alias.site = 1;
        alias.external_id = name;
        player.aliases.push_back(alias);
        perform(CreatePlayer{player});
        OpenSession open;
        open.caller.tenant = tenant;
        open.caller.player.id = name;
        open.session.kind = SessionKind::rgs_session;
        open.session.integration = rgs;
        open.session.currency = eur;
        open.session.digest = session_of(name);
        EXPECT_TRUE(perform(open).done());
    }
}

World::~World() { ledger_.reset(); }

Digest World::session_of(std::string_view player) { return sha256(player); }

std::vector<Outcome> World::perform_at_once(std::vector<Move> moves) {
    std::mutex mutex;
    std::condition_variable woken;
    bool news = false;
    const auto port = ledger_->open_port([&] {
        const std::lock_guard lock(mutex);
        news = true;
        woken.notify_one();
    });
    std::vector<Outcome> outcomes(moves.size());
    for (std::size_t index = 0; index < moves.size(); ++index) {
        Intent intent = std::move(moves[index]);
        EXPECT_TRUE(port->submit(index, intent));
    }
    std::size_t answered = 0;
    while (answered < outcomes.size()) {
        {
            std::unique_lock lock(mutex);
            woken.wait(lock, [&] { return news; });
            news = false;
        }
        port->collect([&](Tag tag, Intent&, Outcome& outcome) {
            outcomes[tag] = std::move(outcome);
            ++answered;
        });
    }
    return outcomes;
}

Outcome World::deposit(std::string_view player, long units) {
    Move move;
    move.caller.tenant = tenant;
    move.caller.player.id = player;
    move.kind = TransactionKind::deposit;
    move.currency = eur;
    move.amount.units = units;
    move.group = KeyGroup::native_deposit;
    move.external_id = "deposit-" + std::to_string(++deposits_);
    return perform(move);
}

long World::balance(std::string_view player) {
    AskBalance ask;
    ask.caller.tenant = tenant;
    ask.caller.player.id = player;
    ask.currency = eur;
    return static_cast<long>(playable(perform(ask).wallet).units);
}

Move World::wager(std::string_view player, std::string_view id, std::string_view round,
                  long units) const {
    Move move;
    move.caller.tenant = tenant;
    move.caller.integration = rgs;
    move.caller.player.id = player;
    move.caller.session = session_of(player);
    move.caller.session_kind = SessionKind::rgs_session;
    move.caller.rule = SessionRule::live;
    move.kind = TransactionKind::wager;
    move.currency = eur;
    move.amount.units = units;
    move.group = KeyGroup::rgs;
    move.external_id = id;
    move.round = round;
    move.game = "game";
    return move;
}

Move World::payout(std::string_view player, std::string_view id, std::string_view round,
                   long units) const {
    Move move = wager(player, id, round, units);
    move.kind = TransactionKind::payout;
    move.caller.rule = SessionRule::none;
    return move;
}

Move World::rollback(std::string_view player, std::string_view wager, std::string_view round,
                     long units) const {
    Move move = payout(player, "", round, units);
    move.kind = TransactionKind::rollback;
    move.group = KeyGroup::self;
    move.reference_group = KeyGroup::rgs;
    move.reference = wager;
    return move;
}

void World::expect_clean() {
    const auto report = verify_books(*store_);
    ASSERT_TRUE(report.has_value()) << report.error().detail;
    for (const std::string& mistake : report->mistakes) ADD_FAILURE() << mistake;
}

}  // namespace coffer
