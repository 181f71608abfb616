#include "ledger/world_fixture.h"

#include <utility>

namespace coffer {

Time TestClock::wall() const {
    std::unique_lock lock(mutex_);
    ++asking_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    --asking_;
    return now_;
}

void TestClock::advance(Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
}

void TestClock::hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
}

void TestClock::wait_until_asked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return asking_ > 0; });
}

void TestClock::release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
}

World::World(std::unique_ptr<Store> store) : store_(std::move(store)) {
    Log::Options quiet;
    quiet.level = LogLevel::error;
    log_ = std::make_unique<Log>(quiet);
    ledger_ = std::move(*Ledger::open(*store_, LedgerOptions{}, clock_, *log_, metrics_));
    perform(CreateTenant{"t-1", "test"});
    perform(CreateCurrency{tenant, "EUR", "Euro", 2, 0xff});
    perform(CreateCurrency{tenant, "GOLD", "Gold", 0, 0xff});
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
    two.currencies = {"EUR", "GOLD"};
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
    std::vector<Intent> intents;
    intents.reserve(moves.size());
    for (Move& move : moves) intents.emplace_back(std::move(move));
    return perform_at_once(std::move(intents));
}

std::vector<Outcome> World::perform_at_once(std::vector<Intent> intents, Time deadline) {
    std::mutex mutex;
    std::condition_variable woken;
    bool news = false;
    const auto port = ledger_->open_port([&] {
        const std::lock_guard lock(mutex);
        news = true;
        woken.notify_one();
    });
    std::vector<Outcome> outcomes(intents.size());
    const Tag first = outcomes.size();
    Intent question = AskBalance{};
    clock_.hold();
    EXPECT_TRUE(port->submit(first, question));
    clock_.wait_until_asked();
    for (std::size_t index = 0; index < intents.size(); ++index) {
        EXPECT_TRUE(port->submit(index, intents[index], deadline));
    }
    clock_.release();
    std::size_t answered = 0;
    while (answered < outcomes.size()) {
        {
            std::unique_lock lock(mutex);
            woken.wait(lock, [&] { return news; });
            news = false;
        }
        port->collect([&](Tag tag, Intent&, Outcome& outcome) {
            if (tag == first) return;
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

Ptr<Wallet> World::wallet_of(std::string_view player) {
    AskBalance ask;
    ask.caller.tenant = tenant;
    ask.caller.player.id = player;
    ask.currency = eur;
    return perform(ask).wallet;
}

long World::balance(std::string_view player) {
    return static_cast<long>(playable(wallet_of(player)).units);
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
