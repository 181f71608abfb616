// Sessions of every kind, and the users that come into being with one.

#include <utility>

#include "ledger/enroll.h"
#include "ledger/rules.h"

namespace coffer {

namespace {

Time end_of(Time now, Duration ttl) { return ttl == 0 ? 0 : now + ttl; }

Ptr<Session> put(Decision& decision, Session session) {
    auto shared = std::make_shared<const Session>(std::move(session));
    decision.puts.emplace_back(shared);
    decision.outcome.session = shared;
    return shared;
}

// Where the session is the credential itself: the live one, or why not.
Decline judge_bearer(const View& view) {
    Outcome outcome;
    bool replay_only = false;
    return bearer_holds(view, SessionRule::bearer, outcome, replay_only) ? Decline::none
                                                                         : outcome.decline;
}

Session successor(const Session& old, const Digest& digest, Time now, Duration ttl) {
    Session session = old;
    session.digest = digest;
    session.created = now;
    session.expires = end_of(now, ttl);
    session.revoked = 0;
    session.used = false;
    return session;
}

// Gives the session the site under which its integration knows the player; false when it does not
// know the player, or not under the site that the session names.
bool place(Session& session, const Player& player, const Directory& directory) {
    for (const Alias& alias : player.aliases) {
        if (alias.integration != session.integration) continue;
        if (session.site != 0 && session.site != alias.site) continue;
        session.site = alias.site;
        return true;
    }
    return !rules_of(directory.integration(session.integration)).explicit_alias_only;
}

}  // namespace

Decision enroll(const View& view, const OpenSession& intent, Extra) {
    Session session = intent.session;
    session.tenant = intent.caller.tenant;
    if (session.integration == 0) session.integration = intent.caller.integration;
    if (!intent.caller.player.id.empty()) {
        if (!view.player) return no(Decline::player_unknown);
        // One that has expired already opens nothing; the demo makes some for players of every
        // state.
        const bool opens = intent.ttl >= 0;
        if (view.player->blocked && opens && !intent.even_if_blocked)
            return no(Decline::player_blocked);
        session.player = view.player->id;
        if (!place(session, *view.player, *view.directory)) return no(Decline::player_unknown);
    }
    session.created = view.now;
    session.expires = end_of(view.now, intent.ttl);
    session.revoked = 0;
    Decision decision;
    decision.outcome.player = view.player;
    decision.outcome.created = true;
    put(decision, std::move(session));
    return decision;
}

Decision enroll(const View& view, const FindSession& intent, Extra extra) {
    const auto session = as<Session>(extra, 0);
    if (!session || session->kind != intent.kind) return no(Decline::session_unknown);
    Decision decision;
    decision.outcome.session = session;
    decision.outcome.tenant = session->tenant;
    decision.outcome.integration = session->integration;
    if (!is_live(*session, view.now)) decision.outcome.decline = Decline::session_expired;
    return decision;
}

Decision enroll(const View& view, const RevokeSession& intent, Extra extra) {
    Decision decision;
    for (std::size_t index = 0; index < extra.size(); ++index) {
        const auto session = as<Session>(extra, index);
        if (!session || session->tenant != intent.tenant) continue;
        decision.outcome.session = session;
        if (session->revoked != 0) continue;
        Session revoked = *session;
        revoked.revoked = view.now;
        put(decision, std::move(revoked));
    }
    return decision.outcome.session ? decision : no(Decline::not_found);
}

Decision enroll(const View& view, const ActivateToken& intent, Extra) {
    Decision decision;
    Outcome& outcome = decision.outcome;
    outcome.player = view.player;
    outcome.session = view.session;
    outcome.wallet = view.wallet;
    outcome.currency = intent.currency;
    outcome.decline = judge_caller(view, intent.caller, intent.currency);  // rule: issued
    if (outcome.decline != Decline::none) return decision;
    if (!is_live(*view.session, view.now)) {
        outcome.decline = Decline::session_expired;
        return decision;
    }
    if (view.player->blocked) {
        outcome.decline = Decline::player_blocked;
        return decision;
    }
    if (view.session->authenticated) {
        keep_alive(view, intent.caller, decision.puts);
        return decision;
    }
    Session session = *view.session;
    session.authenticated = true;
    if (session.idle != 0) session.expires = view.now + session.idle;
    put(decision, std::move(session));
    return decision;
}

Decision enroll(const View& view, const StartSession& intent, Extra) {
    const Session* token = view.session.get();
    if (token == nullptr) return no(Decline::session_unknown);
    if (!token->game.empty() && token->game != intent.game) return no(Decline::session_unknown);
    if (!is_live(*token, view.now)) return no(Decline::session_expired);
    if (!view.player) return no(Decline::player_unknown);
    if (view.player->blocked) return no(Decline::player_blocked);
    Decision decision;
    decision.outcome.player = view.player;
    if (!token->reusable) {
        Session used = *token;
        used.used = true;
        put(decision, std::move(used));
    }
    Session session = successor(*token, intent.session, view.now, intent.idle);
    session.kind = SessionKind::rgs_session;
    session.game = intent.game;
    session.idle = intent.idle;
    session.reusable = false;
    decision.outcome.currency = session.currency;
    put(decision, std::move(session));
    return decision;
}

Decision enroll(const View& view, const Register& intent, Extra extra) {
    for (const Record& record : extra) {
        if (!std::holds_alternative<std::monostate>(record)) return no(Decline::exists);
    }
    Player player;
    player.tenant = intent.tenant;
    player.id = intent.player;
    player.created = view.now;
    Login login;
    login.tenant = intent.tenant;
    login.integration = intent.integration;
    login.player = intent.player;
    login.email = intent.email;
    login.username = intent.username;
    login.password_hash = intent.password_hash;
    login.metadata = intent.metadata;
    login.created = view.now;
    Decision decision;
    decision.outcome.created = true;
    decision.outcome.player = std::make_shared<const Player>(player);
    decision.puts.emplace_back(decision.outcome.player);
    login.name = folded(intent.username);
    decision.puts.emplace_back(std::make_shared<const Login>(login));
    if (!intent.email.empty() && folded(intent.email) != login.name) {
        login.name = folded(intent.email);
        decision.puts.emplace_back(std::make_shared<const Login>(std::move(login)));
    }
    return decision;
}

// The password thread has found the login and checked the password; the session names its player.
Decision enroll(const View& view, const LogIn& intent, Extra extra) {
    const auto player = as<Player>(extra, 0);
    if (!player) return no(Decline::session_unknown);
    if (player->blocked) return no(Decline::player_blocked);
    Decision decision;
    Session session = intent.session;
    session.tenant = intent.tenant;
    session.integration = intent.integration;
    session.created = view.now;
    session.expires = end_of(view.now, intent.ttl);
    decision.outcome.player = player;
    decision.outcome.created = true;
    put(decision, std::move(session));
    return decision;
}

Decision enroll(const View& view, const LogOut&, Extra) {
    if (const Decline decline = judge_bearer(view); decline != Decline::none) return no(decline);
    Session session = *view.session;
    session.revoked = view.now;
    Decision decision;
    decision.outcome.player = view.player;
    put(decision, std::move(session));
    return decision;
}

Decision enroll(const View& view, const RenewSession& intent, Extra) {
    if (const Decline decline = judge_bearer(view); decline != Decline::none) return no(decline);
    if (view.player && view.player->blocked) return no(Decline::player_blocked);
    Decision decision;
    decision.outcome.player = view.player;
    Session old = *view.session;
    old.revoked = view.now;
    put(decision, std::move(old));
    put(decision, successor(*view.session, intent.digest, view.now, intent.ttl));
    return decision;
}

namespace {

void put_pair(Decision& decision, Session session, const Digest& refresh, Time now, Duration ttl) {
    Session second = session;
    second.kind = SessionKind::kgen_refresh;
    second.digest = refresh;
    second.parent = session.digest;
    second.expires = end_of(now, ttl);
    put(decision, std::move(second));
    put(decision, std::move(session));
}

}  // namespace

Decision enroll(const View& view, const OpenUser& intent, Extra) {
    Decision decision;
    Ptr<Player> player = view.player;
    if (player && player->blocked) return no(Decline::player_blocked);
    if (!player) {
        Player fresh;
        fresh.tenant = intent.caller.tenant;
        fresh.id = intent.new_player;
        fresh.created = view.now;
        Alias alias;
        alias.tenant = fresh.tenant;
        alias.integration = intent.caller.integration;
        alias.site = intent.caller.player.site;
        alias.external_id = intent.caller.player.id;
        alias.player = fresh.id;
        fresh.aliases.push_back(alias);
        player = std::make_shared<const Player>(std::move(fresh));
        decision.puts.emplace_back(player);
        decision.puts.emplace_back(std::make_shared<const Alias>(std::move(alias)));
        decision.outcome.created = true;
    }
    decision.outcome.player = player;
    Session session;
    session.digest = intent.session;
    session.kind = SessionKind::kgen_session;
    session.tenant = intent.caller.tenant;
    session.integration = intent.caller.integration;
    session.player = player->id;
    session.created = view.now;
    session.expires = end_of(view.now, intent.ttl);
    put_pair(decision, std::move(session), intent.refresh, view.now, intent.refresh_ttl);
    return decision;
}

Decision enroll(const View& view, const RenewUser& intent, Extra extra) {
    if (const Decline decline = judge_bearer(view); decline != Decline::none) return no(decline);
    // The other half of the pair. That it ran out is why one refreshes; that it was revoked ends
    // both.
    const auto partner = as<Session>(extra, 0);
    if (partner && partner->revoked != 0) return no(Decline::session_expired);
    if (!view.player) return no(Decline::player_unknown);
    if (view.player->blocked) return no(Decline::player_blocked);
    Decision decision;
    decision.outcome.player = view.player;
    if (partner) {
        Session ended = *partner;
        ended.revoked = view.now;
        put(decision, std::move(ended));
    }
    Session spent = *view.session;
    spent.used = true;
    put(decision, std::move(spent));
    Session session = successor(*view.session, intent.session, view.now, intent.ttl);
    session.kind = SessionKind::kgen_session;
    session.parent = Digest{};
    put_pair(decision, std::move(session), intent.refresh, view.now, intent.refresh_ttl);
    return decision;
}

}  // namespace coffer
