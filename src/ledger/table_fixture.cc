#include "ledger/table_fixture.h"

#include <sstream>
#include <tuple>

namespace coffer {

namespace {

bool is_cash(std::string_view verb) {
    return verb == "deposit" || verb == "adjust" || verb == "withdraw" || verb == "grant" ||
           verb == "prize" || verb == "spend";
}

TransactionKind cash_kind(std::string_view verb) {
    return verb == "deposit"    ? TransactionKind::deposit
           : verb == "adjust"   ? TransactionKind::adjust
           : verb == "withdraw" ? TransactionKind::withdraw
           : verb == "grant"    ? TransactionKind::grant
           : verb == "spend"    ? TransactionKind::spend
                                : TransactionKind::prize;
}

void name_session(const Row& row, Caller& caller) {
    const std::string name = row.option("session");
    if (!name.empty()) caller.session = sha256(name);
    if (!row.option("game").empty()) caller.game = row.option("game");
}

}  // namespace

std::string Row::option(std::string_view name) const {
    for (const std::string& option : options) {
        if (option == name) return "yes";
        if (option.starts_with(std::string(name) + "=")) return option.substr(name.size() + 1);
    }
    return {};
}

long Row::units() const { return amount == "-" ? 0 : std::stol(amount); }

Row parse_row(const std::string& line) {
    std::istringstream words(line);
    Row row;
    words >> row.player >> row.verb >> row.id >> row.round >> row.amount;
    for (std::string next; words >> next && next != "|";) row.options.push_back(next);
    words >> row.outcome >> row.balance;
    if (row.id == "-") row.id.clear();
    if (row.round == "-") row.round.clear();
    return row;
}

void Table::run(std::string_view table) {
    std::istringstream lines{std::string(table)};
    for (std::string line; std::getline(lines, line);) {
        if (line.find_first_not_of(' ') == std::string::npos) continue;
        SCOPED_TRACE(line);
        const Row row = parse_row(line);
        const Outcome outcome = play(row);
        EXPECT_EQ(outcome.fault, Fault::none);
        std::string said(decline_word(outcome.decline));
        if (outcome.replay && outcome.done()) {
            said = outcome.state == KeyState::rolled_back ? "replay:rolled_back" : "replay";
        }
        if (outcome.decline == Decline::conflict) {
            said += ":" + field_names(outcome.differs);
            std::erase(said, ' ');
        }
        EXPECT_EQ(said, row.outcome);
        const bool makes = row.verb != "status" && outcome.decline != Decline::conflict;
        if (makes && outcome.transaction) {
            const std::string id = row.verb == "reverse" ? "reverse-" + row.id : row.id;
            made_[id] = {outcome.transaction->sequence, outcome.transaction->time};
        }
        if (outcome.round) {
            opened_[outcome.round->id] = {outcome.round->opened_by, outcome.round->opened};
        }
        if (row.balance.empty()) continue;
        EXPECT_EQ(balance_like(row), row.balance);
    }
    expect_clean();
}

std::string Table::balance_like(const Row& row) {
    const Ptr<Wallet> wallet = wallet_of(row.player);
    if (row.balance.find('/') == std::string::npos) {
        return std::to_string(static_cast<long>(playable(wallet).units));
    }
    const Wallet known = wallet ? *wallet : Wallet{};
    const auto units = [&](AccountCode code) {
        return std::to_string(static_cast<long>(known.at(code).balance.units));
    };
    return units(AccountCode::bought) + "/" + units(AccountCode::earned) + "/" +
           units(AccountCode::bonus);
}

Outcome Table::play(const Row& row) {
    if (row.verb == "hours") {
        clock_.advance(row.units() * hour_us);
        return {};
    }
    if (is_cash(row.verb)) return perform(cash(row));
    if (row.verb == "block" || row.verb == "unblock" || row.verb == "limit")
        return perform(change(row));
    if (row.verb == "promotion") return perform(promotion(row));
    if (row.verb == "token") return perform(token(row));
    if (row.verb == "status") return perform(status(row));
    if (row.verb == "balance") return perform(ask_balance(row));
    if (row.verb == "reverse") return perform(reversal(row));
    if (row.verb == "close") return perform(closing(row));
    return perform(move(row));
}

CurrencyId Table::currency_of(const Row& row) {
    const std::string name = row.option("currency");
    return name == "wrong" ? 0 : name == "gold" ? gold : eur;
}

Move Table::cash(const Row& row) {
    Move move;
    move.caller.tenant = tenant;
    move.caller.player.id = row.player;
    move.currency = currency_of(row);
    move.amount.units = row.units();
    move.external_id = row.id;
    move.kind = cash_kind(row.verb);
    move.group = row.id.empty() ? KeyGroup::self : KeyGroup::native_deposit;
    if (row.verb == "withdraw" && !row.id.empty()) move.group = KeyGroup::native_withdrawal;
    if (row.option("bucket") == "earned") move.bucket = AccountCode::earned;
    if (row.option("bucket") == "bonus") move.bucket = AccountCode::bonus;
    return move;
}

ChangePlayer Table::change(const Row& row) {
    ChangePlayer change;
    change.tenant = tenant;
    change.player = row.player;
    if (row.verb == "block") change.blocked = true;
    if (row.verb == "unblock") change.blocked = false;
    if (row.verb == "limit") {
        Limits limits;
        limits.currency = eur;
        (row.id == "wager"  ? limits.wager_max
         : row.id == "day"  ? limits.wagered_day_max
         : row.id == "week" ? limits.wagered_week_max
         : row.id == "loss" ? limits.loss_day_max
                            : limits.loss_week_max) = Amount{row.units()};
        change.limits = std::vector<Limits>{limits};
    }
    return change;
}

CreatePromotion Table::promotion(const Row& row) {
    Promotion promotion;
    promotion.tenant = tenant;
    promotion.player = row.player;
    promotion.id = row.id;
    promotion.currency = eur;
    promotion.budget.units = row.units();
    if (const std::string hours = row.option("ends"); !hours.empty()) {
        promotion.expires = clock_.wall() + std::stol(hours) * hour_us;
    }
    return CreatePromotion{promotion};
}

OpenSession Table::token(const Row& row) {
    OpenSession open;
    open.caller.tenant = tenant;
    open.caller.player.id = row.player;
    open.session.kind = SessionKind::launch_token;
    open.session.integration = integrator;
    open.session.currency = currency_of(row);
    open.session.digest = sha256(row.id);
    open.session.authenticated = row.round != "issued";
    open.ttl = row.round == "expired" ? -second_us : 0;
    return open;
}

AskBalance Table::ask_balance(const Row& row) {
    AskBalance ask;
    ask.caller = wager(row.player, "", "", 0).caller;
    ask.currency = eur;
    ask.promotion = row.option("promotion");
    name_session(row, ask.caller);
    return ask;
}

AskStatus Table::status(const Row& row) {
    AskStatus ask;
    as_integrator(row, ask.caller, SessionRule::issued);
    ask.currency = currency_of(row);
    ask.amount.units = row.units();
    ask.round = row.round;
    ask.game = "game";
    ask.provider = 1;
    ask.external_id = row.id;
    ask.group = row.option("as") == "credit"     ? KeyGroup::integrator_credit
                : row.option("as") == "rollback" ? KeyGroup::integrator_rollback
                                                 : KeyGroup::integrator_debit;
    return ask;
}

Move Table::reversal(const Row& row) {
    Move move;
    move.caller.tenant = row.option("tenant") == "other" ? tenant + 1 : tenant;
    move.kind = TransactionKind::reversal;
    move.group = KeyGroup::native_reversal;
    move.external_id = row.option("key").empty() ? "reverse-" + row.id : row.option("key");
    std::tie(move.reverses, move.reverses_time) = made_[row.id];
    if (row.option("time") == "wrong") move.reverses_time += millisecond_us;
    return move;
}

CloseRound Table::closing(const Row& row) {
    CloseRound close;
    close.tenant = row.option("tenant") == "other" ? tenant + 1 : tenant;
    std::tie(close.opened_by, close.opened) = opened_[row.round];
    if (row.option("time") == "wrong") close.opened += millisecond_us;
    return close;
}

Move Table::move(const Row& row) {
    Move move = wager(row.player, row.id, row.round, row.units());
    if (row.verb == "pay") move = payout(row.player, row.id, row.round, row.units());
    if (row.verb == "back") move = rollback(row.player, row.id, row.round, row.units());
    if (row.verb == "both") {
        move.kind = TransactionKind::wager_and_payout;
        move.payout.units = std::stol(row.option("pays"));
    }
    if (row.verb == "debit" || row.verb == "credit" || row.verb == "undo")
        integrator_move(row, move);
    name_session(row, move.caller);
    if (!row.option("game").empty()) move.game = row.option("game");
    move.currency = currency_of(row);
    move.closes_round = !row.option("close").empty();
    move.promotion = row.option("promotion");
    move.free_bet = !row.option("free").empty();
    return move;
}

void Table::as_integrator(const Row& row, Caller& caller, SessionRule rule) {
    caller.tenant = tenant;
    caller.player.id = row.player;
    caller.integration = integrator;
    caller.player.site = 1;
    caller.session = sha256("token-" + row.player);
    caller.session_kind = SessionKind::launch_token;
    caller.rule = rule;
    name_session(row, caller);
}

void Table::integrator_move(const Row& row, Move& move) {
    const bool debit = row.verb == "debit";
    as_integrator(row, move.caller, debit ? SessionRule::live : SessionRule::issued);
    move.provider = 1;
    move.kind = debit                  ? TransactionKind::wager
                : row.verb == "credit" ? TransactionKind::payout
                                       : TransactionKind::rollback;
    move.group = debit                  ? KeyGroup::integrator_debit
                 : row.verb == "credit" ? KeyGroup::integrator_credit
                                        : KeyGroup::integrator_rollback;
    if (row.verb != "undo") return;
    move.reference_group = KeyGroup::integrator_debit;
    move.reference = row.option("of").empty() ? row.id : row.option("of");
}

}  // namespace coffer
