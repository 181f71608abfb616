// The players for load: a hundred thousand of them are half a million changes, so they go through a
// port with thousands under way instead of one by one.
//
// Three passes, each waiting for the one before: players, money, sessions. A player whose sessions
// exist therefore has everything, which is what a later start looks at.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "app/demo_steps.h"
#include "app/demo_world.h"

namespace coffer {
namespace {

// Submits many intents, each independent of the others, and waits for them.
class Crowd {
public:
    explicit Crowd(const DemoSite& site) : site_(site) {
        port_ = site.ledger.open_port([this] {
            const std::lock_guard lock(mutex_);
            woken_ = true;
            wake_.notify_one();
        });
    }

    Result<void> submit(Intent intent) {
        while (!port_->submit(0, intent)) TRY(wait());
        ++under_way_;
        return {};
    }

    Result<void> finish() {
        while (under_way_ > 0) TRY(wait());
        return std::exchange(failure_, {});
    }

private:
    Result<void> wait() {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return woken_; });
            woken_ = false;
        }
        port_->collect([this](Tag, Intent&, Outcome& outcome) {
            --under_way_;
            if (failure_ && !outcome.done()) failure_ = done_or_why("load player", outcome);
        });
        if (site_.stop_asked()) return fail(ErrorCode::unavailable, "interrupted while filling");
        return {};
    }

    const DemoSite& site_;
    std::mutex mutex_;  // guards woken_
    std::condition_variable wake_;
    bool woken_ = false;
    std::uint64_t under_way_ = 0;
    Result<void> failure_;
    std::unique_ptr<Port> port_;
};

Intent create_player(const DemoNames& names, std::uint64_t index) {
    CreatePlayer create;
    create.player.tenant = names.tenant;
    create.player.id = load_player_id(index);
    create.player.aliases.push_back({.tenant = names.tenant,
                                     .integration = names.integrator,
                                     .site = 1,
                                     .external_id = std::to_string(1000 + index),
                                     .player = create.player.id});
    return create;
}

// What load player i lacks.
struct Lack {
    std::uint64_t index = 0;
    bool everything = false, launch_token = false, rgs_session = false;
};

Result<std::vector<Lack>> look_for_lacks(const DemoSite& site, const DemoNames& names,
                                         std::uint64_t players) {
    std::vector<Lack> lacks;
    for (std::uint64_t index = 1; index <= players; ++index) {
        const auto token = look_up(site.store, load_launch_token(names, index));
        if (!token) return std::unexpected(token.error());
        const auto session = look_up(site.store, load_rgs_session(names, index));
        if (!session) return std::unexpected(session.error());
        const Lack lack{
            .index = index,
            .everything = *token == SessionFound::absent || *session == SessionFound::absent,
            .launch_token = *token != SessionFound::live,
            .rgs_session = *session != SessionFound::live};
        if (lack.launch_token || lack.rgs_session) lacks.push_back(lack);
    }
    return lacks;
}

}  // namespace

Result<void> fill_demo_players(const DemoSite& site, std::uint64_t players) {
    const DemoNames names = demo_names(*site.ledger.directory());
    const auto lacks = look_for_lacks(site, names, players);
    if (!lacks) return std::unexpected(lacks.error());
    Crowd crowd(site);
    for (const Lack& lack : *lacks) {
        if (lack.everything) TRY(crowd.submit(create_player(names, lack.index)));
    }
    TRY(crowd.finish());
    for (const Lack& lack : *lacks) {
        if (!lack.everything) continue;
        const std::string id = load_player_id(lack.index);
        for (const CurrencyId currency : {names.eur, names.usd}) {
            TRY(crowd.submit(intent_of(names, OpeningBalance{id, currency, {100'000'000}})));
        }
    }
    TRY(crowd.finish());
    for (const Lack& lack : *lacks) {
        if (lack.launch_token) {
            TRY(crowd.submit(intent_of(names, load_launch_token(names, lack.index))));
        }
        if (lack.rgs_session) {
            TRY(crowd.submit(intent_of(names, load_rgs_session(names, lack.index))));
        }
    }
    return crowd.finish();
}

}  // namespace coffer
