#include "app/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "dialect/dialects.h"
#include "dialect/public_id.h"

namespace coffer {
namespace {

constexpr std::size_t stories_max = 100;       // of one caller's id
constexpr std::size_t round_lines_max = 1000;  // of one round, and as many more as a page brings
constexpr std::uint32_t round_page = 200;

std::string_view kind_words(TransactionKind kind) {
    switch (kind) {
        case TransactionKind::wager: return "wager";
        case TransactionKind::payout: return "payout";
        case TransactionKind::wager_and_payout: return "wager and payout";
        case TransactionKind::rollback: return "rollback";
        case TransactionKind::prize: return "prize";
        case TransactionKind::grant: return "grant";
        case TransactionKind::spend: return "spend";
        case TransactionKind::deposit: return "deposit";
        case TransactionKind::withdraw: return "withdrawal";
        case TransactionKind::adjust: return "adjustment";
        case TransactionKind::reversal: return "reversal";
        case TransactionKind::withdraw_settle: return "withdrawal settled";
        case TransactionKind::withdraw_release: return "withdrawal released";
    }
    return "unknown";
}

std::string_view account_words(AccountCode code) {
    switch (code) {
        case AccountCode::bought: return "bought";
        case AccountCode::earned: return "earned";
        case AccountCode::bonus: return "bonus";
        case AccountCode::held: return "held";
        case AccountCode::stakes: return "house stakes";
        case AccountCode::payouts: return "house payouts";
        case AccountCode::cashier: return "house cashier";
        case AccountCode::promotions: return "house promotions";
        case AccountCode::chain: return "house chain";
    }
    return "unknown";
}

std::string_view withdrawal_words(WithdrawalState state) {
    switch (state) {
        case WithdrawalState::approval: return "waiting for a person's approval";
        case WithdrawalState::queued: return "queued";
        case WithdrawalState::signed_: return "signed";
        case WithdrawalState::broadcast: return "sent to the chain";
        case WithdrawalState::mined: return "mined";
        case WithdrawalState::final_: return "final on the chain";
        case WithdrawalState::completed: return "completed";
        case WithdrawalState::released: return "given up, the money is back in earned";
    }
    return "unknown";
}

std::string_view session_words(SessionKind kind) {
    switch (kind) {
        case SessionKind::operator_token: return "operator token";
        case SessionKind::launch_token: return "launch token";
        case SessionKind::player_token: return "player token";
        case SessionKind::rgs_session: return "rgs session";
        case SessionKind::sverse_session: return "sverse session";
        case SessionKind::kgen_session: return "kgen session";
        case SessionKind::kgen_refresh: return "kgen refresh token";
    }
    return "unknown";
}

// Writes the story of one transaction.
class Story {
public:
    Story(const StoryBooks& books, const Directory& directory, const Change& change)
        : books_(books),
          directory_(directory),
          change_(change),
          transaction_(*change.transaction),
          integration_(directory.integration(transaction_.integration)),
          currency_(directory.currency(transaction_.currency)) {}

    Result<std::string> tell() {
        TRY(look_up());
        head();
        who();
        what();
        moved();
        since_then();
        chain();
        TRY(round());
        return std::move(text_);
    }

private:
    template <class... Parts>
    void line(std::string_view label, fmt::format_string<Parts...> format, Parts&&... parts) {
        fmt::format_to(std::back_inserter(text_), "  {:<12}", label);
        fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
        text_ += '\n';
    }

    std::string money(Amount amount) const {
        const int scale = currency_ == nullptr ? 0 : currency_->scale;
        const std::string_view code =
            currency_ == nullptr ? "?" : std::string_view(currency_->code);
        return fmt::format("{} {}", format_fixed(amount, scale), code);
    }

    std::string name(Sequence sequence, Time time) const {
        if (!books_.id_key) return fmt::format("(journal record {})", sequence);
        return public_id(sequence, time, *books_.id_key);
    }

    template <class T>
    Result<Ptr<T>> find(const RecordKey& key) const {
        auto record = books_.store.find(key);
        if (!record) return std::unexpected(record.error());
        const auto* found = std::get_if<Ptr<T>>(&*record);
        return found == nullptr ? Ptr<T>() : *found;
    }

    Result<void> look_up() {
        Outcome outcome = books_.ledger.perform(
            FindTransaction{transaction_.tenant, transaction_.sequence, transaction_.time});
        if (!outcome.done() || outcome.movements.empty()) {
            return fail(ErrorCode::unavailable, "the ledger does not answer");
        }
        movement_ = std::move(outcome.movements.front());
        auto player =
            find<Player>(books_.store.keys().player(transaction_.tenant, transaction_.player));
        if (!player) return std::unexpected(player.error());
        player_ = std::move(*player);
        return {};
    }

    void head() {
        const std::string_view dialect =
            integration_ == nullptr
                ? "native"
                : dialects[static_cast<std::size_t>(integration_->dialect)]->name;
        fmt::format_to(std::back_inserter(text_), "{} {}: {} {}\n",
                       name(transaction_.sequence, transaction_.time), dialect,
                       kind_words(transaction_.kind), state_words());
    }

    std::string state_words() const {
        switch (movement_.state) {
            case KeyState::applied: return "applied";
            case KeyState::rolled_back: return "applied, and since rolled back";
            case KeyState::refused:
                return fmt::format("refused for good: {}",
                                   decline_word(static_cast<Decline>(transaction_.decline)));
            case KeyState::tombstone:
                return "never came: it was rolled back before it arrived (a tombstone blocks its "
                       "id)";
        }
        return "unknown";
    }

    void who() {
        line("when", "{}, journal record {}", format_time(transaction_.time, 6),
             transaction_.sequence);
        const Tenant* tenant = directory_.tenant(transaction_.tenant);
        line("tenant", "{}", tenant == nullptr ? "?" : tenant->name);
        if (integration_ != nullptr) {
            line("by", "integration {} ({})", integration_->name, integration_->uid);
        } else {
            line("by", "the tenant's own native API");
        }
        line("player", "{}{}", transaction_.player, player_state());
        if (player_) {
            for (const Alias& alias : player_->aliases) tell_alias(alias);
        }
        for (const Record& put : change_.puts) {
            const auto* session = std::get_if<Ptr<Session>>(&put);
            if (session == nullptr) continue;
            line("session", "a {} opened {}, kept alive by this call",
                 session_words((*session)->kind), format_time((*session)->created, 3));
        }
    }

    std::string player_state() const {
        if (!player_) return ", who is not in the books";
        if (!player_->blocked) return "";
        return player_->block_reason.empty() ? ", blocked now"
                                             : ", blocked now: " + player_->block_reason;
    }

    void tell_alias(const Alias& alias) {
        const Integration* integration = directory_.integration(alias.integration);
        line("", "known to {} as {}{}", integration == nullptr ? "?" : integration->name,
             alias.external_id,
             alias.site == 0 ? std::string() : fmt::format(" on site {}", alias.site));
    }

    void what() {
        if (!transaction_.external_id.empty()) line("caller's id", "{}", transaction_.external_id);
        if (transaction_.kind == TransactionKind::wager_and_payout) {
            line("asked", "to take {} and to pay {}", money(transaction_.amount),
                 money(transaction_.payout));
        } else {
            line("asked", "{}", money(transaction_.amount));
        }
        if (!transaction_.game.empty()) line("game", "{}", transaction_.game);
        if (transaction_.provider != 0) line("provider", "{}", transaction_.provider);
        if (!transaction_.promotion.empty()) line("promotion", "{}", transaction_.promotion);
        if (!transaction_.reference.empty()) line("refers to", "{}", transaction_.reference);
        if (!transaction_.detail.empty()) line("detail", "{}", transaction_.detail);
        if (!transaction_.reason.empty()) line("reason", "{}", transaction_.reason);
        if (!transaction_.meta.empty()) line("meta", "{}", transaction_.meta);
    }

    void moved() {
        if (transaction_.entries.empty()) line("moved", "nothing");
        std::string_view label = "moved";
        for (const Entry& entry : transaction_.entries) {
            const bool gives = !entry.amount.is_negative();
            line(std::exchange(label, ""), "{:<16} {}{}, then {} (entry {} of the account)",
                 account_words(entry.account), gives ? "+" : "", money(entry.amount),
                 money(entry.balance_after), entry.version);
        }
        if (movement_.wallet) {
            line("balance", "{} after it (bonus, bought and earned), movement {} of the wallet",
                 money(playable(*movement_.wallet)), movement_.wallet->applied.length);
        }
    }

    void since_then() {
        if (movement_.rollback != 0) {
            line("taken back", "by {} at {}", name(movement_.rollback, movement_.rollback_time),
                 format_time(movement_.rollback_time, 6));
        }
        if (transaction_.reverses != 0) {
            line("takes back", "{}", name(transaction_.reverses, movement_.reversed_time));
        }
        if (movement_.withdrawal) {
            line("withdrawal", "{} to {}, {} since {}", money(movement_.withdrawal->amount),
                 movement_.withdrawal->destination, withdrawal_words(movement_.withdrawal->state),
                 format_time(movement_.withdrawal->modified, 3));
        }
    }

    void chain() {
        if (!movement_.deposit) return;
        const ChainDeposit& deposit = *movement_.deposit;
        line("from chain", "{}, transaction 0x{}, event {} of block {}", deposit.chain,
             to_hex(view(deposit.transaction)), deposit.log_index, deposit.block);
        line("", "{} units of the token by {} to {}; {} of them kept aside", deposit.units,
             deposit.sender, deposit.address, deposit.rest);
    }

    Result<void> round() {
        if (transaction_.round.empty()) return {};
        auto round = find<Round>(books_.store.keys().round(
            RoundName{transaction_.tenant, transaction_.integration, transaction_.provider,
                      transaction_.player, transaction_.round}));
        if (!round) return std::unexpected(round.error());
        if (!*round) {
            line("round", "{}, which was never opened", transaction_.round);
            return {};
        }
        const Round& known = **round;
        const bool closed = known.state == RoundState::closed;
        line("round", "{}, opened {}, {}", known.id, format_time(known.opened, 3),
             closed ? "closed " + format_time(known.closed, 3) : std::string("still open"));
        line("", "wagered {} in {}, paid {} in {}, rolled back {}; {} live", money(known.wagered),
             known.wagers, money(known.paid), known.payouts, money(known.rolled_back),
             known.live_wagers);
        return round_lines(known);
    }

    // Back along the wallet's trail of movements, which is short, and not along the journal, which
    // is not.
    Result<void> round_lines(const Round& round) {
        ListMovements ask;
        ask.caller.tenant = round.tenant;
        ask.caller.player.id = round.player;
        ask.currency = round.currency;
        ask.round = round.id;
        ask.from = round.opened;
        ask.limit = round_page;
        std::vector<std::string> lines;
        do {
            if (books_.stop_asked()) return fail(ErrorCode::unavailable, "asked to stop");
            const Outcome page = books_.ledger.perform(ask);
            if (!page.done()) return fail(ErrorCode::unavailable, "the ledger does not answer");
            for (const Movement& movement : page.movements) {
                if (is_of_round(*movement.transaction, round))
                    lines.push_back(round_line(*movement.transaction));
            }
            ask.before = page.next;
        } while (ask.before != 0 && lines.size() < round_lines_max);
        std::ranges::reverse(lines);
        for (const std::string& text : lines) line("", "  {}", text);
        return {};
    }

    // A reversal is the tenant's own, whoever's movement it takes back.
    static bool is_of_round(const Transaction& other, const Round& round) {
        const bool by_its_integration = other.integration == round.integration;
        return (by_its_integration || other.kind == TransactionKind::reversal) &&
               other.provider == round.provider && other.round == round.id;
    }

    std::string round_line(const Transaction& other) const {
        return fmt::format("{}  {:<16} {:>16}  {}{}", format_time(other.time, 3),
                           kind_words(other.kind), money(other.amount),
                           name(other.sequence, other.time),
                           other.sequence == transaction_.sequence ? "  <- this one" : "");
    }

    const StoryBooks& books_;
    const Directory& directory_;
    const Change& change_;
    const Transaction& transaction_;
    const Integration* integration_;
    const Currency* currency_;
    Movement movement_;
    Ptr<Player> player_;
    std::string text_;
};

// Integrator's ids are kept as provider:site:id.
bool is_that_id(std::string_view kept, std::string_view wanted) {
    if (kept == wanted) return true;
    return kept.size() > wanted.size() && kept.ends_with(wanted) &&
           kept[kept.size() - wanted.size() - 1] == ':';
}

// The transactions that bear a caller's id, and those that name it as what they take back.
Result<std::vector<Change>> search(const StoryBooks& books, std::string_view id) {
    std::vector<Change> found;
    bool stopped = false;
    TRY(books.store.upward(1, [&](const Change& change) {
        stopped = books.stop_asked();
        if (stopped || found.size() == stories_max) return false;
        if (!change.transaction) return true;
        const Transaction& transaction = *change.transaction;
        if (is_that_id(transaction.external_id, id) || is_that_id(transaction.reference, id)) {
            found.push_back(change);
        }
        return true;
    }));
    if (stopped) return fail(ErrorCode::unavailable, "asked to stop");
    return found;
}

// The transaction under Coffer's own id, which also names the round that it opened.
Result<std::vector<Change>> fetch(const StoryBooks& books, std::string_view id) {
    if (!books.id_key) return std::vector<Change>();
    const auto named = parse_public_id(id, *books.id_key);
    if (!named) return std::vector<Change>();
    auto change = books.store.change(named->sequence);
    if (!change) {
        if (change.error().code == ErrorCode::not_found) return std::vector<Change>();
        return std::unexpected(change.error());
    }
    const bool right = change->transaction && change->time / millisecond_us == named->time_ms;
    return right ? std::vector<Change>{std::move(*change)} : std::vector<Change>();
}

}  // namespace

Result<std::string> tell_story(const StoryBooks& books, std::string_view id) {
    auto found = fetch(books, id);
    if (!found) return std::unexpected(found.error());
    if (found->empty()) found = search(books, id);
    if (!found) return std::unexpected(found.error());
    if (found->empty()) {
        return fail(ErrorCode::not_found,
                    fmt::format("no transaction {} was ever kept in these books", id));
    }
    const auto directory = books.ledger.directory();
    std::string text;
    for (const Change& change : *found) {
        auto story = Story(books, *directory, change).tell();
        if (!story) return std::unexpected(story.error());
        if (!text.empty()) text += '\n';
        text += *story;
    }
    return text;
}

}  // namespace coffer
